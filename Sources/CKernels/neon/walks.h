/* What the sums of a tile in channel lanes are made from, in both sets of 64-bit NEON. */
#ifndef ESPALIER_ARM_WALKS_H
#define ESPALIER_ARM_WALKS_H

#include "neon64.h"

/* Tiles of pixels x one group of 16 outputs. */
typedef struct ChannelWalk {
    Geometry g;
    Storing storing;
    const Visit *visits;    /* where some quads are silent, else */
    const int32_t *offsets; /* of all blocks' inputs, the weights one after the other */
    int32_t count;
    const int8_t *weights;  /* of the group */
    Requantiser requantisers[4];
    int32x4_t starts[8];    /* theirs, as channel_sums wants them */
    int32_t quads;          /* output quads in this group */
    int32_t input_quads, kernel_height, row_step; /* row_step: from a kernel row's inputs to the next one's */
    int way;
} ChannelWalk;

/* What two vectors of sums start with. Loaded for each of them anew, which takes half the instructions that
 * copies between registers do, and none of the pipelines that multiply; volatile, or compilers copy. */
INLINE void load_starts(const int32x4_t starts[2], int32x4_t *first, int32x4_t *second) {
    __asm__ volatile("ldp %q0, %q1, [%2]"
                     : "=w"(*first), "=w"(*second)
                     : "r"(starts), "m"(*(const int32x4_t(*)[2])starts));
}

#endif
