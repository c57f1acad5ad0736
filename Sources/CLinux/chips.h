/* What lines_v1.c and lines_v2.c have in common: one chip, and a line of it before it is requested. */
#ifndef ESPALIER_CHIPS_H
#define ESPALIER_CHIPS_H

#include <stdint.h>
#include "lines.h"

#include <stdio.h>

typedef struct LineState {
    char name[ESPALIER_SETUP_NAME_BYTES]; /* empty: none */
    char consumer[ESPALIER_SETUP_NAME_BYTES];
    int32_t is_used;
} LineState;

/* A name as libgpiod has it, which may be NULL, into a field of ESPALIER_SETUP_NAME_BYTES. */
static inline void copy_name(char *target, const char *name) {
    snprintf(target, ESPALIER_SETUP_NAME_BYTES, "%s", name ? name : "");
}

/* NULL with errno. */
void *chip_open(const char *path);
void chip_close(void *chip);

/* 0 or an errno; `label` has ESPALIER_SETUP_NAME_BYTES. */
int32_t chip_describe(void *chip, char *label, uint32_t *line_count);
int32_t chip_line_state(void *chip, uint32_t offset, LineState *state);

/* Request on a chip that is open; fill `request`, `events`, `descriptor`. 0 or an errno. */
int32_t chip_request_input(EspalierPort *port, const EspalierLine *line, int64_t debounce_nanoseconds);
int32_t chip_request_output(EspalierPort *port, const EspalierLine *line, int32_t high);

/* Gives a request back, not the chip. */
void chip_release(EspalierPort *port);

/* Whose lines ours are, for gpioinfo and everybody else. */
#define ESPALIER_CONSUMER "espalier"

#endif
