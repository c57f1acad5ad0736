/* All the memory and all the handles a board's devices need, in one place that does not move: the firmware
 * keeps it in static memory, the tools allocate it once.
 */
#ifndef ESPALIER_DEVICES_H
#define ESPALIER_DEVICES_H

#include <stdint.h>
#include "espalier_setup.h"
#include "lines.h"
#include "pictures.h"
#include "problem.h"
#include "program.h"
#include "video.h"

typedef struct EspalierDevices {
    EspalierPort inputs[ESPALIER_MOST_TRIGGERS];
    EspalierPort outputs[ESPALIER_MOST_OUTPUTS];
    EspalierEdge edges[ESPALIER_MOST_TRIGGERS]; /* read, and not yet handed on */
    EspalierVideo video;
    EspalierProgram program;
    EspalierFolder folder;
    EspalierPicture decoded; /* a PNG or JPEG frame */
    EspalierProblem problem;
    uint8_t *slots;      /* raw frames of a program, */
    uint32_t slot_bytes; /* each so long, */
    int32_t slot_count;  /* so many */
    uint8_t *pool;       /* for decoding; NULL: nothing is to be decoded */
    uint8_t *snapshot;   /* pixels of the picture being written; NULL: no snapshots */
    uint32_t snapshot_bytes;
    uint32_t reserved;
    uint8_t *snapshot_pool;
} EspalierDevices;

static inline EspalierPort *espalier_input_port(EspalierDevices *devices, int32_t index) {
    return &devices->inputs[index];
}

static inline EspalierPort *espalier_output_port(EspalierDevices *devices, int32_t index) {
    return &devices->outputs[index];
}

static inline EspalierEdge *espalier_input_edge(EspalierDevices *devices, int32_t index) {
    return &devices->edges[index];
}

static inline const EspalierCamera *espalier_setup_camera(const EspalierSetup *setup) {
    return &setup->camera;
}

static inline const EspalierSnapshots *espalier_setup_snapshots(const EspalierSetup *setup) {
    return &setup->snapshots;
}

static inline const char *espalier_camera_source(const EspalierCamera *camera) { return camera->source; }

static inline const uint8_t *espalier_video_start(const EspalierVideo *video, int32_t buffer) {
    return video->starts[buffer];
}

static inline void espalier_clear_debounce(EspalierReaction *reaction, int32_t trigger) {
    reaction->triggers[trigger].debounce_nanoseconds = 0;
}

static inline int64_t espalier_nanoseconds(int32_t milliseconds) { return (int64_t)milliseconds * 1000000; }

/* From one frame to the next; ten a second where the setup does not say. */
static inline int64_t espalier_frame_period(const EspalierCamera *camera) {
    return camera->millihertz > 0 ? 1000000000000 / camera->millihertz : 100000000;
}

/* The next picture of a folder, into `picture`. 0 or a problem. */
int32_t espalier_folder_read(EspalierFolder *folder, EspalierPicture *picture, uint8_t *pool,
                             EspalierProblem *problem);

/* Sentences for what goes wrong while running. */
void espalier_problem_silent_camera(EspalierProblem *problem, const EspalierCamera *camera);
void espalier_problem_camera_failed(EspalierProblem *problem, const EspalierCamera *camera, int32_t error);
void espalier_problem_snapshot(EspalierProblem *problem, const EspalierSnapshots *snapshots, int32_t error);

/* Shares out `bytes` of memory, which stays where it is, aligned to 64. All handles are closed afterwards. 0,
 * or a problem where it is not enough: espalier_setup_memory_bytes() says how much is. */
int32_t espalier_devices_prepare(EspalierDevices *devices, const EspalierSetup *setup, uint8_t *memory,
                                 uint32_t bytes, EspalierProblem *problem);

/* Prints what a setup that is open has found, a line each. */
void espalier_print_check(const EspalierSetup *setup, EspalierDevices *devices, int32_t has_frame);

/* Writes "espalier: ...", the problem's sentence and a full stop to standard error. */
void espalier_say(const EspalierProblem *problem);

#endif
