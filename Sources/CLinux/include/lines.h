/* GPIO lines through libgpiod: found, requested, read and set. Versions 1 and 2 of the library have different
 * interfaces; lines_v1.c and lines_v2.c put the same one before them, and the header found decides which is
 * built.
 *
 * Memory is allocated when lines are opened and closed, never in between.
 */
#ifndef ESPALIER_LINES_H
#define ESPALIER_LINES_H

#include <stdint.h>
#include "espalier_setup.h"
#include "problem.h"

/* A line in use. All zeros: none. */
typedef struct EspalierPort {
    void *chip;
    void *request;
    void *events;
    int64_t debounced; /* nanoseconds of debouncing the kernel does */
    uint32_t offset;
    uint32_t sequence;   /* of the last edge read, where the kernel numbers them; 0: none yet */
    int32_t descriptor;  /* readable when there is an edge */
    int32_t last_rising; /* of the last edge read; -1: none yet */
    char path[32];       /* of its chip */
} EspalierPort;

typedef struct EspalierEdge {
    int64_t time;   /* the kernel's, CLOCK_MONOTONIC */
    int64_t lost;   /* edges the kernel dropped before this one, at least */
    int64_t rising; /* 0 or 1, after active_low has been taken into account */
} EspalierEdge;

/* Where a line is: chip path and offset. 0, or a problem. */
typedef struct EspalierPlace {
    char path[32];
    char label[ESPALIER_SETUP_NAME_BYTES];
    char consumer[ESPALIER_SETUP_NAME_BYTES]; /* who uses it; empty: nobody */
    uint32_t offset;
    int32_t is_used;
} EspalierPlace;

static inline const EspalierLine *espalier_setup_input(const EspalierSetup *setup, int32_t index) {
    return &setup->inputs[index];
}

static inline const EspalierLine *espalier_setup_output(const EspalierSetup *setup, int32_t index) {
    return &setup->outputs[index];
}

/* Finds a line by its name on any chip, or on the chip named, or by offset. An ambiguous name is a problem.
 */
int32_t espalier_line_find(const EspalierLine *line, EspalierPlace *place, EspalierProblem *problem);

/* Opens a line for edges in both directions. Where the library lets the kernel debounce, it does, for
 * `debounce_nanoseconds`; `port->debounced` says so. */
int32_t espalier_line_open_input(EspalierPort *port, const EspalierLine *line, int64_t debounce_nanoseconds,
                                 EspalierProblem *problem);

/* Opens a line as an output that has `high` from the first moment. */
int32_t espalier_line_open_output(EspalierPort *port, const EspalierLine *line, int32_t high,
                                  EspalierProblem *problem);

/* The next edge that is waiting: 1, or 0 for none, or a negative errno. Never blocks. */
int32_t espalier_line_read(EspalierPort *port, EspalierEdge *edge);

/* 0 or an errno. May be called from a signal handler. */
int32_t espalier_line_set(EspalierPort *port, int32_t high);

/* The level, 0 or 1, or a negative errno: ENODEV when the chip is gone. */
int32_t espalier_line_level(EspalierPort *port);

/* True for two ports of one chip, both open. */
int32_t espalier_is_same_chip(const EspalierPort *one, const EspalierPort *other);

/* The sentence for a line that has stopped answering. */
void espalier_problem_chip_gone(EspalierProblem *problem, const EspalierPort *port);

/* Gives the line back. Fine for a port that is not open. */
void espalier_line_close(EspalierPort *port);

/* "libgpiod 1.6.3": what this was built against. */
const char *espalier_line_library(void);

#endif
