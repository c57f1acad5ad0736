/* A set of kernels on 256-bit vectors. The including file chooses the instructions (DOT_PRODUCT or not), the
 * set's symbol (SET) and its name (SET_NAME). */
#include "../sets.h"

/* A tile of channel lanes: this many pixels, and vectors of outputs. */
#define TILE_PIXELS 6
#define TILE_VECTORS 2

#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

static int32_t convolution(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (layer->weight_zero_point || tensors[layer->inputs[0]].data) return 0;
    switch (layer->kernel) {
    case ESPALIER_KERNEL_CHANNEL_LANES: return convolution_in_channel_lanes(layer, tensors, arena);
    case ESPALIER_KERNEL_PIXEL_LANES: return convolution_in_pixel_lanes(layer, tensors, arena);
    default: return 0;
    }
}

static uint64_t exercise(uint32_t rounds) {
    Ints sums[12];
    for (int i = 0; i < 12; i++) sums[i] = ints_all(0);
    Bytes a = ints_all(0x03030303), b = ints_all(0x05050505);
    for (uint32_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+x"(a), "+x"(b));
#pragma clang loop unroll(full)
        for (int i = 0; i < 12; i++) sums[i] = dot(sums[i], a, b, 1);
    }
    for (int i = 0; i < 12; i++) __asm__ volatile("" : : "x"(sums[i]));
    return (uint64_t)rounds * 12 * LANES * 4;
}

const EspalierKernelSet SET = {
    .name = SET_NAME,
    .flip = FLIP,
    .convolution = convolution,
    .depthwise_convolution = depthwise,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
    .exercise = exercise,
};
