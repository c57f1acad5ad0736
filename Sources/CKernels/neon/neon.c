/* The kernels of 64-bit NEON without dot products (Cortex-A53, A72: Raspberry Pi 3, 4, Zero 2). */
#if defined(__aarch64__)
#include "../sets.h"
#include "neon64.h"

/* Four sums of four products. Two products pass int16 only where both weights are -128:
 * a layer with such a weight, which TFLite's converter never writes, is declined. */
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

static int fits(const int8_t *weights, size_t bytes) {
    int8x16_t least = vdupq_n_s8(127);
    size_t i = 0;
    for (; i + 16 <= bytes; i += 16) least = vminq_s8(least, vld1q_s8(weights + i));
    int8_t lowest = vminvq_s8(least);
    for (; i < bytes; i++) lowest = weights[i] < lowest ? weights[i] : lowest;
    return lowest > -128;
}

static int stored_weights_fit(const EspalierLayer *layer, const EspalierTensor *tensors) {
    const int32_t together = layer->block_outputs;
    const int32_t rows = (tensors[layer->output].channels + together - 1) / together;
    size_t blocks = (size_t)rows * (size_t)layer->row_blocks;
    if (layer->mask) {
        blocks = layer->row_start[rows - 1];
        for (int32_t word = 0; word < layer->mask_words; word++) {
            blocks += (size_t)__builtin_popcount(layer->mask[(rows - 1) * layer->mask_words + word]);
        }
    }
    return fits(layer->weights, blocks * (size_t)together * 4);
}

static int32_t channel_lanes_that_fit(const EspalierLayer *layer, const EspalierTensor *tensors,
                                      int8_t *arena) {
    return stored_weights_fit(layer, tensors) ? convolution_in_channel_lanes(layer, tensors, arena) : 0;
}

static int32_t pixel_lanes_that_fit(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return stored_weights_fit(layer, tensors) ? convolution_in_pixel_lanes(layer, tensors, arena) : 0;
}

static int32_t depthwise_that_fits(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const size_t taps = (size_t)layer->kernel_height * (size_t)layer->kernel_width;
    return fits(layer->weights, (size_t)tensors[layer->output].quads * taps * 4)
           && depthwise(layer, tensors, arena);
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
