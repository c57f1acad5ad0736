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

/* Of every other byte of each 128-bit part, from its byte `from` on, four. */
INLINE __m512i sums_of_bytes(const Addition *a, __m512i first, __m512i second, const int from) {
    const __m512i part = _mm512_setr_epi32(0, 0, 0, 0, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 48, 48);
    const __m512i byte = _mm512_broadcast_i32x4(_mm_setr_epi32(from, from + 2, from + 4, from + 6));
    /* Lanes of x, x, 64 + x, 64 + x. */
    const __m512i index = _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_add_epi32(part, byte), _mm512_set1_epi32(0x01010101)),
        _mm512_set1_epi32(0x40400000));
    const __m512i pairs = _mm512_xor_si512(_mm512_permutex2var_epi8(first, index, second),
                                           _mm512_set1_epi32((int32_t)0x80008000));
    return _mm512_dpbusd_epi32(_mm512_dpwssd_epi32(a->start, pairs, a->words), pairs, a->bytes);
}

/* Eight words of each part, from the upper halves of the sums of its bytes `from` ... `from` + 7. */
INLINE __m512i words_of_bytes(const Addition *a, __m512i first, __m512i second, const int from) {
    const __m512i even = sums_of_bytes(a, first, second, from);
    const __m512i odd = sums_of_bytes(a, first, second, from + 1);
    return _mm512_sra_epi16(_mm512_mask_blend_epi16(0x55555555, odd, _mm512_srli_epi32(even, 16)), a->shift);
}

/* 64 bytes of each input. */
INLINE __m512i added(const Addition *a, __m512i first, __m512i second) {
    const __m512i plain = _mm512_packs_epi16(words_of_bytes(a, first, second, 0),
                                             words_of_bytes(a, first, second, 8));
    const __m512i bytes = _mm512_xor_si512(plain, _mm512_set1_epi8((char)0x80));
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
