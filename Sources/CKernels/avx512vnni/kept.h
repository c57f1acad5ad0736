/* The blocks that mask rows keep and whose input is not silent, as lists of where their inputs lie in a band.
 * Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_KEPT_H
#define ESPALIER_AVX512VNNI_KEPT_H

#include "gather.h"

/* Four weights, or four activations, as one unaligned word. */
typedef struct __attribute__((packed)) Quad {
    int32_t value;
} Quad;

/* The blocks that a mask row keeps and whose input is not silent. */
typedef struct Kept {
    const uint16_t *places; /* of their inputs, in words from a segment's first pixel */
    const int8_t *weights;
    int32_t count;
    int32_t silent; /* blocks left out, of each output */
} Kept;

/* What lists are made of. */
typedef struct Lists {
    const EspalierLayer *layer;
    const uint16_t *places; /* of every block */
    const uint32_t *live;   /* a bit for each block whose input is not silent; NULL: all */
    uint16_t *room;         /* for the mask rows of four outputs */
    int32_t rows;
    int32_t zeros; /* place of zeros as long as the band, where lists are walked together; else 0 */
} Lists;

/* Lists a mask row's blocks; returns how many. Writes whole 32 entries. */
INLINE int32_t list_kept(const Lists *l, const uint32_t *mask, uint16_t *room) {
    uint16_t *place = room;
    for (int32_t block = 0; block < l->layer->row_blocks; block += 32) {
        const uint32_t bits = *mask++;
        _mm512_storeu_si512(place, _mm512_maskz_compress_epi16(bits, _mm512_loadu_si512(l->places + block)));
        place += _mm_popcnt_u32(bits);
    }
    return (int32_t)(place - room);
}

/* The same without silent blocks. Weights are copied behind the list, so that those of visited blocks are
 * neighbours. */
static int32_t list_live(const Lists *l, const uint32_t *mask, uint16_t *room, Kept *kept) {
    const int32_t blocks = l->layer->row_blocks, words = l->layer->block_outputs;
    const Quad *weights = (const Quad *)kept->weights;
    uint16_t *place = room;
    Quad *copy = (Quad *)(room + blocks);
    kept->weights = (const int8_t *)copy;
    for (int32_t block = 0; block < blocks; block++) {
        if (mask && !(mask[block >> 5] >> (block & 31) & 1)) continue;
        if (l->live[block >> 5] >> (block & 31) & 1) {
            *place++ = l->places[block];
            for (int32_t i = 0; i < words; i++) *copy++ = weights[i];
        } else {
            kept->silent++;
        }
        weights += words;
    }
    return (int32_t)(place - room);
}

static Kept list_row(const Lists *l, int32_t row, uint16_t *room) {
    const EspalierLayer *layer = l->layer;
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * layer->row_blocks;
    Kept kept = { room, layer->weights + stored * layer->block_outputs * 4, layer->row_blocks, 0 };
    if (l->live)
        kept.count = list_live(l, mask, room, &kept);
    else if (mask)
        kept.count = list_kept(l, mask, room);
    else
        kept.places = l->places;
    return kept;
}

/* Fills four lists in `room` up to `longest` with the place of zeros. */
static void fill_up(const Lists *l, const Kept *kept, int32_t longest) {
    for (int j = 0; j < 4; j++) {
        uint16_t *room = l->room + j * list_entries(l->layer, 0);
        for (int32_t i = kept[j].count; i < longest; i++) room[i] = (uint16_t)l->zeros;
    }
}

#endif
