/* The set `sse41`: every other x86-64 processor since 2008. */
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#define SET espalier_kernels_sse41
#define SET_NAME "sse41"
#define KERNELS ESPALIER_KERNELS_VECTORS
#include "xmm.h"
#include "set.h"
#pragma clang attribute pop
#endif
