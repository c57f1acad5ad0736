/* The convolutions of 64-bit NEON. */
#ifndef ESPALIER_ARM_CONVOLUTION_H
#define ESPALIER_ARM_CONVOLUTION_H

#include "channel_lanes.h"
#include "pixel_lanes.h"

static int32_t convolution(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (layer->weight_zero_point || tensors[layer->inputs[0]].data) return 0;
    if (layer->kernel == ESPALIER_KERNEL_CHANNEL_LANES && !layer->mask) {
        return convolution_in_channel_lanes(layer, tensors, arena);
    }
    if (layer->kernel == ESPALIER_KERNEL_PIXEL_LANES)
        return convolution_in_pixel_lanes(layer, tensors, arena);
    return 0;
}

#endif
