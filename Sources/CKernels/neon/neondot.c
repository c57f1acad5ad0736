/* The kernels of 64-bit NEON with dot products (Cortex-A76: Raspberry Pi 5). */
#if defined(__aarch64__)
#include "../sets.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "neon64.h"

#define DOT(sums, a, b) vdotq_s32(sums, a, b)
#define DOT_BY_LANE(sums, a, b, lane) vdotq_laneq_s32(sums, a, b, lane)

#define WIDEST_TILE 6 /* pixels x 16 outputs in registers */
#define MOST_SUMS 16  /* vectors of sums in a tile in pixel lanes */

/* A block of weights in the lanes from LANE on, one for each output. */
#define OUTPUT_BY_LANE(LANE, OUTPUT)                                                                         \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                   \
        sums[(OUTPUT) * vectors + v] = DOT_BY_LANE(sums[(OUTPUT) * vectors + v], inputs[v], block, LANE);    \
    }
#define BLOCK(INDEX, FIRST)                                                                                  \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                   \
        inputs[v] = vld1q_s8(input + offset[INDEX] + v * 16);                                                \
    }                                                                                                        \
    OUTPUT_BY_LANE(FIRST, 0)                                                                                 \
    if (together > 1) { OUTPUT_BY_LANE((FIRST + 1) & 3, 1) }                                                 \
    if (together > 2) { OUTPUT_BY_LANE(2, 2) OUTPUT_BY_LANE(3, 3) }

/* The sums of one mask row: `together` outputs on `vectors` vectors. A vector of weights is four blocks of
 * one output, two of two or one of four. Returns the next row's weights. */
INLINE const int8_t *pixel_sums(int32x4_t *sums, const Requantiser *r, const int8_t *input,
                                const int32_t *offset, int32_t count, const int8_t *weights,
                                const int vectors, const int together) {
    int8x16_t inputs[MOST_SUMS];
    const int step = 4 / together;
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i++) sums[i] = r[i / vectors].start;
    for (const int32_t *end = offset + (count & -step); offset != end; offset += step, weights += 16) {
        const int8x16_t block = vld1q_s8(weights);
        BLOCK(0, 0)
        if (together == 2) { BLOCK(1, 2) }
        if (together == 1) { BLOCK(1, 1) BLOCK(2, 2) BLOCK(3, 3) }
    }
    if (together == 1 && count & 2) {
        const int8x16_t block = load_pixels(weights, 2);
        BLOCK(0, 0) BLOCK(1, 1)
        offset += 2, weights += 8;
    }
    if (together < 4 && count & 1) {
        const int8x16_t block = load_pixels(weights, together);
        BLOCK(0, 0)
        weights += together * 4;
    }
    return weights;
}

#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

const EspalierKernelSet espalier_kernels_neondot = {
    .name = "neondot",
    .channel_lanes = convolution_in_channel_lanes,
    .pixel_lanes = convolution_in_pixel_lanes,
    .depthwise_convolution = depthwise,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
};
#pragma clang attribute pop
#endif
