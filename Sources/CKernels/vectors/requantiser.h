/* Exact requantisation on x86: in single precision where one float holds the factor and the set can round
 * down, else in integers.
 *
 * With right = -shift >= 1 both roundings of the reference fold into one (docs/requantisation.md), in whole
 * numbers
 *
 *     floor((x * M + 2^30 + 2^(30 + right) - 2^31 * [x < 0]) / 2^(31 + right))
 *
 * and rounding once is floor((x * M + 2^(30 + right)) / 2^(31 + right)). The sum has less than 63 bits: its
 * upper half, shifted on by right - 1, is the result.
 */
#ifndef ESPALIER_VECTORS_REQUANTISER_H
#define ESPALIER_VECTORS_REQUANTISER_H

#include "storing.h"

/* One entry for each lane, in the order that products take them: all, the even lanes', the odd lanes'. */
typedef struct Requantiser {
    int32_t start[LANES] __attribute__((aligned(32))); /* bias, less what the arena's flip adds */
    int32_t multiplier[LANES] __attribute__((aligned(32)));
    int32_t odd_multiplier[LANES] __attribute__((aligned(32)));
    int64_t even[LANES / 2] __attribute__((aligned(32))); /* what is added to the product */
    int64_t odd[LANES / 2] __attribute__((aligned(32)));
    int32_t right[LANES] __attribute__((aligned(32))); /* LAST_SHIFT(right - 1) */
#if defined(IN_SINGLE_PRECISION)
    float factor[LANES] __attribute__((aligned(32)));
    float round[LANES] __attribute__((aligned(32)));
    int whole; /* `factor` is exact */
#endif
} Requantiser;

#if defined(IN_SINGLE_PRECISION)
/* Where the compiler has found one float for the factor, and every step lies at a sum that a float holds, so
 * that it does not matter how sums beyond are rounded. */
INLINE void set_factor(Requantiser *r, const EspalierLayer *layer, int32_t first, int32_t and) {
    r->whole = layer->factor != 0;
    if (!r->whole) return;
    for (int lane = 0; lane < LANES; lane++) {
        const int32_t output = first + (lane & and);
        r->factor[lane] = layer->factor[output];
        r->round[lane] = layer->rounding[output];
        if (r->factor[lane] != 0 && r->factor[lane] < 0x1p-16f) r->whole = 0;
    }
}
#endif

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
#if defined(IN_SINGLE_PRECISION)
    set_factor(&r, layer, first, and);
#endif
    return r;
}

#endif
