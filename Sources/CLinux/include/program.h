/* A camera that is a program: rpicam-vid, ffmpeg, anything that writes raw frames to its standard output. */
#ifndef ESPALIER_PROGRAM_H
#define ESPALIER_PROGRAM_H

#include <stdint.h>
#include "problem.h"

typedef struct EspalierProgram {
    int32_t process;    /* 0: not running; leader of its own group */
    int32_t descriptor; /* its standard output, never blocking; -1: not running */
} EspalierProgram;

/* Starts `command` with /bin/sh. 0 or a problem. */
int32_t espalier_program_start(EspalierProgram *program, const char *command, EspalierProblem *problem);

/* Reads what is there, up to `count` bytes: how many; 0 for none yet; or a negative errno, -EPIPE at the end.
 */
int32_t espalier_program_read(EspalierProgram *program, uint8_t *bytes, uint32_t count);

/* Ends the program and all it has started, and waits for it. Fine for one that is not running. */
void espalier_program_stop(EspalierProgram *program);

#endif
