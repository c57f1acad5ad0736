/* The kernels of 64-bit NEON without dot products (Cortex-A53, A72: Raspberry Pi 3, 4, Zero 2). */
#if defined(__aarch64__)
#include "../sets.h"

#define MOST_PIXELS 4 /* of a tile in channel lanes with 8 outputs; with 16: 2 */
#define MOST_TILE 2
#define MOST_SUMS 8 /* vectors of sums in a tile in pixel lanes */
#define PLACES ESPALIER_PLACES_NEON
#define LIST_BEGIN RUN_WORDS

#include "chains.h"
#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

#define OUTPUTS_AT_ONCE 16 /* x 4 tiles in registers */

INLINE int begin_storing(const EspalierLayer *layer, const EspalierTensor *output, Storing *s) {
    *s = storing(layer, output);
    return 1;
}

INLINE int begin_outputs(const EspalierLayer *layer, int32_t first, const Storing *s, Requantiser r[4]) {
    for (int32_t n = 0; n < 4; n++) r[n] = requantiser_of_quad(layer, first / 4 + n);
    return way_of_storing(s, r, 4);
}

INLINE int32x4_t start_of(const Requantiser *r) { return r->start; }

INLINE void store_row(const int32x4_t v[4], const Requantiser *r, const Storing *s, int8_t *output,
                      int pixels, const int way) {
    store_pixels(packed(rounded(v[0], r, s, way), rounded(v[1], r, s, way), rounded(v[2], r, s, way),
                        rounded(v[3], r, s, way), s, way), output, pixels);
}

#include "winograd.h"

static int32_t channel_lanes_that_fit(const EspalierLayer *layer, const EspalierTensor *tensors,
                                      int8_t *arena) {
    return layer->pairs_fit ? convolution_in_channel_lanes(layer, tensors, arena) : 0;
}

static int32_t winograd_where_it_fits(const EspalierLayer *layer, const EspalierTensor *tensors,
                                      int8_t *arena) {
    const int32_t done = convolution_by_winograd(layer, tensors, arena);
    return done ? done : channel_lanes_that_fit(layer, tensors, arena);
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
    .kernels = ESPALIER_KERNELS_NEON,
    .places = PLACES,
    .channel_lanes = channel_lanes_that_fit,
    .pixel_lanes = pixel_lanes_that_fit,
    .winograd = winograd_where_it_fits,
    .depthwise_convolution = depthwise_that_fits,
    .add = add,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .mean = mean,
};
#endif
