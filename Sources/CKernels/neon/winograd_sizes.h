/* How Winograd's transformation cuts up a layer, and how it divides its scratch: in plain C, as the compiler
 * asks for both (scratch.c). */
#ifndef ESPALIER_ARM_WINOGRAD_SIZES_H
#define ESPALIER_ARM_WINOGRAD_SIZES_H

#include "../geometry.h"

enum {
    MOST_CHANNELS = 224,
    POSITIONS = 36,     /* of a tile */
    QUAD_INPUTS = 16,   /* values of a position: 4 tiles x a quad's channels */
    QUAD_WEIGHTS = 64,  /* a quad's channels x 16 outputs */
    POSITION_SUMS = 64, /* 4 tiles x 16 outputs */
    INPUT_BYTES = 81920 /* what the transformed inputs of a band may take, where one block of tiles fits */
};

/* A block is two pairs of tiles; a pair is two neighbours, 8 x 4 outputs, or the last tile of a row. The
 * scratch holds the transformed inputs of a band of blocks, the transformed weights of a group of 16 outputs
 * and the sums of a block. Several groups transform their weights anew in every band, so bands are large; one group
 * does it once, and its bands are single blocks. */
typedef struct WinogradSizes {
    int32_t pairs_per_row, pairs, blocks;
    int32_t band;          /* blocks of one */
    int32_t transforms;    /* of each weight */
    int32_t block;         /* int16s of a block's inputs */
    int32_t weights, sums; /* where they begin in the scratch, and the bytes of all */
    int32_t bytes;
} WinogradSizes;

INLINE int fits_winograd(const EspalierLayer *layer, const EspalierTensor *tensors) {
    return layer->kernel_height == 3 && layer->kernel_width == 3 && layer->stride_height == 1
           && layer->stride_width == 1 && layer->dilation_height == 1 && layer->dilation_width == 1
           && tensors[layer->inputs[0]].quads * 4 <= MOST_CHANNELS;
}

/* Of a layer that fits. */
INLINE WinogradSizes winograd_sizes(const EspalierLayer *layer, const EspalierTensor *tensors) {
    const EspalierTensor *output = &tensors[layer->output];
    const int32_t quads = tensors[layer->inputs[0]].quads;
    const int is_one_group = output->quads <= 4;
    WinogradSizes s;
    s.pairs_per_row = (output->width + 7) / 8;
    s.pairs = s.pairs_per_row * ((output->height + 3) / 4);
    s.blocks = (s.pairs + 1) / 2;
    s.block = POSITIONS * QUAD_INPUTS * quads;
    s.band = is_one_group ? 1 : INPUT_BYTES / (2 * s.block);
    s.band = s.band < 1 ? 1 : s.band < s.blocks ? s.band : s.blocks;
    s.transforms = is_one_group ? 1 : (s.blocks + s.band - 1) / s.band;
    s.weights = s.band * s.block * 2;
    s.sums = s.weights + POSITIONS * QUAD_WEIGHTS * quads * 2;
    s.bytes = s.sums + POSITIONS * POSITION_SUMS * 4;
    return s;
}

#endif
