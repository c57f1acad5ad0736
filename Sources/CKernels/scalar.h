/* Requantisation of single values, as Sources/EspalierCore/Requantise.swift has it. */
#ifndef ESPALIER_SCALAR_H
#define ESPALIER_SCALAR_H

#include "geometry.h"

/* Rounded twice; `shift` is positive to the left. */
INLINE int32_t requantised(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const int64_t product = (int64_t)(int32_t)((uint32_t)value << left) * multiplier;
    const int32_t high = (int32_t)((product + (1ll << 30)) >> 31);
    const int32_t mask = (int32_t)((1ull << right) - 1);
    const int32_t threshold = (mask >> 1) + (high < 0);
    return (int32_t)((int64_t)high >> right) + ((high & mask) > threshold);
}

/* Moved to the zero point, wrapping as the reference does, and cut to the activation range. */
INLINE int8_t stored_value(int32_t value, int32_t zero_point, const EspalierLayer *layer) {
    int32_t moved = (int32_t)((uint32_t)value + (uint32_t)zero_point);
    if (moved < layer->activation_min) moved = layer->activation_min;
    if (moved > layer->activation_max) moved = layer->activation_max;
    return (int8_t)moved;
}

/* True where one window covers the whole picture and the output is one pixel. */
INLINE int pools_everything(const EspalierLayer *layer, const EspalierTensor *input,
                            const EspalierTensor *output) {
    return output->height * output->width == 1 && layer->pad_top >= 0 && layer->pad_left >= 0
           && layer->kernel_height - layer->pad_top >= input->height
           && layer->kernel_width - layer->pad_left >= input->width;
}

#endif
