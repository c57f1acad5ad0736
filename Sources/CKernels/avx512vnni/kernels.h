/* The kernels of this folder. */
#ifndef ESPALIER_AVX512VNNI_KERNELS_H
#define ESPALIER_AVX512VNNI_KERNELS_H

#include "../sets.h"

int32_t avx512_channel_lanes(const EspalierLayer *layer, const EspalierLayer *addition,
                             const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_pixel_lanes(const EspalierLayer *layer, const EspalierLayer *addition,
                           const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_max_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);
int32_t avx512_mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);

#endif
