/* Addition of stored bytes with whole factors: by itself, or as the end of a convolution. Include begin.h
 * before it. */
#ifndef ESPALIER_AVX512VNNI_ADDITION_H
#define ESPALIER_AVX512VNNI_ADDITION_H

#include "vocabulary.h"

/* Factors have 23 bits, products of words only 16: a byte b is made into the word 256 * b, and a factor is
 * cut into 256 * high + low. Then the word's product with the one and the byte's with the other make
 * b * factor. */
typedef struct Addition {
    __m512i high, low; /* factors of both inputs, in each lane: words, upper bytes of words */
    __m512i start;
    __m128i shift;       /* of the sum's upper 16 bits */
    __m512i least, most; /* activation range + 128, uint8 */
    int saturates;       /* bytes saturate where the activation ends */
} Addition;

/* Of a layer with whole factors; `swaps`: inputs are passed in the other order. */
INLINE Addition addition(const EspalierLayer *layer, const int swaps) {
    const int32_t *factors = layer->whole_factors;
    const int32_t first = factors[swaps ? 1 : 0], second = factors[swaps ? 0 : 1];
    Addition a;
    a.high = _mm512_set1_epi32((second >> 8) << 16 | first >> 8);
    a.low = _mm512_set1_epi32((int32_t)((uint32_t)second << 24 | ((uint32_t)first & 0xff) << 8));
    a.start = _mm512_set1_epi32(factors[2]);
    a.shift = _mm_cvtsi32_si128(factors[3] - 16);
    a.least = _mm512_set1_epi8((char)(layer->activation_min + 128));
    a.most = _mm512_set1_epi8((char)(layer->activation_max + 128));
    a.saturates = layer->activation_min == -128 && layer->activation_max == 127;
    return a;
}

/* Of words of both inputs side by side. */
INLINE __m512i sums_of_words(const Addition *a, __m512i words) {
    __m512i sums = a->start;
    __asm__("" : "+v"(sums)); /* else the compiler adds it to a product: one instruction more */
    return _mm512_dpbusd_epi32(_mm512_dpwssd_epi32(sums, words, a->high), a->low, words);
}

/* From words of each input, eight of each part: results of 16 bits. */
INLINE __m512i added_words(const Addition *a, __m512i first, __m512i second) {
    const __m512i low = sums_of_words(a, _mm512_unpacklo_epi16(first, second));
    const __m512i high = sums_of_words(a, _mm512_unpackhi_epi16(first, second));
    /* The upper words of four sums of each. */
    const __m512i upper =
        _mm512_set_epi16(63, 61, 59, 57, 31, 29, 27, 25, 55, 53, 51, 49, 23, 21, 19, 17, 47, 45, 43, 41, 15,
                         13, 11, 9, 39, 37, 35, 33, 7, 5, 3, 1);
    return _mm512_sra_epi16(_mm512_permutex2var_epi16(low, upper, high), a->shift);
}

/* 64 bytes of each input. Of what moves bytes, interleaving costs least: all four units do it, else two. */
INLINE __m512i added(const Addition *a, __m512i first, __m512i second) {
    const __m512i flip = _mm512_set1_epi8((char)0x80), none = _mm512_setzero_si512();
    const __m512i x = _mm512_xor_si512(first, flip), y = _mm512_xor_si512(second, flip);
    const __m512i plain = _mm512_packs_epi16(
        added_words(a, _mm512_unpacklo_epi8(none, x), _mm512_unpacklo_epi8(none, y)),
        added_words(a, _mm512_unpackhi_epi8(none, x), _mm512_unpackhi_epi8(none, y)));
    const __m512i bytes = _mm512_xor_si512(plain, flip);
    return a->saturates ? bytes : _mm512_min_epu8(_mm512_max_epu8(bytes, a->least), a->most);
}

/* Rows of a quad, or their ends. */
typedef struct Rows {
    const int8_t *first, *second;
    int8_t *sum;
    int32_t first_row, second_row, sum_row; /* from a row to the next one, in bytes */
    int32_t bytes, count;
} Rows;

/* Whole vectors of each row. */
INLINE void add_vectors(const Addition *add, Rows r) {
    for (; r.count > 0; r.count--, r.first += r.first_row, r.second += r.second_row, r.sum += r.sum_row) {
        for (int32_t i = 0; i < r.bytes; i += 64) {
            const __m512i a = _mm512_loadu_si512(r.first + i), b = _mm512_loadu_si512(r.second + i);
            _mm512_storeu_si512(r.sum + i, added(add, a, b));
        }
    }
}

/* Rows of half a vector, two and two; returns how many. */
INLINE int32_t add_halves(const Addition *add, Rows r) {
    const int32_t count = r.count / 2 * 2;
    for (; r.count > 1; r.count -= 2) {
        const __m512i sums = added(add, halves_of(r.first, r.first + r.first_row),
                                   halves_of(r.second, r.second + r.second_row));
        _mm256_storeu_si256((__m256i *)r.sum, _mm512_castsi512_si256(sums));
        _mm256_storeu_si256((__m256i *)(r.sum + r.sum_row), _mm512_extracti64x4_epi64(sums, 1));
        r.first += 2 * r.first_row;
        r.second += 2 * r.second_row;
        r.sum += 2 * r.sum_row;
    }
    return count;
}

/* Less than a vector of each row. The next row is loaded before this one is stored: behind a masked store
 * that reaches over it, it would have to wait. */
INLINE void add_ends(const Addition *add, Rows r) {
    const __mmask64 lanes = (1ull << r.bytes) - 1;
    __m512i a = _mm512_maskz_loadu_epi8(lanes, r.first), b = _mm512_maskz_loadu_epi8(lanes, r.second);
    for (; r.count > 0; r.count--, r.sum += r.sum_row) {
        const __m512i sums = added(add, a, b);
        if (r.count > 1) {
            r.first += r.first_row;
            r.second += r.second_row;
            a = _mm512_maskz_loadu_epi8(lanes, r.first);
            b = _mm512_maskz_loadu_epi8(lanes, r.second);
        }
        _mm512_mask_storeu_epi8(r.sum, lanes, sums);
    }
}

INLINE Rows rows_from(Rows r, int32_t row, int32_t byte) {
    r.first += row * r.first_row + byte;
    r.second += row * r.second_row + byte;
    r.sum += row * r.sum_row + byte;
    r.bytes -= byte;
    r.count -= row;
    return r;
}

static void add_rows(const Addition *add, Rows r) {
    const Addition here = *add; /* in registers */
    Rows vectors = r;
    vectors.bytes = r.bytes / 64 * 64;
    add_vectors(&here, vectors);
    r = rows_from(r, 0, vectors.bytes);
    if (r.bytes == 32) r = rows_from(r, add_halves(&here, r), 0);
    if (r.bytes && r.count) add_ends(&here, r);
}

/* What a convolution adds to its results while they are in the cache. */
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

/* Adds to results that are stored: some rows of a quad. */
INLINE void add_to_rows(const Addend *a, const EspalierTensor *output, int8_t *arena, int32_t quad,
                        int32_t row, int32_t rows) {
    int8_t *results = tensor_base(output, arena) + quad * output->plane_bytes + row * output->row_bytes;
    const int8_t *other = a->tensor + quad * a->plane + row * a->row;
    add_rows(&a->addition, (Rows){ results, other, results, output->row_bytes, a->row, output->row_bytes,
                                   output->width * 4, rows });
}

#endif
