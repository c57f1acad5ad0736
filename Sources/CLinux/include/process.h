/* The process around the reaction: waiting for several things at once, signals, the service manager, the line
 * of JSON for each reaction. Nothing here allocates.
 */
#ifndef ESPALIER_PROCESS_H
#define ESPALIER_PROCESS_H

#include <stdint.h>
#include "espalier_reaction.h"
#include "lines.h"
#include "snapshots.h"

#define ESPALIER_MOST_DESCRIPTORS 16

/* What to wait for; bit i of the answer is descriptor i. */
typedef struct EspalierWaiting {
    int32_t descriptors[ESPALIER_MOST_DESCRIPTORS]; /* -1: none */
    int32_t count;
} EspalierWaiting;

/* One more descriptor, the next bit. */
static inline void espalier_wait_for(EspalierWaiting *waiting, int32_t descriptor) {
    if (waiting->count < ESPALIER_MOST_DESCRIPTORS) waiting->descriptors[waiting->count++] = descriptor;
}

/* Waits until a descriptor is readable, broken, a signal asks the program to stop, or `until`
 * (CLOCK_MONOTONIC nanoseconds) has come. `ready` has a bit for each readable descriptor, `broken` for each
 * that reports an error or the end. 1 where the program is to stop. */
int32_t espalier_wait(const EspalierWaiting *waiting, int64_t until, uint32_t *ready, uint32_t *broken);

/* From here on SIGTERM, SIGINT and SIGHUP ask for a stop, and a crash sets every output that has been named
 * to espalier_watch_output to its safe level before the program dies. */
void espalier_catch_signals(void);

/* True after a signal that asks for a stop. */
int32_t espalier_is_stopping(void);

/* Names an output for a crash: `port` stays where it is until it is forgotten. */
void espalier_watch_output(EspalierPort *port, int32_t safe_high);
void espalier_forget_outputs(void);

/* Tell systemd how it goes (sd_notify(3): a datagram to $NOTIFY_SOCKET); nothing without it. */
void espalier_notify_ready(void);
void espalier_notify_alive(void);
void espalier_notify_stopping(void);

/* How often systemd wants to hear WATCHDOG=1, in nanoseconds; 0: never. */
int64_t espalier_watchdog_period(void);

/* Writes the JSON line of a record to standard output, in one write. `label` may be NULL. */
void espalier_print_record(const EspalierReactionRecord *record, const char *label);

/* The same line as text; its length, or 0 where it does not fit. */
int32_t espalier_record_line(const EspalierReactionRecord *record, const char *label, char *line,
                             int32_t bytes);

/* What the whole run came to, printed at its end. */
typedef struct EspalierSummary {
    int64_t triggers, verdicts, signals, cooldown, busy, hold_off, no_frame, frame_too_old, camera_failed,
        classifier_failed, stopped, line_failures, bounces, stuck, missed_beats, lost_edges, chip_restarts,
        dropped_frames, camera_restarts;
} EspalierSummary;

/* Swift counts this as allocating where it is embedded in 32-bit boards. */
static inline int64_t espalier_wide(intptr_t count) { return count; }

void espalier_print_summary(const EspalierSummary *summary, EspalierSnapshotCounters snapshots);

#endif
