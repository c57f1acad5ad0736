/* Snapshots: pictures of what was classified, written by a thread of their own, so that a slow or full disk
 * is never in the way of a signal. A picture that comes while the last is being written is counted and left
 * out.
 *
 * Memory is allocated at the start (the thread's), never afterwards.
 */
#ifndef ESPALIER_SNAPSHOTS_H
#define ESPALIER_SNAPSHOTS_H

#include <stdint.h>
#include "espalier_setup.h"
#include "pictures.h"
#include "problem.h"

#define ESPALIER_MOST_SNAPSHOTS 1000

typedef struct EspalierSnapshotCounters {
    uint32_t written;
    uint32_t skipped; /* the last one was still being written */
    uint32_t failed;  /* full disk, folder gone */
    int32_t error;    /* errno of the last failure; 0 after a success */
} EspalierSnapshotCounters;

/* 0, or a problem where snapshots would become frames: a camera of pictures reads the folder they are written to. */
int32_t espalier_snapshots_apart(const EspalierSetup *setup, EspalierProblem *problem);

/* Starts the writer, and takes stock of the folder, which has to be writable: of the snapshots that a list there says were
 * written here. Nothing else is ever removed or replaced. `pixels` has `pixel_bytes` for
 * the largest picture, RGB; `pool` has ESPALIER_PICTURE_POOL_BYTES. One writer a process. 0 or a problem. */
int32_t espalier_snapshots_start(const EspalierSnapshots *settings, uint8_t *pixels, uint32_t pixel_bytes,
                                 uint8_t *pool, EspalierProblem *problem);

/* The picture to fill in, its `pixels` and `capacity` set; NULL while the last is being written, or without a
 * writer. */
EspalierPicture *espalier_snapshots_begin(void);

/* Hands the picture over. The label, which may be NULL, becomes part of the file's name; label, score, time
 * and whether it signalled are drawn on the annotated picture. */
void espalier_snapshots_end(const EspalierReactionRecord *record, const char *label);

/* Gives the picture back unwritten; counted as skipped. */
void espalier_snapshots_cancel(void);

EspalierSnapshotCounters espalier_snapshots_counters(void);

/* Waits for the writer to finish its picture, for up to two seconds. */
void espalier_snapshots_stop(void);

#endif
