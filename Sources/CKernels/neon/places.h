/* Where pixel lanes of 64-bit NEON find a block's input in a band they gathered, how they list it, and how
 * they divide their scratch: in plain C, as the compiler lists places ahead (places.c) and asks for scratch
 * (scratch.c). Headers hold such lists: change one and you change ESPALIER_ABI_VERSION.
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

/* Of the kernels that take the lists of `places_of`; where they are not made ahead, those of a quad's mask
 * rows lie behind the places. Rows of a band are gathered in vectors of 16 bytes. */
INLINE Room room_in_rows(const EspalierLayer *layer, const Gather *g, int32_t places_of) {
    const int32_t list = layer->row_blocks + (places_of == ESPALIER_PLACES_NEON ? RUN_WORDS : 0);
    const int are_made = layer->places_of == places_of;
    Room room;
    room.live = room.places = band_bytes(g, 12);
    room.lists = room.places + (are_made ? 0 : layer->row_blocks * 2);
    room.bytes = room.lists + (are_made ? 0 : 4 / layer->block_outputs * list * 2);
    return room;
}

/* Bytes of a list of where inputs lie, in channel lanes; of visits, where some may be silent. */
INLINE int64_t channel_lists_bytes(const EspalierLayer *layer) {
    return layer->skips_silence ? visits_bytes(layer) : layer->row_blocks * 4ll;
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
