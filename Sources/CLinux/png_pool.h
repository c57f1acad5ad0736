/* libpng with memory from a pool, and a way out of its errors. */
#ifndef ESPALIER_PNG_POOL_H
#define ESPALIER_PNG_POOL_H

#include <png.h>
#include <setjmp.h>
#include <stdio.h>

/* Hands out a pool from its start on; what is given back is free again with the next picture. */
typedef struct Pool {
    uint8_t *bytes;
    size_t left;
} Pool;

static inline png_voidp take(png_structp png, png_alloc_size_t bytes) {
    Pool *pool = png_get_mem_ptr(png);
    bytes = (bytes + 15) & ~(png_alloc_size_t)15;
    if (bytes > pool->left) return NULL;
    void *place = pool->bytes;
    pool->bytes += bytes;
    pool->left -= bytes;
    return place;
}

static inline void give_back(png_structp png, png_voidp place) {
    (void)png;
    (void)place;
}

/* libpng's way out of an error; the reason is left where the caller looks for it. */
typedef struct Failure {
    jmp_buf place;
    int error;
    char reason[80];
} Failure;

static inline void fail(png_structp png, png_const_charp reason) {
    Failure *failure = png_get_error_ptr(png);
    snprintf(failure->reason, sizeof failure->reason, "%s", reason);
    longjmp(failure->place, 1);
}

static inline void ignore(png_structp png, png_const_charp reason) {
    (void)png;
    (void)reason;
}

#endif
