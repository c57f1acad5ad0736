/* From a sum to a stored byte, without vectors. */
#ifndef ESPALIER_WORDS_STORING_H
#define ESPALIER_WORDS_STORING_H

#include "../scalar.h"

/* a * b: all 64 bits. */
typedef struct Wide {
    int32_t high;
    uint32_t low;
} Wide;

INLINE Wide product(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__)
    /* There is no product of 64 bits, and no library for one: four of 16 x 16 bits. */
    const uint32_t al = (uint32_t)a & 0xffff, bl = (uint32_t)b & 0xffff;
    const int32_t ah = a >> 16, bh = b >> 16;
    const uint32_t low = al * bl;
    const int32_t middle = ah * (int32_t)bl + (int32_t)(low >> 16);
    const int32_t other = (int32_t)al * bh + (middle & 0xffff);
    return (Wide){ ah * bh + (middle >> 16) + (other >> 16), (uint32_t)other << 16 | (low & 0xffff) };
#else
    const int64_t wide = (int64_t)a * b;
    return (Wide){ (int32_t)(wide >> 32), (uint32_t)wide };
#endif
}

/* With 2^`bit` added. */
INLINE Wide rounded_at(Wide w, int32_t bit) {
    const uint32_t low = w.low + (1u << bit);
    return (Wide){ w.high + (low < w.low), low };
}

/* (a * b + 2^30) >> 31. */
INLINE int32_t doubling_high_product(int32_t a, int32_t b) {
    const Wide w = rounded_at(product(a, b), 30);
    return (int32_t)((uint32_t)w.high << 1 | w.low >> 31);
}

/* As requantise() of Requantise.swift, for shifts of -31 and more. */
INLINE int32_t rounded_twice(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const int32_t high = doubling_high_product((int32_t)((uint32_t)value << left), multiplier);
    const int32_t mask = (int32_t)((1u << right) - 1);
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

/* As requantiseRoundingOnce() there. */
INLINE int32_t rounded_once(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t total = 31 - shift;
    Wide w = product(value, multiplier);
    if (total > 32) return (w.high + (int32_t)(1u << (total - 33))) >> (total - 32);
    w = rounded_at(w, total - 1);
    return total == 32 ? w.high : (int32_t)((uint32_t)w.high << (32 - total) | w.low >> total);
}

/* What is left of rounded_twice() where |value| < 2^30 and the shift is -20 ... 0. */
typedef struct Scale {
    int32_t multiplier, right;
    int32_t half; /* half a unit, and the zero point */
} Scale;

INLINE int is_small(int32_t shift) { return shift >= -20 && shift <= 0; }

INLINE Scale scale_of(int32_t multiplier, int32_t shift, int32_t zero_point) {
    const int32_t right = -shift;
    return (Scale){ multiplier, right, (zero_point * 2 + 1) * (1 << right) >> 1 };
}

/* Ties go away from zero. */
INLINE int32_t scaled(int32_t value, const Scale *scale) {
#if defined(SMMULR)
    const int32_t high = SMMULR(value * 2, scale->multiplier);
#else
    const int32_t high = doubling_high_product(value, scale->multiplier);
#endif
    return (high + (high >> 31) + scale->half) >> scale->right;
}

/* How a layer's sums become bytes. */
typedef struct Storing {
    const EspalierLayer *layer;
    int32_t zero_point;
    int is_small; /* scaled() serves all outputs */
    int is_full;  /* the activation range is that of a byte */
} Storing;

/* For sums of as many products, and a bias. 0 where the kernels cannot do a shift. */
INLINE int storing(const EspalierLayer *layer, const EspalierTensor *output, int32_t products, Storing *s) {
    *s = (Storing){ .layer = layer, .zero_point = output->zero_point };
    s->is_full = layer->activation_min == -128 && layer->activation_max == 127;
    s->is_small = !layer->rounds_once && products <= 1 << 15;
    for (int32_t i = 0; i < output->channels; i++) {
        const int32_t shift = layer->shift[i], bias = layer->bias[i];
        if (shift < -31) return 0;
        s->is_small &= shift < 0 && is_small(shift) && bias > -(1 << 29) && bias < 1 << 29;
    }
    return 1;
}

INLINE Scale output_scale(const Storing *s, int32_t output) {
    if (!s->is_small) return (Scale){ 0 };
    return scale_of(s->layer->multiplier[output], s->layer->shift[output], s->zero_point);
}

INLINE int8_t cut(const EspalierLayer *layer, int32_t value) {
    if (value < layer->activation_min) value = layer->activation_min;
    if (value > layer->activation_max) value = layer->activation_max;
    return (int8_t)value;
}

static __attribute__((noinline)) int8_t stored_generally(const Storing *s, int32_t output, int32_t sum) {
    const EspalierLayer *layer = s->layer;
    const int32_t multiplier = layer->multiplier[output], shift = layer->shift[output];
    const int32_t value = layer->rounds_once ? rounded_once(sum, multiplier, shift)
                                             : rounded_twice(sum, multiplier, shift);
    return cut(layer, (int32_t)((uint32_t)value + (uint32_t)s->zero_point));
}

/* Stores `count` sums of one output at their places. */
INLINE void store_pixels(const Storing *s, int32_t output, const int32_t *sums, int8_t *to,
                         const int32_t *places, const int count) {
    if (!s->is_small) {
        for (int i = 0; i < count; i++) to[places[i]] = stored_generally(s, output, sums[i]);
        return;
    }
    const Scale scale = output_scale(s, output);
    if (s->is_full) {
#pragma clang loop unroll(full)
        for (int i = 0; i < count; i++) to[places[i]] = (int8_t)saturated(scaled(sums[i], &scale));
    } else {
#pragma clang loop unroll(full)
        for (int i = 0; i < count; i++) to[places[i]] = cut(s->layer, scaled(sums[i], &scale));
    }
}

/* Stores the sums of four outputs at one pixel; `scales` are theirs. */
INLINE void store_quad(const Storing *s, int32_t first, const Scale *scales, const int32_t *sums,
                       int8_t *to) {
    if (!s->is_small) {
        for (int c = 0; c < 4; c++) to[c] = stored_generally(s, first + c, sums[c]);
    } else if (s->is_full) {
#pragma clang loop unroll(full)
        for (int c = 0; c < 4; c++) to[c] = (int8_t)saturated(scaled(sums[c], &scales[c]));
    } else {
#pragma clang loop unroll(full)
        for (int c = 0; c < 4; c++) to[c] = cut(s->layer, scaled(sums[c], &scales[c]));
    }
}

#endif
