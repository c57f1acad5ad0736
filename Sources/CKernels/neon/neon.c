/* The kernels of 64-bit NEON without dot products (Cortex-A53, A72: Raspberry Pi 3, 4, Zero 2). */
#if defined(__aarch64__)
#include "../sets.h"

#define MOST_PIXELS 4 /* of a tile in channel lanes with 8 outputs; with 16: 2 */
#define MOST_TILE 2
#define MOST_SUMS 8 /* vectors of sums in a tile in pixel lanes */

#include "sums_in_halves.h"
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
