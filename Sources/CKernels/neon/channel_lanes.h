/* Convolution, channel lanes: 16 outputs in four vectors, a pixel's quad taken by lane.
 *
 * Included by neondot.c and neon.c, each with its own DOT and DOT_BY_LANE. */
#ifndef ESPALIER_ARM_CHANNEL_LANES_H
#define ESPALIER_ARM_CHANNEL_LANES_H

#include "neon64.h"

/* Tiles of pixels x one group of 16 outputs. */
typedef struct ChannelWalk {
    Geometry g;
    Storing storing;
    const Visit *visits;    /* where some quads are silent, else */
    const int32_t *offsets; /* of all blocks' inputs, the weights one after the other */
    int32_t count;
    const int8_t *weights;  /* of the group */
    Requantiser requantisers[4];
    int32_t quads;          /* output quads in this group */
    int32_t input_quads, kernel_height, row_step; /* row_step: from a kernel row's inputs to the next one's */
    int way;
} ChannelWalk;

/* The lanes of up to 8 pixels; LANE counts through both vectors. */
#define BY_LANE(P, LANE)                                                                                     \
    if (P < pixels) {                                                                                        \
        _Pragma("clang loop unroll(full)") for (int n = 0; n < quads; n++) {                                 \
            sums[P][n] = DOT_BY_LANE(sums[P][n], vectors[n], inputs[(LANE) / 4], (LANE) & 3);            \
        }                                                                                                    \
    }
#define SIX_BY_LANE(FIRST)                                                                                   \
    BY_LANE(0, FIRST) BY_LANE(1, FIRST + 1) BY_LANE(2, FIRST + 2)                                            \
    BY_LANE(3, FIRST + 3) BY_LANE(4, FIRST + 4) BY_LANE(5, FIRST + 5)

INLINE void load_weights(int8x16_t vectors[4], const int8_t *weights) {
#pragma clang loop unroll(full)
    for (int n = 0; n < 4; n++) vectors[n] = vld1q_s8(weights + n * 16);
}

INLINE void visit_block(int32x4_t sums[6][4], const int8_t *input, const int8_t *weights, const int pixels,
                        const int stride, const int quads) {
    int8x16_t inputs[3], vectors[4];
    if (stride == 1) {
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p += 4) inputs[p / 4] = load_pixels(input + p * 4, pixels - p);
        load_weights(vectors, weights);
        SIX_BY_LANE(0)
    } else {
        /* Every other of 2 * pixels - 1 pixels: the last vector ends with the last of them. */
        if (pixels <= 2) {
            inputs[0] = load_pixels(input, 1);
            if (pixels == 2) inputs[1] = load_pixels(input + 8, 1);
        } else {
            inputs[0] = vld1q_s8(input);
            inputs[1] = vld1q_s8(input + (pixels == 3 ? 4 : pixels == 4 ? 12 : 16));
            if (pixels > 4) inputs[2] = vld1q_s8(input + (pixels == 5 ? 20 : 28));
        }
        load_weights(vectors, weights);
        switch (pixels) {
        case 1: BY_LANE(0, 0) break;
        case 2: BY_LANE(0, 0) BY_LANE(1, 4) break;
        case 3: BY_LANE(0, 0) BY_LANE(1, 2) BY_LANE(2, 7) break;
        case 4: BY_LANE(0, 0) BY_LANE(1, 2) BY_LANE(2, 5) BY_LANE(3, 7) break;
        case 5: BY_LANE(0, 0) BY_LANE(1, 2) BY_LANE(2, 4) BY_LANE(3, 6) BY_LANE(4, 11) break;
        case 6: BY_LANE(0, 0) BY_LANE(1, 2) BY_LANE(2, 4) BY_LANE(3, 6) BY_LANE(4, 9) BY_LANE(5, 11) break;
        }
    }
}

/* The three neighbouring taps of a kernel row share their pixels. */
INLINE void visit_three(int32x4_t sums[6][4], const int8_t *input, const int8_t *weights, int32_t tap_bytes,
                        const int pixels) {
    const int quads = 4;
    int8x16_t inputs[2], vectors[4];
    inputs[0] = load_pixels(input, pixels + 2);
    if (pixels > 2) inputs[1] = load_pixels(input + 16, pixels - 2);
    load_weights(vectors, weights);
    SIX_BY_LANE(0)
    load_weights(vectors, weights + tap_bytes);
    SIX_BY_LANE(1)
    load_weights(vectors, weights + 2 * tap_bytes);
    SIX_BY_LANE(2)
}

/* Two blocks at once where there is no dot product: their products fit in 16 bits together. `halves` has
 * the sums of even and odd pairs of channels apart, two outputs to a vector. */
INLINE void visit_two(int32x4_t halves[2][8], const int8_t *first, const int8_t *first_weights,
                      const int8_t *second, const int8_t *second_weights, const int pixels,
                      const int stride, const int quads) {
    int8x16_t x[2], y[2];
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
        x[p] = four_times(first + p * stride * 4);
        y[p] = four_times(second + p * stride * 4);
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < quads; n += 2) {
        const int8x16_t a = vld1q_s8(first_weights + n * 16), b = vld1q_s8(second_weights + n * 16);
        const int8x16_t c = vld1q_s8(first_weights + n * 16 + 16), d = vld1q_s8(second_weights + n * 16 + 16);
        int32x4_t *left = &halves[0][n * 2], *right = &halves[1][n * 2];
        if (pixels == 1) {
            multiply_two((Products){ left, left + 1, a, x[0], b, y[0] },
                         (Products){ left + 2, left + 3, c, x[0], d, y[0] });
        } else {
            multiply_two((Products){ left, left + 1, a, x[0], b, y[0] },
                         (Products){ right, right + 1, a, x[1], b, y[1] });
            multiply_two((Products){ left + 2, left + 3, c, x[0], d, y[0] },
                         (Products){ right + 2, right + 3, c, x[1], d, y[1] });
        }
    }
}

/* All blocks two by two; the last one of an odd number alone. */
INLINE void visit_in_pairs(const ChannelWalk *w, int32x4_t sums[6][4], const int8_t *input, const int pixels,
                           const int stride, const int quads) {
    int32x4_t halves[2][8];
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * 8; i++) halves[i / 8][i % 8] = vdupq_n_s32(0);
    const int8_t *weights = w->weights;
    if (w->visits) {
        const Visit *visit = w->visits, *end = visit + (w->count & ~1);
        for (; visit != end; visit += 2) {
            visit_two(halves, input + visit[0].input, weights + visit[0].weights, input + visit[1].input,
                      weights + visit[1].weights, pixels, stride, quads);
        }
        if (w->count & 1)
            visit_block(sums, input + visit->input, weights + visit->weights, pixels, stride, quads);
    } else {
        const int32_t *offset = w->offsets, *end = offset + (w->count & ~1);
        for (; offset != end; offset += 2, weights += 128) {
            visit_two(halves, input + offset[0], weights, input + offset[1], weights + 64, pixels, stride,
                      quads);
        }
        if (w->count & 1) visit_block(sums, input + *offset, weights, pixels, stride, quads);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * 4; i++) {
        int32x4_t *sum = &sums[i / 4][i % 4];
        *sum = vaddq_s32(*sum, vpaddq_s32(halves[i / 4][i % 4 * 2], halves[i / 4][i % 4 * 2 + 1]));
    }
}

INLINE void store_tile(const ChannelWalk *w, int32x4_t sums[6][4], int8_t *output, const int pixels,
                       const int quads, const int way) {
    const int32_t plane = w->g.output_plane;
    if (pixels == 2 && quads == 4 && w->quads >= 4) {
        store_two_quads(sums[0], sums[1], 0, &w->requantisers[0], &w->storing, output, plane, way);
        store_two_quads(sums[0], sums[1], 2, &w->requantisers[2], &w->storing, output + 2 * plane, plane,
                        way);
        return;
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < quads; n++) {
        if (n >= w->quads) break;
        int32x4_t quad[8];
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p++) quad[p] = sums[p][n];
        store_quad(quad, &w->requantisers[n], &w->storing, output + n * plane, pixels < 4 ? pixels : 4, way);
        if (pixels == 5)
            store_quad(quad + 4, &w->requantisers[n], &w->storing, output + n * plane + 16, 1, way);
        if (pixels == 6 && n + 1 < w->quads && n % 2 == 0) {
            store_two_quads(sums[4], sums[5], n, &w->requantisers[n], &w->storing, output + n * plane + 16,
                            plane, way);
        }
        if (pixels == 6 && n + 1 == w->quads && n % 2 == 0) {
            store_quad(quad + 4, &w->requantisers[n], &w->storing, output + n * plane + 16, 2, way);
        }
    }
}

/* Off the fast path, and once. */
static __attribute__((noinline)) void store_generally(const ChannelWalk *w, const int32x4_t *sums,
                                                      int8_t *output, int pixels) {
    for (int n = 0; n < 4 && n < w->quads; n++) {
        for (int p = 0; p < pixels; p++) {
            store_quad(&sums[p * 4 + n], &w->requantisers[n], &w->storing,
                       output + n * w->g.output_plane + p * 4, 1, GENERALLY);
        }
    }
}

/* One tile; three: kernels 3 wide at stride 1 with every block visited. */
INLINE void channel_tile(const ChannelWalk *w, const int8_t *input, int8_t *output, const int pixels,
                         const int stride, const int three, const int quads) {
    int32x4_t sums[6][4];
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
#pragma clang loop unroll(full)
        for (int n = 0; n < 4; n++) sums[p][n] = w->requantisers[n].start;
    }
    const int8_t *weights = w->weights;
    if (WIDEST_TILE == 2) {
        visit_in_pairs(w, sums, input, pixels, stride, quads);
    } else if (three) {
        const int32_t tap_bytes = w->input_quads * 64;
        for (int32_t row = 0; row < w->kernel_height; row++, input += w->row_step, weights += 2 * tap_bytes) {
            const int8_t *place = input;
            for (int32_t q = w->input_quads; q > 0; q--, place += w->g.input_plane, weights += 64) {
                visit_three(sums, place, weights, tap_bytes, pixels);
            }
        }
    } else if (w->visits) {
        for (const Visit *visit = w->visits, *end = visit + w->count; visit != end; visit++) {
            visit_block(sums, input + visit->input, weights + visit->weights, pixels, stride, quads);
        }
    } else {
        const int32_t *offset = w->offsets, *end = offset + (w->count & ~1);
        for (; offset != end; offset += 2, weights += 128) {
            visit_block(sums, input + offset[0], weights, pixels, stride, quads);
            visit_block(sums, input + offset[1], weights + 64, pixels, stride, quads);
        }
        if (w->count & 1) visit_block(sums, input + *offset, weights, pixels, stride, quads);
    }
    switch (w->way) {
    case FROM_ZERO: store_tile(w, sums, output, pixels, quads, FROM_ZERO); break;
    case TO_THE_RIGHT: store_tile(w, sums, output, pixels, quads, TO_THE_RIGHT); break;
    default: {
        int32x4_t all[6 * 4];
#pragma clang loop unroll(full)
        for (int i = 0; i < pixels * 4; i++) all[i] = sums[i / 4][i % 4];
        store_generally(w, all, output, pixels);
    }
    }
}

/* A strip of tiles from the picture's upper edge to its lower one. */
typedef void (*Strip)(const ChannelWalk *, const int8_t *, int8_t *);
#define STRIP_OF(P, S, THREE, QUADS, NAME)                                                                   \
    static void NAME(const ChannelWalk *w, const int8_t *in, int8_t *out) {             \
        for (int32_t y = w->g.height; y > 0; y--, in += w->g.input_row, out += w->g.output_row) {            \
            channel_tile(w, in, out, P, S, THREE, QUADS);                                                    \
        }                                                                                                    \
    }
#define STRIP(P, S, THREE) STRIP_OF(P, S, THREE, 4, strip_##P##_##S##_##THREE)
/* First layers often have 8 outputs: two quads. */
#define HALF_STRIP(P) STRIP_OF(P, 2, 0, 2, half_strip_##P)
#if WIDEST_TILE == 2
HALF_STRIP(1) HALF_STRIP(2)
static const Strip half_strips[3] = { 0, half_strip_1, half_strip_2 };
STRIP(1, 1, 0) STRIP(2, 1, 0) STRIP(1, 2, 0) STRIP(2, 2, 0)
static const Strip strips[2][3] = { { 0, strip_1_1_0, strip_2_1_0 }, { 0, strip_1_2_0, strip_2_2_0 } };
#else
HALF_STRIP(1) HALF_STRIP(2) HALF_STRIP(3) HALF_STRIP(4) HALF_STRIP(5) HALF_STRIP(6)
static const Strip half_strips[7] = {
    0, half_strip_1, half_strip_2, half_strip_3, half_strip_4, half_strip_5, half_strip_6,
};
#define STRIPS(S, THREE)                                                                                  \
    STRIP(1, S, THREE)                                                                                    \
    STRIP(2, S, THREE) STRIP(3, S, THREE) STRIP(4, S, THREE) STRIP(5, S, THREE) STRIP(6, S, THREE)
STRIPS(1, 0) STRIPS(2, 0) STRIPS(1, 1)
static const Strip strips[3][7] = {
    { 0, strip_1_1_0, strip_2_1_0, strip_3_1_0, strip_4_1_0, strip_5_1_0, strip_6_1_0 },
    { 0, strip_1_2_0, strip_2_2_0, strip_3_2_0, strip_4_2_0, strip_5_2_0, strip_6_2_0 },
    { 0, strip_1_1_1, strip_2_1_1, strip_3_1_1, strip_4_1_1, strip_5_1_1, strip_6_1_1 },
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

static int32_t convolution_in_channel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors,
                                            int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_width > 2) return 0;
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
    const int three = WIDEST_TILE == 6 && !w.visits && layer->kernel_width == 3 && layer->stride_width == 1
                      && layer->dilation_width == 1;
    const Strip *of_width = strips[three ? 2 : layer->stride_width - 1];
    for (int32_t first = 0; first < output->quads; first += 4) {
        for (int32_t n = 0; n < 4; n++) w.requantisers[n] = requantiser_of_quad(layer, first + n);
        w.way = way_of_storing(&w.storing, shifts_right(layer, first * 4, 16), w.requantisers, 4,
                               layer->row_blocks * 4);
        const int32_t row = first / 4, keeps = is_stored(layer, row);
        const int32_t before = layer->row_start ? (int32_t)layer->row_start[row] : row * layer->row_blocks;
        w.weights = layer->weights + (size_t)before * 64;
        w.visits = keeps ? listed : (const Visit *)(const void *)(arena + layer->scratch);
        w.count = keeps ? visited : 0;
        w.quads = output->quads - first;
        const Strip *strip = w.quads <= 2 && layer->stride_width == 2 ? half_strips : of_width;
        if (!keeps) strip = strips[layer->stride_width - 1];
        if (any_silent && keeps) {
            add_silence(&w, live, layer->kernel_height * layer->kernel_width, input->zero_point);
        }
        int8_t *out = w.g.output + (size_t)first * (size_t)w.g.output_plane;
        for (int32_t x = 0; x < w.g.width;) {
            const int32_t left = w.g.width - x;
            const int32_t widest = WIDEST_TILE == 6 && left == 8 ? 4 : WIDEST_TILE;
            const int32_t pixels = left < widest ? left : widest;
            strip[pixels](&w, w.g.input + x * w.g.input_pixel, out + x * 4);
            x += pixels;
        }
    }
    return done_in_channel_lanes(layer, visited);
}

#endif
