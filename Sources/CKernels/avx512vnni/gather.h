/* Gathers bands of the input (bands.h), pictures 8, 4, 2 or 1 pixels wide in strips of rows that lie side by
 * side, 16 pixels together: vertical neighbours would lie across cache lines. Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_GATHER_H
#define ESPALIER_AVX512VNNI_GATHER_H

#include "places.h"
#include "vocabulary.h"

/* Copies `width` pixels of `rows` rows that lie `stride` apart to rows `pitch` bytes apart. */
INLINE void gather_rows(const int8_t *from, int64_t step, int8_t *to, int64_t pitch, int32_t width,
                        int32_t rows, const int stride) {
    const __mmask16 lanes = (__mmask16)(width < 16 ? (1u << width) - 1 : 0xffff);
    const int64_t last = width < 16 ? 0 : width * 4 - 64;
    for (int32_t y = 0; y < rows; y++, from += step, to += pitch) {
        for (int64_t x = 0; x < last; x += 64) {
            _mm512_storeu_si512(to + x, gather_pixels(from + x * stride, stride));
        }
        _mm512_mask_storeu_epi32(to + last, lanes, gather_pixels(from + last * stride, stride));
    }
}

/* From a gathered row to the next one of the same parity. */
INLINE int64_t row_step(const Gather *g) {
    return (g->parities == 2 ? 2 : g->stride) * (int64_t)g->input_row;
}

/* From a strip to the next one. */
INLINE int64_t strip_step(const Gather *g) {
    return (int64_t)g->height * g->stride * g->input_row;
}

/* 16 pixels of three neighbouring kernel columns. */
typedef struct Columns {
    __m512i first, second, third;
} Columns;

INLINE Columns gather_columns(const int8_t *from, const int stride) {
    const __m512i pixels = _mm512_loadu_si512(from);
    Columns c;
    if (stride == 1) {
        /* Two pixels more: a whole vector would cross another cache line. */
        const __m512i next = _mm512_castsi128_si512(_mm_loadu_si64(from + 64));
        c.first = pixels;
        c.second = _mm512_alignr_epi32(next, pixels, 1);
        c.third = _mm512_alignr_epi32(next, pixels, 2);
        return c;
    }
    const __m512i evens = even_lanes(), odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    const __m512i more = _mm512_loadu_si512(from + 64);
    const __m512i next = _mm512_castsi128_si512(_mm_loadu_si32(from + 128));
    c.first = _mm512_permutex2var_epi32(pixels, evens, more);
    c.second = _mm512_permutex2var_epi32(pixels, odds, more);
    c.third = _mm512_alignr_epi32(next, c.first, 1);
    return c;
}

/* The same of 8 pixels of each of two strips, `second` bytes apart. */
INLINE Columns gather_columns_of_two(const int8_t *from, int64_t second, const int stride) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    const __m512i first = stride == 1 ? lanes : even_lanes(), one = _mm512_set1_epi32(1);
    const __m512i a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + second);
    Columns c;
    c.first = _mm512_permutex2var_epi32(a, first, b);
    c.second = _mm512_permutex2var_epi32(a, _mm512_add_epi32(first, one), b);
    if (stride == 1)
        c.third = _mm512_permutex2var_epi32(a, _mm512_add_epi32(first, _mm512_set1_epi32(2)), b);
    else
        c.third = _mm512_permutex2var_epi32(_mm512_loadu_si512(from + 8), first,
                                            _mm512_loadu_si512(from + second + 8));
    return c;
}

/* To the copies of three kernel columns, `copy` bytes apart. */
INLINE void store_columns(Columns c, int8_t *to, int64_t copy) {
    _mm512_storeu_si512(to, c.first);
    _mm512_storeu_si512(to + copy, c.second);
    _mm512_storeu_si512(to + 2 * copy, c.third);
}

/* Rows of so many vectors. */
INLINE void gather_three(const Gather *g, const int8_t *from, int8_t *to, int32_t rows, const int64_t vectors,
                         const int stride) {
    const int64_t copy = g->parities * g->copy, step = row_step(g);
    for (const int8_t *end = to + rows * vectors * 64; to < end; from += step) {
        for (int64_t x = 0; x < vectors; x++, to += 64) {
            store_columns(gather_columns(from + x * 64 * stride, stride), to, copy);
        }
    }
}

/* Rows of half a vector of two strips. */
INLINE void gather_three_of_two(const Gather *g, const int8_t *from, int8_t *to, int32_t rows,
                                const int stride) {
    const int64_t copy = g->parities * g->copy, step = row_step(g), strip = strip_step(g);
    for (const int8_t *end = to + rows * 64; to < end; from += step, to += 64) {
        store_columns(gather_columns_of_two(from, strip, stride), to, copy);
    }
}

/* Rows of any width and number of strips. */
INLINE void gather_three_of_any(const Gather *g, const int8_t *from, int8_t *to, int32_t rows,
                                const int stride) {
    const int32_t width = g->strip_width;
    const int64_t copy = g->parities * g->copy, step = row_step(g), last = width < 16 ? 0 : width * 4 - 64;
    const __mmask16 lanes = (__mmask16)(width < 16 ? (1u << width) - 1 : 0xffff);
    for (int32_t s = 0; s < g->strips; s++, from += strip_step(g), to += width * 4) {
        const int8_t *row = from;
        int8_t *at = to;
        for (int32_t y = 0; y < rows; y++, row += step, at += g->width * 4) {
            for (int64_t x = 0; x < last; x += 64) {
                store_columns(gather_columns(row + x * stride, stride), at + x, copy);
            }
            const Columns c = gather_columns(row + last * stride, stride);
            _mm512_mask_storeu_epi32(at + last, lanes, c.first);
            _mm512_mask_storeu_epi32(at + last + copy, lanes, c.second);
            _mm512_mask_storeu_epi32(at + last + 2 * copy, lanes, c.third);
        }
    }
}

/* All kernel columns of any other kernel. */
INLINE void gather_each(const Gather *g, const int8_t *from, int8_t *to, int32_t rows, const int stride) {
    for (int32_t s = 0; s < g->strips; s++, from += strip_step(g), to += g->strip_width * 4) {
        for (int32_t x = 0; x < g->kernel_width; x++) {
            gather_rows(from + x * g->dilation_width * 4, row_step(g), to + x * g->parities * g->copy,
                        g->width * 4, g->strip_width, rows, stride);
        }
    }
}

/* All copies of some rows of one quad. Functions of their own: with all that a layer has at hand, registers
 * would not do. */
typedef void GatherQuad(const Gather *g, const int8_t *from, int8_t *to, int32_t rows);
#define GATHER(NAME, ...)                                                                                    \
    static __attribute__((noinline)) void NAME(const Gather *g, const int8_t *from, int8_t *to,              \
                                               int32_t rows) {                                               \
        __VA_ARGS__;                                                                                         \
    }
GATHER(gather_16, gather_three(g, from, to, rows, 1, 1))
GATHER(gather_32, gather_three(g, from, to, rows, 2, 1))
GATHER(gather_vectors, gather_three(g, from, to, rows, g->width / 16, 1))
GATHER(gather_16_of_32, gather_three(g, from, to, rows, 1, 2))
GATHER(gather_vectors_by_two, gather_three(g, from, to, rows, g->width / 16, 2))
GATHER(gather_two_strips, gather_three_of_two(g, from, to, rows, 1))
GATHER(gather_two_strips_by_two, gather_three_of_two(g, from, to, rows, 2))
GATHER(gather_columns_of_any, gather_three_of_any(g, from, to, rows, 1))
GATHER(gather_columns_of_any_by_two, gather_three_of_any(g, from, to, rows, 2))
GATHER(gather_any, gather_each(g, from, to, rows, 1))
GATHER(gather_any_by_two, gather_each(g, from, to, rows, 2))

static GatherQuad *gather_quad(const Gather *g) {
    const int by_two = g->stride == 2;
    if (g->kernel_width != 3 || g->dilation_width != 1) return by_two ? gather_any_by_two : gather_any;
    if (g->strips == 2) return by_two ? gather_two_strips_by_two : gather_two_strips;
    if (g->strips > 1 || g->width % 16) return by_two ? gather_columns_of_any_by_two : gather_columns_of_any;
    if (g->width == 16) return by_two ? gather_16_of_32 : gather_16;
    if (by_two) return gather_vectors_by_two;
    return g->width == 32 ? gather_32 : gather_vectors;
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. */
static const int8_t *gather_band(const Gather *g, int32_t first) {
    if (g->is_input) return g->corner + first * g->input_row;
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int32_t rows = band + (g->kernel_height - 1) * g->dilation_height / g->parities;
    GatherQuad *const quad = gather_quad(g);
    for (int32_t q = 0; q < g->quads; q++) {
        const int8_t *from = g->corner + q * g->input_plane + first * g->stride * g->input_row;
        int8_t *to = g->room + q * g->plane;
        for (int32_t parity = 0; parity < g->parities; parity++, from += g->input_row, to += g->copy) {
            /* The last odd row is no window's. */
            const int32_t count = rows - (parity && g->kernel_height % 2);
            quad(g, from, to, count);
        }
    }
    return g->room;
}

/* Zeros as long as the longest band whose lists are walked together. */
INLINE void clear_zeros(const Gather *g) {
    const __m512i none = _mm512_setzero_si512();
    int8_t *zeros = g->room + band_bytes(g, 0);
    for (int32_t i = 0; i < TOGETHER_SEGMENTS; i++) _mm512_storeu_si512(zeros + i * 64, none);
}

#endif
