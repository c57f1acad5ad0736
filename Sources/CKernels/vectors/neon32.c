/* The set `neon32`: 32-bit Arm with NEON (Raspberry Pi 2, and 3, 4 and Zero 2 W with a 32-bit system). */
#if defined(__arm__) && defined(__ARM_NEON)
#define SET espalier_kernels_neon32
#define SET_NAME "neon32"
#include "neon32.h"
#include "set.h"
#endif
