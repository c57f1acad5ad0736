/* The vocabulary of 64-bit NEON: four sums to a vector, requantised in integers. Activations are stored
 * plain. */
#ifndef ESPALIER_ARM_NEON64_H
#define ESPALIER_ARM_NEON64_H

#include <arm_neon.h>

#include "../visits.h"

/* 64 bytes and a step past them in one instruction, which compilers see only where they do not know that one
 * address follows from another. */
INLINE void load_four(int8x16_t vectors[4], const int8_t **at) {
    const int8x16x4_t four = vld1q_s8_x4(*at);
    *at += 64;
    __asm__("" : "+r"(*at));
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) vectors[i] = four.val[i];
}

INLINE void store_four_vectors(const int8x16_t vectors[4], int8_t **at) {
    const int8x16x4_t four = { { vectors[0], vectors[1], vectors[2], vectors[3] } };
    vst1q_s8_x4(*at, four);
    *at += 64;
    __asm__("" : "+r"(*at));
}

/* What turns four outputs' sums into stored values. */
typedef struct Requantiser {
    int32x4_t start;      /* bias */
    int32x4_t multiplier;
    int32x4_t shift;      /* as srshl takes it: negative to the right, where left shifts are taken out */
    int32x4_t left;
    int32x4_t correction; /* all ones where a right shift rounds ties away from zero */
} Requantiser;

/* What is the same for all outputs of a layer. */
typedef struct Storing {
    int16x8_t zero;
    int8x16_t least, most;
    int32x4_t zero_point, lowest, highest;
    int negative_differs; /* 0 where a negative sum gives the lower end whatever its rounding */
    int whole_range;      /* bytes saturate where the activation ends */
    int from_zero;        /* and stored values are 0 ... 255 less 128: ReLU */
    int once;
    int fits; /* 16 bits hold all results, and none is shifted left */
} Storing;

INLINE Storing storing(const EspalierLayer *layer, const EspalierTensor *output) {
    Storing s;
    s.zero = vdupq_n_s16((int16_t)output->zero_point);
    s.least = vdupq_n_s8((int8_t)layer->activation_min);
    s.most = vdupq_n_s8((int8_t)layer->activation_max);
    s.zero_point = vdupq_n_s32(output->zero_point);
    s.lowest = vdupq_n_s32(layer->activation_min);
    s.highest = vdupq_n_s32(layer->activation_max);
    s.negative_differs = layer->activation_min < output->zero_point;
    s.whole_range = layer->activation_min == -128 && layer->activation_max == 127;
    s.from_zero = s.whole_range && output->zero_point == -128;
    s.once = layer->rounds_once;
    s.fits = layer->results_fit && !s.once;
    return s;
}

INLINE Requantiser requantiser(int32x4_t bias, int32x4_t multiplier, int32x4_t shift) {
    Requantiser r;
    const int32x4_t none = vdupq_n_s32(0);
    r.start = bias;
    r.multiplier = multiplier;
    r.left = vmaxq_s32(shift, none);
    r.shift = vminq_s32(shift, none);
    r.correction = vreinterpretq_s32_u32(vcltq_s32(shift, none));
    return r;
}

INLINE int32x4_t four_shifts(const int8_t *shift) {
    int32_t word;
    __builtin_memcpy(&word, shift, 4);
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(word)))));
}

INLINE Requantiser requantiser_of_quad(const EspalierLayer *layer, int32_t quad) {
    return requantiser(vld1q_s32(layer->bias + quad * 4), vld1q_s32(layer->multiplier + quad * 4),
                       four_shifts(layer->shift + quad * 4));
}

/* That of one of the four outputs, in all lanes. */
INLINE Requantiser requantiser_of_lane(const Requantiser *four, int32_t lane) {
    Requantiser r;
    r.start = vld1q_dup_s32((const int32_t *)&four->start + lane);
    r.multiplier = vld1q_dup_s32((const int32_t *)&four->multiplier + lane);
    r.shift = vld1q_dup_s32((const int32_t *)&four->shift + lane);
    r.left = vld1q_dup_s32((const int32_t *)&four->left + lane);
    r.correction = vld1q_dup_s32((const int32_t *)&four->correction + lane);
    return r;
}

/* True where all four outputs are shifted right: then no left shift is due and the zero point's addition
 * cannot wrap. Entries past the last output are all zero, which is as good. */
INLINE int shifts_right(const Requantiser *r) {
    return vminvq_u32(vorrq_u32(vreinterpretq_u32_s32(r->correction), vceqzq_s32(r->multiplier))) != 0;
}

/* Rounded twice, of outputs that are shifted right: doubling high product, then ties away from zero. */
INLINE int32x4_t round_right(int32x4_t sums, const Requantiser *r, int negative_differs) {
    int32x4_t h = vqrdmulhq_s32(sums, r->multiplier);
    if (negative_differs) h = vsraq_n_s32(h, h, 31);
    return vrshlq_s32(h, r->shift);
}

/* Rounded twice, whatever the shift. */
INLINE int32x4_t round_twice(int32x4_t sums, const Requantiser *r) {
    const int32x4_t h = vqrdmulhq_s32(vshlq_s32(sums, r->left), r->multiplier);
    return vrshlq_s32(vaddq_s32(h, vandq_s32(vshrq_n_s32(h, 31), r->correction)), r->shift);
}

/* Rounded once, ties upwards, of the 64-bit product. */
INLINE int32x4_t round_once(int32x4_t sums, const Requantiser *r) {
    const int32x4_t total = vsubq_s32(vaddq_s32(r->shift, r->left), vdupq_n_s32(31));
    const int64x2_t low = vmull_s32(vget_low_s32(sums), vget_low_s32(r->multiplier));
    const int64x2_t high = vmull_s32(vget_high_s32(sums), vget_high_s32(r->multiplier));
    return vcombine_s32(vmovn_s64(vrshlq_s64(low, vmovl_s32(vget_low_s32(total)))),
                        vmovn_s64(vrshlq_s64(high, vmovl_s32(vget_high_s32(total)))));
}

/* The general case. Cut here: the reference adds the zero point in 32 bits, which may wrap. */
INLINE int32x4_t round_generally(int32x4_t sums, const Requantiser *r, const Storing *s) {
    const int32x4_t value = s->once ? round_once(sums, r) : round_twice(sums, r);
    const int32x4_t moved = vaddq_s32(value, s->zero_point);
    return vsubq_s32(vminq_s32(vmaxq_s32(moved, s->lowest), s->highest), s->zero_point);
}

/* How sums become bytes. The last two are for the fast paths: shifted right, all results in 16 bits, and the
 * whole range of bytes; FROM_ZERO: 0 ... 255 less 128. */
enum { GENERALLY, TO_THE_RIGHT, IN_16_BITS, FROM_ZERO };

/* Of so many vectors of outputs. */
INLINE int way_of_storing(const Storing *s, const Requantiser *r, int count) {
    if (s->fits) return s->from_zero ? FROM_ZERO : s->whole_range ? IN_16_BITS : TO_THE_RIGHT;
    int right = !s->once;
    for (int n = 0; n < count; n++) right &= shifts_right(&r[n]);
    return right ? TO_THE_RIGHT : GENERALLY;
}

INLINE int32x4_t rounded(int32x4_t sums, const Requantiser *r, const Storing *s, const int way) {
    return way == GENERALLY ? round_generally(sums, r, s) : round_right(sums, r, way != FROM_ZERO);
}

/* The lower halves of eight sums. */
INLINE int16x8_t halves_of(int32x4_t a, int32x4_t b) {
    return vuzp1q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
}

/* Four vectors of rounded sums as stored bytes. */
INLINE int8x16_t packed(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, const Storing *s, const int way) {
    if (way == FROM_ZERO) {
        const uint8x16_t bytes = vqmovun_high_s16(vqmovun_s16(halves_of(a, b)), halves_of(c, d));
        return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80)));
    }
    if (way == IN_16_BITS) {
        const int8x8_t bytes = vqmovn_s16(vqaddq_s16(halves_of(a, b), s->zero));
        return vqmovn_high_s16(bytes, vqaddq_s16(halves_of(c, d), s->zero));
    }
    const int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), s->zero);
    const int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), s->zero);
    return vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(low), high), s->least), s->most);
}

/* 1 ... 4 pixels of a quad, not a byte more. */
INLINE void store_pixels(int8x16_t bytes, int8_t *output, int pixels) {
    const int32x4_t words = vreinterpretq_s32_s8(bytes);
    if (pixels == 4) {
        vst1q_s8(output, bytes);
        return;
    }
    if (pixels >= 2) vst1_s8(output, vget_low_s8(bytes));
    if (pixels == 1) vst1q_lane_s32((int32_t *)(void *)output, words, 0);
    if (pixels == 3) vst1q_lane_s32((int32_t *)(void *)(output + 8), words, 2);
}

INLINE int8x16_t load_pixels(const int8_t *input, int pixels) {
    if (pixels >= 4) return vld1q_s8(input);
    if (pixels == 1)
        return vreinterpretq_s8_s32(
            vld1q_lane_s32((const int32_t *)(const void *)input, vdupq_n_s32(0), 0));
    const int8x16_t two = vcombine_s8(vld1_s8(input), vdup_n_s8(0));
    if (pixels == 2) return two;
    return vreinterpretq_s8_s32(
        vld1q_lane_s32((const int32_t *)(const void *)(input + 8), vreinterpretq_s32_s8(two), 2));
}

/* 1 ... 3 pixels, every other one. */
INLINE int8x16_t load_every_other(const int8_t *input, int pixels) {
    int32x4_t words = vdupq_n_s32(0);
    words = vld1q_lane_s32((const int32_t *)(const void *)input, words, 0);
    if (pixels > 1) words = vld1q_lane_s32((const int32_t *)(const void *)(input + 8), words, 1);
    if (pixels > 2) words = vld1q_lane_s32((const int32_t *)(const void *)(input + 16), words, 2);
    return vreinterpretq_s8_s32(words);
}

/* Stores sums[pixel] of one quad, `pixels` being 1 ... 4. */
INLINE void store_quad(const int32x4_t *sums, const Requantiser *r, const Storing *s, int8_t *output,
                       const int pixels, const int way) {
    int32x4_t v[4];
#pragma clang loop unroll(full)
    for (int p = 0; p < 4; p++) v[p] = p < pixels ? rounded(sums[p], r, s, way) : v[0];
    store_pixels(packed(v[0], v[1], v[2], v[3], s, way), output, pixels);
}

/* Stores two neighbouring pixels, whose sums are `left` and `right`, of quads n and n + 1. */
INLINE void store_two_quads(const int32x4_t *left, const int32x4_t *right, int n, const Requantiser *r,
                            const Storing *s, int8_t *output, int32_t plane, const int way) {
    const int8x16_t bytes
        = packed(rounded(left[n], r, s, way), rounded(right[n], r, s, way),
                 rounded(left[n + 1], r + 1, s, way), rounded(right[n + 1], r + 1, s, way), s, way);
    vst1_s8(output, vget_low_s8(bytes));
    vst1_s8(output + plane, vget_high_s8(bytes));
}

/* Stores one pixel of up to four quads. */
INLINE void store_pixel(const int32x4_t *sums, const Requantiser *r, const Storing *s, int8_t *output,
                        int32_t plane, const int quads, const int way) {
    int32x4_t v[4];
#pragma clang loop unroll(full)
    for (int n = 0; n < 4; n++) v[n] = n < quads ? rounded(sums[n], &r[n], s, way) : v[0];
    const int32x4_t words = vreinterpretq_s32_s8(packed(v[0], v[1], v[2], v[3], s, way));
    vst1q_lane_s32((int32_t *)(void *)output, words, 0);
    if (quads > 1) vst1q_lane_s32((int32_t *)(void *)(output + plane), words, 1);
    if (quads > 2) vst1q_lane_s32((int32_t *)(void *)(output + 2 * plane), words, 2);
    if (quads > 3) vst1q_lane_s32((int32_t *)(void *)(output + 3 * plane), words, 3);
}

/* Off the fast paths, whatever the way. */
INLINE int8x16_t packed_by_way(const int32x4_t sums[4], const Requantiser *r, const Storing *s, int way) {
    int32x4_t v[4];
    for (int p = 0; p < 4; p++) {
        v[p] = way == GENERALLY   ? rounded(sums[p], r, s, GENERALLY)
               : way == FROM_ZERO ? rounded(sums[p], r, s, FROM_ZERO)
                                  : rounded(sums[p], r, s, TO_THE_RIGHT);
    }
    return packed(v[0], v[1], v[2], v[3], s, way == FROM_ZERO ? FROM_ZERO : TO_THE_RIGHT);
}

#endif
