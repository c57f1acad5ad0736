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
    return kind;
}

#endif
