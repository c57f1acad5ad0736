/* The vocabulary of 128-bit vectors: 4 sums to a vector, 4 pixels of a quad. Activations are value + 128. */
#ifndef ESPALIER_VECTORS_XMM_H
#define ESPALIER_VECTORS_XMM_H

#include <immintrin.h>

#define LANES 4
#define FLIP 128u
#define IN_A_REGISTER "x"
#define TILE_PIXELS 4 /* of channel lanes, with TILE_VECTORS vectors of outputs */
#define TILE_VECTORS 2
#define TILE_SEGMENTS 4 /* of LANES pixels, of pixel lanes */
/* What `right` of a Requantiser holds: there is no shift of each lane by its own count, but a product with a
 * power of two serves. */
#define LAST_SHIFT(count) (1 << (30 - (count)))
#include "../scalar.h"
#include "../visits.h"
#include "requantiser.h"
#include "store.h"

typedef __m128i Ints;  /* LANES sums */
typedef __m128i Bytes; /* LANES quads */

INLINE Ints ints_load(const int32_t *p) { return _mm_loadu_si128((const __m128i *)p); }
INLINE void ints_store(int32_t *p, Ints v) { _mm_storeu_si128((__m128i *)p, v); }
INLINE Ints ints_all(int32_t v) { return _mm_set1_epi32(v); }

INLINE Bytes bytes_load(const int8_t *p) { return _mm_loadu_si128((const __m128i *)p); }
INLINE void bytes_store(int8_t *p, Bytes x) { _mm_storeu_si128((__m128i *)p, x); }
INLINE Bytes bytes_of(const int8_t *quad) {
    int32_t word;
    __builtin_memcpy(&word, quad, 4);
    return _mm_set1_epi32(word);
}
/* 16 bytes in each 128-bit part. */
INLINE Bytes bytes_repeat(const int8_t *p) { return bytes_load(p); }
/* Every other quad, from the first of 7. */
INLINE Bytes bytes_load_every_other(const int8_t *p) {
    const __m128 a = _mm_loadu_ps((const float *)p), b = _mm_loadu_ps((const float *)(p + 12));
    return _mm_castps_si128(_mm_shuffle_ps(a, b, 0xd8));
}

/* Adds the products of four activations and four weights a lane, two and two in 16 bits, which the
 * contract's pairs_fit says they fit: activations without sign, as stored; or, not `as_stored`, with their
 * own sign, which passes to the weights. */
INLINE Ints dot(Ints sums, Bytes activations, Bytes weights, int as_stored) {
    const __m128i ones = _mm_set1_epi16(1);
    if (as_stored) return _mm_add_epi32(sums, _mm_madd_epi16(_mm_maddubs_epi16(activations, weights), ones));
    const __m128i values = _mm_xor_si128(activations, _mm_set1_epi8((char)FLIP));
    const __m128i pairs = _mm_maddubs_epi16(_mm_abs_epi8(values), _mm_sign_epi8(weights, values));
    return _mm_add_epi32(sums, _mm_madd_epi16(pairs, ones));
}

/* Bytes without sign as sums, in the same order. */
INLINE void bytes_widen(Bytes x, Ints v[4]) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i low = _mm_unpacklo_epi8(x, zero), high = _mm_unpackhi_epi8(x, zero);
    v[0] = _mm_unpacklo_epi16(low, zero);
    v[1] = _mm_unpackhi_epi16(low, zero);
    v[2] = _mm_unpacklo_epi16(high, zero);
    v[3] = _mm_unpackhi_epi16(high, zero);
}

/* The low half of two products, shifted 30 bits to the right, is that of an arithmetic shift: what comes in
 * from the left stays in the high half. */
INLINE Ints requantise(Ints x, const Requantiser *r, int negative_differs) {
    __m128i odd_x = _mm_srli_epi64(x, 32);
    __m128i even =
        _mm_add_epi64(_mm_mul_epi32(x, ints_load(r->multiplier)), _mm_load_si128((const __m128i *)r->even));
    __m128i odd = _mm_add_epi64(_mm_mul_epi32(odd_x, ints_load(r->odd_multiplier)),
                                _mm_load_si128((const __m128i *)r->odd));
    if (negative_differs) {
        const __m128i sign = _mm_set1_epi64x(1ll << 31);
        even = _mm_sub_epi64(even, _mm_and_si128(x, sign));
        odd = _mm_sub_epi64(odd, _mm_and_si128(odd_x, sign));
    }
    const __m128i power = ints_load(r->right), odd_power = _mm_srli_epi64(power, 32);
    const __m128i e = _mm_srli_epi64(_mm_mul_epi32(_mm_srli_epi64(even, 32), power), 30);
    const __m128i o = _mm_slli_epi64(_mm_mul_epi32(_mm_srli_epi64(odd, 32), odd_power), 2);
    return _mm_blend_epi16(e, o, 0xcc);
}

/* Four vectors of rounded sums as stored bytes: of each 128-bit part, the sums of one after the other. */
INLINE Bytes bytes_pack(const Ints v[4], const Storing *s) {
    const __m128i zero = _mm_set1_epi16((int16_t)(s->zero_point + 128));
    const __m128i ab = _mm_adds_epi16(_mm_packs_epi32(v[0], v[1]), zero);
    const __m128i cd = _mm_adds_epi16(_mm_packs_epi32(v[2], v[3]), zero);
    return _mm_min_epu8(_mm_max_epu8(_mm_packus_epi16(ab, cd), _mm_set1_epi8((char)(s->least + 128))),
                        _mm_set1_epi8((char)(s->most + 128)));
}

INLINE void bytes_store_quads(Bytes x, int8_t *output, int32_t plane, int32_t quads, int pixels) {
    (void)plane;
    if (quads > 0) store_four(x, output, pixels);
}
/* Stores up to four neighbouring pixels of one quad. */
INLINE void bytes_store_pixels(Bytes x, int8_t *output, int pixels) { store_four(x, output, pixels); }
/* The middle two of four pairs of quads change places, where there are four. */
INLINE Bytes bytes_in_pairs(Bytes x) { return x; }
INLINE Bytes bytes_all(int8_t v) { return _mm_set1_epi8(v); }
INLINE Bytes bytes_max(Bytes a, Bytes b) { return _mm_max_epu8(a, b); }
INLINE Bytes bytes_min(Bytes a, Bytes b) { return _mm_min_epu8(a, b); }
/* From four outputs' bytes side by side to four pixels' quads. */
INLINE Bytes bytes_interleave(Bytes x) {
    return _mm_shuffle_epi8(x, _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/* (x * first + y * second + rest) >> shift. */
INLINE Ints ints_added(Ints x, Ints y, Ints first, Ints second, Ints rest, int32_t shift) {
    const Ints products = _mm_add_epi32(_mm_mullo_epi32(x, first), _mm_mullo_epi32(y, second));
    return _mm_sra_epi32(_mm_add_epi32(products, rest), _mm_cvtsi32_si128(shift));
}

#endif
