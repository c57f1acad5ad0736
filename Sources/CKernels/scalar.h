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

/* Division by the number of pixels under a window, for many sums: a division takes longer than all else.
 * Quotients of what pooled_mean() divides, 256 times their number at most, are exact for up to 256 pixels:
 * the reciprocal is less than 1 / 2^24 too large, and the product has 32 bits. */
typedef struct Divisor {
    int32_t count;
    uint32_t reciprocal; /* 2^24 / count, rounded up; 0: too many pixels */
} Divisor;

INLINE Divisor divisor(int32_t count) {
    const uint32_t pixels = (uint32_t)count;
    return (Divisor){ count, pixels <= 256 ? ((1u << 24) + pixels - 1) / pixels : 0 };
}

INLINE int32_t divided(uint32_t value, const Divisor *d) {
    return (int32_t)(d->reciprocal ? value * d->reciprocal >> 24 : value / (uint32_t)d->count);
}

/* The mean of so many values with this sum, ties away from the rounding origin: AVERAGE_POOL. */
INLINE int32_t pooled_mean(const EspalierLayer *layer, int32_t total, const Divisor *d) {
    const int32_t origin = layer->rounding_origin, sum = total - origin * d->count;
    /* Without a branch on the sign, which nobody can predict. */
    const uint32_t magnitude = sum < 0 ? 0u - (uint32_t)sum : (uint32_t)sum;
    const int32_t mean = divided(magnitude + (uint32_t)d->count / 2, d);
    return origin + (sum < 0 ? -mean : mean);
}

/* True where one window covers the whole picture and the output is one pixel. */
INLINE int pools_everything(const EspalierLayer *layer, const EspalierTensor *input,
                            const EspalierTensor *output) {
    return output->height * output->width == 1 && layer->pad_top >= 0 && layer->pad_left >= 0
           && layer->kernel_height - layer->pad_top >= input->height
           && layer->kernel_width - layer->pad_left >= input->width;
}

#endif
