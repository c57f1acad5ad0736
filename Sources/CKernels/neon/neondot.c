/* The kernels of 64-bit NEON with dot products (Cortex-A76: Raspberry Pi 5). */
#if defined(__aarch64__)
#include "../sets.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define MOST_PIXELS 8 /* of a tile in channel lanes with 8 outputs; with 16: 6 */
#define MOST_TILE 6
#define MOST_SUMS 16 /* vectors of sums in a tile in pixel lanes */
#define PLACES ESPALIER_PLACES_NEONDOT
#define LIST_BEGIN 0

#include "sums_by_dot.h"
#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

const EspalierKernelSet espalier_kernels_neondot = {
    .name = "neondot",
    .kernels = ESPALIER_KERNELS_NEONDOT,
    .places = PLACES,
    .channel_lanes = convolution_in_channel_lanes,
    .pixel_lanes = convolution_in_pixel_lanes,
    .depthwise_convolution = depthwise,
    .add = add,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .mean = mean,
};
#pragma clang attribute pop
#endif
