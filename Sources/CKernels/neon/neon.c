/* The kernels of 64-bit NEON without dot products (Cortex-A53, A72: Raspberry Pi 3, 4, Zero 2). */
#if defined(__aarch64__)
#include "../sets.h"
#include "neon64.h"

/* Four sums of four products. Two products pass int16 only where both weights are -128:
 * a layer with such a weight, which TFLite's converter never writes, is declined (`pairs_fit`). */
INLINE int32x4_t dot(int32x4_t sums, int8x16_t weights, int8x16_t values) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(values));
    return vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(weights, values)));
}

#define DOT(sums, a, b) dot(sums, a, b)
#define DOT_BY_LANE(sums, a, b, lane)                                                                        \
    dot(sums, a, vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(b), lane)))

#define WIDEST_TILE 2 /* pixels x 16 outputs in registers, sums in halves */
#define MOST_SUMS 8   /* vectors of sums in a tile in pixel lanes, in halves */

/* One block's products on a vector, added to its sums in halves. In assembly, because compilers see that both
 * halves of `a` are equal and move the upper half of `x` down. */
INLINE void multiply_one(int32x4_t *low, int32x4_t *high, int8x16_t a, int8x16_t x) {
    int16x8_t t, u;
    __asm__("smull %2.8h, %4.8b, %5.8b\n\t"
            "smull2 %3.8h, %4.16b, %5.16b\n\t"
            "sadalp %0.4s, %2.8h\n\t"
            "sadalp %1.4s, %3.8h"
            : "+w"(*low), "+w"(*high), "=&w"(t), "=&w"(u)
            : "w"(a), "w"(x));
}

/* The sums of one mask row: `together` outputs on `vectors` vectors, blocks two by two. Returns the next
 * row's weights. */
INLINE const int8_t *pixel_sums(int32x4_t *sums, const Requantiser *r, const int8_t *input,
                                const int32_t *offset, int32_t count, const int8_t *weights,
                                const int vectors, const int together) {
    int32x4_t low[MOST_SUMS], high[MOST_SUMS];
    int8x16_t a[4], b[4];
    const int32_t *end = offset + (count & ~1);
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i++) {
        low[i] = high[i] = vzip1q_s32(r[i / vectors].start, vdupq_n_s32(0));
    }
    for (; offset != end; offset += 2) {
        const int8_t *first = input + offset[0], *second = input + offset[1];
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++, weights += 4) a[o] = four_times(weights);
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++, weights += 4) b[o] = four_times(weights);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v += 2) {
            const int8x16_t x = vld1q_s8(first + v * 16), y = vld1q_s8(second + v * 16);
            const int8x16_t z = vld1q_s8(first + v * 16 + 16), u = vld1q_s8(second + v * 16 + 16);
#pragma clang loop unroll(full)
            for (int i = v; i < together * vectors; i += vectors) {
                multiply_two((Products){ &low[i], &high[i], x, a[i / vectors], y, b[i / vectors] },
                             (Products){ &low[i + 1], &high[i + 1], z, a[i / vectors], u, b[i / vectors] });
            }
        }
    }
    if (count & 1) {
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++, weights += 4) a[o] = four_times(weights);
#pragma clang loop unroll(full)
        for (int i = 0; i < together * vectors; i++) {
            multiply_one(&low[i], &high[i], a[i / vectors], vld1q_s8(input + offset[0] + i % vectors * 16));
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i++) sums[i] = vpaddq_s32(low[i], high[i]);
    return weights;
}

#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

static int32_t channel_lanes_that_fit(const EspalierLayer *layer, const EspalierTensor *tensors,
                                      int8_t *arena) {
    return layer->pairs_fit ? convolution_in_channel_lanes(layer, tensors, arena) : 0;
}

static int32_t pixel_lanes_that_fit(const EspalierLayer *layer, const EspalierTensor *tensors,
                                    int8_t *arena) {
    return layer->pairs_fit ? convolution_in_pixel_lanes(layer, tensors, arena) : 0;
}

static int32_t depthwise_that_fits(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return layer->pairs_fit && depthwise(layer, tensors, arena);
}

const EspalierKernelSet espalier_kernels_neon = {
    .name = "neon",
    .channel_lanes = channel_lanes_that_fit,
    .pixel_lanes = pixel_lanes_that_fit,
    .depthwise_convolution = depthwise_that_fits,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
};
#endif
