/* Convolution, channel lanes: 16 outputs in four vectors, a pixel's quad taken by lane.
 *
 * Included by neondot.c and neon.c, each with its own channel_sums, set_starts, MOST_PIXELS and
 * MOST_TILE. */
#ifndef ESPALIER_ARM_CHANNEL_LANES_H
#define ESPALIER_ARM_CHANNEL_LANES_H

#include "places.h"
#include "walks.h"

/* Four vectors of sums at a time: four pixels of a quad, two of two quads, one of all. */
INLINE void store_tile(const ChannelWalk *w, int32x4_t sums[MOST_PIXELS][4], int8_t *output,
                       const int pixels, const int quads, const int way) {
    const int32_t plane = w->g.output_plane;
    const Requantiser *r = w->requantisers;
    const Storing *s = &w->storing;
    int p = 0;
#pragma clang loop unroll(full)
    for (; p + 4 <= pixels; p += 4) {
#pragma clang loop unroll(full)
        for (int n = 0; n < quads; n++) {
            const int32x4_t quad[4] = { sums[p][n], sums[p + 1][n], sums[p + 2][n], sums[p + 3][n] };
            store_quad(quad, &r[n], s, output + n * plane + p * 4, 4, way);
        }
    }
    if (pixels & 2) {
#pragma clang loop unroll(full)
        for (int n = 0; n < quads; n += 2) {
            store_two_quads(sums[p], sums[p + 1], n, &r[n], s, output + n * plane + p * 4, plane, way);
        }
        p += 2;
    }
    if (pixels & 1) store_pixel(sums[p], r, s, output + p * 4, plane, quads, way);
}

/* Off the fast paths, and once: groups of fewer quads, and unusual ways of storing. */
static __attribute__((noinline)) void store_some(const ChannelWalk *w, const int32x4_t *sums, int8_t *output,
                                                 int32_t pixels, int32_t quads) {
    for (int32_t n = 0; n < quads && n < w->quads; n++, output += w->g.output_plane) {
        for (int32_t p = 0; p < pixels; p += 4) {
            int32x4_t quad[4];
            for (int k = 0; k < 4; k++) quad[k] = sums[(p + k < pixels ? p + k : p) * quads + n];
            const int32_t left = pixels - p;
            store_pixels(packed_by_way(quad, &w->requantisers[n], &w->storing, w->way), output + p * 4,
                         left < 4 ? left : 4);
        }
    }
}

/* One tile. `taps`: 3 for kernels 3 wide with every block visited. */
INLINE void channel_tile(const ChannelWalk *w, const int8_t *input, int8_t *output, const int pixels,
                         const int stride, const int taps, const int quads) {
    int32x4_t sums[MOST_PIXELS][4];
    channel_sums(w, sums, input, pixels, stride, taps, quads);
    if (w->way == FROM_ZERO && w->quads >= quads) {
        store_tile(w, sums, output, pixels, quads, FROM_ZERO);
    } else if (w->way == IN_16_BITS && w->quads >= quads) {
        store_tile(w, sums, output, pixels, quads, IN_16_BITS);
    } else {
        int32x4_t all[MOST_PIXELS * 4];
#pragma clang loop unroll(full)
        for (int i = 0; i < pixels * quads; i++) all[i] = sums[i / quads][i % quads];
        store_some(w, all, output, pixels, quads);
    }
}

/* A strip of tiles, so many bytes apart: from the picture's upper edge to its lower one, or along its only
 * row. */
typedef void (*Strip)(const ChannelWalk *, const int8_t *, int8_t *, int32_t, int32_t, int32_t);
#define STRIP_OF(P, S, TAPS, QUADS, NAME)                                                                    \
    static void NAME(const ChannelWalk *w, const int8_t *in, int8_t *out, int32_t count, int32_t in_step,    \
                     int32_t out_step) {                                                                     \
        for (; count > 0; count--, in += in_step, out += out_step) {                                         \
            channel_tile(w, in, out, P, S, TAPS, QUADS);                                                     \
        }                                                                                                    \
    }
#define STRIP(P, S, TAPS) STRIP_OF(P, S, TAPS, 4, strip_##P##_##S##_##TAPS)
/* First layers often have 8 outputs: two quads. */
#define HALF_STRIP(P) STRIP_OF(P, 2, MOST_TAPS, 2, half_strip_##P)
#if MOST_TILE == 2
#define MOST_TAPS 1
STRIP(1, 1, 1) STRIP(2, 1, 1) STRIP(1, 2, 1) STRIP(2, 2, 1)
HALF_STRIP(1) HALF_STRIP(2) HALF_STRIP(3) HALF_STRIP(4)
static const Strip strips[2][MOST_TILE + 1]
    = { { 0, strip_1_1_1, strip_2_1_1 }, { 0, strip_1_2_1, strip_2_2_1 } };
static const Strip half_strips[MOST_PIXELS + 1]
    = { 0, half_strip_1, half_strip_2, half_strip_3, half_strip_4 };
#else
#define MOST_TAPS 3
#define STRIPS(S, TAPS)                                                                                      \
    STRIP(1, S, TAPS)                                                                                        \
    STRIP(2, S, TAPS) STRIP(3, S, TAPS) STRIP(4, S, TAPS) STRIP(5, S, TAPS) STRIP(6, S, TAPS)
STRIPS(1, 1) STRIPS(2, 1) STRIPS(1, 3) STRIPS(2, 3)
HALF_STRIP(1) HALF_STRIP(2) HALF_STRIP(3) HALF_STRIP(4)
HALF_STRIP(5) HALF_STRIP(6) HALF_STRIP(7) HALF_STRIP(8)
#define ALL(S, TAPS)                                                                                         \
    { 0, strip_1_##S##_##TAPS, strip_2_##S##_##TAPS, strip_3_##S##_##TAPS, strip_4_##S##_##TAPS,             \
      strip_5_##S##_##TAPS, strip_6_##S##_##TAPS }
static const Strip strips[4][MOST_TILE + 1] = { ALL(1, 1), ALL(2, 1), ALL(1, 3), ALL(2, 3) };
static const Strip half_strips[MOST_PIXELS + 1] = {
    0, half_strip_1, half_strip_2, half_strip_3, half_strip_4, half_strip_5, half_strip_6, half_strip_7,
    half_strip_8,
};
#endif

/* Zero points are stored as they are, so a silent block adds its weights times the zero point: once for all
 * pixels. */
static void add_silence(ChannelWalk *w, const uint8_t *live, int32_t taps, int32_t zero_point) {
    const int8x16_t silence = vdupq_n_s8((int8_t)zero_point);
    const int8_t *weights = w->weights;
    for (int32_t tap = 0; tap < taps; tap++) {
        for (int32_t q = 0; q < w->input_quads; q++, weights += 64) {
            if (live[q]) continue;
            for (int n = 0; n < 4; n++) {
                w->requantisers[n].start = DOT(w->requantisers[n].start, vld1q_s8(weights + n * 16), silence);
            }
        }
    }
}

/* The whole picture, cut into tiles of nearly one width. */
static void run_group(const ChannelWalk *w, const Strip *strips_of, int32_t most, int8_t *out) {
    const int8_t *in = w->g.input;
    int32_t left = w->g.width;
    if (w->g.height == 1) {
        const int32_t whole = left / most;
        strips_of[most](w, in, out, whole, most * w->g.input_pixel, most * 4);
        in += whole * most * w->g.input_pixel;
        out += whole * most * 4;
        left -= whole * most;
    }
    for (int32_t tiles = (left + most - 1) / most; tiles > 0; tiles--) {
        const int32_t pixels = (left + tiles - 1) / tiles;
        strips_of[pixels](w, in, out, w->g.height, w->g.input_row, w->g.output_row);
        in += pixels * w->g.input_pixel;
        out += pixels * 4;
        left -= pixels;
    }
}

static int32_t convolution_in_channel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors,
                                            int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_width > 2 || channel_lists_bytes(layer) > layer->scratch_bytes) return 0;
    ChannelWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    uint8_t live[256];
    int any_silent = 0;
    if (layer->skips_silence && input->quads <= (int32_t)sizeof live) {
        for (int32_t q = 0; q < input->quads; q++) {
            live[q] = (uint8_t)is_live(input, arena, q, 0);
            any_silent |= !live[q];
        }
    }
    if (any_silent) {
        Visit *visits = (Visit *)(void *)(arena + layer->scratch);
        w.visits = visits;
        w.count = list_visits(layer, input, live, visits);
    } else {
        int32_t *places = (int32_t *)(void *)(arena + layer->scratch);
        list_places(layer, input, places);
        w.offsets = places;
        w.count = layer->row_blocks;
    }
    const int32_t visited = w.count;
    const Visit *const listed = w.visits;
    w.input_quads = input->quads;
    w.kernel_height = layer->kernel_height;
    w.row_step = layer->dilation_height * input->row_bytes;
    const int three = MOST_TAPS == 3 && !w.visits && layer->kernel_width == 3 && layer->dilation_width == 1;
    for (int32_t first = 0; first < output->quads; first += 4) {
        const int32_t row = first / 4, keeps = is_stored(layer, row);
        const int32_t before = layer->row_start ? (int32_t)layer->row_start[row] : row * layer->row_blocks;
        for (int32_t n = 0; n < 4; n++) w.requantisers[n] = requantiser_of_quad(layer, first + n);
        w.weights = layer->weights + (size_t)before * 64;
        w.visits = keeps ? listed : (const Visit *)(const void *)(arena + layer->scratch);
        w.count = keeps ? visited : 0;
        w.quads = output->quads - first;
        w.way = way_of_storing(&w.storing, w.requantisers, 4);
        if (any_silent && keeps) {
            add_silence(&w, live, layer->kernel_height * layer->kernel_width, input->zero_point);
        }
        set_starts(&w);
        const int half = w.quads <= 2 && layer->stride_width == 2 && (three || MOST_TAPS == 1) && keeps;
        run_group(&w, half ? half_strips : strips[(three && keeps ? 2 : 0) + layer->stride_width - 1],
                  half ? MOST_PIXELS : MOST_TILE, w.g.output + (size_t)first * (size_t)w.g.output_plane);
    }
    return done_in_channel_lanes(layer, visited);
}

#endif
