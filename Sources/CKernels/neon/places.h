/* Where pixel lanes of 64-bit NEON find a block's input in a band they gathered, and how they list it: in
 * plain C, as the compiler lists places ahead (places.c). Headers hold such lists: change one and you change
 * ESPALIER_ABI_VERSION.
 *
 * With dot products a mask row's list has the places of its blocks. Without, it has runs: how many fours of
 * blocks, whose products 16 bits hold together, and how many pairs follow, and their places; behind the last
 * run the block that may be left over. */
#ifndef ESPALIER_ARM_PLACES_H
#define ESPALIER_ARM_PLACES_H

#include "../bands.h"

/* What a run begins with. */
enum { RUN_WORDS = 2 };

/* A list of so many blocks, one run of pairs. */
INLINE void begin_list(uint16_t *list, int32_t blocks) {
    list[0] = 0;
    list[1] = (uint16_t)(blocks / 2);
}

/* 0 for strides it does not know and for pictures too large. */
INLINE int gather_in_rows(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                          int8_t *room, Gather *g) {
    return gather_of(layer, tensors, arena, room, 1, g) && gather_within(g, 65536, 0);
}

/* Four blocks one after the other: do 16 bits hold the sum of each byte's products with -128 ... 127? */
INLINE int is_four(const int8_t *weights, int32_t outputs) {
    for (int32_t i = 0; i < outputs * 4; i++) {
        int32_t sum = 0;
        for (int32_t block = 0; block < 4; block++) {
            const int32_t weight = weights[block * outputs * 4 + i];
            sum += weight < 0 ? -weight : weight;
        }
        if (sum > 255) return 0;
    }
    return 1;
}

#endif
