/* Where pixel lanes find a block's input in a band they gathered: in plain C, as the compiler lists places
 * ahead (places.c). Headers hold such lists: change a place and you change ESPALIER_ABI_VERSION. */
#ifndef ESPALIER_AVX512VNNI_PLACES_H
#define ESPALIER_AVX512VNNI_PLACES_H

#include "../bands.h"

/* Segments of a band whose single outputs are walked four at a time. */
#define TOGETHER_SEGMENTS 5
/* Places are words, numbered by 16 bits; so many zeros follow the gathered input. */
#define MOST_PLACES (65536 - TOGETHER_SEGMENTS * 16)

INLINE int32_t strips_of(int32_t kernel_height, int32_t height, int32_t width) {
    const int divides = width < 16 && 16 % width == 0 && height % (16 / width) == 0;
    return kernel_height > 1 && divides ? 16 / width : 1;
}

/* 0 for strides it does not know and for pictures too large. Few pixels are gathered even where the input
 * could be read in place, so that loads are aligned and outputs can be walked together. */
INLINE int gather_in_words(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                           int8_t *room, Gather *g) {
    const EspalierTensor *output = &tensors[layer->output];
    const int32_t strips = strips_of(layer->kernel_height, output->height, output->width);
    if (!gather_of(layer, tensors, arena, room, strips, g)) return 0;
    const int is_small = g->height * g->width <= TOGETHER_SEGMENTS * 16;
    return gather_within(g, MOST_PLACES, is_small);
}

/* Of `room`, where a band's input goes, whole cache lines. */
INLINE int32_t gather_bytes(const Gather *g) {
    return g->is_input ? 0 : (g->plane * g->quads + 63) / 64 * 64;
}

/* The place of zeros as long as the band, behind the gathered input; 0 where lists are not walked together:
 * the band has too many segments, or is not the whole picture. */
INLINE int32_t zeros_place(const EspalierLayer *layer, const Gather *g) {
    if (layer->block_outputs > 1 || !layer->mask) return 0;
    if (g->is_input || g->band < g->height || g->height * g->width > TOGETHER_SEGMENTS * 16) return 0;
    return gather_bytes(g) / 4;
}

/* How far four lists are filled up with places of zeros, whose weights may be any that follow: to whole fours
 * of the longest; 0 where no weights follow. `starts`: of each row's weights, and past the last one's. */
INLINE int32_t filled_up(const EspalierLayer *layer, const uint32_t *starts) {
    int32_t longest = 0;
    for (int j = 0; j < 4; j++) {
        const int32_t count = (int32_t)(starts[j + 1] - starts[j]);
        longest = count > longest ? count : longest;
    }
    longest = (longest + 3) / 4 * 4;
    for (int j = 0; j < 4; j++) {
        if (starts[j] + (uint32_t)longest > (uint32_t)layer->blocks_kept) return 0;
    }
    return longest;
}

/* First layers of few channels have places of their own: few_channels.h. */
INLINE int has_few_channels(const EspalierLayer *layer, const EspalierTensor *input, const Gather *g) {
    return (input->channels == 3 || input->channels == 1) && layer->block_outputs == 4 && !layer->mask
           && g->kernel_height == 3 && g->kernel_width == 3 && g->dilation_height * g->dilation_width == 1
           && g->strips == 1;
}

#endif
