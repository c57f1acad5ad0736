/* The kernels of 64-bit NEON with dot products (Cortex-A76: Raspberry Pi 5). */
#if defined(__aarch64__)
#include "sets.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "arm_neon64.h"
#include "arm_elementwise.h"

/* ---- Convolution, channel lanes: 16 outputs in four vectors, a pixel's quad taken by lane. ---- */

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
    int right;
} ChannelWalk;

/* Off the fast path, and once. */
static __attribute__((noinline)) void store_generally(const ChannelWalk *w, const int32x4_t *sums, int8_t *output,
                                                      int pixels) {
    for (int n = 0; n < 4 && n < w->quads; n++) {
        for (int p = 0; p < pixels; p++) {
            store_quad(&sums[p * 4 + n], &w->requantisers[n], &w->storing, output + n * w->g.output_plane + p * 4,
                       1, 0, 1);
        }
    }
}

#define BY_LANE(P, LANE)                                                                                      \
    if (P < pixels) {                                                                                         \
        _Pragma("clang loop unroll(full)") for (int n = 0; n < 4; n++) {                                      \
            sums[P][n] = vdotq_laneq_s32(sums[P][n], vectors[n], inputs[P / 4], LANE);                        \
        }                                                                                                     \
    }

INLINE void visit_block(int32x4_t sums[6][4], const int8_t *input, const int8_t *weights, const int pixels,
                        const int stride) {
    int8x16_t inputs[2], vectors[4];
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p += 4) {
        inputs[p / 4] = stride == 1 ? load_pixels(input + p * 4, pixels - p)
                                    : load_every_other(input + p * 8, pixels - p);
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < 4; n++) vectors[n] = vld1q_s8(weights + n * 16);
    BY_LANE(0, 0) BY_LANE(1, 1) BY_LANE(2, 2) BY_LANE(3, 3) BY_LANE(4, 0) BY_LANE(5, 1)
}

INLINE void channel_tile(const ChannelWalk *w, const int8_t *input, int8_t *output, const int pixels,
                         const int stride) {
    int32x4_t sums[6][4];
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
#pragma clang loop unroll(full)
        for (int n = 0; n < 4; n++) sums[p][n] = w->requantisers[n].start;
    }
    const int8_t *weights = w->weights;
    if (w->visits) {
        for (const Visit *visit = w->visits, *end = visit + w->count; visit != end; visit++) {
            visit_block(sums, input + visit->input, weights + visit->weights, pixels, stride);
        }
    } else {
        const int32_t *offset = w->offsets, *end = offset + (w->count & ~1);
        for (; offset != end; offset += 2, weights += 128) {
            visit_block(sums, input + offset[0], weights, pixels, stride);
            visit_block(sums, input + offset[1], weights + 64, pixels, stride);
        }
        if (w->count & 1) visit_block(sums, input + *offset, weights, pixels, stride);
    }
    if (!w->right) {
        int32x4_t all[6 * 4];
#pragma clang loop unroll(full)
        for (int i = 0; i < pixels * 4; i++) all[i] = sums[i / 4][i % 4];
        store_generally(w, all, output, pixels);
        return;
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < 4; n++) {
        if (n >= w->quads) break;
        int32x4_t quad[6];
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p++) quad[p] = sums[p][n];
        int8_t *place = output + n * w->g.output_plane;
        if (w->storing.negative_differs) {
            store_quad(quad, &w->requantisers[n], &w->storing, place, pixels, 1, 1);
        } else {
            store_quad(quad, &w->requantisers[n], &w->storing, place, pixels, 1, 0);
        }
    }
}

#define TILE(P, S)                                                                                            \
    static __attribute__((noinline)) void tile_##P##_##S(const ChannelWalk *w, const int8_t *in, int8_t *out) { \
        channel_tile(w, in, out, P, S);                                                                       \
    }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)

typedef void (*Tile)(const ChannelWalk *, const int8_t *, int8_t *);
static const Tile tiles[2][7] = {
    { 0, tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1 },
    { 0, tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2 },
};

static int32_t convolution_in_channel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors,
                                            int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_width > 2) return 0;
    ChannelWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    Visit *visits = (Visit *)(void *)(arena + layer->scratch);
    uint8_t live[256];
    const int looks = layer->skips_silence && input->quads <= (int32_t)sizeof live;
    for (int32_t q = 0; looks && q < input->quads; q++) live[q] = (uint8_t)is_live(input, arena, q, 0);
    w.count = list_visits(layer, input, 0, looks ? live : 0, visits);
    if (w.count < layer->row_blocks) {
        w.visits = visits;
    } else {
        int32_t *offsets = (int32_t *)(void *)visits;
        for (int32_t i = 0; i < w.count; i++) offsets[i] = visits[i].input;
        w.offsets = offsets;
    }
    const Tile *of_stride = tiles[layer->stride_width - 1];
    for (int32_t first = 0; first < output->quads; first += 4) {
        for (int32_t n = 0; n < 4; n++) w.requantisers[n] = requantiser_of_quad(layer, first + n);
        w.right = shifts_right(layer, first * 4, 16);
        w.weights = layer->weights + (size_t)first * 16 * (size_t)layer->row_blocks;
        w.quads = output->quads - first;
        const int8_t *in = w.g.input;
        int8_t *out = w.g.output + (size_t)first * (size_t)w.g.output_plane;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            for (int32_t x = 0; x < w.g.width;) {
                const int32_t left = w.g.width - x;
                const int32_t pixels = left == 8 ? 4 : left < 6 ? left : 6;
                of_stride[pixels](&w, in + x * w.g.input_pixel, out + x * 4);
                x += pixels;
            }
        }
    }
    return 1;
}

static int32_t convolution(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (layer->weight_zero_point || tensors[layer->inputs[0]].data) return 0;
    if (layer->kernel == ESPALIER_KERNEL_CHANNEL_LANES && !layer->mask) {
        return convolution_in_channel_lanes(layer, tensors, arena);
    }
    return 0;
}

/* ---- Depthwise 3x3: four pixels of a row turned so that a channel's lie together, three taps to a lane. ---- */

typedef struct DepthwiseWalk {
    Geometry g;
    Storing storing;
    Requantiser requantiser;
    int32_t row_bytes;    /* from an input row to the next one */
    int8x16_t first[3];   /* weights of each kernel row at pixels 0 ... 2 of a window of four, and */
    int8x16_t second[3];  /* at 1 ... 3 */
    int right;
} DepthwiseWalk;

/* Two neighbouring outputs need pixels 0 ... 3 at stride 1, 0 ... 3 and 1 ... 4 at stride 2: never one outside. */
INLINE void pair_of_sums(const DepthwiseWalk *w, const int8_t *input, int32x4_t sums[2], const int stride) {
    static const uint8_t turn[16] = { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 };
    const uint8x16_t turned = vld1q_u8(turn);
    sums[0] = sums[1] = w->requantiser.start;
#pragma clang loop unroll(full)
    for (int row = 0; row < 3; row++, input += w->row_bytes) {
        const int8x16_t a = vqtbl1q_s8(vld1q_s8(input), turned);
        const int8x16_t b = stride == 1 ? a : vqtbl1q_s8(vld1q_s8(input + 4), turned);
        sums[0] = vdotq_s32(sums[0], a, w->first[row]);
        sums[1] = vdotq_s32(sums[1], b, w->second[row]);
    }
}

INLINE void depthwise_tile(const DepthwiseWalk *w, const int8_t *input, int8_t *output, const int pixels,
                           const int stride, const int right, const int negative_differs) {
    int32x4_t sums[4];
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p += 2) pair_of_sums(w, input + p * stride * 4, sums + p, stride);
    store_quad(sums, &w->requantiser, &w->storing, output, pixels, right, negative_differs);
}

INLINE void depthwise_plane(const DepthwiseWalk *w, const int8_t *input, int8_t *output, const int stride,
                            const int right, const int negative_differs) {
    const int32_t width = w->g.width;
    for (int32_t y = 0; y < w->g.height; y++, input += w->g.input_row, output += w->g.output_row) {
        int32_t x = 0;
        for (; x + 4 <= width; x += 4) {
            depthwise_tile(w, input + x * stride * 4, output + x * 4, 4, stride, right, negative_differs);
        }
        /* What is left over, with pixels done before where it is odd. */
        for (; x < width; x += 2) {
            const int32_t from = x + 2 <= width ? x : width - 2;
            depthwise_tile(w, input + from * stride * 4, output + from * 4, 2, stride, right, negative_differs);
        }
    }
}

static int32_t depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->weight_zero_point || input->data || layer->depth_multiplier != 1 || layer->kernel_height != 3
        || layer->kernel_width != 3 || layer->dilation_height != 1 || layer->dilation_width != 1
        || layer->stride_width > 2 || output->width < 2) {
        return 0;
    }
    DepthwiseWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    w.row_bytes = input->row_bytes;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        w.requantiser = requantiser_of_quad(layer, quad);
        w.right = shifts_right(layer, quad * 4, 4);
        const int8_t *weights = layer->weights + quad * 36;
        for (int row = 0; row < 3; row++) {
            int8_t lanes[16];
            for (int c = 0; c < 4; c++) {
                for (int tap = 0; tap < 3; tap++) lanes[c * 4 + tap] = weights[(row * 3 + tap) * 4 + c];
                lanes[c * 4 + 3] = 0;
            }
            w.first[row] = vld1q_s8(lanes);
            w.second[row] = vreinterpretq_s8_s32(vshlq_n_s32(vreinterpretq_s32_s8(w.first[row]), 8));
        }
        const int8_t *in = w.g.input + quad * w.g.input_plane;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        if (!w.right) {
            if (layer->stride_width == 1) depthwise_plane(&w, in, out, 1, 0, 1);
            else depthwise_plane(&w, in, out, 2, 0, 1);
        } else if (w.storing.negative_differs) {
            if (layer->stride_width == 1) depthwise_plane(&w, in, out, 1, 1, 1);
            else depthwise_plane(&w, in, out, 2, 1, 1);
        } else {
            if (layer->stride_width == 1) depthwise_plane(&w, in, out, 1, 1, 0);
            else depthwise_plane(&w, in, out, 2, 1, 0);
        }
    }
    return 1;
}

const EspalierKernelSet espalier_kernels_neondot = {
    .name = "neondot",
    .convolution = convolution,
    .depthwise_convolution = depthwise,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
};

#pragma clang attribute pop
#endif
