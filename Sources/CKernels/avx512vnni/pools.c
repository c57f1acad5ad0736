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

INLINE void sum_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, int32_t sums[4]) {
    const __m128i moved = _mm_set1_epi32(128 * rows * pixels);
    _mm_storeu_si128((__m128i *)sums, _mm_sub_epi32(sum_of_pixels(from, row_bytes, rows, pixels), moved));
}

#include "../pools.h"

/* pooled_mean() of 16 sums. Quotients are exact: of up to 65,536 pixels a float tells each from the next
 * whole number. */
INLINE __m512i pooled_means(const EspalierLayer *layer, __m512i totals, int32_t count) {
    const __m512i origin = _mm512_set1_epi32(layer->rounding_origin), half = _mm512_set1_epi32(count / 2);
    const __m512i sums = _mm512_sub_epi32(totals, _mm512_mullo_epi32(origin, _mm512_set1_epi32(count)));
    const __mmask16 below = _mm512_movepi32_mask(sums);
    const __m512i moved = _mm512_mask_sub_epi32(_mm512_add_epi32(sums, half), below, sums, half);
    const __m512 quotients = _mm512_div_ps(_mm512_cvtepi32_ps(moved), _mm512_set1_ps((float)count));
    return _mm512_add_epi32(origin, _mm512_cvttps_epi32(quotients));
}

/* requantised() of 16 sums, at the zero point. */
INLINE __m512i requantised_means(const EspalierLayer *layer, __m512i sums, int32_t zero_point) {
    const __m512i none = _mm512_setzero_si512();
    const Requantiser r = requantiser(none, none, _mm512_set1_epi32(layer->multiplier[0]),
                                      _mm512_set1_epi32(layer->shift[0]), _mm512_setzero_ps());
    return _mm512_add_epi32(round_twice(sums, &r), _mm512_set1_epi32(zero_point));
}

int avx512_pools_everything(const EspalierLayer *layer, const EspalierTensor *tensors) {
    const EspalierTensor *input = &tensors[layer->inputs[0]];
    if (input->data) return 0;
    if (layer->operation == ESPALIER_OPERATION_MEAN) return layer->shift[0] >= -31;
    return input->height * input->width <= 65536 && pools_everything(layer, input, &tensors[layer->output]);
}

void avx512_pool_sums(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena, int32_t first,
                      const int32_t sums[16]) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t count = input->height * input->width, quads = output->quads - first;
    const int in_scale = layer->operation == ESPALIER_OPERATION_MEAN;
    const __m512i zeros = _mm512_set1_epi32(((in_scale ? input->zero_point : 0) + 128) * count);
    const __m512i values = _mm512_sub_epi32(_mm512_loadu_si512(sums), zeros);
    const __m512i means = in_scale ? requantised_means(layer, values, output->zero_point)
                                   : pooled_means(layer, values, count);
    const __m512i least = _mm512_set1_epi32(layer->activation_min);
    const __m512i most = _mm512_set1_epi32(layer->activation_max);
    const __m512i cut = _mm512_min_epi32(_mm512_max_epi32(means, least), most);
    const __m128i bytes = _mm_xor_si128(_mm512_cvtepi32_epi8(cut), _mm_set1_epi8((char)0x80));
    int32_t pixels[4];
    _mm_storeu_si128((__m128i *)pixels, bytes);
    for (int32_t k = 0; k < 4 && k < quads; k++) {
        __builtin_memcpy(tensor_base(output, arena) + (first + k) * output->plane_bytes, &pixels[k], 4);
    }
}

void avx512_pool_quads(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                       int32_t first, int32_t last) {
    const EspalierTensor *input = &tensors[layer->inputs[0]];
    const int8_t *from = tensor_base(input, arena);
    for (int32_t quad = first; quad < last; quad += 4) {
        int32_t sums[16] = { 0 };
        for (int32_t k = 0; k < 4 && quad + k < last; k++) {
            const int8_t *plane = from + (quad + k) * input->plane_bytes;
            const __m128i four = sum_of_pixels(plane, input->row_bytes, input->height, input->width);
            _mm_storeu_si128((__m128i *)(sums + 4 * k), four);
        }
        avx512_pool_sums(layer, tensors, arena, quad, sums);
    }
}

int32_t avx512_max_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return max_pool(layer, tensors, arena);
}

int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (!avx512_pools_everything(layer, tensors)) return average_pool(layer, tensors, arena);
    avx512_pool_quads(layer, tensors, arena, 0, tensors[layer->output].quads);
    return 1;
}

int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    if (!avx512_pools_everything(layer, tensors)) return 0;
    avx512_pool_quads(layer, tensors, arena, 0, tensors[layer->output].quads);
    return 1;
}

#pragma clang attribute pop
#endif
