/* What an Arm processor offers, by its identification registers: Linux lets programs read them (it traps
 * and answers the MRS), bare metal runs where they can be read, and neither needs a C library.
 *
 * Source: Arm Architecture Reference Manual, ID_AA64ISAR0_EL1; Linux
 * Documentation/arm64/cpu-feature-registers.rst. */
#include "sets.h"

#if defined(__aarch64__)

int espalier_arm_has_dot_product(void) {
#if defined(__ARM_FEATURE_DOTPROD) || defined(__APPLE__)
    return 1; /* compiled for it; every Apple processor has it, and their system forbids the register */
#else
    uint64_t features;
    __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
    return (features >> 44 & 15) != 0; /* DP */
#endif
}

#endif
