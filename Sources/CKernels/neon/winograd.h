/* Convolution 3x3 of stride 1 by Winograd's F(4x4, 3x3): 36 multiplications for 16 outputs instead of 144.
 *
 * Exact: sums, 576 times the convolution, are taken modulo 2^32; nine of 576 goes by multiplication with its
 * inverse, 64 by a shift, which leaves the convolution where that is below 2^25: with up to MOST_CHANNELS.
 *
 * Included by neon.c and neon32.c, which define OUTPUTS_AT_ONCE and how sums are stored: begin_storing,
 * begin_outputs, start_of and store_row. */
#ifndef ESPALIER_ARM_WINOGRAD_H
#define ESPALIER_ARM_WINOGRAD_H

#include "transforms.h"

typedef struct WinogradWalk {
    Geometry g;
    Storing storing;
    int32_t quads;         /* of the input */
    int32_t channels;
    int32_t pairs_per_row;
    int16_t *inputs;       /* [block][column][quad][position][tile][channel] */
    int16_t *weights;      /* [column][quad][position][channel][output] of 16 outputs */
    int32_t *sums;         /* [column][position][tile][output] of a block */
    Requantiser requantisers[4];
    int32_t output_quads;  /* in this group */
} WinogradWalk;

/* Places of a column or row of positions in storage order. */
static const int8_t slots[6] = { 3, 0, 1, 4, 5, 2 };

/* All quads of the pairs first ... end - 1. */
static void transform_inputs(const WinogradWalk *w, int32_t input_plane, int32_t first, int32_t end) {
    const int32_t step = 6 * w->quads * QUAD_INPUTS, last = w->g.height + 1;
    int32_t y = first / w->pairs_per_row * 4, x = first % w->pairs_per_row * 8;
    int16_t *block = w->inputs;
    for (int32_t pair = first; pair < end; pair++) {
        int32_t rows[6];
        for (int r = 0; r < 6; r++) rows[r] = (y + r < last ? y + r : last) * w->g.input_row;
        const int8_t *input = w->g.input + x * 4;
        int16_t *v = block + (pair - first) % 2 * (QUAD_INPUTS / 2);
        for (int32_t q = 0; q < w->quads; q++, input += input_plane, v += 6 * QUAD_INPUTS) {
            transform_pair(input, rows, v, step);
        }
        if ((pair - first) % 2) block += 6 * step;
        x += 8;
        if (x >= w->g.width) x = 0, y += 4;
    }
}

/* The products of one channel with tile T; the first ones begin the sums. */
#define BY_TILE(T, HALF, C)                                                                                  \
    _Pragma("clang loop unroll(full)") for (int n = 0; n < OUTPUTS_AT_ONCE / 4; n++) {                       \
        const int16x4_t four = n % 2 ? vget_high_s16(vectors[n / 2]) : vget_low_s16(vectors[n / 2]);         \
        int32x4_t *sum = &sums[T][n];                                                                        \
        *sum = first && C == 0 ? vmull_lane_s16(four, HALF(pairs[T / 2]), C)                                 \
                               : vmlal_lane_s16(*sum, four, HALF(pairs[T / 2]), C);                          \
    }
#define BY_CHANNEL(C)                                                                                        \
    {                                                                                                        \
        int16x8_t vectors[OUTPUTS_AT_ONCE / 8];                                                              \
        _Pragma("clang loop unroll(full)") for (int n = 0; n < OUTPUTS_AT_ONCE / 8; n++) {                   \
            vectors[n] = vld1q_s16(u + C * 16 + n * 8);                                                      \
        }                                                                                                    \
        BY_TILE(0, vget_low_s16, C) BY_TILE(1, vget_high_s16, C)                                             \
        BY_TILE(2, vget_low_s16, C) BY_TILE(3, vget_high_s16, C)                                             \
    }

INLINE void multiply_quad(int32x4_t sums[4][OUTPUTS_AT_ONCE / 4], const int16_t *u, const int16_t *v,
                          const int first, const int channels) {
    const int16x8_t pairs[2] = { vld1q_s16(v), vld1q_s16(v + 8) };
    BY_CHANNEL(0) BY_CHANNEL(1) BY_CHANNEL(2)
    if (channels == 4) BY_CHANNEL(3)
}

/* 4 tiles x OUTPUTS_AT_ONCE at one position. */
INLINE void multiply_position(const int16_t *u, const int16_t *v, int32_t *m, int32_t quads,
                              const int channels) {
    int32x4_t sums[4][OUTPUTS_AT_ONCE / 4];
    multiply_quad(sums, u, v, 1, channels);
    if (!(quads & 1)) multiply_quad(sums, u += 6 * QUAD_WEIGHTS, v += 6 * QUAD_INPUTS, 0, channels);
    for (int32_t left = (quads - 1) / 2; left > 0; left--) {
        multiply_quad(sums, u + 6 * QUAD_WEIGHTS, v + 6 * QUAD_INPUTS, 0, channels);
        multiply_quad(sums, u += 12 * QUAD_WEIGHTS, v += 12 * QUAD_INPUTS, 0, channels);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < OUTPUTS_AT_ONCE; i++) vst1q_s32(m + i % 4 * 16 + i / 4 * 4, sums[i % 4][i / 4]);
}

/* A block of tiles x 16 outputs at every position. */
INLINE void multiply_block(const WinogradWalk *w, const int16_t *inputs, const int32_t quads,
                           const int channels) {
    const int16_t *weights = w->weights;
    const int32_t next_column = 6 * (quads - 1);
    int32_t *m = w->sums;
    for (int x = 0; x < 6; x++) {
        for (int y = 0; y < 6; y++, weights += QUAD_WEIGHTS, inputs += QUAD_INPUTS, m += POSITION_SUMS) {
            for (int first = 0; first < 16; first += OUTPUTS_AT_ONCE) {
                multiply_position(weights + first, inputs, m + first, quads, channels);
            }
        }
        weights += next_column * QUAD_WEIGHTS, inputs += next_column * QUAD_INPUTS;
    }
}

static __attribute__((noinline)) void multiply(const WinogradWalk *w, const int16_t *inputs) {
    multiply_block(w, inputs, w->quads, 4);
}

/* Of first layers: a quad's fourth channel would be nothing. */
static __attribute__((noinline)) void multiply_three(const WinogradWalk *w, const int16_t *inputs) {
    multiply_block(w, inputs, 1, 3);
}

/* Stores a quad of one tile, cut to rows x pixels. */
INLINE void store_tile_of(const WinogradWalk *w, const int32_t *m, const Requantiser *r, int8_t *output,
                          const int rows, const int pixels, const int way) {
    const int32x4_t inverse = vdupq_n_s32(0x38e38e39); /* of 9, modulo 2^32 */
    int32x4_t columns[6][4];
#pragma clang loop unroll(full)
    for (int x = 0; x < 6; x++) {
        int32x4_t column[6];
#pragma clang loop unroll(full)
        for (int y = 0; y < 6; y++) column[y] = vld1q_s32(m + (slots[x] * 6 + slots[y]) * POSITION_SUMS);
        gather_sums(columns[x], column);
    }
#pragma clang loop unroll(full)
    for (int y = 0; y < 4; y++, output += w->g.output_row) {
        if (y >= rows) continue;
        int32x4_t row[6], v[4];
#pragma clang loop unroll(full)
        for (int x = 0; x < 6; x++) row[x] = columns[x][y];
        gather_sums(v, row);
#pragma clang loop unroll(full)
        for (int x = 0; x < 4; x++) v[x] = vsraq_n_s32(start_of(r), vmulq_s32(v[x], inverse), 6);
        store_row(v, r, &w->storing, output, pixels, way);
    }
}

/* Off the fast path, and once. */
static __attribute__((noinline)) void store_part(const WinogradWalk *w, const int32_t *m,
                                                 const Requantiser *r, int8_t *output, int rows, int pixels) {
    store_tile_of(w, m, r, output, rows, pixels, GENERALLY);
}

/* The block's tiles of the group's quads; `pair` is its first pair. */
INLINE void store_block(const WinogradWalk *w, int32_t pair, int8_t *output, const int way) {
    for (int t = 0; t < 4; t++) {
        const int32_t y = (pair + t / 2) / w->pairs_per_row * 4;
        const int32_t x = (pair + t / 2) % w->pairs_per_row * 8 + t % 2 * 4;
        const int32_t rows = w->g.height - y, pixels = w->g.width - x;
        if (rows <= 0 || pixels <= 0) continue;
        int8_t *place = output + y * w->g.output_row + x * 4;
        for (int n = 0; n < 4 && n < w->output_quads; n++, place += w->g.output_plane) {
            const int32_t *m = w->sums + t * 16 + n * 4;
            const Requantiser *r = &w->requantisers[n];
            if (way == GENERALLY || rows < 4 || pixels < 4) {
                store_part(w, m, r, place, rows, pixels < 4 ? pixels : 4);
            } else {
                store_tile_of(w, m, r, place, 4, 4, way);
            }
        }
    }
}

static __attribute__((noinline)) void store_in_16_bits(const WinogradWalk *w, int32_t pair, int8_t *output) {
    store_block(w, pair, output, IN_16_BITS);
}

static __attribute__((noinline)) void store_from_zero(const WinogradWalk *w, int32_t pair, int8_t *output) {
    store_block(w, pair, output, FROM_ZERO);
}

/* Prepares a group of 16 outputs, the first one being of quad `first`; returns how its sums are stored. */
static int begin_group(WinogradWalk *w, const EspalierLayer *layer, int32_t first, int32_t quads) {
    w->output_quads = quads - first;
    transform_weights(layer->weights + (size_t)first * (size_t)layer->row_blocks * 16, w->weights, w->quads);
    return begin_outputs(layer, first * 4, &w->storing, w->requantisers);
}

/* Pairs first ... end - 1 of one group. */
static void run_pairs(const WinogradWalk *w, int32_t first, int32_t end, int8_t *output, int way) {
    const int16_t *inputs = w->inputs;
    for (int32_t pair = first; pair < end; pair += 2, inputs += POSITIONS * QUAD_INPUTS * w->quads) {
        if (w->channels == 3)
            multiply_three(w, inputs);
        else
            multiply(w, inputs);
        switch (way) {
        case FROM_ZERO: store_from_zero(w, pair, output); break;
        case IN_16_BITS: store_in_16_bits(w, pair, output); break;
        default: store_block(w, pair, output, GENERALLY);
        }
    }
}

/* Declines a layer with a group that has no weights, which channel lanes leave out. */
static int32_t convolution_by_winograd(const EspalierLayer *layer, const EspalierTensor *tensors,
                                       int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    WinogradWalk w = { .g = geometry(layer, tensors, arena) };
    if (layer->mask || !fits_winograd(layer, tensors)) return 0;
    const WinogradSizes sizes = winograd_sizes(layer, tensors);
    if (sizes.bytes > layer->scratch_bytes || !begin_storing(layer, output, &w.storing)) return 0;
    const int32_t pairs = sizes.pairs, band = sizes.band;
    int8_t *const scratch = arena + layer->scratch;
    w.quads = input->quads;
    w.channels = input->channels;
    w.pairs_per_row = sizes.pairs_per_row;
    w.inputs = (int16_t *)(void *)scratch;
    w.weights = (int16_t *)(void *)(scratch + sizes.weights);
    w.sums = (int32_t *)(void *)(scratch + sizes.sums);
    int way = GENERALLY;
    for (int32_t pair = 0; pair < pairs; pair += 2 * band) {
        const int32_t end = pair + 2 * band < pairs ? pair + 2 * band : pairs;
        transform_inputs(&w, input->plane_bytes, pair, end);
        for (int32_t first = 0; first < output->quads; first += 4) {
            if (pair == 0 || output->quads > 4) way = begin_group(&w, layer, first, output->quads);
            run_pairs(&w, pair, end, w.g.output + (size_t)first * (size_t)w.g.output_plane, way);
        }
    }
    return done_in_channel_lanes(layer, layer->row_blocks);
}

#endif
