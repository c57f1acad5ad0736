/* What the firmware's options, and those of `espalier run`, change in a setup. */
#ifndef ESPALIER_OVERRIDE_H
#define ESPALIER_OVERRIDE_H

#include "espalier_setup.h"
#include "problem.h"

/* The options and what follows them; a text for --help. */
#define ESPALIER_OVERRIDES                                                                                   \
    "  --input [N=]LINE     line of trigger input N (0): NAME, CHIP:NAME or CHIP:OFFSET\n"                   \
    "  --output [N=]LINE    line of output N (0), likewise\n"                                                \
    "  --camera SOURCE      /dev/video0, a card's name, 'pipe:COMMAND', a PNG file or a folder of them\n"    \
    "  --format FORMAT      GREY, YUYV, UYVY, NV12, YU12, RGB24, BGR24 or MJPEG\n"                           \
    "  --size WIDTHxHEIGHT  of the camera's frames\n"                                                        \
    "  --fps RATE           frames a second\n"                                                               \
    "  --threshold SCORE    0 ... 1, of every output\n"                                                      \
    "  --snapshots FOLDER   write pictures there\n"

/* Applies one option ("--camera") with its value. 0 or a problem; an unknown option is one. */
int32_t espalier_setup_override(EspalierSetup *setup, const char *option, const char *value,
                                EspalierProblem *problem);

#endif
