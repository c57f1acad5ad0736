/* Single layers of random sizes and contents, each in the place of the last: what kernels.c runs. */
#ifndef ESPALIER_CROSS_LAYERS_H
#define ESPALIER_CROSS_LAYERS_H

#include "CKernels.h"

#include <stdlib.h>
#include <string.h>

/* What random layers have at most. */
#if defined(SMALL_LAYERS)
enum { MOST_ROWS = 7, MOST_PIXELS = 11, MOST_CHANNELS = 17, MOST_OUTPUTS = 21, TENSOR = 1 << 13 };
#else
enum { MOST_ROWS = 18, MOST_PIXELS = 34, MOST_CHANNELS = 40, MOST_OUTPUTS = 70, TENSOR = 1 << 16 };
#endif
enum { IS_SMALL = TENSOR < 1 << 16, SCRATCH = 3 * TENSOR, GUARD = 64, ARENA = SCRATCH + (1 << 19) + GUARD };
enum { TABLE = 256, WEIGHTS = 1 << 17, WORDS = 1 << 13 };

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t start[SCRATCH];
static int8_t weights[WEIGHTS], shift[TABLE];
static int32_t bias[TABLE], weight_sum[TABLE], multiplier[TABLE];
static uint32_t mask[WORDS], row_start[TABLE + 1];
static EspalierTensor tensors[3];
static EspalierLayer layer;
static const uint16_t inputs[2] = { 0, 1 }, output_index = 2;
static int weights_are_at_limit;
static uint32_t state;

/* xorshift32 (Marsaglia 2003). */
static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static int32_t between(int32_t least, int32_t most) {
    return least + (int32_t)(next() % (uint32_t)(most - least + 1));
}

static EspalierTensor tensor(int32_t place, int32_t height, int32_t width, int32_t channels, int32_t halo) {
    EspalierTensor t
        = { .height = height, .width = width, .channels = channels, .quads = (channels + 3) / 4 };
    t.halo_top = t.halo_left = halo;
    t.halo_bottom = t.halo_right = halo;
    t.row_bytes = (width + 2 * halo) * 4;
    t.plane_bytes = t.row_bytes * (height + 2 * halo);
    t.offset = place * TENSOR + halo * (t.row_bytes + 4);
    /* -128 and 0 are those that let some sets leave out silent quads. */
    const uint32_t kind = next() % 4;
    t.zero_point = kind == 0 ? -128 : kind == 1 ? 0 : between(-128, 127);
    t.scale = 1;
    if (t.plane_bytes * t.quads > TENSOR) exit(3);
    return t;
}

/* Gives the layer the scratch that kernels of some kinds take, less some bytes. */
static void set_scratch(int32_t kernels, int32_t missing) {
    const uint32_t bytes = espalier_scratch_bytes(kernels, &layer, tensors);
    if (bytes > ARENA - GUARD - SCRATCH) exit(3);
    layer.scratch_bytes = bytes > (uint32_t)missing ? (int32_t)bytes - missing : 0;
}

/* Rubbish everywhere; the inputs' halos and unused lanes hold their zero points. */
static void fill_arena(void) {
    for (int32_t i = 0; i < SCRATCH; i++) start[i] = (int8_t)next();
    for (int32_t k = 0; k < layer.input_count; k++) espalier_clear_surroundings(&tensors[k], start, 0);
}

static void fill_input(int value) {
    memset(start, value, TENSOR);
    espalier_clear_surroundings(&tensors[0], start, 0);
}

static void fill_tables(int32_t entries, int32_t used, int legal) {
    /* In one layer of four, results of an output or two that 16 bits do not hold. */
    const int32_t usual = between(-10, -4), wide = next() % 4 == 0;
    for (int32_t i = 0; i < entries; i++) {
        const int32_t most = wide && next() % 4 == 0 ? 1 << 28 : 20000;
        bias[i] = i < used ? between(-most, most) : 0;
        multiplier[i] = i < used ? between(1 << 30, 0x7fffffff) : 0;
        shift[i] = (int8_t)(i < used ? legal ? usual + between(-1, 1) : between(-31, 8) : 0);
        weight_sum[i] = 0;
    }
}

static void set_range(void) {
    const int32_t zero = tensors[2].zero_point;
    const uint32_t kind = next() % 3;
    layer.activation_min = kind == 1 ? zero : kind == 2 ? between(-128, zero) : -128;
    layer.activation_max = kind == 2 ? between(zero, 127) : 127;
}

static void begin(int32_t operation, int32_t input_count) {
    memset(&layer, 0, sizeof layer);
    layer.scratch = SCRATCH;
    layer.operation = operation;
    layer.output = output_index;
    layer.input_count = input_count;
    layer.inputs = inputs;
    layer.stride_height = layer.stride_width = layer.dilation_height = layer.dilation_width = 1;
    layer.bias = bias;
    layer.multiplier = multiplier;
    layer.shift = shift;
    layer.weight_sum = weight_sum;
    layer.weights = weights;
}

static void set_window(int32_t kernel, int32_t stride, int32_t pad) {
    layer.kernel_height = layer.kernel_width = kernel;
    layer.stride_height = layer.stride_width = stride;
    layer.pad_top = layer.pad_left = pad;
}

/* Weights of -128, which some sets decline, in one layer of eight; in others small ones, of which 16 bits
 * hold the products of four, and some at the limit of that, all of one sign. */
static void fill_weights(int32_t bytes) {
    if (bytes > WEIGHTS) exit(3);
    const uint32_t kind = next() % 8;
    const int32_t least = kind == 0 ? -128 : kind < 3 ? -50 : kind == 3 ? 63 : kind == 4 ? -64 : -127;
    const int32_t most = kind < 3 && kind ? 50 : kind == 3 ? 64 : kind == 4 ? -63 : 127;
    layer.pairs_fit = least != -128;
    weights_are_at_limit = kind == 3 || kind == 4;
    for (int32_t i = 0; i < bytes; i++) weights[i] = (int8_t)between(least, most);
}

/* Lanes past the last channel have weights of 0. */
static void clear_unused_lanes(int32_t rows) {
    const int32_t quads = tensors[0].quads, used = tensors[0].channels - (quads - 1) * 4;
    int8_t *at = weights;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t block = 0; block < layer.row_blocks; block++) {
            if (!(mask[row * layer.mask_words + block / 32] >> (block % 32) & 1)) continue;
            for (int32_t o = 0; o < layer.block_outputs; o++, at += 4) {
                if (block % quads == quads - 1) memset(at + used, 0, (size_t)(4 - used));
            }
        }
    }
}

/* Whether 16 bits hold an output's sums requantised, whose weights have magnitudes of this sum. */
static int result_fits(int32_t output, int64_t magnitudes) {
    int64_t most = (bias[output] < 0 ? -(int64_t)bias[output] : bias[output]) + 128 * magnitudes;
    if (most > INT32_MAX) most = INT32_MAX;
    if (!multiplier[output]) return 1;
    if (shift[output] >= 0) return 0;
    const int64_t high = (most * multiplier[output] + (1 << 30)) >> 31;
    return (high + (1ll << (-shift[output] - 1))) >> -shift[output] < INT16_MAX;
}

/* In one layer of four it is not said. */
static void find_whether_results_fit(int32_t rows) {
    const int32_t together = layer.block_outputs;
    layer.results_fit = next() % 4 != 0;
    for (int32_t output = 0; output < rows * together; output++) {
        const int32_t row = output / together;
        int64_t magnitudes = 0;
        for (uint32_t block = row_start[row]; block < row_start[row + 1]; block++) {
            const int8_t *const four = weights + ((int32_t)block * together + output % together) * 4;
            for (int32_t lane = 0; lane < 4; lane++) magnitudes += abs(four[lane]);
        }
        layer.results_fit &= result_fits(output, magnitudes);
    }
}

/* together: 16 in channel lanes, 1, 2 or 4 in pixel lanes, with part/8 of the blocks kept (8: no mask). */
static void convolution(int32_t height, int32_t width, int32_t from, int32_t to, int32_t kernel,
                        int32_t stride, int32_t pad, int32_t together, int32_t part) {
    begin(ESPALIER_OPERATION_CONVOLUTION, 1);
    tensors[0] = tensor(0, height, width, from, pad);
    tensors[2] = tensor(2, (height + 2 * pad - kernel) / stride + 1, (width + 2 * pad - kernel) / stride + 1,
                        to, (int32_t)(next() % 2));
    set_window(kernel, stride, pad);
    set_range();
    layer.kernel = together == 16 ? ESPALIER_KERNEL_CHANNEL_LANES : ESPALIER_KERNEL_PIXEL_LANES;
    layer.block_outputs = together;
    layer.row_blocks = kernel * kernel * tensors[0].quads;
    layer.mask_words = (layer.row_blocks + 31) / 32;
    layer.rounds_once = next() % 8 == 0;
    layer.skips_silence = next() % 2 == 0;
    const int32_t rows = (to + together - 1) / together;
    int32_t stored = 0;
    memset(mask, 0, sizeof mask);
    for (int32_t row = 0; row < rows; row++) {
        row_start[row] = (uint32_t)stored;
        for (int32_t block = 0; block < layer.row_blocks; block++) {
            if (between(0, 7) >= part) continue;
            mask[row * layer.mask_words + block / 32] |= 1u << (block % 32);
            stored++;
        }
    }
    row_start[rows] = (uint32_t)stored;
    if (part < 8) {
        layer.mask = mask;
        layer.row_start = row_start;
    }
    fill_weights(stored * together * 4);
    clear_unused_lanes(rows);
    fill_tables(rows * together, to, next() % 8 != 0);
    find_whether_results_fit(rows);
    fill_arena();
    if (weights_are_at_limit && next() % 2) fill_input(next() % 2 ? -128 : 127);
    /* Every third layer has silent planes. */
    if (next() % 3) return;
    for (int32_t quad = 0; quad < tensors[0].quads; quad++) {
        int8_t *plane
            = start + tensors[0].offset - pad * (tensors[0].row_bytes + 4) + quad * tensors[0].plane_bytes;
        if (next() % 2) memset(plane, tensors[0].zero_point, (size_t)tensors[0].plane_bytes);
    }
}

/* With the largest sums there are in one layer of four. */
static void winograd(int32_t height, int32_t width, int32_t from, int32_t to, int32_t pad) {
    convolution(height, width, from, to, 3, 1, pad, 16, 8);
    layer.kernel = ESPALIER_KERNEL_WINOGRAD;
    if (next() % 4) return;
    memset(weights, next() % 2 ? -128 : 127, WEIGHTS);
    layer.pairs_fit = weights[0] == 127;
    clear_unused_lanes((to + 15) / 16);
    find_whether_results_fit((to + 15) / 16);
    fill_input(next() % 2 ? -128 : 127);
}

static void depthwise(int32_t height, int32_t width, int32_t channels, int32_t kernel, int32_t stride) {
    begin(ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION, 1);
    tensors[0] = tensor(0, height, width, channels, kernel / 2);
    tensors[2]
        = tensor(2, (height - 1) / stride + 1, (width - 1) / stride + 1, channels, (int32_t)(next() % 2));
    set_window(kernel, stride, kernel / 2);
    set_range();
    layer.depth_multiplier = 1;
    fill_weights(tensors[0].quads * kernel * kernel * 4);
    fill_tables(tensors[0].quads * 4, channels, next() % 8 != 0);
    layer.results_fit = next() % 4 != 0;
    for (int32_t i = 0; i < channels; i++) layer.results_fit &= result_fits(i, 128 * kernel * kernel);
    fill_arena();
}

/* Additions as the compiler leaves them (WholeAddition.swift), for the whole range of bytes and so for any. */
static const struct {
    int32_t multiplier[3];
    int8_t shift[3];
    int32_t zero_points[3], factors[4];
} additions[] = {
    { { 1553145979, 1073741824, 1204899000 }, { -3, 0, -17 }, { -5, 33, 0 },
      { 851007, 4706637, -150015356, 21 } },
    { { 2147089817, 1073741824, 1804769633 }, { -4, 0, -17 }, { -100, -117, 93 },
      { 881074, 7049881, 1109027524, 21 } },
    { { 1073741824, 1237122599, 2111277015 }, { 0, -2, -19 }, { 98, -53, 14 },
      { 8247176, 2375517, -560686080, 23 } },
    { { 2071213732, 1073741824, 1943055077 }, { -1, 0, -19 }, { 45, -71, -14 },
      { 7320491, 7590059, 96225903, 23 } },
    { { 1131900781, 1073741824, 2070771082 }, { -3, 0, -17 }, { 111, -57, -107 },
      { 1065886, 8088950, 119410089, 21 } },
};

static void addition(int32_t height, int32_t width, int32_t channels) {
    begin(ESPALIER_OPERATION_ADD, 2);
    const uint32_t kind = next() % (sizeof additions / sizeof *additions);
    for (int k = 0; k < 3; k++) {
        tensors[k] = tensor(k, height, width, channels, (int32_t)(next() % 2));
        tensors[k].zero_point = additions[kind].zero_points[k];
        multiplier[k] = additions[kind].multiplier[k];
        shift[k] = additions[kind].shift[k];
    }
    set_range();
    layer.left_shift = 20;
    layer.whole_factors = additions[kind].factors;
    fill_arena();
}

static void pool(int32_t height, int32_t width, int32_t channels, int32_t kernel, int32_t stride,
                 int32_t pad) {
    begin(next() % 2 ? ESPALIER_OPERATION_MAX_POOL : ESPALIER_OPERATION_AVERAGE_POOL, 1);
    tensors[0] = tensor(0, height, width, channels, (int32_t)(next() % 2));
    tensors[2] = tensor(2, (height + 2 * pad - kernel) / stride + 1,
                        (width + 2 * pad - kernel) / stride + 1, channels, 0);
    set_window(kernel, stride, pad);
    set_range();
    fill_arena();
}

static void mean(int32_t height, int32_t width, int32_t channels) {
    begin(ESPALIER_OPERATION_MEAN, 1);
    tensors[0] = tensor(0, height, width, channels, (int32_t)(next() % 2));
    tensors[2] = tensor(2, 1, 1, channels, 0);
    set_range();
    fill_tables(1, 1, 1);
    fill_arena();
}

#endif
