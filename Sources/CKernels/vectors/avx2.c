/* The set `avx2` on other processors with AVX2 and FMA, `avx2-plain` where there is a dot product. */
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SET espalier_kernels_avx2
#define SET_NAME "avx2-plain"
#define KERNELS ESPALIER_KERNELS_VECTORS
#include "ymm.h"
#include "set.h"
#pragma clang attribute pop
#endif
