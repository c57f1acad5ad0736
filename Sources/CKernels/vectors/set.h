/* A set of kernels in whatever vectors the including file has a vocabulary for. That file chooses the set's
 * symbol (SET) and its name (SET_NAME). */
#include "../sets.h"

#include "channel_lanes.h"
#include "depthwise.h"
#include "elementwise.h"
#include "pixel_lanes.h"

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
    .channel_lanes = convolution_in_channel_lanes,
    .pixel_lanes = convolution_in_pixel_lanes,
    .depthwise_convolution = depthwise,
    .add = add,
    .average_pool = average_pool,
    .mean = mean,
    .exercise = exercise,
};
