/* Addition of stored bytes in single precision: by itself, or as the end of a convolution. Include begin.h
 * before it. */
#ifndef ESPALIER_AVX512VNNI_ADDITION_H
#define ESPALIER_AVX512VNNI_ADDITION_H

#include "vocabulary.h"

typedef struct Addition {
    Storing storing;
    __m512 first, second, round; /* see docs/requantisation.md */
} Addition;

/* Of a layer with factors. */
INLINE Addition addition(const EspalierLayer *layer, const EspalierTensor *output) {
    return (Addition){ storing(layer, output), _mm512_set1_ps(layer->rounding[0]),
                       _mm512_set1_ps(layer->rounding[1]), _mm512_set1_ps(layer->rounding[2]) };
}

/* Channel c of 16 pixels. */
INLINE __m512i channel_of(__m512i pixels, const int c) {
    const __m512i byte = _mm512_set1_epi32(255);
    if (c == 0) return _mm512_and_si512(pixels, byte);
    if (c == 3) return _mm512_srli_epi32(pixels, 24);
    return _mm512_and_si512(_mm512_srli_epi32(pixels, 8 * c), byte);
}

/* From four outputs' bytes side by side, four pixels in each 128-bit part, to pixels' quads. */
INLINE __m512i interleaved(__m512i bytes) {
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(bytes, order);
}

/* The sums of stored bytes as floats, rounded. */
INLINE __m512i added_values(const Addition *add, __m512 first, __m512 second) {
    const __m512 inner = _mm512_fmadd_ps(second, add->second, add->round);
    return rounded_down(
        _mm512_fmadd_round_ps(first, add->first, inner, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
}

/* 16 quads of each input. */
INLINE __m512i added(const Addition *add, __m512i first, __m512i second) {
    __m512i v[4];
#pragma clang loop unroll(full)
    for (int c = 0; c < 4; c++) {
        v[c] = added_values(add, _mm512_cvtepi32_ps(channel_of(first, c)),
                            _mm512_cvtepi32_ps(channel_of(second, c)));
    }
    return interleaved(packed(v[0], v[1], v[2], v[3], &add->storing));
}

/* What a convolution adds to its results before it stores them. */
typedef struct Addend {
    Addition addition;
    const int8_t *tensor; /* pixel 0, channel 0; NULL: nothing is added */
    int32_t row, plane;   /* bytes */
    int is_first;         /* of the addition's inputs */
} Addend;

/* `layer` may be NULL. */
INLINE Addend addend(const EspalierLayer *layer, const EspalierLayer *convolution,
                     const EspalierTensor *tensors, const int8_t *arena) {
    if (!layer) return (Addend){ .tensor = 0 };
    const int is_first = layer->inputs[1] == convolution->output;
    const EspalierTensor *other = &tensors[layer->inputs[is_first ? 0 : 1]];
    return (Addend){ addition(layer, &tensors[layer->output]), arena + other->offset, other->row_bytes,
                     other->plane_bytes, is_first };
}

/* What the addition gives, rounded, of the convolution's values and the bytes of `other` in each lane. */
INLINE __m512i with_addend(const Addend *a, __m512 results, __m512i other) {
    const __m512 values = _mm512_cvtepi32_ps(other);
    return a->is_first ? added_values(&a->addition, values, results)
                       : added_values(&a->addition, results, values);
}

#endif
