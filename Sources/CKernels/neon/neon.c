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
