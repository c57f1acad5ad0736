/* Which sets there are, which this machine can run, and the call of one of their kernels. */
#include "sets.h"

static const EspalierKernelSet reference = { .name = "reference" };

#define MOST_SETS 8

/* Two threads that get here at once write the same values; a third that sees the count sees them too. */
static const EspalierKernelSet *available[MOST_SETS];
static uint32_t available_count;

#if defined(__ARM_ARCH_6M__)
/* One processor, which loads and stores a word at once, and no library for atomic access. */
#define LOAD(place) (*(const volatile uint32_t *)(place))
#define STORE(place, value) (*(volatile uint32_t *)(place) = (value))
#else
#define LOAD(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)
#endif

static uint32_t find_sets(void) {
    uint32_t count = LOAD(&available_count);
    if (count) return count;
#if defined(__x86_64__)
    const uint32_t features = espalier_x86_features();
    if (features & ESPALIER_X86_AVX512_VNNI) available[count++] = &espalier_kernels_avx512vnni;
    if (features & ESPALIER_X86_AVX_VNNI) available[count++] = &espalier_kernels_avxvnni;
    if (features & ESPALIER_X86_AVX2) available[count++] = &espalier_kernels_avx2;
    if (features & ESPALIER_X86_SSE41) available[count++] = &espalier_kernels_sse41;
#endif
#if defined(__aarch64__)
    /* Firmware for one board leaves out the set that board has no use for: 50 to 70 KB. */
#if !defined(ESPALIER_WITHOUT_NEONDOT)
    if (espalier_arm_has_dot_product()) available[count++] = &espalier_kernels_neondot;
#endif
#if !defined(ESPALIER_WITHOUT_NEON)
    available[count++] = &espalier_kernels_neon;
#endif
#endif
#if defined(__arm__) && defined(__ARM_NEON)
    available[count++] = &espalier_kernels_neon32;
#endif
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_NEON)
    available[count++] = &espalier_kernels_smlad;
#endif
    available[count++] = &espalier_kernels_portable;
    available[count++] = &reference;
    STORE(&available_count, count);
    return count;
}

const EspalierKernelSet *espalier_kernels_at(uint32_t index) {
    return index < find_sets() ? available[index] : 0;
}

const EspalierKernelSet *espalier_kernels_best(void) { return espalier_kernels_at(0); }

static EspalierKernel convolution_of(const EspalierKernelSet *set, const EspalierLayer *layer,
                                     const EspalierTensor *tensors) {
    if (!is_plain(layer, tensors)) return 0;
    switch (layer->kernel) {
    case ESPALIER_KERNEL_CHANNEL_LANES: return set->channel_lanes;
    case ESPALIER_KERNEL_PIXEL_LANES: return set->pixel_lanes;
    case ESPALIER_KERNEL_WINOGRAD: return set->winograd ? set->winograd : set->channel_lanes;
    default: return 0;
    }
}

int32_t espalier_kernels_run(const EspalierKernelSet *set, const EspalierLayer *layer,
                             const EspalierTensor *tensors, int8_t *arena) {
    EspalierKernel kernel = 0;
    switch (layer->operation) {
    case ESPALIER_OPERATION_CONVOLUTION: kernel = convolution_of(set, layer, tensors); break;
    case ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION: kernel = set->depthwise_convolution; break;
    case ESPALIER_OPERATION_ADD: kernel = set->add; break;
    case ESPALIER_OPERATION_MAX_POOL: kernel = set->max_pool; break;
    case ESPALIER_OPERATION_AVERAGE_POOL: kernel = set->average_pool; break;
    case ESPALIER_OPERATION_MEAN: kernel = set->mean; break;
    }
    return kernel ? kernel(layer, tensors, arena) : 0;
}

int32_t espalier_kernels_run_ending(const EspalierKernelSet *set, const EspalierLayer *convolution,
                                    const EspalierTensor *tensors, int8_t *arena) {
    EspalierEnding ending = { 0, 0 };
    EspalierEndingKernel kernel = 0;
    if (!convolution->ends_with || !is_plain(convolution, tensors)) return 0;
    for (int32_t k = 1; k <= convolution->ends_with; k++) {
        const EspalierLayer *layer = convolution + k;
        *(layer->operation == ESPALIER_OPERATION_ADD ? &ending.addition : &ending.pool) = layer;
    }
    switch (convolution->kernel) {
    case ESPALIER_KERNEL_WINOGRAD: kernel = set->winograd ? 0 : set->ending_channel_lanes; break;
    case ESPALIER_KERNEL_CHANNEL_LANES: kernel = set->ending_channel_lanes; break;
    case ESPALIER_KERNEL_PIXEL_LANES: kernel = set->ending_pixel_lanes; break;
    }
    return kernel ? kernel(convolution, ending, tensors, arena) : 0;
}
