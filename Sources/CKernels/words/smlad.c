/* The set `smlad`: Arm with the instructions on halves of words (ARMv6 of the Raspberry Pi Zero and 1,
 * Cortex-M4, M7) and without vectors. */
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_NEON)
#include <arm_acle.h>
#include <stdint.h>

#define SET espalier_kernels_smlad
#define SET_NAME "smlad"
#define PIXELS 4

/* Bytes 0 and 2, and bytes 1 and 3, as 16 bits each. */
typedef struct Four {
    int16x2_t even, odd;
} Four;

static inline __attribute__((always_inline)) Four four(const int8_t *bytes) {
    uint32_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(bytes, 4), 4);
    return (Four){ __sxtb16((int8x4_t)word), __sxtb16((int8x4_t)__ror(word, 8)) };
}

static inline __attribute__((always_inline)) int32_t dot(int32_t sum, Four a, Four b) {
    return __smlad(a.odd, b.odd, __smlad(a.even, b.even, sum));
}

static inline __attribute__((always_inline)) void add_products(int32_t sums[4], Four a, Four b) {
    sums[0] = __smlabb(a.even, b.even, sums[0]);
    sums[1] = __smlabb(a.odd, b.odd, sums[1]);
    sums[2] = __smlatt(a.even, b.even, sums[2]);
    sums[3] = __smlatt(a.odd, b.odd, sums[3]);
}

/* Each of the next four Fours times `factors`, into the sum of its pixel. The compiler would load halves, and
 * keep more than there are registers for. */
static inline __attribute__((always_inline)) void add_pixels(int32_t sums[PIXELS], const Four **ready,
                                                             Four factors) {
    uint64_t a, b;
    __asm__("ldrd %Q0, %R0, [%2], #8\n\t"
            "ldrd %Q1, %R1, [%2], #8\n\t"
            "smlad %3, %Q0, %7, %3\n\t"
            "smlad %4, %Q1, %7, %4\n\t"
            "smlad %3, %R0, %8, %3\n\t"
            "smlad %4, %R1, %8, %4\n\t"
            "ldrd %Q0, %R0, [%2], #8\n\t"
            "ldrd %Q1, %R1, [%2], #8\n\t"
            "smlad %5, %Q0, %7, %5\n\t"
            "smlad %6, %Q1, %7, %6\n\t"
            "smlad %5, %R0, %8, %5\n\t"
            "smlad %6, %R1, %8, %6"
            : "=&r"(a), "=&r"(b), "+&r"(*ready), "+&r"(sums[0]), "+&r"(sums[1]), "+&r"(sums[2]),
              "+&r"(sums[3])
            : "r"(factors.even), "r"(factors.odd)
            : "memory");
}

/* (a * b + 2^31) >> 32. */
#define SMMULR smmulr
static inline __attribute__((always_inline)) int32_t smmulr(int32_t a, int32_t b) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
    return high;
}

/* The subtraction leaves for each byte which one is greater, the selection takes it. */
static inline __attribute__((always_inline)) uint32_t bytes_max(uint32_t a, uint32_t b) {
    uint32_t greater;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(greater) : "r"(a), "r"(b));
    return greater;
}

static inline __attribute__((always_inline)) uint32_t bytes_min(uint32_t a, uint32_t b) {
    uint32_t less;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(less) : "r"(a), "r"(b));
    return less;
}

static inline __attribute__((always_inline)) int trailing_zeros(uint32_t bits) {
    return __builtin_ctz(bits);
}

static inline __attribute__((always_inline)) int32_t saturated(int32_t value) { return __ssat(value, 8); }

#include "set.h"
#endif
