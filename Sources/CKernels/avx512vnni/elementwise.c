/* Addition, and means over whole pictures. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "../scalar.h"
#include "addition.h"

int32_t avx512_add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    if (!layer->whole_factors || first->data || second->data) return 0;
    if (first->height != second->height || first->width != second->width
        || first->channels != second->channels) {
        return 0;
    }
    const Addition add = addition(layer, 0);
    const int32_t width = output->width * 4;
    /* Without halos, one long row. */
    const int whole = first->row_bytes == width && second->row_bytes == width && output->row_bytes == width;
    const int32_t rows = whole ? 1 : output->height, bytes = whole ? width * output->height : width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        add_rows(&add, (Rows){ tensor_base(first, arena) + quad * first->plane_bytes,
                               tensor_base(second, arena) + quad * second->plane_bytes,
                               tensor_base(output, arena) + quad * output->plane_bytes, first->row_bytes,
                               second->row_bytes, output->row_bytes, bytes, rows });
    }
    return 1;
}

/* The sums of a quad's four channels over a picture, of values + 128. */
static __m128i sum_of_quad(const EspalierTensor *input, const int8_t *plane) {
    const __m512i ones = _mm512_set1_epi8(1);
    const int32_t row = input->width * 4;
    const int whole = input->row_bytes == row; /* without halos, one long row */
    const int32_t bytes = whole ? row * input->height : row, rows = whole ? 1 : input->height;
    __m512i sums = _mm512_setzero_si512();
    for (int32_t y = 0; y < rows; y++, plane += input->row_bytes) {
        for (int32_t x = 0; x < bytes; x += 64) {
            const int32_t left = (bytes - x) / 4;
            const __mmask16 lanes = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff);
            /* Four pixels of a channel side by side: what a dot product adds up. */
            const __m512i pixels = interleaved(_mm512_maskz_loadu_epi32(lanes, plane + x));
            sums = _mm512_dpbusd_epi32(sums, pixels, ones);
        }
    }
    const __m256i halves =
        _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
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
        int8_t bytes[4];
        for (int c = 0; c < 4; c++) {
            const int32_t sum = sums[c] - (input->zero_point + 128) * count;
            const int8_t value =
                averages ? stored_value(sums[c], 0, layer)
                         : stored_value(requantised(sum, layer->multiplier[0], layer->shift[0]),
                                        output->zero_point, layer);
            bytes[c] = (int8_t)(value ^ 0x80);
        }
        __builtin_memcpy(tensor_base(output, arena) + quad * output->plane_bytes, bytes, 4);
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
