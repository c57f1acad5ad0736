/* The vocabulary of 256-bit vectors: 8 sums to a vector, 8 pixels of a quad. Activations are value + 128. */
#ifndef ESPALIER_VECTORS_YMM_H
#define ESPALIER_VECTORS_YMM_H

#include <immintrin.h>

#define LANES 8
#define FLIP 128u
#define IN_A_REGISTER "x"
#if defined(DOT_PRODUCT)
#define TILE_PIXELS 6 /* of channel lanes, with TILE_VECTORS vectors of outputs */
#else
#define TILE_PIXELS 4
#endif
#define TILE_VECTORS 2
#define TILE_SEGMENTS 4 /* of LANES pixels, of pixel lanes */
#define IN_SINGLE_PRECISION
#define LAST_SHIFT(count) (count) /* what `right` of a Requantiser holds */
#include "../scalar.h"
#include "../visits.h"
#include "requantiser.h"
#include "store.h"

typedef __m256i Ints;  /* LANES sums */
typedef __m256i Bytes; /* LANES quads */

INLINE Ints ints_load(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE void ints_store(int32_t *p, Ints v) { _mm256_storeu_si256((__m256i *)p, v); }
INLINE Ints ints_all(int32_t v) { return _mm256_set1_epi32(v); }

INLINE Bytes bytes_load(const int8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE void bytes_store(int8_t *p, Bytes x) { _mm256_storeu_si256((__m256i *)p, x); }
INLINE Bytes bytes_of(const int8_t *quad) {
    int32_t word;
    __builtin_memcpy(&word, quad, 4);
    return _mm256_set1_epi32(word);
}
/* 16 bytes in each 128-bit part. */
INLINE Bytes bytes_repeat(const int8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}
/* Every other quad, from the first of 15. */
INLINE Bytes bytes_load_every_other(const int8_t *p) {
    const __m256 a = _mm256_loadu_ps((const float *)p), b = _mm256_loadu_ps((const float *)(p + 28));
    return _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xd8)), 0xd8);
}

/* Adds the products of four activations and four weights a lane, two and two in 16 bits, which the
 * contract's pairs_fit says they fit: activations without sign, as stored; or, not `as_stored`, with their
 * own sign, which passes to the weights. */
INLINE Ints dot(Ints sums, Bytes activations, Bytes weights, int as_stored) {
#if defined(DOT_PRODUCT)
    (void)as_stored;
    return _mm256_dpbusd_avx_epi32(sums, activations, weights);
#else
    const __m256i ones = _mm256_set1_epi16(1);
    if (as_stored)
        return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, weights), ones));
    const __m256i values = _mm256_xor_si256(activations, _mm256_set1_epi8((char)FLIP));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(values), _mm256_sign_epi8(weights, values));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, ones));
#endif
}

/* Bytes without sign as sums, in the same order. */
INLINE void bytes_widen(Bytes x, Ints v[4]) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_unpacklo_epi8(x, zero), high = _mm256_unpackhi_epi8(x, zero);
    v[0] = _mm256_unpacklo_epi16(low, zero);
    v[1] = _mm256_unpackhi_epi16(low, zero);
    v[2] = _mm256_unpacklo_epi16(high, zero);
    v[3] = _mm256_unpackhi_epi16(high, zero);
}

/* Conversions and multiply-adds round down from here on, or towards zero; returns what ends it. */
INLINE unsigned start_rounding(int to_zero) {
    const unsigned mode = _mm_getcsr();
    _mm_setcsr((mode & ~(unsigned)_MM_ROUND_MASK) | (to_zero ? _MM_ROUND_TOWARD_ZERO : _MM_ROUND_DOWN));
    return mode;
}
INLINE void round_as_before(unsigned mode) { _mm_setcsr(mode); }

/* To be called between start_rounding() and round_as_before(). */
INLINE Ints requantise(Ints x, const Requantiser *r, int negative_differs) {
    if (r->whole) {
        __m256 round = _mm256_load_ps(r->round);
        if (negative_differs) {
            /* Magnitudes are rounded: what is added has the sum's sign. */
            const __m256i sign = _mm256_and_si256(x, _mm256_set1_epi32((int32_t)0x80000000));
            round = _mm256_or_ps(_mm256_castsi256_ps(sign), round);
        }
        return _mm256_cvtps_epi32(
            _mm256_fmadd_ps(_mm256_cvtepi32_ps(x), _mm256_load_ps(r->factor), round));
    }
    __m256i odd_x = _mm256_srli_epi64(x, 32);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, ints_load(r->multiplier)),
                                    _mm256_load_si256((const __m256i *)r->even));
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(odd_x, ints_load(r->odd_multiplier)),
                                   _mm256_load_si256((const __m256i *)r->odd));
    if (negative_differs) {
        const __m256i sign = _mm256_set1_epi64x(1ll << 31);
        even = _mm256_sub_epi64(even, _mm256_and_si256(x, sign));
        odd = _mm256_sub_epi64(odd, _mm256_and_si256(odd_x, sign));
    }
    return _mm256_srav_epi32(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa), ints_load(r->right));
}

/* Four vectors of rounded sums as stored bytes: of each 128-bit part, the sums of one after the other. */
INLINE Bytes bytes_pack(const Ints v[4], const Storing *s) {
    const __m256i zero = _mm256_set1_epi16((int16_t)(s->zero_point + 128));
    const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[1]), zero);
    const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(v[2], v[3]), zero);
    return _mm256_min_epu8(
        _mm256_max_epu8(_mm256_packus_epi16(ab, cd), _mm256_set1_epi8((char)(s->least + 128))),
        _mm256_set1_epi8((char)(s->most + 128)));
}

/* Stores up to four pixels of each of two quads. */
INLINE void bytes_store_quads(Bytes x, int8_t *output, int32_t plane, int32_t quads, int pixels) {
    if (quads > 0) store_four(_mm256_castsi256_si128(x), output, pixels);
    if (quads > 1) store_four(_mm256_extracti128_si256(x, 1), output + plane, pixels);
}
/* Stores up to eight neighbouring pixels of one quad. */
INLINE void bytes_store_pixels(Bytes x, int8_t *output, int pixels) {
    store_four(_mm256_castsi256_si128(x), output, pixels < 4 ? pixels : 4);
    if (pixels > 4) store_four(_mm256_extracti128_si256(x, 1), output + 16, pixels - 4);
}
/* The middle two of four pairs of quads change places, where there are four. */
INLINE Bytes bytes_in_pairs(Bytes x) { return _mm256_permute4x64_epi64(x, 0xd8); }
INLINE Bytes bytes_all(int8_t v) { return _mm256_set1_epi8(v); }
INLINE Bytes bytes_max(Bytes a, Bytes b) { return _mm256_max_epu8(a, b); }
INLINE Bytes bytes_min(Bytes a, Bytes b) { return _mm256_min_epu8(a, b); }
/* From four outputs' bytes side by side to four pixels' quads, in each 128-bit part. */
INLINE Bytes bytes_interleave(Bytes x) {
    return _mm256_shuffle_epi8(
        x, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
}

/* (x * first + y * second + rest) >> shift. */
INLINE Ints ints_added(Ints x, Ints y, Ints first, Ints second, Ints rest, int32_t shift) {
    const Ints products = _mm256_add_epi32(_mm256_mullo_epi32(x, first), _mm256_mullo_epi32(y, second));
    return _mm256_sra_epi32(_mm256_add_epi32(products, rest), _mm_cvtsi32_si128(shift));
}

#endif
