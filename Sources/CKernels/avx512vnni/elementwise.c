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
    int32_t y = 0;
    for (; row == 32 && y + 1 < rows; y += 2, plane += 2 * input->row_bytes) {
        sums = _mm512_dpbusd_epi32(sums, interleaved(halves_of(plane, plane + input->row_bytes)), ones);
    }
    for (; y < rows; y++, plane += input->row_bytes) {
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

/* Stores four values of a pixel, cut to the activation's range. */
INLINE void store_quad(const EspalierLayer *layer, __m128i values, int8_t *output) {
    const __m128i least = _mm_set1_epi32(layer->activation_min), most = _mm_set1_epi32(layer->activation_max);
    const __m128i cut = _mm_min_epi32(_mm_max_epi32(values, least), most);
    const __m128i halves = _mm_packs_epi32(cut, cut);
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packs_epi16(halves, halves)) ^ (int32_t)0x80808080;
    __builtin_memcpy(output, &bytes, 4);
}

int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data || !pools_everything(layer, input, output)) return 0;
    const int32_t count = input->height * input->width;
    const __m128i moved = _mm_set1_epi32(128 * count);
    const int8_t *from = tensor_base(input, arena);
    int8_t *to = tensor_base(output, arena);
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const __m128i totals = _mm_sub_epi32(sum_of_quad(input, from + quad * input->plane_bytes), moved);
        store_quad(layer, pooled_means(layer, totals, count), to + quad * output->plane_bytes);
    }
    return 1;
}

int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const int32_t zeros = (input->zero_point + 128) * input->height * input->width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t sums[4];
        int8_t bytes[4];
        _mm_storeu_si128((__m128i *)sums,
                         sum_of_quad(input, tensor_base(input, arena) + quad * input->plane_bytes));
        for (int c = 0; c < 4; c++) {
            const int32_t value = requantised(sums[c] - zeros, layer->multiplier[0], layer->shift[0]);
            bytes[c] = (int8_t)(stored_value(value, output->zero_point, layer) ^ 0x80);
        }
        __builtin_memcpy(tensor_base(output, arena) + quad * output->plane_bytes, bytes, 4);
    }
    return 1;
}

#pragma clang attribute pop
#endif
