/* Addition of stored bytes with whole factors: by itself, or as the end of a convolution. Include begin.h
 * before it. */
#ifndef ESPALIER_AVX512VNNI_ADDITION_H
#define ESPALIER_AVX512VNNI_ADDITION_H

#include "vocabulary.h"

/* Factors have up to 23 bits, products of bytes only 8 and of words 16. A byte b is made into the word
 * 257 * b - 32768, the byte itself under b - 128, and a factor is cut into 257 * word + byte: then the word's
 * product and the lower byte's come to b * factor, but for a constant that `start` takes back. */
typedef struct Addition {
    __m512i words, bytes; /* factors of the first input and the second, in each lane */
    __m512i start;
    __m128i shift;       /* of the sum's upper 16 bits */
    __m512i least, most; /* activation range + 128, uint8 */
    int saturates;       /* bytes saturate where the activation ends */
} Addition;

/* Of a layer with whole factors; `swaps`: inputs are passed in the other order. */
INLINE Addition addition(const EspalierLayer *layer, const int swaps) {
    const int32_t *factors = layer->whole_factors;
    const int32_t first = factors[swaps ? 1 : 0], second = factors[swaps ? 0 : 1], shift = factors[3];
    const int32_t x = (first + 128) / 257, y = (second + 128) / 257;
    const uint32_t moved = (uint32_t)(x + y) * 32768 - (uint32_t)(first + second) * 128;
    Addition a;
    a.words = _mm512_set1_epi32((int32_t)((uint32_t)y << 16 | (uint32_t)x));
    a.bytes = _mm512_set1_epi32(((second - 257 * y) & 0xff) << 16 | ((first - 257 * x) & 0xff));
    a.start = _mm512_set1_epi32((int32_t)((uint32_t)factors[2] + moved));
    a.shift = _mm_cvtsi32_si128(shift - 16);
    a.least = _mm512_set1_epi8((char)(layer->activation_min + 128));
    a.most = _mm512_set1_epi8((char)(layer->activation_max + 128));
    a.saturates = layer->activation_min == -128 && layer->activation_max == 127;
    return a;
}

/* Sum j, 0 ... 3, holds four bytes of each 128-bit part, from its byte 4 * j on. */
INLINE __m512i sums_of_bytes(const Addition *a, __m512i first, __m512i second, const int j) {
    const __m512i part = _mm512_setr_epi32(0, 0, 0, 0, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 48, 48);
    const __m512i byte = _mm512_broadcast_i32x4(_mm_setr_epi32(4 * j, 4 * j + 1, 4 * j + 2, 4 * j + 3));
    /* Lanes of x, x, 64 + x, 64 + x. */
    const __m512i index = _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_add_epi32(part, byte), _mm512_set1_epi32(0x01010101)),
        _mm512_set1_epi32(0x40400000));
    const __m512i pairs = _mm512_xor_si512(_mm512_permutex2var_epi8(first, index, second),
                                           _mm512_set1_epi32((int32_t)0x80008000));
    return _mm512_dpbusd_epi32(_mm512_dpwssd_epi32(a->start, pairs, a->words), pairs, a->bytes);
}

/* The upper halves of two vectors of sums, shifted: words, four of each in each 128-bit part. */
INLINE __m512i shifted(const Addition *a, __m512i sums, __m512i more) {
    const __m512i odd = _mm512_setr_epi32(0x030001, 0x070005, 0x230021, 0x270025, 0x0b0009, 0x0f000d,
                                          0x2b0029, 0x2f002d, 0x130011, 0x170015, 0x330031, 0x370035,
                                          0x1b0019, 0x1f001d, 0x3b0039, 0x3f003d);
    return _mm512_sra_epi16(_mm512_permutex2var_epi16(sums, odd, more), a->shift);
}

/* 64 bytes of each input. */
INLINE __m512i added(const Addition *a, __m512i first, __m512i second) {
    __m512i v[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) v[j] = sums_of_bytes(a, first, second, j);
    const __m512i plain = _mm512_packs_epi16(shifted(a, v[0], v[1]), shifted(a, v[2], v[3]));
    const __m512i bytes = _mm512_xor_si512(plain, _mm512_set1_epi8((char)0x80));
    return a->saturates ? bytes : _mm512_min_epu8(_mm512_max_epu8(bytes, a->least), a->most);
}

/* What a convolution adds to its results before it stores them. */
typedef struct Addend {
    Addition addition;    /* of its results, and the tensor */
    const int8_t *tensor; /* pixel 0, channel 0; NULL: nothing is added */
    int32_t row, plane;   /* bytes */
} Addend;

/* `layer` may be NULL. */
INLINE Addend addend(const EspalierLayer *layer, const EspalierLayer *convolution,
                     const EspalierTensor *tensors, const int8_t *arena) {
    if (!layer) return (Addend){ .tensor = 0 };
    const int is_second = layer->inputs[1] == convolution->output;
    const EspalierTensor *other = &tensors[layer->inputs[is_second ? 0 : 1]];
    return (Addend){ addition(layer, is_second), arena + other->offset, other->row_bytes,
                     other->plane_bytes };
}

#endif
