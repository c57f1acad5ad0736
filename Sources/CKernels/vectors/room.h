/* How pixel lanes in vectors divide their scratch: in plain C, as the compiler asks for it (scratch.c). */
#ifndef ESPALIER_VECTORS_ROOM_H
#define ESPALIER_VECTORS_ROOM_H

#include "../bands.h"

/* Entries of a mask row's list, in whole words. */
INLINE int32_t row_entries(const EspalierLayer *layer) { return (layer->row_blocks + 1) / 2 * 2; }

/* Rows of a band are gathered in vectors of so many bytes. Where some inputs are silent, the weights of the
 * others are copied behind each mask row's list. */
INLINE Room room_in_vectors(const EspalierLayer *layer, const Gather *g, int32_t vector_bytes) {
    const int looks = layer->skips_silence;
    const int32_t weights = looks ? layer->row_blocks * layer->block_outputs * 4 : 0;
    Room room;
    room.places = band_bytes(g, vector_bytes - 4);
    room.live = room.places + row_entries(layer) * 2;
    room.lists = room.live + (looks ? live_bytes(layer) : 0);
    room.bytes = room.lists + 4 / layer->block_outputs * (row_entries(layer) * 2 + weights);
    return room;
}

#endif
