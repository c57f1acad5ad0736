/* Pools and means. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "vocabulary.h"

#define FLIP 0x80u
#define LANES 16
typedef __m512i Bytes;
INLINE Bytes bytes_load(const int8_t *pixels) { return _mm512_loadu_si512(pixels); }
INLINE Bytes bytes_load_every_other(const int8_t *pixels) { return gather_pixels(pixels, 2); }
INLINE void bytes_store_pixels(Bytes bytes, int8_t *output, int32_t pixels) {
    if (pixels == LANES)
        _mm512_storeu_si512(output, bytes);
    else
        _mm512_mask_storeu_epi32(output, (__mmask16)((1u << pixels) - 1), bytes);
}
INLINE Bytes bytes_all(int8_t value) { return _mm512_set1_epi8(value); }
INLINE Bytes bytes_max(Bytes a, Bytes b) { return _mm512_max_epu8(a, b); }
INLINE Bytes bytes_min(Bytes a, Bytes b) { return _mm512_min_epu8(a, b); }

/* The sums of a quad's four channels over some pixels, of values + 128. */
static __m128i sum_of_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels) {
    const __m512i ones = _mm512_set1_epi8(1);
    if (row_bytes == pixels * 4) { /* without halos, one long row */
        pixels *= rows;
        rows = 1;
    }
    __m512i sums = _mm512_setzero_si512();
    int32_t y = 0;
    for (; pixels == 8 && y + 1 < rows; y += 2, from += 2 * row_bytes) {
        sums = _mm512_dpbusd_epi32(sums, interleaved(halves_of(from, from + row_bytes)), ones);
    }
    for (; y < rows; y++, from += row_bytes) {
        for (int32_t x = 0; x < pixels; x += 16) {
            const int32_t left = pixels - x;
            const __mmask16 lanes = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff);
            /* Four pixels of a channel side by side: what a dot product adds up. */
            const __m512i some = interleaved(_mm512_maskz_loadu_epi32(lanes, from + x * 4));
            sums = _mm512_dpbusd_epi32(sums, some, ones);
        }
    }
    const __m256i halves =
        _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

/* The same of values. */
INLINE __m128i sum_of_values(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels) {
    const __m128i moved = _mm_set1_epi32(128 * rows * pixels);
    return _mm_sub_epi32(sum_of_pixels(from, row_bytes, rows, pixels), moved);
}

INLINE void sum_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, int32_t sums[4]) {
    _mm_storeu_si128((__m128i *)sums, sum_of_values(from, row_bytes, rows, pixels));
}

#include "../pools.h"

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

/* Whole pictures, of quads `first` to `last`. */
static void average_quads(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                          int32_t first, int32_t last) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    for (int32_t quad = first; quad < last; quad++) {
        const __m128i sums = sum_of_values(tensor_base(input, arena) + quad * input->plane_bytes,
                                           input->row_bytes, input->height, input->width);
        store_quad(layer, pooled_means(layer, sums, input->height * input->width),
                   tensor_base(output, arena) + quad * output->plane_bytes);
    }
}

static void mean_quads(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                       int32_t first, int32_t last) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t zeros = input->zero_point * input->height * input->width;
    for (int32_t quad = first; quad < last; quad++) {
        int32_t sums[4];
        int8_t bytes[4];
        sum_pixels(tensor_base(input, arena) + quad * input->plane_bytes, input->row_bytes, input->height,
                   input->width, sums);
        for (int c = 0; c < 4; c++) {
            const int32_t value = requantised(sums[c] - zeros, layer->multiplier[0], layer->shift[0]);
            bytes[c] = (int8_t)(stored_value(value, output->zero_point, layer) ^ 0x80);
        }
        __builtin_memcpy(tensor_base(output, arena) + quad * output->plane_bytes, bytes, 4);
    }
}

int32_t avx512_max_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return max_pool(layer, tensors, arena);
}

int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data || !pools_everything(layer, input, output)) return average_pool(layer, tensors, arena);
    average_quads(layer, tensors, arena, 0, output->quads);
    return 1;
}

int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (tensors[layer->inputs[0]].data) return 0;
    mean_quads(layer, tensors, arena, 0, tensors[layer->output].quads);
    return 1;
}

#pragma clang attribute pop
#endif
