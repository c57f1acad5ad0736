/* The input of a band of output rows, gathered so that every tap of every output pixel is one step of 4 bytes
 * away from its neighbour's: [quad][kernel column][row parity][rows][output width][4].
 *
 * Each kernel column has a copy of its own without halo columns, so output pixels form one run through all
 * rows of the band, segments of 16 have no gaps, and where the width is a multiple of 16 every load is
 * aligned: a load across a cache line costs two, and in a pruned layer loads are what limits. Stride 2 keeps
 * even and odd rows apart. */
#ifndef ESPALIER_AVX512VNNI_GATHER_H
#define ESPALIER_AVX512VNNI_GATHER_H

#include <immintrin.h>

#include "../visits.h"

/* What a band may take, to stay in the first-level cache beside the weights. */
#define BAND_BYTES 28672
/* Segments of 16 pixels in a band. */
#define BAND_SEGMENTS 64

typedef struct Gather {
    const int8_t *corner; /* of the input: window's corner of output pixel (0, 0) */
    int8_t *room;
    int32_t stride, kernel_height, kernel_width, dilation_height, dilation_width, quads;
    int32_t input_row, input_plane;
    int32_t height, width; /* of the output */
    int32_t band;          /* output rows gathered at a time */
    int32_t parities;      /* row parities kept apart */
    int32_t rows;          /* rows of one copy */
    int32_t copy, plane;   /* bytes of a copy, and from a quad to the next one */
    int is_input;          /* the input is already as it should be */
} Gather;

/* Bytes of `room` a layer needs; Scratch.swift has the same sum. */
INLINE void gather_sizes(Gather *g) {
    const int32_t span = (g->kernel_height - 1) * g->dilation_height;
    g->parities = g->stride == 2 && g->kernel_height > 1 ? 2 : 1;
    for (g->band = g->height;; g->band = (g->band + 1) / 2) {
        g->rows = g->band + span / g->parities;
        g->copy = g->rows * g->width * 4;
        g->plane = g->copy * g->parities * g->kernel_width;
        const int fits = g->plane * g->quads <= BAND_BYTES && g->band * g->width <= BAND_SEGMENTS * 16;
        if (fits || g->band == 1) return;
    }
}

/* 0 for strides it does not know and for pictures too wide. */
INLINE int gather_of(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena, int8_t *room,
                     Gather *g) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_height != layer->stride_width || layer->stride_width > 2) return 0;
    if (output->width > BAND_SEGMENTS * 16) return 0;
    if (layer->stride_width == 2 && layer->dilation_height * layer->dilation_width != 1) return 0;
    g->corner = tensor_base(input, arena) - layer->pad_top * input->row_bytes - layer->pad_left * 4;
    g->room = room;
    g->stride = layer->stride_width;
    g->kernel_height = layer->kernel_height;
    g->kernel_width = layer->kernel_width;
    g->dilation_height = layer->dilation_height;
    g->dilation_width = layer->dilation_width;
    g->quads = input->quads;
    g->input_row = input->row_bytes;
    g->input_plane = input->plane_bytes;
    g->height = output->height;
    g->width = output->width;
    gather_sizes(g);
    g->is_input =
        layer->kernel_height * layer->kernel_width == 1 && g->stride == 1 && input->row_bytes == g->width * 4;
    if (g->is_input) {
        g->plane = input->plane_bytes;
        g->band = BAND_SEGMENTS * 16 / g->width;
        if (g->band < 1) g->band = 1;
        if (g->band > g->height) g->band = g->height;
    }
    return 1;
}

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

/* Where each block's inputs lie from a pixel's place in the band; returns how many there are. */
INLINE int32_t gather_places(const Gather *g, int32_t *places) {
    int32_t block = 0;
    for (int32_t y = 0; y < g->kernel_height; y++) {
        for (int32_t x = 0; x < g->kernel_width; x++) {
            const int32_t row = g->parities == 2 ? y / 2 : y * g->dilation_height;
            const int32_t parity = g->parities == 2 ? y % 2 : 0;
            int32_t place = (x * g->parities + parity) * g->copy + row * g->width * 4;
            for (int32_t q = 0; q < g->quads; q++, place += g->plane) places[block++] = place;
        }
    }
    return block;
}

#endif
