/* A camera that is a program: rpicam-vid, ffmpeg, anything that writes raw frames to its standard output. */
#ifndef ESPALIER_PROGRAM_H
#define ESPALIER_PROGRAM_H

#include <stdint.h>
#include "command.h"
#include "problem.h"

/* Of a line on the program's standard error: as much as a sentence quotes. */
#define ESPALIER_WORDS_BYTES 128

typedef struct EspalierProgram {
    int32_t process;    /* 0: not running; leader of its own group */
    int32_t descriptor; /* its standard output, never blocking; -1: not running */
    int32_t errors;     /* its standard error, likewise; -1: closed */
    int32_t is_held;    /* our standard error takes nothing now: the program's waits in the pipe */
    int32_t line_bytes; /* of `line` so far */
    char line[ESPALIER_WORDS_BYTES];  /* the line it is writing */
    char words[ESPALIER_WORDS_BYTES]; /* the last line that said something */
    char command[ESPALIER_COMMAND_BYTES];
} EspalierProgram;

/* Starts a camera's command with /bin/sh, its placeholders filled in. 0 or a problem. */
int32_t espalier_program_start(EspalierProgram *program, const EspalierCamera *camera,
                               EspalierProblem *problem);

/* Reads what is there, up to `count` bytes: how many; 0 for none yet; or a negative errno, -EPIPE at the end.
 */
int32_t espalier_program_read(EspalierProgram *program, uint8_t *bytes, uint32_t count);

/* Passes on what the program has written to its standard error, and remembers the last line. Never blocks:
 * what our own standard error does not take stays where it is. */
void espalier_program_listen(EspalierProgram *program);

/* The descriptor to wait for before listening; -1 for none. */
static inline int32_t espalier_program_errors(const EspalierProgram *program) {
    return program->is_held ? -1 : program->errors;
}

/* How a program whose output has ended came to its end: "it ended with exit status 1 and said: ...". Waits a
 * tenth of a second at most for the end. */
void espalier_program_describe_end(EspalierProgram *program, char *text, uint32_t bytes);

/* Ends the program and all it has started, and waits for it. Fine for one that is not running. */
void espalier_program_stop(EspalierProgram *program);

#endif
