/* What all vectors' kernels store by, and values stored one by one, where vectors cannot be exact. */
#ifndef ESPALIER_VECTORS_STORING_H
#define ESPALIER_VECTORS_STORING_H

#include "../scalar.h"

/* What is the same for all outputs of a layer. */
typedef struct Storing {
    int32_t zero_point, least, most;
    int negative_differs, once;
    int in_lanes; /* every shift goes to the right; else outputs are stored one by one */
} Storing;

INLINE Storing storing(const EspalierLayer *layer, const EspalierTensor *output, int32_t entries) {
    Storing s = {
        output->zero_point, layer->activation_min, layer->activation_max, 0, layer->rounds_once, 1
    };
    s.negative_differs = !s.once && s.least < s.zero_point;
    for (int32_t i = 0; i < entries; i++) {
        if (layer->multiplier[i] < 0 || (layer->multiplier[i] && layer->shift[i] >= 0)) s.in_lanes = 0;
    }
    return s;
}

/* Whether the set's dot products of this layer take activations as they are stored; -1: none is exact. */
INLINE int takes_stored(const EspalierLayer *layer) {
#if defined(DOT_PRODUCT)
    (void)layer;
    return 1;
#else
    /* Stored with their own sign, they are what every layer takes that is exact at all. */
    return !FLIP && layer->pairs_fit ? 1 : layer->pairs_fit - 1;
#endif
}

/* The reference's requantisation, one by one. */
INLINE int32_t requantise_one(int32_t sum, int32_t multiplier, int32_t shift, int once) {
    if (!once) return requantised(sum, multiplier, shift);
    const int32_t total = 31 - shift;
    return (int32_t)(((int64_t)sum * multiplier + (1ll << (total - 1))) >> total);
}

/* As stored in the arena. */
INLINE int8_t stored_one(const EspalierLayer *layer, int32_t output, int32_t sum, const Storing *s) {
    const int32_t value = requantise_one(sum, layer->multiplier[output], layer->shift[output], s->once);
    return (int8_t)(stored_value(value, s->zero_point, layer) ^ (int8_t)FLIP);
}

#endif
