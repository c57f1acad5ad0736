/* The vocabulary of AVX512 with VNNI and VBMI (Ice Lake, Zen 4 and later): 16 sums to a vector, activations
 * stored as value + 128. Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_VOCABULARY_H
#define ESPALIER_AVX512VNNI_VOCABULARY_H

#include <immintrin.h>

#include "../geometry.h"

typedef __m512i Sums; /* 16 outputs of one pixel, or one output of 16 pixels */

/* What turns sums into stored values, a vector of 16 outputs or 16 copies of one output. */
typedef struct Requantiser {
    __m512i start;    /* bias without the arena's 128s */
    __m512 high, low; /* the factor in two exact parts */
    __m512 round, round_negative;
    __m512i multiplier, left, right;
} Requantiser;

/* What is the same for all outputs of a layer. */
typedef struct Storing {
    __m512i zero;                        /* zero point + 128, int16 */
    __m512i least, most;                 /* activation range + 128, uint8 */
    __m512i zero_point, lowest, highest; /* int32 */
    int in_single_precision, negative_differs, once;
    int one_factor;  /* one multiply-add rounds */
    int symmetric;   /* and it rounds magnitudes */
    int whole_range; /* bytes saturate where the activation ends */
    int saturates;   /* and the zero point is stored as 0 */
    int plain;       /* saturates, one multiply-add rounding down: a path of its own for nearly every ReLU */
} Storing;

INLINE Storing storing(const EspalierLayer *layer, const EspalierTensor *output) {
    Storing s;
    s.zero = _mm512_set1_epi16((int16_t)(output->zero_point + 128));
    s.least = _mm512_set1_epi8((char)(layer->activation_min + 128));
    s.most = _mm512_set1_epi8((char)(layer->activation_max + 128));
    s.zero_point = _mm512_set1_epi32(output->zero_point);
    s.lowest = _mm512_set1_epi32(layer->activation_min);
    s.highest = _mm512_set1_epi32(layer->activation_max);
    s.once = layer->rounds_once;
    s.in_single_precision = layer->rounding != 0;
    s.negative_differs = !layer->rounds_once && layer->activation_min < output->zero_point;
    s.one_factor = layer->factor != 0;
    s.symmetric = s.one_factor && s.negative_differs;
    s.whole_range = layer->activation_min == -128 && layer->activation_max == 127;
    s.saturates = s.whole_range && output->zero_point == -128;
    s.plain = s.one_factor && s.saturates && !s.symmetric;
    return s;
}

/* The tables' vectors for 16 outputs: `bias` ... `rounding` as loaded or broadcast. Where one float is the
 * whole factor, with_factor() sets it. */
INLINE Requantiser requantiser(__m512i bias, __m512i sum, __m512i multiplier, __m512i shift,
                               __m512 rounding) {
    Requantiser r;
    const __m512i none = _mm512_setzero_si512();
    r.start = _mm512_sub_epi32(bias, _mm512_slli_epi32(sum, 7));
    r.left = _mm512_max_epi32(shift, none);
    r.right = _mm512_sub_epi32(none, _mm512_min_epi32(shift, none));
    r.multiplier = multiplier;
    /* 2^-(31 + right) */
    const __m512 unit =
        _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_sub_epi32(_mm512_set1_epi32(127 - 31), r.right), 23));
    const __m512i tail = _mm512_and_si512(multiplier, _mm512_set1_epi32(127));
    r.high = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(multiplier, tail)), unit);
    r.low = _mm512_mul_ps(_mm512_cvtepi32_ps(tail), unit);
    r.round = rounding;
    /* 2^-right less, where there is a shift to round */
    r.round_negative = _mm512_mask_sub_ps(rounding, _mm512_test_epi32_mask(r.right, r.right), rounding,
                                          _mm512_mul_ps(unit, _mm512_set1_ps(0x1p31f)));
    return r;
}

INLINE Requantiser with_factor(Requantiser r, __m512 factor) {
    r.high = factor;
    r.low = _mm512_setzero_ps();
    return r;
}

/* Of the outputs from `first` on that `lanes` has a bit for. */
INLINE Requantiser requantiser_of_16(const EspalierLayer *layer, int32_t first, __mmask16 lanes) {
    const Requantiser r = requantiser(_mm512_maskz_loadu_epi32(lanes, layer->bias + first),
                                      _mm512_maskz_loadu_epi32(lanes, layer->weight_sum + first),
                                      _mm512_maskz_loadu_epi32(lanes, layer->multiplier + first),
                                      _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes, layer->shift + first)),
                                      layer->rounding ? _mm512_maskz_loadu_ps(lanes, layer->rounding + first)
                                                      : _mm512_setzero_ps());
    return layer->factor ? with_factor(r, _mm512_maskz_loadu_ps(lanes, layer->factor + first)) : r;
}

/* The same, one output after the other: kernels broadcast them. */
typedef struct RequantiserTable {
    int32_t start[16];
    float high[16], low[16], round[16], round_negative[16];
    int32_t multiplier[16], left[16], right[16];
} RequantiserTable;

INLINE void spread_out(const Requantiser *r, RequantiserTable *table) {
    _mm512_storeu_si512(table->start, r->start);
    _mm512_storeu_ps(table->high, r->high);
    _mm512_storeu_ps(table->low, r->low);
    _mm512_storeu_ps(table->round, r->round);
    _mm512_storeu_ps(table->round_negative, r->round_negative);
    _mm512_storeu_si512(table->multiplier, r->multiplier);
    _mm512_storeu_si512(table->left, r->left);
    _mm512_storeu_si512(table->right, r->right);
}

INLINE Requantiser requantiser_of_one(const RequantiserTable *table, int output) {
    Requantiser r;
    r.start = _mm512_set1_epi32(table->start[output]);
    r.high = _mm512_set1_ps(table->high[output]);
    r.low = _mm512_set1_ps(table->low[output]);
    r.round = _mm512_set1_ps(table->round[output]);
    r.round_negative = _mm512_set1_ps(table->round_negative[output]);
    r.multiplier = _mm512_set1_epi32(table->multiplier[output]);
    r.left = _mm512_set1_epi32(table->left[output]);
    r.right = _mm512_set1_epi32(table->right[output]);
    return r;
}

/* Four outputs of a quad in each 128-bit part. */
INLINE Requantiser requantiser_of_quad(const EspalierLayer *layer, int32_t quad) {
    int32_t shifts;
    __builtin_memcpy(&shifts, layer->shift + quad * 4, 4);
    const Requantiser r =
        requantiser(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(layer->bias + quad * 4))),
                    _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(layer->weight_sum + quad * 4))),
                    _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(layer->multiplier + quad * 4))),
                    _mm512_broadcast_i32x4(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(shifts))),
                    layer->rounding ? _mm512_broadcast_f32x4(_mm_loadu_ps(layer->rounding + quad * 4))
                                    : _mm512_setzero_ps());
    return layer->factor ? with_factor(r, _mm512_broadcast_f32x4(_mm_loadu_ps(layer->factor + quad * 4))) : r;
}

#define DOWN (_MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
#define TO_ZERO (_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)

/* Rounded down where one multiply-add does: docs/requantisation.md. */
INLINE __m512i round_plain(__m512i sums, const Requantiser *r) {
    const __m512 x = _mm512_cvtepi32_ps(sums);
    return _mm512_cvt_roundps_epi32(_mm512_fmadd_round_ps(x, r->high, r->round, DOWN), DOWN);
}

/* The same of magnitudes: what is added has the sum's sign, and everything rounds towards zero. */
INLINE __m512i round_symmetric(__m512i sums, const Requantiser *r) {
    const __m512i sign = _mm512_set1_epi32((int32_t)0x80000000);
    /* (sums & sign) | round */
    const __m512i round = _mm512_ternarylogic_epi32(sums, sign, _mm512_castps_si512(r->round), 0xea);
    const __m512 x = _mm512_cvtepi32_ps(sums);
    return _mm512_cvttps_epi32(_mm512_fmadd_round_ps(x, r->high, _mm512_castsi512_ps(round), TO_ZERO));
}

/* Rounded down with the factor in two parts. */
INLINE __m512i round_two_parts(__m512i sums, const Requantiser *r, const Storing *s) {
    const __m512 x = _mm512_cvtepi32_ps(sums);
    __m512 inner = r->round;
    if (s->negative_differs)
        inner = _mm512_mask_blend_ps(_mm512_movepi32_mask(sums), inner, r->round_negative);
    inner = _mm512_fmadd_ps(x, r->low, inner);
    return _mm512_cvt_roundps_epi32(_mm512_fmadd_round_ps(x, r->high, inner, DOWN), DOWN);
}

/* Rounded in single precision, exactly. */
INLINE __m512i round_single(__m512i sums, const Requantiser *r, const Storing *s) {
    if (s->symmetric) return round_symmetric(sums, r);
    return s->one_factor ? round_plain(sums, r) : round_two_parts(sums, r, s);
}

/* Rounded twice in integers: doubling high product, then a rounding shift, ties away from zero. */
INLINE __m512i round_twice(__m512i sums, const Requantiser *r) {
    const __m512i x = _mm512_sllv_epi32(sums, r->left), half = _mm512_set1_epi64(1ll << 30);
    const __m512i odd = _mm512_srli_epi64(r->multiplier, 32);
    const __m512i e = _mm512_add_epi64(_mm512_mul_epi32(x, r->multiplier), half);
    const __m512i o = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), odd), half);
    const __m512i h = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(e, 31), _mm512_slli_epi64(o, 1));
    const __m512i mask =
        _mm512_sub_epi32(_mm512_sllv_epi32(_mm512_set1_epi32(1), r->right), _mm512_set1_epi32(1));
    const __m512i threshold = _mm512_sub_epi32(_mm512_srli_epi32(mask, 1), _mm512_srai_epi32(h, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(h, mask), threshold);
    const __m512i down = _mm512_srav_epi32(h, r->right);
    return _mm512_mask_add_epi32(down, up, down, _mm512_set1_epi32(1));
}

/* Rounded once in integers, ties upwards. */
INLINE __m512i round_once(__m512i sums, const Requantiser *r) {
    const __m512i total = _mm512_sub_epi32(_mm512_add_epi32(_mm512_set1_epi32(31), r->right), r->left);
    const __m512i even = _mm512_and_si512(total, _mm512_set1_epi64(0xffffffff));
    const __m512i odd = _mm512_srli_epi64(total, 32), one = _mm512_set1_epi64(1);
    const __m512i least = _mm512_set1_epi64(1);
    const __m512i e = _mm512_add_epi64(_mm512_mul_epi32(sums, r->multiplier),
                                       _mm512_sllv_epi64(one, _mm512_sub_epi64(even, least)));
    const __m512i o =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(sums, 32), _mm512_srli_epi64(r->multiplier, 32)),
                         _mm512_sllv_epi64(one, _mm512_sub_epi64(odd, least)));
    return _mm512_mask_blend_epi32(0xaaaa, _mm512_srav_epi64(e, even),
                                   _mm512_slli_epi64(_mm512_srav_epi64(o, odd), 32));
}

INLINE __m512i round_in_integers(__m512i sums, const Requantiser *r, const Storing *s) {
    const __m512i value = s->once ? round_once(sums, r) : round_twice(sums, r);
    /* Cut here: the reference adds the zero point in 32 bits, which may wrap. */
    const __m512i moved = _mm512_add_epi32(value, s->zero_point);
    return _mm512_sub_epi32(_mm512_min_epi32(_mm512_max_epi32(moved, s->lowest), s->highest), s->zero_point);
}

INLINE __m512i rounded(__m512i sums, const Requantiser *r, const Storing *s) {
    return s->in_single_precision ? round_single(sums, r, s) : round_in_integers(sums, r, s);
}

/* Two vectors of rounded sums as int16 with the zero point added. */
INLINE __m512i pair(__m512i a, __m512i b, const Storing *s) {
    const __m512i both = _mm512_packs_epi32(a, b);
    return s->saturates ? both : _mm512_adds_epi16(both, s->zero);
}

/* Two such pairs as bytes: part p holds the p-th four of a, b, c and d. */
INLINE __m512i packed_pairs(__m512i ab, __m512i cd, const Storing *s) {
    const __m512i bytes = _mm512_packus_epi16(ab, cd);
    return s->whole_range ? bytes : _mm512_min_epu8(_mm512_max_epu8(bytes, s->least), s->most);
}

INLINE __m512i packed(__m512i a, __m512i b, __m512i c, __m512i d, const Storing *s) {
    return packed_pairs(pair(a, b, s), pair(c, d, s), s);
}

INLINE __m512i packed_plain(__m512i a, __m512i b, __m512i c, __m512i d) {
    return _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
}

/* From four outputs' bytes side by side, four pixels in each 128-bit part, to pixels' quads. */
INLINE __m512i interleaved(__m512i bytes) {
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(bytes, order);
}

/* Half a vector from each of two places. */
INLINE __m512i halves_of(const int8_t *first, const int8_t *second) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)first);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm256_loadu_si256((const __m256i *)second), 1);
}

INLINE __m512i even_lanes(void) {
    return _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

/* 16 pixels that lie `stride` apart. */
INLINE __m512i gather_pixels(const int8_t *from, const int stride) {
    const __m512i pixels = _mm512_loadu_si512(from);
    if (stride == 1) return pixels;
    return _mm512_permutex2var_epi32(pixels, even_lanes(), _mm512_loadu_si512(from + 64));
}

#endif
