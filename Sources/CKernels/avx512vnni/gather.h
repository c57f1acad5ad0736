/* Gathers bands of the input (bands.h) with 512-bit vectors. */
#ifndef ESPALIER_AVX512VNNI_GATHER_H
#define ESPALIER_AVX512VNNI_GATHER_H

#include <immintrin.h>

#include "../bands.h"

/* 16 pixels that lie `stride` apart. */
INLINE __m512i gather_pixels(const int8_t *from, const int stride) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i pixels = _mm512_loadu_si512(from);
    return stride == 1 ? pixels : _mm512_permutex2var_epi32(pixels, evens, _mm512_loadu_si512(from + 64));
}

/* Copies rows of `width` pixels that lie `stride` apart. Stores whole vectors: up to 60 bytes past a row's
 * end. */
INLINE void gather_rows(const int8_t *from, int32_t step, int8_t *to, int32_t width, int32_t rows,
                        const int stride) {
    const int32_t bytes = width * 4;
    if (width <= 16) {
        for (int32_t y = 0; y < rows; y++, from += step, to += bytes) {
            _mm512_storeu_si512(to, gather_pixels(from, stride));
        }
    } else if (width <= 32) {
        for (int32_t y = 0; y < rows; y++, from += step, to += bytes) {
            _mm512_storeu_si512(to, gather_pixels(from, stride));
            _mm512_storeu_si512(to + bytes - 64, gather_pixels(from + (width - 16) * 4 * stride, stride));
        }
    } else {
        for (int32_t y = 0; y < rows; y++, from += step, to += bytes) {
            for (int32_t x = 0; x < width; x += 16) {
                _mm512_storeu_si512(to + x * 4, gather_pixels(from + x * 4 * stride, stride));
            }
        }
    }
}

/* 16 pixels of three neighbouring kernel columns. */
typedef struct Columns {
    __m512i first, second, third;
} Columns;

INLINE Columns gather_columns(const int8_t *from, const int stride) {
    Columns c;
    const __m512i pixels = _mm512_loadu_si512(from);
    if (stride == 1) {
        const __m512i next = _mm512_castsi128_si512(_mm_loadl_epi64((const __m128i *)(from + 64)));
        c.first = pixels;
        c.second = _mm512_alignr_epi32(next, pixels, 1);
        c.third = _mm512_alignr_epi32(next, pixels, 2);
    } else {
        const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const __m512i odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        const __m512i more = _mm512_loadu_si512(from + 64);
        const __m512i next = _mm512_castsi128_si512(_mm_loadu_si32(from + 128));
        c.first = _mm512_permutex2var_epi32(pixels, evens, more);
        c.second = _mm512_permutex2var_epi32(pixels, odds, more);
        c.third = _mm512_alignr_epi32(next, c.first, 1);
    }
    return c;
}

/* The copies of three neighbouring kernel columns, `copy` bytes apart, from one reading of each row. */
INLINE void gather_three(const int8_t *from, int32_t step, int8_t *to, int32_t copy, int32_t width,
                         int32_t rows, const int stride) {
    const int32_t bytes = width * 4;
    if (width < 16) {
        const __mmask16 lanes = (__mmask16)((1u << width) - 1);
        for (int32_t y = 0; y < rows; y++, from += step, to += bytes) {
            const Columns c = gather_columns(from, stride);
            _mm512_mask_storeu_epi32(to, lanes, c.first);
            _mm512_mask_storeu_epi32(to + copy, lanes, c.second);
            _mm512_mask_storeu_epi32(to + 2 * copy, lanes, c.third);
        }
        return;
    }
    for (int32_t y = 0; y < rows; y++, from += step, to += bytes) {
        for (int32_t x = 0;;) {
            const Columns c = gather_columns(from + x * stride, stride);
            _mm512_storeu_si512(to + x, c.first);
            _mm512_storeu_si512(to + x + copy, c.second);
            _mm512_storeu_si512(to + x + 2 * copy, c.third);
            if (x + 64 >= bytes) break;
            x = x + 128 <= bytes ? x + 64 : bytes - 64;
        }
    }
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. Rows are
 * written in ascending order, so that what a row's last vector writes too far is written over by the next
 * one. */
INLINE const int8_t *gather_band(const Gather *g, int32_t first, const uint8_t *live) {
    if (g->is_input) return g->corner + first * g->input_row;
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int32_t rows = band + (g->kernel_height - 1) * g->dilation_height / g->parities;
    const int32_t step = g->parities == 2 ? 2 * g->input_row : g->stride * g->input_row;
    for (int32_t q = 0; q < g->quads; q++) {
        if (live && !live[q]) continue;
        const int8_t *plane = g->corner + q * g->input_plane + first * g->stride * g->input_row;
        int8_t *to = g->room + q * g->plane;
        if (g->kernel_width == 3 && g->dilation_width == 1) {
            for (int32_t parity = 0; parity < g->parities; parity++) {
                const int8_t *from = plane + parity * g->input_row;
                const int32_t count = rows - (parity && g->kernel_height % 2);
                if (g->stride == 2)
                    gather_three(from, step, to + parity * g->copy, g->parities * g->copy, g->width, count,
                                 2);
                else
                    gather_three(from, step, to, g->copy, g->width, count, 1);
            }
            continue;
        }
        for (int32_t x = 0; x < g->kernel_width; x++) {
            for (int32_t parity = 0; parity < g->parities; parity++, to += g->copy) {
                const int8_t *from = plane + x * g->dilation_width * 4 + parity * g->input_row;
                /* The last odd row is no window's. */
                const int32_t count = rows - (parity && g->kernel_height % 2);
                if (g->stride == 2)
                    gather_rows(from, step, to, g->width, count, 2);
                else
                    gather_rows(from, step, to, g->width, count, 1);
            }
        }
    }
    return g->room;
}

#endif
