/* The pixels of a picture in segments of 16 that lie side by side in memory.
 *
 * A picture is one long run of pixels, halos included: all taps of a window are at fixed distances, whatever the row,
 * so a segment may run on through the halo into the next row; what falls into a halo is not stored. Layers of stride 2
 * are first split into their even and odd rows and columns, on which their stride is 1. */
#ifndef ESPALIER_AVX512VNNI_PIXEL_GRID_H
#define ESPALIER_AVX512VNNI_PIXEL_GRID_H

#include <immintrin.h>

#include "../visits.h"

/* Segments listed at a time. */
#define MOST_LISTED 60

typedef struct PixelGrid {
    const int8_t *base;   /* window's corner of output pixel (0, 0) */
    int32_t pitch;        /* pixels from an output row to the next one, in the input */
    int32_t plane;        /* bytes from a quad to the next one */
    int32_t phase;        /* bytes from a split picture to the next one; 0 where it is not split */
    int32_t height, width;
    int32_t output_row;
    int32_t segments;
    int32_t per_row;      /* segments of a row; 0 where they run through rows */
} PixelGrid;

/* Splits one row of pixels into those of even and of odd columns. Reads up to 128 bytes past `count` pixels. */
INLINE void split_row(const int8_t *from, int8_t *even, int8_t *odd, int32_t count) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    for (int32_t x = 0; x < count; x += 16) {
        const __m512i a = _mm512_loadu_si512(from + x * 8), b = _mm512_loadu_si512(from + x * 8 + 64);
        const __mmask16 lanes = (__mmask16)((1u << (count - x < 16 ? count - x : 16)) - 1);
        _mm512_mask_storeu_epi32(even + x * 4, lanes, _mm512_permutex2var_epi32(a, evens, b));
        if (odd) _mm512_mask_storeu_epi32(odd + x * 4, lanes, _mm512_permutex2var_epi32(a, odds, b));
    }
}

/* Copies the input's four phases [quad][row parity][column parity][rows][pitch] into `room`; returns the words used. */
INLINE int32_t split_input(const EspalierLayer *layer, const EspalierTensor *input, const int8_t *corner,
                           PixelGrid *grid, int32_t *room) {
    const int32_t across = layer->kernel_width > 1 ? 2 : 1, down = layer->kernel_height > 1 ? 2 : 1;
    const int32_t rows = grid->height + layer->kernel_height / 2;
    grid->pitch = grid->width + layer->kernel_width / 2;
    grid->phase = rows * grid->pitch * 4;
    grid->plane = grid->phase * across * down;
    /* Rows and columns past the last one a window sees are not read. */
    const int32_t seen_rows = (grid->height - 1) * 2 + layer->kernel_height;
    int8_t *to = (int8_t *)room;
    grid->base = to;
    for (int32_t quad = 0; quad < input->quads; quad++, to += grid->plane) {
        for (int32_t y = 0; y < seen_rows; y++) {
            if (y % 2 >= down) continue;
            int8_t *even = to + y % 2 * across * grid->phase + y / 2 * grid->pitch * 4;
            split_row(corner + quad * input->plane_bytes + y * input->row_bytes, even,
                      across == 2 ? even + grid->phase : 0, grid->pitch);
        }
    }
    return grid->plane / 4 * input->quads + 16;
}

/* Describes the grid, taking what it needs from `room`; 0 for strides it does not know. */
INLINE int pixel_grid(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena, PixelGrid *grid,
                      int32_t **room) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_height != layer->stride_width || layer->stride_width > 2 || input->row_bytes % 4) return 0;
    if (layer->stride_width == 2 && layer->dilation_height * layer->dilation_width != 1) return 0;
    const int8_t *corner = tensor_base(input, arena) - layer->pad_top * input->row_bytes - layer->pad_left * 4;
    grid->height = output->height;
    grid->width = output->width;
    grid->output_row = output->row_bytes;
    grid->base = corner;
    grid->pitch = input->row_bytes / 4;
    grid->plane = input->plane_bytes;
    grid->phase = 0;
    if (layer->stride_width == 2) *room += split_input(layer, input, corner, grid, *room);
    const int32_t run = ((grid->height - 1) * grid->pitch + grid->width + 15) / 16;
    grid->per_row = (grid->width + 15) / 16;
    grid->segments = grid->per_row * grid->height;
    if (run < grid->segments) {
        grid->segments = run;
        grid->per_row = 0;
    }
    return 1;
}

/* The first pixels, in the grid's run, of up to MOST_LISTED segments from `first` on; returns how many. */
INLINE int32_t list_segments(const PixelGrid *grid, int32_t first, int32_t *segments) {
    int32_t count = grid->segments - first;
    if (count > MOST_LISTED) count = MOST_LISTED;
    for (int32_t i = 0; i < count; i++) {
        const int32_t segment = first + i;
        segments[i] = grid->per_row ? segment / grid->per_row * grid->pitch + segment % grid->per_row * 16
                                    : segment * 16;
    }
    return count;
}

/* Stores the pixels of a segment that are in the picture. */
INLINE void store_segment(const PixelGrid *grid, int32_t first, int8_t *output, __m512i bytes) {
    int32_t y = first / grid->pitch, lane = y * grid->pitch - first; /* of the row's first pixel, perhaps negative */
    for (; y < grid->height && lane < 16; y++, lane += grid->pitch) {
        const int32_t from = lane < 0 ? 0 : lane, end = lane + grid->width < 16 ? lane + grid->width : 16;
        if (end <= from) continue;
        const __mmask16 stored = (__mmask16)((1u << end) - (1u << from));
        _mm512_mask_storeu_epi32(output + y * grid->output_row - lane * 4, stored, bytes);
    }
}

/* Where each block's inputs lie from a segment's first pixel; returns the words used. */
INLINE int32_t list_places(const EspalierLayer *layer, const EspalierTensor *input, const PixelGrid *grid,
                           int32_t *places) {
    int32_t block = 0;
    const int32_t across = layer->kernel_width > 1 ? 2 : 1;
    for (int32_t y = 0; y < layer->kernel_height; y++) {
        for (int32_t x = 0; x < layer->kernel_width; x++) {
            int32_t place = y * layer->dilation_height * grid->pitch * 4 + x * layer->dilation_width * 4;
            if (grid->phase) {
                place = (y % 2 * across + x % 2) * grid->phase + y / 2 * grid->pitch * 4 + x / 2 * 4;
            }
            for (int32_t q = 0; q < input->quads; q++, place += grid->plane) places[block++] = place;
        }
    }
    return block;
}

/* A bit for each block whose quad is not silent; 0 where all are live. */
INLINE int list_live_blocks(const EspalierLayer *layer, const EspalierTensor *input, const int8_t *arena,
                            uint32_t *bits) {
    const int32_t taps = layer->kernel_height * layer->kernel_width, words = (layer->row_blocks + 31) / 32;
    int any_silent = 0;
    for (int32_t i = 0; i < words; i++) bits[i] = 0xffffffff;
    for (int32_t q = 0; q < input->quads; q++) {
        if (is_live(input, arena, q, 0x80)) continue;
        any_silent = 1;
        for (int32_t tap = 0; tap < taps; tap++) {
            const int32_t block = tap * input->quads + q;
            bits[block >> 5] &= ~(1u << (block & 31));
        }
    }
    return any_silent;
}

#endif
