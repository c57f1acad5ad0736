/* Gathers bands of the input (bands.h), pictures 8, 4, 2 or 1 pixels wide in strips of rows that lie side by
 * side, 16 pixels together: vertical neighbours would lie across cache lines. Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_GATHER_H
#define ESPALIER_AVX512VNNI_GATHER_H

#include "places.h"
#include "vocabulary.h"

INLINE __m512i even_lanes(void) {
    return _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

/* 16 pixels that lie `stride` apart. */
INLINE __m512i gather_pixels(const int8_t *from, const int stride) {
    const __m512i pixels = _mm512_loadu_si512(from);
    if (stride == 1) return pixels;
    return _mm512_permutex2var_epi32(pixels, even_lanes(), _mm512_loadu_si512(from + 64));
}

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

/* 16 pixels of three neighbouring kernel columns, from the pixels there and those behind them. */
typedef struct Columns {
    __m512i first, second, third;
} Columns;

INLINE Columns neighbouring(__m512i pixels, __m512i next) {
    return (Columns){ pixels, _mm512_alignr_epi32(next, pixels, 1), _mm512_alignr_epi32(next, pixels, 2) };
}

INLINE Columns gather_columns(const int8_t *from, const int stride) {
    const __m512i pixels = _mm512_loadu_si512(from), more = _mm512_loadu_si512(from + 64);
    if (stride == 1) return neighbouring(pixels, more);
    const __m512i evens = even_lanes(), odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    const __m512i next = _mm512_castsi128_si512(_mm_loadu_si32(from + 128));
    Columns c;
    c.first = _mm512_permutex2var_epi32(pixels, evens, more);
    c.second = _mm512_permutex2var_epi32(pixels, odds, more);
    c.third = _mm512_alignr_epi32(next, c.first, 1);
    return c;
}

INLINE void store_columns(Columns c, int8_t *to, int64_t copy, __mmask16 lanes) {
    _mm512_mask_storeu_epi32(to, lanes, c.first);
    _mm512_mask_storeu_epi32(to + copy, lanes, c.second);
    _mm512_mask_storeu_epi32(to + 2 * copy, lanes, c.third);
}

/* Rows of whole vectors of neighbouring pixels, each read once, to the copies of three kernel columns, `copy`
 * bytes apart. */
INLINE void gather_whole_rows(const int8_t *from, int64_t step, int8_t *to, int64_t copy, int32_t vectors,
                              int32_t rows) {
    for (int32_t y = 0; y < rows; y++, from += step) {
        __m512i pixels = _mm512_loadu_si512(from);
        for (int32_t x = 1; x <= vectors; x++, to += 64) {
            const __m512i next = _mm512_loadu_si512(from + x * 64);
            store_columns(neighbouring(pixels, next), to, copy, 0xffff);
            pixels = next;
        }
    }
}

/* The same for any width and stride, to rows `pitch` bytes apart. */
INLINE void gather_three(const int8_t *from, int64_t step, int8_t *to, int64_t copy, int64_t pitch,
                         int32_t width, int32_t rows, const int stride) {
    if (stride == 1 && width % 16 == 0) {
        gather_whole_rows(from, step, to, copy, width / 16, rows);
        return;
    }
    const __mmask16 lanes = (__mmask16)(width < 16 ? (1u << width) - 1 : 0xffff);
    const int64_t last = width < 16 ? 0 : width * 4 - 64;
    for (int32_t y = 0; y < rows; y++, from += step, to += pitch) {
        for (int64_t x = 0; x < last; x += 64) {
            store_columns(gather_columns(from + x * stride, stride), to + x, copy, 0xffff);
        }
        store_columns(gather_columns(from + last * stride, stride), to + last, copy, lanes);
    }
}

/* One strip of one quad: all copies. `from`: the window's corner of its first pixel. */
INLINE void gather_strip(const Gather *g, const int8_t *from, int8_t *to, int32_t rows, const int stride) {
    const int32_t pitch = g->width * 4, width = g->strip_width;
    const int32_t step = g->parities == 2 ? 2 * g->input_row : g->stride * g->input_row;
    for (int32_t parity = 0; parity < g->parities; parity++, from += g->input_row, to += g->copy) {
        /* The last odd row is no window's. */
        const int32_t count = rows - (parity && g->kernel_height % 2);
        if (g->kernel_width == 3 && g->dilation_width == 1) {
            gather_three(from, step, to, g->parities * g->copy, pitch, width, count, stride);
            continue;
        }
        for (int32_t x = 0; x < g->kernel_width; x++) {
            gather_rows(from + x * g->dilation_width * 4, step, to + x * g->parities * g->copy, pitch, width,
                        count, stride);
        }
    }
}

/* 8 pixels of each strip that lie `stride` apart. */
INLINE __m512i pixels_of_two(const int8_t *first, const int8_t *second, const int stride) {
    if (stride == 1) return halves_of(first, second);
    return _mm512_permutex2var_epi32(_mm512_loadu_si512(first), even_lanes(), _mm512_loadu_si512(second));
}

/* Two strips of 8 pixels of one quad: all copies. */
INLINE void gather_two_strips(const Gather *g, const int8_t *from, int8_t *to, int32_t rows,
                              const int stride) {
    const int64_t step = g->parities * g->input_row, second = (int64_t)g->height * stride * g->input_row;
    const int64_t copy = g->parities * g->copy;
    for (int32_t parity = 0; parity < g->parities; parity++, from += g->input_row, to += g->copy) {
        const int32_t count = rows - (parity && g->kernel_height % 2);
        const int8_t *row = from;
        int8_t *at = to;
        for (int32_t y = 0; y < count; y++, row += step, at += 64) {
            for (int64_t x = 0; x < g->kernel_width; x++) {
                const int8_t *pixels = row + x * g->dilation_width * 4;
                _mm512_storeu_si512(at + x * copy, pixels_of_two(pixels, pixels + second, stride));
            }
        }
    }
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. */
static const int8_t *gather_band(const Gather *g, int32_t first) {
    if (g->is_input) return g->corner + first * g->input_row;
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int32_t rows = band + (g->kernel_height - 1) * g->dilation_height / g->parities;
    for (int32_t q = 0; q < g->quads; q++) {
        const int8_t *from = g->corner + q * g->input_plane + first * g->stride * g->input_row;
        int8_t *to = g->room + q * g->plane;
        if (g->strips == 2) {
            if (g->stride == 2)
                gather_two_strips(g, from, to, rows, 2);
            else
                gather_two_strips(g, from, to, rows, 1);
            continue;
        }
        for (int32_t strip = 0; strip < g->strips; strip++) {
            const int8_t *at = from + strip * g->height * g->stride * g->input_row;
            if (g->stride == 2)
                gather_strip(g, at, to + strip * g->strip_width * 4, rows, 2);
            else
                gather_strip(g, at, to + strip * g->strip_width * 4, rows, 1);
        }
    }
    return g->room;
}

/* Zeros as long as the longest band whose lists are walked together. */
INLINE void clear_zeros(const Gather *g) {
    const __m512i none = _mm512_setzero_si512();
    int8_t *zeros = g->room + gather_bytes(g);
    for (int32_t i = 0; i < TOGETHER_SEGMENTS; i++) _mm512_storeu_si512(zeros + i * 64, none);
}

#endif
