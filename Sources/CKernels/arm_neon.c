/* The kernels of 64-bit NEON without dot products (Cortex-A53, A72: Raspberry Pi 3, 4, Zero 2). */
#if defined(__aarch64__)
#include "sets.h"
#include "arm_neon64.h"

/* Four sums of four products. Two products pass int16 only where both weights are -128. */
INLINE int32x4_t dot(int32x4_t sums, int8x16_t weights, int8x16_t values) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(values));
    return vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(weights, values)));
}

#define DOT(sums, a, b) dot(sums, a, b)
#define DOT_BY_LANE(sums, a, b, lane)                                                                         \
    dot(sums, a, vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(b), lane)))

#include "arm_convolution.h"
#include "arm_depthwise.h"
#include "arm_elementwise.h"

const EspalierKernelSet espalier_kernels_neon = {
    .name = "neon",
    .convolution = convolution,
    .depthwise_convolution = depthwise,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
};
#endif
