/* The set `avx2` on processors with AVX-VNNI (Alder Lake, Zen 5 and later): AVX2 with a dot product. */
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
#define DOT_PRODUCT
#define SET espalier_kernels_avxvnni
#define SET_NAME "avx2"
#define KERNELS ESPALIER_KERNELS_VECTORS
#include "ymm.h"
#include "set.h"
#pragma clang attribute pop
#endif
