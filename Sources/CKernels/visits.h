/* The blocks that a mask row keeps and whose input is not silent, as a list that inner loops walk. */
#ifndef ESPALIER_VISITS_H
#define ESPALIER_VISITS_H

#include "geometry.h"

/* A silent quad holds the zero point in all of a picture's pixels. True for a plane with any other value. */
INLINE int is_live(const EspalierTensor *tensor, const int8_t *arena, int32_t quad, uint32_t flip) {
    const int8_t *plane = arena + tensor->offset - tensor->halo_top * tensor->row_bytes
                          - tensor->halo_left * 4 + quad * tensor->plane_bytes;
    const uint64_t zero = (((uint32_t)tensor->zero_point ^ flip) & 0xff) * 0x0101010101010101u;
    const int32_t bytes = (tensor->halo_top + tensor->height + tensor->halo_bottom) * tensor->row_bytes;
    int32_t i = 0;
    /* Live planes show it in their first rows; 64 bytes a step lets silent ones pass quickly. */
    for (; i + 64 <= bytes; i += 64) {
        uint64_t words[8], different = 0;
        __builtin_memcpy(words, plane + i, 64);
        for (int k = 0; k < 8; k++) different |= words[k] ^ zero;
        if (different) return 1;
    }
    for (; i + 4 <= bytes; i += 4) {
        uint32_t word;
        __builtin_memcpy(&word, plane + i, 4);
        if (word != (uint32_t)zero) return 1;
    }
    return 0;
}

/* Bytes of a list of as many visits as a layer has blocks. */
INLINE int64_t visits_bytes(const EspalierLayer *layer) {
    return layer->row_blocks * (int64_t)sizeof(Visit);
}

/* Bytes of a bit for each block. */
INLINE int32_t live_bytes(const EspalierLayer *layer) { return (layer->row_blocks + 31) / 32 * 4; }

/* Quads of the widest tensor that is looked at for silence. */
#define MOST_QUADS 512

/* A byte for each quad: 1 where it is live. 0 where all are, or there are too many to look; and where a
 * silent quad's stored bytes are not zero, as they are for the zero point of a rectified tensor, for then its
 * blocks do add something: what the bias takes off. */
INLINE int list_live_quads(const EspalierTensor *input, const int8_t *arena, uint32_t flip, uint8_t *live) {
    if (input->quads > MOST_QUADS || (((uint32_t)input->zero_point ^ flip) & 0xff)) return 0;
    int any_silent = 0;
    for (int32_t q = 0; q < input->quads; q++) {
        live[q] = (uint8_t)is_live(input, arena, q, flip);
        any_silent |= !live[q];
    }
    return any_silent;
}

/* Lists the blocks of a row that keeps all of them, in storage order.
 *
 * `live` has a byte for each input quad, or is NULL. Returns how many there are; `visits` has room for
 * row_blocks. */
INLINE int32_t list_visits(const EspalierLayer *layer, const EspalierTensor *input, const uint8_t *live,
                           Visit *visits) {
    const int32_t bytes = layer->block_outputs * 4;
    int32_t count = 0, weights = 0;
    for (int32_t y = 0; y < layer->kernel_height; y++) {
        for (int32_t x = 0; x < layer->kernel_width; x++) {
            int32_t place = y * layer->dilation_height * input->row_bytes + x * layer->dilation_width * 4;
            for (int32_t q = 0; q < input->quads; q++, place += input->plane_bytes, weights += bytes) {
                visits[count].input = place;
                visits[count].weights = weights;
                count += live ? live[q] : 1;
            }
        }
    }
    return count;
}

/* A bit for each block whose quad is not silent; 0 where all are live. */
INLINE int list_live_blocks(const EspalierLayer *layer, const EspalierTensor *input, const int8_t *arena,
                            uint32_t flip, uint32_t *bits) {
    const int32_t taps = layer->kernel_height * layer->kernel_width, words = live_bytes(layer) / 4;
    uint8_t live[MOST_QUADS];
    if (!list_live_quads(input, arena, flip, live)) return 0;
    for (int32_t i = 0; i < words; i++) bits[i] = 0xffffffff;
    for (int32_t q = 0; q < input->quads; q++) {
        if (live[q]) continue;
        for (int32_t tap = 0; tap < taps; tap++) {
            const int32_t block = tap * input->quads + q;
            bits[block >> 5] &= ~(1u << (block & 31));
        }
    }
    return 1;
}

/* Groups of 16 outputs keep all their blocks or none. */
INLINE int is_stored(const EspalierLayer *layer, int32_t group) {
    if (!layer->mask) return 1;
    const uint32_t *mask = layer->mask + group * layer->mask_words;
    for (int32_t i = 0; i < layer->mask_words; i++) {
        if (mask[i]) return 1;
    }
    return 0;
}

/* What a kernel in channel lanes returns: it visited `visited` of the blocks of every stored row. */
INLINE int32_t done_in_channel_lanes(const EspalierLayer *layer, int32_t visited) {
    return 1 + (layer->row_blocks - visited) * (layer->blocks_kept / layer->row_blocks);
}

/* Where each block's inputs lie from a pixel's window; returns how many there are. */
INLINE int32_t list_places(const EspalierLayer *layer, const EspalierTensor *input, int32_t *places) {
    int32_t block = 0;
    for (int32_t y = 0; y < layer->kernel_height; y++) {
        for (int32_t x = 0; x < layer->kernel_width; x++) {
            int32_t place = y * layer->dilation_height * input->row_bytes + x * layer->dilation_width * 4;
            for (int32_t q = 0; q < input->quads; q++, place += input->plane_bytes) places[block++] = place;
        }
    }
    return block;
}

#endif
