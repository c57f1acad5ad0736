/* Where pixel lanes find a block's input in a band they gathered, and how they divide their scratch: in plain
 * C, as the compiler lists places ahead (places.c) and asks for scratch (scratch.c). Headers hold such lists:
 * change a place and you change ESPALIER_ABI_VERSION. */
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

/* The place of zeros as long as the band, behind the gathered input; 0 where lists are not walked together:
 * the band has too many segments, or is not the whole picture. */
INLINE int32_t zeros_place(const EspalierLayer *layer, const Gather *g) {
    if (layer->block_outputs > 1 || !layer->mask) return 0;
    if (g->is_input || g->band < g->height || g->height * g->width > TOGETHER_SEGMENTS * 16) return 0;
    return band_bytes(g, 0) / 4;
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

/* Words of such a layer's window. */
INLINE int32_t few_words(int32_t channels) { return channels == 3 ? 7 : 3; }

/* Of a mask row's list, which may be filled up to whole fours; where some inputs are silent, the weights of
 * the others are copied behind it. */
INLINE int32_t list_entries(const EspalierLayer *layer, int copies_weights) {
    const int32_t blocks = layer->row_blocks;
    return (blocks + 3) / 4 * 4 + (copies_weights ? 2 * blocks * layer->block_outputs : 0);
}

/* The bytes of four outputs' lists. Lists of what a mask keeps are stored 32 entries at a time. */
INLINE int32_t lists_bytes(const EspalierLayer *layer, int keeps_some, int looks) {
    const int32_t rows = 4 / layer->block_outputs, last = (layer->row_blocks + 31) / 32 * 32;
    const int32_t kept = keeps_some ? (rows - 1) * list_entries(layer, 0) + last : 0;
    const int32_t live = looks ? rows * list_entries(layer, 1) : 0;
    return (live > kept ? live : kept) * 2;
}

INLINE Room room_in_words(const EspalierLayer *layer, const EspalierTensor *input, const Gather *g) {
    const int has_few = has_few_channels(layer, input, g), looks = layer->skips_silence && !has_few;
    const int are_made = layer->places_of == ESPALIER_PLACES_AVX512VNNI;
    const int32_t words = has_few ? few_words(input->channels) : layer->row_blocks;
    Room room;
    room.places = band_bytes(g, 0) + (zeros_place(layer, g) ? TOGETHER_SEGMENTS * 64 : 0);
    room.live = room.places + (are_made ? 0 : (words + 1) / 2 * 4);
    room.lists = room.live + (looks ? live_bytes(layer) : 0);
    room.bytes = room.lists + lists_bytes(layer, layer->mask && !are_made, looks);
    return room;
}

#endif
