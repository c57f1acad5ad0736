/* The set `portable`: plain C, where there is no other. */
#include <stdint.h>

#define SET espalier_kernels_portable
#define SET_NAME "portable"
#define PIXELS 2

typedef struct Four {
    int32_t v[4];
} Four;

static inline __attribute__((always_inline)) Four four(const int8_t *bytes) {
    return (Four){ { bytes[0], bytes[1], bytes[2], bytes[3] } };
}

static inline __attribute__((always_inline)) int32_t dot(int32_t sum, Four a, Four b) {
    return sum + a.v[0] * b.v[0] + a.v[1] * b.v[1] + a.v[2] * b.v[2] + a.v[3] * b.v[3];
}

/* Channel by channel, to which the assembly holds the compiler: a Cortex-M0+ has few registers. */
static inline __attribute__((always_inline)) void add_pixels(int32_t sums[PIXELS], const Four **ready,
                                                             Four factors) {
    for (int c = 0; c < 4; c++) {
        for (int p = 0; p < PIXELS; p++) sums[p] += (*ready)[p].v[c] * factors.v[c];
        __asm__("" : "+r"(sums[0]), "+r"(sums[1]));
    }
    *ready += PIXELS;
}

static inline __attribute__((always_inline)) void add_products(int32_t sums[4], Four a, Four b) {
    for (int c = 0; c < 4; c++) sums[c] += a.v[c] * b.v[c];
}

static inline __attribute__((always_inline)) uint32_t bytes_max(uint32_t a, uint32_t b) {
    uint32_t greater = 0;
    for (int i = 0; i < 32; i += 8) {
        const int8_t x = (int8_t)(a >> i), y = (int8_t)(b >> i);
        greater |= (uint32_t)(uint8_t)(x > y ? x : y) << i;
    }
    return greater;
}

static inline __attribute__((always_inline)) uint32_t bytes_min(uint32_t a, uint32_t b) {
    return ~bytes_max(~a, ~b);
}

static inline __attribute__((always_inline)) int trailing_zeros(uint32_t bits) {
#if defined(__ARM_ARCH_6M__)
    int zeros = 0;
#pragma clang loop unroll(disable)
    for (; !(bits & 1); bits >>= 1) zeros++;
    return zeros;
#else
    return __builtin_ctz(bits);
#endif
}

static inline __attribute__((always_inline)) int32_t saturated(int32_t value) {
    return value < -128 ? -128 : value > 127 ? 127 : value;
}

#include "set.h"
