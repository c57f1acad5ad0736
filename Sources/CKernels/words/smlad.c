/* The set `smlad`: Arm with the instructions on halves of words (ARMv6 of the Raspberry Pi Zero and 1,
 * Cortex-M4, M7) and without vectors. */
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_NEON)
#include <arm_acle.h>
#include <stdint.h>

#define SET espalier_kernels_smlad
#define SET_NAME "smlad"

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

#include "words.h"
#endif
