/* A set of kernels in whatever vectors the including file has a vocabulary for. That file chooses the set's
 * symbol (SET), its name (SET_NAME) and its kind (KERNELS). */
#include "../sets.h"

#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"
#include "../pools.h"

/* Between the two calls, and not inlined between them: else the compiler might move what depends on the mode.
 */
#if defined(IN_SINGLE_PRECISION)
#define ROUNDING(NAME, KERNEL)                                                                               \
    static int32_t NAME(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {          \
        const unsigned mode = start_rounding(storing(layer, &tensors[layer->output], 0).negative_differs);   \
        const int32_t done = KERNEL(layer, tensors, arena);                                                  \
        round_as_before(mode);                                                                               \
        return done;                                                                                         \
    }
#else
#define ROUNDING(NAME, KERNEL)                                                                               \
    static int32_t NAME(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {          \
        return KERNEL(layer, tensors, arena);                                                                \
    }
#endif
ROUNDING(channel_lanes, convolution_in_channel_lanes)
ROUNDING(pixel_lanes, convolution_in_pixel_lanes)
ROUNDING(depthwise_convolution, depthwise)

#if defined(OUTPUTS_AT_ONCE)
static int32_t winograd(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const int32_t done = convolution_by_winograd(layer, tensors, arena);
    return done ? done : channel_lanes(layer, tensors, arena);
}
#endif

static uint64_t exercise(uint32_t rounds) {
    Ints sums[12];
    for (int i = 0; i < 12; i++) sums[i] = ints_all(0);
    Bytes a = ints_all(0x03030303), b = ints_all(0x05050505);
    for (uint32_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+" IN_A_REGISTER(a), "+" IN_A_REGISTER(b));
#pragma clang loop unroll(full)
        for (int i = 0; i < 12; i++) sums[i] = dot(sums[i], a, b, 1);
    }
    for (int i = 0; i < 12; i++) __asm__ volatile("" : : IN_A_REGISTER(sums[i]));
    return (uint64_t)rounds * 12 * LANES * 4;
}

const EspalierKernelSet SET = {
    .name = SET_NAME,
    .flip = FLIP,
    .kernels = KERNELS,
    .channel_lanes = channel_lanes,
    .pixel_lanes = pixel_lanes,
#if defined(OUTPUTS_AT_ONCE)
    .winograd = winograd,
#endif
    .depthwise_convolution = depthwise_convolution,
    .add = add,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .mean = mean,
    .exercise = exercise,
};
