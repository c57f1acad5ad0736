/* Convolution, pixel lanes: neighbouring pixels in the lanes, a block's weights broadcast to them. Walks the
 * kept blocks of static 1x4, 2x4 or 4x4 masks, on the input of a band of rows gathered as bands.h has it:
 * output pixels form one run, so that tiles are full however narrow the rows. */

#include "room.h"

/* The most vectors in a band, and sums of a tile. */
enum { BAND_VECTORS = BAND_SEGMENTS * 16 / LANES, TILE_SUMS = 8 };

/* The blocks that a mask row keeps and whose input is not silent. */
typedef struct Kept {
    const uint16_t *places; /* of their inputs, in words from a pixel's place */
    const int8_t *weights;
    int32_t count;
    int32_t silent; /* blocks left out, of each output */
} Kept;

/* Four outputs of a band. */
typedef struct PixelWalk {
    const EspalierLayer *layer;
    Storing storing;
    Requantiser requantisers[4];
    Kept kept[4];
    int32_t first;       /* output */
    const int8_t *input; /* the band's first pixel */
    int8_t *output;      /* of the quad, or where its band is put together */
    int32_t vectors;
    int32_t places[BAND_VECTORS]; /* of each vector, in `output` */
} PixelWalk;

/* Adds the visited blocks of B outputs on R vectors. */
INLINE void visit_blocks(const Kept *kept, const int8_t *input, Ints *sums, const int R, const int B,
                         const int as_stored) {
    Ints s[TILE_SUMS];
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) s[i] = sums[i];
    const int8_t *weights = kept->weights;
    for (int32_t i = 0; i < kept->count; i++, weights += B * 4) {
        const int8_t *pixels = input + kept->places[i] * 4;
        Bytes spread[B];
#pragma clang loop unroll(full)
        for (int b = 0; b < B; b++) spread[b] = bytes_of(weights + b * 4);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) {
            const Bytes vector = bytes_load(pixels + r * LANES * 4);
#pragma clang loop unroll(full)
            for (int b = 0; b < B; b++) s[b * R + r] = dot(s[b * R + r], vector, spread[b], as_stored);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) sums[i] = s[i];
}

/* Four outputs of one vector of pixels, stored one by one. */
static __attribute__((noinline)) void store_singly(const PixelWalk *w, const Ints *sums, int R,
                                                   int8_t *output) {
    for (int j = 0; j < 4; j++) {
        int32_t values[LANES];
        ints_store(values, sums[j * R]);
        for (int p = 0; p < LANES; p++) {
            output[p * 4 + j] = stored_one(w->layer, w->first + j, values[p], &w->storing);
        }
    }
}

/* R vectors of four outputs, B of them at a time. */
INLINE void pixel_tile(const PixelWalk *w, int32_t first, const int R, const int B, const int as_stored) {
    Ints sums[4 * TILE_SUMS];
    for (int j = 0; j < 4; j++) {
        for (int r = 0; r < R; r++) sums[j * R + r] = ints_load(w->requantisers[j].start);
    }
    for (int j = 0; j < 4; j += B)
        visit_blocks(&w->kept[j / B], w->input + first * LANES * 4, sums + j * R, R, B, as_stored);
    const int negative_differs = w->storing.negative_differs;
#pragma clang loop unroll(disable)
    for (int r = 0; r < R; r++) {
        int8_t *output = w->output + w->places[first + r];
        if (!w->storing.in_lanes) {
            store_singly(w, sums + r, R, output);
            continue;
        }
        Ints v[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) v[j] = requantise(sums[j * R + r], &w->requantisers[j], negative_differs);
        bytes_store(output, bytes_interleave(bytes_pack(v, &w->storing)));
    }
}

/* All vectors of a band; the last tile overlaps the one before. */
#define PIXEL_TILES(NAME, B, STORED)                                                                         \
    static __attribute__((noinline)) void NAME(const PixelWalk *w) {                                         \
        enum { WIDE = TILE_SUMS / (B) };                                                                     \
        const int32_t last = w->vectors - WIDE;                                                              \
        for (int32_t v = 0; last >= 0 && v < w->vectors; v += WIDE)                                          \
            pixel_tile(w, v < last ? v : last, WIDE, B, STORED);                                             \
        for (int32_t v = 0; last < 0 && v < w->vectors; v++) pixel_tile(w, v, 1, B, STORED);                 \
    }
#define ALL_TILES(STORED, SUFFIX)                                                                            \
    PIXEL_TILES(tiles_1x4_##SUFFIX, 1, STORED)                                                               \
    PIXEL_TILES(tiles_2x4_##SUFFIX, 2, STORED)                                                               \
    PIXEL_TILES(tiles_4x4_##SUFFIX, 4, STORED)                                                               \
    static PixelTiles tiles_##SUFFIX(int32_t outputs) {                                                      \
        return outputs == 1 ? tiles_1x4_##SUFFIX : outputs == 2 ? tiles_2x4_##SUFFIX : tiles_4x4_##SUFFIX;   \
    }
typedef void (*PixelTiles)(const PixelWalk *w);
ALL_TILES(1, stored)
#if !defined(DOT_PRODUCT)
ALL_TILES(0, signed)
#endif

/* Rows of whole vectors: what a row writes too far is written over by the next one. */
INLINE void gather_rows(const int8_t *from, int64_t step, int8_t *to, int32_t bytes, int32_t rows,
                        const int stride) {
    for (; rows > 0; rows--, from += step, to += bytes) {
        for (int32_t x = 0; x < bytes; x += LANES * 4) {
            const int8_t *pixels = from + x * stride;
            bytes_store(to + x, stride == 1 ? bytes_load(pixels) : bytes_load_every_other(pixels));
        }
    }
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. */
static const int8_t *gather_band(const Gather *g, int32_t first, int32_t height) {
    if (g->is_input) return g->corner + first * g->input_row;
    const int32_t rows = height + (g->kernel_height - 1) * g->dilation_height / g->parities;
    const int64_t step = (g->parities == 2 ? 2 : g->stride) * (int64_t)g->input_row;
    int8_t *to = g->room;
    for (int32_t q = 0; q < g->quads; q++) {
        const int8_t *corner = g->corner + q * g->input_plane + first * g->stride * g->input_row;
        for (int32_t x = 0; x < g->kernel_width; x++, corner += g->dilation_width * 4) {
            for (int32_t parity = 0; parity < g->parities; parity++, to += g->copy) {
                /* The last odd row is no window's. */
                const int32_t count = rows - (parity && g->kernel_height % 2);
                const int8_t *from = corner + parity * g->input_row;
                if (g->stride == 2)
                    gather_rows(from, step, to, g->width * 4, count, 2);
                else
                    gather_rows(from, step, to, g->width * 4, count, 1);
            }
        }
    }
    return g->room;
}

/* Lists a mask row's blocks. `live` has a bit for each block, or is NULL: where it has none, weights are
 * copied so that those of visited blocks are neighbours. Returns how much of the room is used. */
static int32_t list_kept(const EspalierLayer *layer, const uint16_t *places, const uint32_t *live,
                         int32_t row, uint16_t *room, Kept *kept) {
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    const int32_t blocks = layer->row_blocks, bytes = layer->block_outputs * 4;
    const int32_t length = row_entries(layer);
    const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * blocks;
    const int8_t *weights = layer->weights + stored * bytes;
    uint16_t *place = room;
    int8_t *copy = (int8_t *)(room + length);
    kept->places = room;
    kept->silent = 0;
    kept->weights = live ? copy : weights;
    for (int32_t word = 0; word * 32 < blocks; word++) {
        const int32_t left = blocks - word * 32;
        uint32_t bits = left < 32 ? (1u << left) - 1 : 0xffffffff;
        if (mask) bits &= mask[word];
        for (; bits; bits &= bits - 1, weights += bytes) {
            const int32_t block = word * 32 + __builtin_ctz(bits);
            if (live) {
                if (!(live[word] >> (block & 31) & 1)) {
                    kept->silent++;
                    continue;
                }
                __builtin_memcpy(copy, weights, (size_t)bytes);
                copy += bytes;
            }
            *place++ = places[block];
        }
    }
    kept->count = (int32_t)(place - room);
    return length + (live ? 2 * kept->count * layer->block_outputs : 0);
}

/* Rows of a band that has been put together, to where they belong. */
static void copy_rows(const int8_t *from, int8_t *to, int32_t step, int32_t pixels, int32_t rows) {
    for (; rows > 0; rows--, from += pixels * 4, to += step) {
        for (int32_t x = 0; x < pixels; x += LANES) {
            const int32_t left = pixels - x;
            bytes_store_pixels(bytes_load(from + x * 4), to + x * 4, left < LANES ? left : LANES);
        }
    }
}

/* What four outputs are made of; returns the blocks of all of them that are left out for silence. */
static int32_t prepare_quad(PixelWalk *w, int32_t quad, int32_t channels, const uint16_t *places,
                            const uint32_t *live, uint16_t *room, int as_stored) {
    const EspalierLayer *layer = w->layer;
    const int32_t together = layer->block_outputs, rows = (channels + together - 1) / together;
    int32_t silent = 0;
    w->first = quad * 4;
    for (int32_t j = 0; j < 4; j++) {
        const int32_t output = w->first + j;
        w->requantisers[j] = requantiser(layer, output < rows * together ? output : 0, 0, as_stored);
        if (j % together) continue;
        Kept *kept = &w->kept[j / together];
        kept->count = 0;
        if (output / together >= rows) continue;
        room += list_kept(layer, places, live, output / together, room, kept);
        const int32_t left = channels - output;
        silent += kept->silent * (left < together ? left : together);
    }
    return silent;
}

static __attribute__((noinline)) int32_t convolution_in_pixel_lanes(const EspalierLayer *layer,
                                                                    const EspalierTensor *tensors,
                                                                    int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    int8_t *const scratch = arena + layer->scratch;
    const int as_stored = takes_stored(layer);
    Gather gather;
    if (as_stored < 0 || !gather_in_rows(layer, tensors, arena, scratch, &gather)) return 0;
    const Room room = room_in_vectors(layer, &gather, LANES * 4);
    if (room.bytes > layer->scratch_bytes) return 0;
    uint16_t *const places = (uint16_t *)(scratch + room.places);
    uint16_t *const lists = (uint16_t *)(scratch + room.lists);
    gather_places(&gather, places);
    uint32_t *const bits = (uint32_t *)(scratch + room.live), *live = 0;
    if (as_stored && layer->skips_silence && list_live_blocks(layer, input, arena, FLIP, bits)) live = bits;
    PixelWalk w = { .layer = layer, .storing = storing(layer, output, output->channels) };
#if defined(DOT_PRODUCT)
    const PixelTiles run = tiles_stored(layer->block_outputs);
#else
    const PixelTiles run = (as_stored ? tiles_stored : tiles_signed)(layer->block_outputs);
#endif
    /* Rows of whole vectors go straight to where they belong. */
    const int straight = gather.width % LANES == 0;
    const int32_t row = straight ? output->row_bytes : gather.width * 4;
    int8_t together[(BAND_VECTORS + 1) * LANES * 4];
    int32_t silent = 0;
    for (int32_t band = 0; band < gather.height; band += gather.band) {
        const int32_t left = gather.height - band, height = left < gather.band ? left : gather.band;
        w.input = gather_band(&gather, band, height);
        w.vectors = (height * gather.width + LANES - 1) / LANES;
        for (int32_t v = 0, x = 0, y = 0; v < w.vectors; v++, x += LANES * 4) {
            if (straight && x == gather.width * 4) x = 0, y += row;
            w.places[v] = y + x;
        }
        for (int32_t quad = 0; quad < output->quads; quad++) {
            int8_t *const to =
                tensor_base(output, arena) + quad * output->plane_bytes + band * output->row_bytes;
            const int32_t left_out =
                prepare_quad(&w, quad, output->channels, places, live, lists, as_stored);
            silent += band == 0 ? left_out : 0;
            w.output = straight ? to : together;
            run(&w);
            if (!straight) copy_rows(together, to, output->row_bytes, gather.width, height);
        }
    }
    return 1 + silent;
}
