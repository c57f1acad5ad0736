/* Gathers bands of the input (bands.h). */
#ifndef ESPALIER_ARM_GATHER_H
#define ESPALIER_ARM_GATHER_H

#include <arm_neon.h>

#include "neon64.h"
#include "places.h"

/* Rows of n vectors of four pixels that lie `stride` apart. */
INLINE void gather_strip(const int8_t *from, int64_t step, int8_t *to, int64_t bytes, int32_t rows,
                         const int n, const int stride) {
    if (stride == 1 && n >= 4) {
        for (; rows > 0; rows--, from += step - n * 16, to += bytes - n * 16) {
            int8x16_t vectors[8];
#pragma clang loop unroll(full)
            for (int i = 0; i < n; i += 4) load_four(vectors + i, &from);
#pragma clang loop unroll(full)
            for (int i = 0; i < n; i += 4) store_four_vectors(vectors + i, &to);
        }
        return;
    }
    for (; rows > 0; rows--, from += step - n * 16 * stride, to += bytes) {
        int32x4_t vectors[8];
#pragma clang loop unroll(full)
        for (int i = 0; i < n; i++, from += 16 * stride) {
            const int32_t *words = (const int32_t *)(const void *)from;
            vectors[i] = stride == 1 ? vld1q_s32(words) : vld2q_s32(words).val[0];
            if (stride == 2) __asm__("" : "+r"(from));
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < n; i++) vst1q_s32((int32_t *)(void *)(to + i * 16), vectors[i]);
    }
}

/* Rows of `bytes`, in whole vectors: up to 12 bytes past a row's end are written. */
INLINE void gather_rows(const int8_t *from, int32_t step, int8_t *to, int32_t bytes, int32_t rows,
                        const int stride) {
    const int32_t vectors = (bytes + 15) / 16;
    int32_t x = 0;
    /* In strips, unless one would write over the next row's first. */
    if (bytes % 16 && vectors & (vectors - 1)) {
        for (; rows > 0; rows--, from += step, to += bytes)
            gather_strip(from, 16 * stride, to, 16, vectors, 1, stride);
        return;
    }
    for (; x + 128 <= vectors * 16; x += 128)
        gather_strip(from + x * stride, step, to + x, bytes, rows, 8, stride);
    if (vectors & 4) {
        gather_strip(from + x * stride, step, to + x, bytes, rows, 4, stride);
        x += 64;
    }
    if (vectors & 2) {
        gather_strip(from + x * stride, step, to + x, bytes, rows, 2, stride);
        x += 32;
    }
    if (vectors & 1) gather_strip(from + x * stride, step, to + x, bytes, rows, 1, stride);
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. What a row
 * writes too far is written over by the next one: addresses ascend. */
static const int8_t *gather_band(const Gather *g, int32_t first) {
    if (g->is_input) return g->corner + first * g->input_row;
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int32_t rows = band + (g->kernel_height - 1) * g->dilation_height / g->parities;
    const int32_t step = g->stride * g->input_row; /* with parities, every other row */
    for (int32_t q = 0; q < g->quads; q++) {
        int8_t *to = g->room + q * g->plane;
        for (int32_t x = 0; x < g->kernel_width; x++) {
            const int8_t *from = g->corner + q * g->input_plane + first * g->stride * g->input_row
                                 + x * g->dilation_width * 4;
            for (int32_t parity = 0; parity < g->parities; parity++, from += g->input_row, to += g->copy) {
                /* The last odd row is no window's. */
                const int32_t count = rows - (parity && g->kernel_height % 2);
                if (g->stride == 2)
                    gather_rows(from, step, to, g->width * 4, count, 2);
                else
                    gather_rows(from, step, to, g->width * 4, count, 1);
            }
        }
    }
    return g->room;
}

#endif
