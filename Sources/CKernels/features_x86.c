/* What the processor and the operating system offer, by CPUID and XGETBV: the compiler's own
 * __builtin_cpu_supports needs a runtime library that firmware does not link.
 *
 * Source: Intel 64 Software Developer's Manual, volume 2A, CPUID; volume 1, 13.2 (XCR0). */
#include "sets.h"

#if defined(__x86_64__)

typedef struct Registers {
    uint32_t a, b, c, d;
} Registers;

static Registers cpuid(uint32_t leaf, uint32_t subleaf) {
    Registers r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}

static uint32_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int has(uint32_t reg, int bit) { return reg >> bit & 1; }

uint32_t espalier_x86_features(void) {
    const Registers one = cpuid(1, 0);
    uint32_t features = has(one.c, 19) ? ESPALIER_X86_SSE41 : 0;
    if (cpuid(0, 0).a < 7 || !has(one.c, 27)) return features; /* OSXSAVE */
    const Registers seven = cpuid(7, 0);
    const uint32_t state = enabled_state();
    if ((state & 0x06) != 0x06) return features; /* XMM, YMM */
    if (!has(seven.b, 5) || !has(one.c, 12)) return features;
    features |= ESPALIER_X86_AVX2;
    if (seven.a >= 1 && has(cpuid(7, 1).a, 4)) features |= ESPALIER_X86_AVX_VNNI;
    if ((state & 0xe0) != 0xe0) return features; /* opmask, ZMM */
    const int avx512 = has(seven.b, 16) && has(seven.b, 17) && has(seven.b, 30) && has(seven.b, 31);
    const int permutes = has(seven.c, 1) && has(seven.c, 6);
    if (avx512 && permutes && has(seven.c, 11)) features |= ESPALIER_X86_AVX512_VNNI;
    return features;
}

#endif
