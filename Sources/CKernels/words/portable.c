/* The set `portable`: plain C, where there is no other. */
#include <stdint.h>

#define SET espalier_kernels_portable
#define SET_NAME "portable"

typedef struct Four {
    int32_t v[4];
} Four;

static inline __attribute__((always_inline)) Four four(const int8_t *bytes) {
    return (Four){ { bytes[0], bytes[1], bytes[2], bytes[3] } };
}

static inline __attribute__((always_inline)) int32_t dot(int32_t sum, Four a, Four b) {
    return sum + a.v[0] * b.v[0] + a.v[1] * b.v[1] + a.v[2] * b.v[2] + a.v[3] * b.v[3];
}

#include "words.h"
