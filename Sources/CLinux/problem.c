#ifdef __linux__

#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

int32_t espalier_problem(EspalierProblem *problem, int32_t kind, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(problem->sentence, sizeof problem->sentence, format, values);
    va_end(values);
    problem->kind = kind;
    problem->subject_bytes = 0;
    problem->table = problem->key = NULL;
    return kind;
}

int32_t espalier_problem_of(EspalierProblem *problem, const char *table, const char *key, const char *format,
                            ...) {
    int32_t bytes =
        snprintf(problem->sentence, sizeof problem->sentence, key[0] ? "%s %s " : "%s%s ", table, key);
    va_list values;
    va_start(values, format);
    vsnprintf(problem->sentence + bytes, sizeof problem->sentence - (size_t)bytes, format, values);
    va_end(values);
    problem->kind = ESPALIER_PROBLEM_SETUP;
    problem->subject_bytes = bytes;
    problem->table = table;
    problem->key = key;
    return problem->kind;
}

#endif
