/* The set `neon32`: 32-bit Arm with NEON (Raspberry Pi 2, and 3, 4 and Zero 2 W with a 32-bit system). */
#if defined(__arm__) && defined(__ARM_NEON)
#define SET espalier_kernels_neon32
#define SET_NAME "neon32"
#define KERNELS ESPALIER_KERNELS_NEON32
#include "neon32.h"

#define OUTPUTS_AT_ONCE 8 /* x 4 tiles in registers */
enum { GENERALLY, IN_16_BITS, FROM_ZERO }; /* the second saturates here, so any range will do */

INLINE int begin_storing(const EspalierLayer *layer, const EspalierTensor *output, Storing *s) {
    *s = storing(layer, output, output->channels);
    return s->in_lanes;
}

INLINE int begin_outputs(const EspalierLayer *layer, int32_t first, const Storing *s, Requantiser r[4]) {
    for (int32_t n = 0; n < 4; n++) r[n] = requantiser(layer, first + n * LANES, ~0, 1);
    return s->once ? GENERALLY : s->negative_differs ? IN_16_BITS : FROM_ZERO;
}

INLINE int32x4_t start_of(const Requantiser *r) { return vld1q_s32(r->start); }

INLINE void store_row(const int32x4_t v[4], const Requantiser *r, const Storing *s, int8_t *output,
                      int pixels, const int way) {
    int32x4_t x[4];
    for (int i = 0; i < 4; i++) {
        x[i] = way == GENERALLY ? requantise(v[i], r, s->negative_differs)
                                : round_twice(v[i], r->multiplier, r->shift, way == IN_16_BITS);
    }
    bytes_store_pixels(bytes_pack(x, s), output, pixels);
}

#include "../neon/winograd.h"
#include "set.h"
#endif
