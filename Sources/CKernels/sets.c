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
#endif
#if defined(__aarch64__)
    /* Firmware for one board leaves out the set that board has no use for: 120 to 150 KB. */
#if !defined(ESPALIER_WITHOUT_NEONDOT)
    if (espalier_arm_has_dot_product()) available[count++] = &espalier_kernels_neondot;
#endif
#if !defined(ESPALIER_WITHOUT_NEON)
    available[count++] = &espalier_kernels_neon;
#endif
#endif
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
    if (layer->weight_zero_point || tensors[layer->inputs[0]].data) return 0;
    switch (layer->kernel) {
    case ESPALIER_KERNEL_CHANNEL_LANES: return set->channel_lanes;
    case ESPALIER_KERNEL_PIXEL_LANES: return set->pixel_lanes;
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
    case ESPALIER_OPERATION_AVERAGE_POOL: kernel = set->average_pool; break;
    case ESPALIER_OPERATION_MEAN: kernel = set->mean; break;
    }
    return kernel ? kernel(layer, tensors, arena) : 0;
}
