/* The kernels of this folder. */
#ifndef ESPALIER_AVX512VNNI_KERNELS_H
#define ESPALIER_AVX512VNNI_KERNELS_H

#include "../sets.h"

int32_t avx512_channel_lanes(const EspalierLayer *layer, EspalierEnding ending,
                             const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_pixel_lanes(const EspalierLayer *layer, EspalierEnding ending,
                           const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_max_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);

/* True for pools and means over whole pictures that the next two do. */
int avx512_pools_everything(const EspalierLayer *layer, const EspalierTensor *tensors);
/* Pools quads `first` to `last`: whole fours of them, or to the end. */
void avx512_pool_quads(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                       int32_t first, int32_t last);
/* The same of four, or fewer at the end, from the sums of all their stored bytes. */
void avx512_pool_sums(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena, int32_t first,
                      const int32_t sums[16]);

#endif
