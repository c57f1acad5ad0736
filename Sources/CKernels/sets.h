/* The sets of all instruction sets, and what is asked of the processor to choose among them. */
#ifndef ESPALIER_SETS_H
#define ESPALIER_SETS_H

#include "CKernels.h"

/* Weights have no zero point and the input is in the arena: what all sets' convolutions ask for. */
static inline int is_plain(const EspalierLayer *convolution, const EspalierTensor *tensors) {
    return !convolution->weight_zero_point && !tensors[convolution->inputs[0]].data;
}

#if defined(__x86_64__)
extern const EspalierKernelSet espalier_kernels_avx512vnni;
extern const EspalierKernelSet espalier_kernels_avxvnni;
extern const EspalierKernelSet espalier_kernels_avx2;
extern const EspalierKernelSet espalier_kernels_sse41;

#define ESPALIER_X86_SSE41 1u
#define ESPALIER_X86_AVX2 2u /* with FMA */
#define ESPALIER_X86_AVX_VNNI 4u
#define ESPALIER_X86_AVX512_VNNI 8u /* with F, BW, DQ, VL, VBMI, VBMI2 */
uint32_t espalier_x86_features(void);
#endif

extern const EspalierKernelSet espalier_kernels_portable;

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_NEON)
extern const EspalierKernelSet espalier_kernels_smlad;
#endif

#if defined(__arm__) && defined(__ARM_NEON)
extern const EspalierKernelSet espalier_kernels_neon32;
#endif

#if defined(__aarch64__)
extern const EspalierKernelSet espalier_kernels_neondot;
extern const EspalierKernelSet espalier_kernels_neon;

/* True where the processor has SDOT. */
int espalier_arm_has_dot_product(void);
#endif

#endif
