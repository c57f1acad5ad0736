/* The vocabulary of 32-bit NEON: 4 sums to a vector, 4 pixels of a quad. Activations are stored plain. */
#ifndef ESPALIER_VECTORS_NEON32_H
#define ESPALIER_VECTORS_NEON32_H

#include <arm_neon.h>

#define LANES 4
#define FLIP 0u
#define IN_A_REGISTER "w"
#define TILE_PIXELS 4 /* of channel lanes, with TILE_VECTORS vectors of outputs */
#define TILE_VECTORS 2
#define TILE_SEGMENTS 4 /* of LANES pixels, of pixel lanes */
#include "../visits.h"
#include "storing.h"

typedef int32x4_t Ints;  /* LANES sums */
typedef int8x16_t Bytes; /* LANES quads */

INLINE Ints ints_load(const int32_t *p) { return vld1q_s32(p); }
INLINE void ints_store(int32_t *p, Ints v) { vst1q_s32(p, v); }
INLINE Ints ints_all(int32_t v) { return vdupq_n_s32(v); }

INLINE Bytes bytes_load(const int8_t *p) { return vld1q_s8(p); }
INLINE void bytes_store(int8_t *p, Bytes x) { vst1q_s8(p, x); }
INLINE Bytes bytes_of(const int8_t *quad) {
    return vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(const void *)quad));
}
/* 16 bytes in each 128-bit part. */
INLINE Bytes bytes_repeat(const int8_t *p) { return bytes_load(p); }
/* Every other quad, from the first of 8. */
INLINE Bytes bytes_load_every_other(const int8_t *p) {
    return vreinterpretq_s8_s32(vld2q_s32((const int32_t *)(const void *)p).val[0]);
}
/* The end of a depthwise tile is a function of its own: inlined, it would send sums to memory. */
#define STORES_APART
/* The windows of one input row for four outputs: three columns of pixels, transposed. A table of 16 bytes
 * would take two instructions a vector. */
#define HAS_WINDOWS
INLINE void bytes_windows(const int8_t *from, Bytes v[4], const int stride) {
    Bytes taps[3];
    for (int t = 0; t < 3; t++)
        taps[t] = stride == 1 ? bytes_load(from + t * 4) : bytes_load_every_other(from + t * 4);
    const int8x16x2_t ab = vzipq_s8(taps[0], taps[1]), cc = vzipq_s8(taps[2], taps[2]);
    for (int k = 0; k < 2; k++) {
        const int16x8x2_t four = vzipq_s16(vreinterpretq_s16_s8(ab.val[k]), vreinterpretq_s16_s8(cc.val[k]));
        v[2 * k] = vreinterpretq_s8_s16(four.val[0]);
        v[2 * k + 1] = vreinterpretq_s8_s16(four.val[1]);
    }
}

/* Adds the products of four activations and four weights a lane. Two products fit 16 bits where no weight is
 * -128: see pairs_fit of the contract. */
INLINE Ints dot(Ints sums, Bytes activations, Bytes weights, int as_stored) {
    (void)as_stored;
    const int16x8_t low = vmull_s8(vget_low_s8(activations), vget_low_s8(weights));
    const int16x8_t high = vmull_s8(vget_high_s8(activations), vget_high_s8(weights));
    return vpadalq_s16(sums, vcombine_s16(vpadd_s16(vget_low_s16(low), vget_high_s16(low)),
                                          vpadd_s16(vget_low_s16(high), vget_high_s16(high))));
}

/* Bytes as sums, in the same order. */
INLINE void bytes_widen(Bytes x, Ints v[4]) {
    const int16x8_t low = vmovl_s8(vget_low_s8(x)), high = vmovl_s8(vget_high_s8(x));
    v[0] = vmovl_s16(vget_low_s16(low));
    v[1] = vmovl_s16(vget_high_s16(low));
    v[2] = vmovl_s16(vget_low_s16(high));
    v[3] = vmovl_s16(vget_high_s16(high));
}

/* What turns LANES sums into values that are to be packed. Every shift goes to the right: Storing.in_lanes.
 */
typedef struct Requantiser {
    int32_t start[LANES]; /* bias */
    int32x4_t multiplier, shift;
    int once;
} Requantiser;

/* Lane l has output first + (l & and). */
INLINE Requantiser requantiser(const EspalierLayer *layer, int32_t first, int32_t and, int as_stored) {
    int32_t multiplier[LANES], shift[LANES];
    Requantiser r;
    (void)as_stored;
    for (int lane = 0; lane < LANES; lane++) {
        const int32_t output = first + (lane & and);
        r.start[lane] = layer->bias[output];
        multiplier[lane] = layer->multiplier[output];
        shift[lane] = layer->shift[output];
    }
    r.multiplier = vld1q_s32(multiplier);
    r.shift = vld1q_s32(shift);
    r.once = layer->rounds_once;
    return r;
}

/* Rounded twice: doubling high product, then ties away from zero, where vrshl rounds them upwards. */
INLINE Ints round_twice(Ints x, Ints multiplier, Ints shift, int negative_differs) {
    int32x4_t high = vqrdmulhq_s32(x, multiplier);
    if (negative_differs) high = vsraq_n_s32(high, vandq_s32(high, shift), 31);
    return vrshlq_s32(high, shift);
}

/* Rounded once, ties upwards, of the 64-bit product. */
INLINE Ints round_once(Ints x, const Requantiser *r) {
    const int32x4_t total = vsubq_s32(r->shift, vdupq_n_s32(31));
    const int64x2_t low = vmull_s32(vget_low_s32(x), vget_low_s32(r->multiplier));
    const int64x2_t high = vmull_s32(vget_high_s32(x), vget_high_s32(r->multiplier));
    return vcombine_s32(vmovn_s64(vrshlq_s64(low, vmovl_s32(vget_low_s32(total)))),
                        vmovn_s64(vrshlq_s64(high, vmovl_s32(vget_high_s32(total)))));
}

INLINE Ints requantise(Ints x, const Requantiser *r, int negative_differs) {
    return r->once ? round_once(x, r) : round_twice(x, r->multiplier, r->shift, negative_differs);
}

/* Four vectors of rounded sums as stored bytes: of each 128-bit part, the sums of one after the other. */
INLINE Bytes bytes_pack(const Ints v[4], const Storing *s) {
    const int16x8_t zero = vdupq_n_s16((int16_t)s->zero_point);
    const int16x8_t ab = vqaddq_s16(vcombine_s16(vqmovn_s32(v[0]), vqmovn_s32(v[1])), zero);
    const int16x8_t cd = vqaddq_s16(vcombine_s16(vqmovn_s32(v[2]), vqmovn_s32(v[3])), zero);
    return vminq_s8(vmaxq_s8(vcombine_s8(vqmovn_s16(ab), vqmovn_s16(cd)), vdupq_n_s8((int8_t)s->least)),
                    vdupq_n_s8((int8_t)s->most));
}

/* Stores up to four neighbouring pixels of one quad. */
INLINE void bytes_store_pixels(Bytes x, int8_t *output, int pixels) {
    const int32x4_t words = vreinterpretq_s32_s8(x);
    if (pixels == 4) vst1q_s8(output, x);
    if (pixels == 2 || pixels == 3) vst1_s8(output, vget_low_s8(x));
    if (pixels == 1) vst1q_lane_s32((int32_t *)(void *)output, words, 0);
    if (pixels == 3) vst1q_lane_s32((int32_t *)(void *)(output + 8), words, 2);
}
INLINE void bytes_store_quads(Bytes x, int8_t *output, int32_t plane, int32_t quads, int pixels) {
    (void)plane;
    if (quads > 0) bytes_store_pixels(x, output, pixels);
}
/* The middle two of four pairs of quads change places, where there are four. */
INLINE Bytes bytes_in_pairs(Bytes x) { return x; }
INLINE Bytes bytes_all(int8_t v) { return vdupq_n_s8(v); }
INLINE Bytes bytes_max(Bytes a, Bytes b) { return vmaxq_s8(a, b); }
INLINE Bytes bytes_min(Bytes a, Bytes b) { return vminq_s8(a, b); }
/* From four outputs' bytes side by side to four pixels' quads. */
INLINE Bytes bytes_interleave(Bytes x) {
    const int8x8x2_t table = { { vget_low_s8(x), vget_high_s8(x) } };
    const int8x8_t first = { 0, 4, 8, 12, 1, 5, 9, 13 }, second = { 2, 6, 10, 14, 3, 7, 11, 15 };
    return vcombine_s8(vtbl2_s8(table, first), vtbl2_s8(table, second));
}

/* (x * first + y * second + rest) >> shift. */
INLINE Ints ints_added(Ints x, Ints y, Ints first, Ints second, Ints rest, int32_t shift) {
    return vshlq_s32(vmlaq_s32(vmlaq_s32(rest, x, first), y, second), vdupq_n_s32(-shift));
}

#endif
