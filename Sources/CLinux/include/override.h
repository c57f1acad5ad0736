/* What the firmware's options, and those of `espalier run`, change in a setup; and the checks that a setup
 * has to pass once they have, the same for both. */
#ifndef ESPALIER_OVERRIDE_H
#define ESPALIER_OVERRIDE_H

#include "espalier_setup.h"
#include "problem.h"

/* The options and what follows them; a text for --help. */
#define ESPALIER_OVERRIDES                                                                                   \
    "  --input [N=]LINE     line of trigger input N (0): NAME, CHIP:NAME or CHIP:OFFSET\n"                   \
    "  --output [N=]LINE    line of output N (0), likewise\n"                                                \
    "  --camera SOURCE      /dev/video0, a card's name, 'pipe:COMMAND', a picture or a folder of them;\n"   \
    "                       COMMAND may have {width}, {height}, {fps}, {format}, {pix_fmt}, {fourcc}\n"      \
    "  --format FORMAT      GREY, YUYV, UYVY, NV12, YU12, RGB24, BGR24 or MJPEG\n"                           \
    "  --size WIDTHxHEIGHT  of the camera's frames\n"                                                        \
    "  --fps RATE           frames a second\n"                                                               \
    "  --threshold SCORE    0 ... 1, of every output\n"                                                      \
    "  --snapshots FOLDER   write pictures there\n"                                                          \
    "  --dry-run            set no output\n"

/* Options as they were given, the last of each. Their order does not matter. */
typedef struct EspalierOverrides {
    const char *camera; /* NULL: not given */
    const char *format;
    const char *size;
    const char *fps;
    const char *threshold;
    const char *snapshots;
    int32_t dry_run;
    int32_t input_count;
    int32_t output_count;
    const char *inputs[2 * ESPALIER_MOST_TRIGGERS];
    const char *outputs[2 * ESPALIER_MOST_OUTPUTS];
} EspalierOverrides;

/* True for an option that takes a value. */
int32_t espalier_override_exists(const char *option);

/* Notes one option ("--camera") with its value, which stays where it is. 0 or a problem; an unknown option is
 * one. */
int32_t espalier_override_note(EspalierOverrides *overrides, const char *option, const char *value,
                               EspalierProblem *problem);

/* Lays the options over a setup, the camera first, and checks what comes of it. 0 or a problem. */
int32_t espalier_setup_override(EspalierSetup *setup, const EspalierOverrides *overrides,
                                EspalierProblem *problem);

/* Whether a setup's camera, lines and times fit each other. 0, or a problem that names table and key. */
int32_t espalier_setup_check(const EspalierSetup *setup, EspalierProblem *problem);

/* True for two ways to ask for one line. A name alone is the only line of that name on any chip. */
int32_t espalier_lines_are_same(const EspalierLine *one, const EspalierLine *other);

/* The part of it that is about a camera. */
int32_t espalier_camera_check(const EspalierCamera *camera, EspalierProblem *problem);

#endif
