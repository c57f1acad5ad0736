/* Addition, and means over whole pictures. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "../scalar.h"
#include "vocabulary.h"

typedef struct Addition {
    Storing storing;
    __m512 first, second, round;           /* in single precision */
    Requantiser integers[3];               /* of the first input, the second, and the sum */
    __m512i first_zero, second_zero, left; /* zero points + 128 */
} Addition;

static Requantiser factor(const EspalierLayer *layer, int index) {
    const __m512i none = _mm512_setzero_si512();
    return requantiser(none, none, _mm512_set1_epi32(layer->multiplier[index]),
                       _mm512_set1_epi32(layer->shift[index]), _mm512_setzero_ps());
}

/* Vector k of four holds pixels k, k + 4, k + 8 and k + 12 of 16, the order that packing undoes. */
INLINE __m512i order_of(int k, const int width) {
    int8_t from[64];
    for (int part = 0; part < 4; part++) {
        for (int channel = 0; channel < 4; channel++) {
            int8_t *lane = from + part * 16 + channel * 4;
            lane[0] = (int8_t)(part * 16 + k * 4 + channel);
            /* Indices from 64 on select from the second operand: the bytes of 2^23, or zeros. */
            for (int byte = 1; byte < 4; byte++) lane[byte] = (int8_t)(64 + (width == 4 ? byte : 0));
        }
    }
    return _mm512_loadu_si512(from);
}

/* Bytes as single-precision numbers: put under the exponent of 2^23, which is taken away again. */
INLINE __m512 as_float(__m512i bytes, __m512i order) {
    const __m512 exponent = _mm512_set1_ps(0x1p23f);
    const __m512i raised = _mm512_permutex2var_epi8(bytes, order, _mm512_castps_si512(exponent));
    return _mm512_sub_ps(_mm512_castsi512_ps(raised), exponent);
}

INLINE __m512i added(const Addition *add, __m512i first, __m512i second, __m512i order) {
    const __m512 inner = _mm512_fmadd_ps(as_float(second, order), add->second, add->round);
    const __m512 y = _mm512_fmadd_round_ps(as_float(first, order), add->first, inner,
                                           _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    return _mm512_cvt_roundps_epi32(y, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

/* The same in integers. */
static __attribute__((noinline)) __m512i added_exactly(const Addition *add, __m512i first, __m512i second,
                                                       int k) {
    const __m512i order = order_of(k, 1), none = _mm512_setzero_si512();
    const __m512i a = _mm512_permutex2var_epi8(first, order, none);
    const __m512i b = _mm512_permutex2var_epi8(second, order, none);
    const __m512i x = _mm512_sllv_epi32(_mm512_sub_epi32(a, add->first_zero), add->left);
    const __m512i y = _mm512_sllv_epi32(_mm512_sub_epi32(b, add->second_zero), add->left);
    const __m512i sum =
        _mm512_add_epi32(round_twice(x, &add->integers[0]), round_twice(y, &add->integers[1]));
    return round_in_integers(sum, &add->integers[2], &add->storing);
}

static void add_run(const Addition *add, const int8_t *first, const int8_t *second, int8_t *output,
                    int32_t bytes) {
    const __m512i orders[4] = { order_of(0, 4), order_of(1, 4), order_of(2, 4), order_of(3, 4) };
    for (int32_t i = 0; i < bytes; i += 64) {
        const int32_t left = bytes - i;
        const __mmask64 lanes = left >= 64 ? ~0ull : (1ull << left) - 1;
        const __m512i a = _mm512_maskz_loadu_epi8(lanes, first + i),
                      b = _mm512_maskz_loadu_epi8(lanes, second + i);
        __m512i v[4];
        if (add->storing.in_single_precision) {
#pragma clang loop unroll(full)
            for (int k = 0; k < 4; k++) v[k] = added(add, a, b, orders[k]);
        } else {
            for (int k = 0; k < 4; k++) v[k] = added_exactly(add, a, b, k);
        }
        _mm512_mask_storeu_epi8(output + i, lanes, packed(v[0], v[1], v[2], v[3], &add->storing));
    }
}

int32_t avx512_add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    if (first->data || second->data || first->height != second->height || first->width != second->width
        || first->channels != second->channels) {
        return 0;
    }
    Addition add = { .storing = storing(layer, output) };
    if (layer->rounding) {
        add.first = _mm512_set1_ps(layer->rounding[0]);
        add.second = _mm512_set1_ps(layer->rounding[1]);
        add.round = _mm512_set1_ps(layer->rounding[2]);
    }
    for (int i = 0; i < 3; i++) add.integers[i] = factor(layer, i);
    add.first_zero = _mm512_set1_epi32(first->zero_point + 128);
    add.second_zero = _mm512_set1_epi32(second->zero_point + 128);
    add.left = _mm512_set1_epi32(layer->left_shift);
    const int32_t width = output->width * 4;
    const int whole = first->row_bytes == width && second->row_bytes == width && output->row_bytes == width;
    const int32_t rows = whole ? 1 : output->height, bytes = whole ? width * output->height : width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *a = tensor_base(first, arena) + quad * first->plane_bytes;
        const int8_t *b = tensor_base(second, arena) + quad * second->plane_bytes;
        int8_t *out = tensor_base(output, arena) + quad * output->plane_bytes;
        for (int32_t y = 0; y < rows; y++) {
            add_run(&add, a, b, out, bytes);
            a += first->row_bytes;
            b += second->row_bytes;
            out += output->row_bytes;
        }
    }
    return 1;
}

/* The sums of a quad's four channels over a picture, of values + 128. */
static __m128i sum_of_quad(const EspalierTensor *input, const int8_t *plane) {
    __m512i sums[4];
    for (int c = 0; c < 4; c++) sums[c] = _mm512_setzero_si512();
    for (int32_t y = 0; y < input->height; y++, plane += input->row_bytes) {
        for (int32_t x = 0; x < input->width; x += 16) {
            const int32_t left = input->width - x;
            const __mmask16 lanes = (__mmask16)((1u << (left < 16 ? left : 16)) - 1);
            const __m512i pixels = _mm512_maskz_loadu_epi32(lanes, plane + x * 4);
            for (int c = 0; c < 4; c++) {
                sums[c] = _mm512_dpbusd_epi32(sums[c], pixels, _mm512_set1_epi32(1 << (8 * c)));
            }
        }
    }
    /* Four vectors' totals side by side. */
    const __m512i first =
        _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]), _mm512_unpackhi_epi32(sums[0], sums[1]));
    const __m512i second =
        _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]), _mm512_unpackhi_epi32(sums[2], sums[3]));
    const __m512i parts =
        _mm512_add_epi32(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
    const __m256i halves =
        _mm256_add_epi32(_mm512_castsi512_si256(parts), _mm512_extracti64x4_epi64(parts, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

/* pooled_mean() of four sums. Quotients are exact: a double tells any two fractions of 32-bit numbers apart.
 */
INLINE __m128i pooled_means(const EspalierLayer *layer, __m128i totals, int32_t count) {
    const __m128i origin = _mm_set1_epi32(layer->rounding_origin), half = _mm_set1_epi32(count / 2);
    const __m128i sums = _mm_sub_epi32(totals, _mm_mullo_epi32(origin, _mm_set1_epi32(count)));
    const __m128i moved = _mm_add_epi32(sums, _mm_sign_epi32(half, sums));
    const __m256d quotients = _mm256_div_pd(_mm256_cvtepi32_pd(moved), _mm256_set1_pd(count));
    return _mm_add_epi32(origin, _mm256_cvttpd_epi32(quotients));
}

/* One value a channel from its sum over the picture. */
INLINE int32_t reduced(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                       const int averages) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const int32_t count = input->height * input->width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t sums[4];
        const int8_t *plane = tensor_base(input, arena) + quad * input->plane_bytes;
        __m128i totals = sum_of_quad(input, plane);
        if (averages) totals = pooled_means(layer, _mm_sub_epi32(totals, _mm_set1_epi32(128 * count)), count);
        _mm_storeu_si128((__m128i *)sums, totals);
        int8_t *out = tensor_base(output, arena) + quad * output->plane_bytes;
        for (int c = 0; c < 4 && quad * 4 + c < output->channels; c++) {
            int8_t value;
            if (averages) {
                value = stored_value(sums[c], 0, layer);
            } else {
                const int32_t sum = sums[c] - (input->zero_point + 128) * count;
                value = stored_value(requantised(sum, layer->multiplier[0], layer->shift[0]),
                                     output->zero_point, layer);
            }
            out[c] = (int8_t)(value ^ 0x80);
        }
    }
    return 1;
}

int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (!pools_everything(layer, &tensors[layer->inputs[0]], &tensors[layer->output])) return 0;
    return reduced(layer, tensors, arena, 1);
}

int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return reduced(layer, tensors, arena, 0);
}

#pragma clang attribute pop
#endif
