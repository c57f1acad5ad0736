/* What went wrong, as a sentence for the user: what, where, what to do. */
#ifndef ESPALIER_PROBLEM_H
#define ESPALIER_PROBLEM_H

#include <stdint.h>

#define ESPALIER_SENTENCE_BYTES 480

/* EspalierProblem.kind */
#define ESPALIER_PROBLEM_SETUP 1   /* the setup does not fit this machine: trying again does not help */
#define ESPALIER_PROBLEM_MACHINE 2 /* something is missing, busy or broken: it may come right */

typedef struct EspalierProblem {
    int32_t kind;
    int32_t subject_bytes; /* of the sentence: "[camera] width " where a setting is wrong, which whoever knows
                            * the file says better; 0: none */
    const char
        *table; /* of that setting, "[camera]"; "lines" where lines do not fit each other; NULL: none */
    const char *key;
    char sentence[ESPALIER_SENTENCE_BYTES]; /* without a full stop or a new line */
} EspalierProblem;

/* Fills in a problem, cutting what does not fit, and returns its kind, which is never 0. */
int32_t espalier_problem(EspalierProblem *problem, int32_t kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same about a setting, with which the sentence begins: ESPALIER_PROBLEM_SETUP. `table` and `key` are
 * literals; an empty key means the whole table. */
int32_t espalier_problem_of(EspalierProblem *problem, const char *table, const char *key, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));

#endif
