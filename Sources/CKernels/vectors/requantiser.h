/* Exact requantisation in integers, for sets that cannot round down in single precision.
 *
 * With right = -shift >= 1 both roundings of the reference fold into one (docs/requantisation.md), in whole
 * numbers
 *
 *     floor((x * M + 2^30 + 2^(30 + right) - 2^31 * [x < 0]) / 2^(31 + right))
 *
 * and rounding once is floor((x * M + 2^(30 + right)) / 2^(31 + right)). The sum has less than 63 bits: its
 * upper half, shifted on by right - 1, is the result.
 */
#ifndef ESPALIER_REQUANTISER_H
#define ESPALIER_REQUANTISER_H

#include "../geometry.h"

/* One entry for each lane, in the order that products take them: all, the even lanes', the odd lanes'. */
typedef struct Requantiser {
    int32_t start[LANES] __attribute__((aligned(32))); /* bias, less what the arena's flip adds */
    int32_t multiplier[LANES] __attribute__((aligned(32)));
    int32_t odd_multiplier[LANES] __attribute__((aligned(32)));
    int64_t even[LANES / 2] __attribute__((aligned(32))); /* what is added to the product */
    int64_t odd[LANES / 2] __attribute__((aligned(32)));
    int32_t right[LANES] __attribute__((aligned(32))); /* LAST_SHIFT(right - 1) */
} Requantiser;

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

INLINE void set_rounding(Requantiser *r, int lane, int32_t multiplier, int32_t shift, int once) {
    const int32_t right = shift < 0 ? -shift : 1; /* factors of 0 may come with any shift */
    const int64_t add = (once ? 0 : 1ll << 30) + (1ll << (30 + right));
    r->multiplier[lane] = multiplier;
    r->odd_multiplier[lane & ~1] =
        lane & 1 ? multiplier : 0; /* odd lanes are multiplied in the even ones' places */
    r->odd_multiplier[lane | 1] = 0;
    *(lane & 1 ? &r->odd[lane / 2] : &r->even[lane / 2]) = add;
    r->right[lane] = LAST_SHIFT(right - 1);
}

/* Whether the set's dot products of this layer take activations as they are stored; -1: none is exact. */
INLINE int takes_stored(const EspalierLayer *layer) {
#if defined(DOT_PRODUCT)
    (void)layer;
    return 1;
#else
    return layer->pairs_fit - 1;
#endif
}

/* Tables for LANES lanes: lane l has output first + (l & and). ~0: one each; 3: a quad again and again; 0:
 * one. */
INLINE Requantiser requantiser(const EspalierLayer *layer, int32_t first, int32_t and, int as_stored) {
    const uint32_t flip = as_stored ? FLIP : 0;
    Requantiser r;
    const int period = and== ~0 ? LANES : and? and+1 : 2; /* even and odd lanes have tables of their own */
    for (int lane = 0; lane < period; lane++) {
        const int32_t output = first + (lane & and);
        r.start[lane] = (int32_t)((uint32_t)layer->bias[output] - flip * (uint32_t)layer->weight_sum[output]);
        set_rounding(&r, lane, layer->multiplier[output], layer->shift[output], layer->rounds_once);
    }
    for (int n = period; n < LANES; n *= 2) {
        const size_t bytes = (size_t)n * sizeof(int32_t);
        __builtin_memcpy(r.start + n, r.start, bytes);
        __builtin_memcpy(r.multiplier + n, r.multiplier, bytes);
        __builtin_memcpy(r.odd_multiplier + n, r.odd_multiplier, bytes);
        __builtin_memcpy(r.even + n / 2, r.even, bytes);
        __builtin_memcpy(r.odd + n / 2, r.odd, bytes);
        __builtin_memcpy(r.right + n, r.right, bytes);
    }
    return r;
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
