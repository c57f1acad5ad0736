/* The set of AVX512 with VNNI and VBMI (Ice Lake, Zen 4 and later). */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include <immintrin.h>

static uint64_t exercise(uint32_t rounds) {
    __m512i sums[16];
    for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_si512();
    __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5);
    for (uint32_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+v"(a), "+v"(b));
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
    }
    for (int i = 0; i < 16; i++) __asm__ volatile("" : : "v"(sums[i]));
    return (uint64_t)rounds * 16 * 64;
}

static int32_t channel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return avx512_channel_lanes(layer, (EspalierEnding){ 0, 0 }, tensors, arena);
}

static int32_t pixel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    return avx512_pixel_lanes(layer, (EspalierEnding){ 0, 0 }, tensors, arena);
}

const EspalierKernelSet espalier_kernels_avx512vnni = {
    .name = "avx512vnni",
    .flip = 0x80,
    .kernels = ESPALIER_KERNELS_AVX512VNNI,
    .places = ESPALIER_PLACES_AVX512VNNI,
    .channel_lanes = channel_lanes,
    .pixel_lanes = pixel_lanes,
    .ending_channel_lanes = avx512_channel_lanes,
    .ending_pixel_lanes = avx512_pixel_lanes,
    .depthwise_convolution = avx512_depthwise,
    .add = avx512_add,
    .max_pool = avx512_max_pool,
    .average_pool = avx512_average_pool,
    .mean = avx512_mean,
    .exercise = exercise,
};

#pragma clang attribute pop
#endif
