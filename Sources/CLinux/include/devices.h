/* All the memory and all the handles a board's devices need, in one place that does not move: the firmware
 * keeps it in static memory, the tools allocate it once.
 */
#ifndef ESPALIER_DEVICES_H
#define ESPALIER_DEVICES_H

#include <stdint.h>
#include "espalier.h"
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
    EspalierProblem said_of_camera; /* what was said last while it was away; empty: nothing */
    EspalierProblem said_of_lines;
    uint8_t *slots;      /* raw frames of a program, */
    uint32_t slot_bytes; /* each so long, */
    int32_t slot_count;  /* so many */
    uint8_t *pool;       /* for decoding; NULL: nothing is to be decoded */
    uint8_t *snapshot;   /* pixels of the picture being written; NULL: no snapshots */
    uint32_t snapshot_bytes;
    int32_t is_look; /* a camera that fails is not opened anew */
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

#define ESPALIER_CAMERA_NAME_BYTES 100

/* A camera as sentences call it, on one line: a command as it was run, cut where it is long. */
void espalier_name_camera(const EspalierDevices *devices, const EspalierCamera *camera, char *name,
                          uint32_t bytes);

/* Sentences for what goes wrong while running, into `devices->problem`.
 *
 * Silent: no frame for silence_milliseconds, though `damaged` came that could not be used. */
void espalier_problem_silent_camera(EspalierDevices *devices, const EspalierCamera *camera, int64_t damaged);
void espalier_problem_camera_failed(EspalierDevices *devices, const EspalierCamera *camera, int32_t error);
/* A program whose output has failed, or ended, after so many bytes. */
void espalier_problem_program_ended(EspalierDevices *devices, const EspalierCamera *camera, int32_t error,
                                    int64_t written);
/* A program that writes so many bytes at a time, which are no frames of the declared size; or several frames
 * of it, which may be one of another size. */
void espalier_problem_other_frames(EspalierDevices *devices, const EspalierCamera *camera, int64_t bytes);
void espalier_problem_several_frames(EspalierDevices *devices, const EspalierCamera *camera, int64_t bytes);
void espalier_problem_undecoded(EspalierDevices *devices, const EspalierCamera *camera);
void espalier_problem_snapshot(EspalierProblem *problem, const EspalierSnapshots *snapshots, int32_t error);

/* Shares out `bytes` of memory, which stays where it is, aligned to 64. All handles are closed afterwards. 0,
 * or a problem where it is not enough: espalier_setup_memory_bytes() says how much is. */
int32_t espalier_devices_prepare(EspalierDevices *devices, const EspalierSetup *setup, uint8_t *memory,
                                 uint32_t bytes, EspalierProblem *problem);

/* What a look at a camera found. */
typedef struct EspalierLook {
    int64_t first; /* times of the first and the last frame */
    int64_t last;
    int64_t damaged;
    int32_t frames;
    int32_t width; /* of the last one */
    int32_t height;
    int32_t format; /* ESPALIER_FORMAT_*; 0: PNG */
    int32_t least;  /* lowest and highest brightness of a pixel in all of them */
    int32_t most;
    int32_t is_untold; /* how a program writes does not tell whether its frames have the declared size */
} EspalierLook;

/* Adds a frame's size and brightness to it. */
void espalier_look_at(EspalierLook *look, const EspalierFrame *frame);

/* The sentence where less than three frames came that could be used. */
void espalier_problem_few_frames(EspalierDevices *devices, const EspalierCamera *camera,
                                 const EspalierLook *look);

/* "rpicam-vid ...: 3 frames of 640x480 YU12, 29.9 a second, 30 wanted". */
void espalier_describe_look(const EspalierDevices *devices, const EspalierCamera *camera,
                            const EspalierLook *look, char *text, uint32_t bytes);

/* What else is worth knowing of it; empty: nothing. */
void espalier_note_look(const EspalierCamera *camera, const EspalierLook *look, char *text, uint32_t bytes);

/* Prints what a setup that is open has found, a line each; `look` is NULL where the camera is not as it
 * should be. */
void espalier_print_check(const EspalierSetup *setup, EspalierDevices *devices, const EspalierLook *look);

/* Writes "espalier: ...", the problem's sentence and a full stop to standard error. */
void espalier_say(const EspalierProblem *problem);

/* The same, unless the same sentence was the last one said; `said` remembers it. */
void espalier_say_once(const EspalierProblem *problem, EspalierProblem *said);

static inline void espalier_forget_said(EspalierProblem *said) { said->sentence[0] = 0; }

#endif
