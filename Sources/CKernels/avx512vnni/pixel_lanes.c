/* Convolution in pixel lanes: 16 neighbouring pixels in the lanes, a block's weights broadcast to them. Walks the kept
 * blocks of static 1x4, 2x4 or 4x4 masks. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "pixel_grid.h"
#include "vocabulary.h"

#define MOST_SEGMENTS 5

/* The kept blocks of one mask row. */
typedef struct Kept {
    const int32_t *places;  /* of their inputs, from a segment's first pixel */
    const int32_t *weights; /* offsets of their weights; only read where some blocks are skipped */
    int32_t count;
    const int8_t *first;    /* weights of the row */
} Kept;

/* Four outputs on all segments. */
typedef struct PixelWalk {
    PixelGrid grid;
    Storing storing;
    Requantiser requantisers[4];
    Kept kept[4];
    int8_t *output; /* of the quad */
} PixelWalk;

/* Stores a segment from the rounded sums of four outputs. */
INLINE void store_outputs(const PixelWalk *w, int32_t segment, __m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i order = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    store_segment(&w->grid, segment, w->output, _mm512_shuffle_epi8(packed(a, b, c, d, &w->storing), order));
}

/* The end of a tile whose sums have to be rounded in integers: off the fast path, and compiled once. */
static __attribute__((noinline)) void store_exactly(const PixelWalk *w, const int32_t *segments, const __m512i *sums,
                                                    int count) {
    for (int r = 0; r < count; r++) {
        __m512i v[4];
        for (int j = 0; j < 4; j++) v[j] = round_in_integers(sums[j * count + r], &w->requantisers[j], &w->storing);
        store_outputs(w, segments[r], v[0], v[1], v[2], v[3]);
    }
}

INLINE void pixel_tile(const PixelWalk *w, const int32_t *segments, const int R, const int B, const int SKIPS) {
    __m512i sums[4][MOST_SEGMENTS];
    const int8_t *inputs[MOST_SEGMENTS];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) inputs[r] = w->grid.base + segments[r] * 4;
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) sums[j][r] = w->requantisers[j].start;
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j += B) {
        const Kept *kept = &w->kept[j / B];
        const int8_t *weights = kept->first;
        for (int32_t i = 0; i < kept->count; i++) {
            const int32_t place = kept->places[i];
            const int8_t *block = SKIPS ? kept->first + kept->weights[i] : weights;
            __m512i pixels[MOST_SEGMENTS];
#pragma clang loop unroll(full)
            for (int r = 0; r < R; r++) pixels[r] = _mm512_loadu_si512(inputs[r] + place);
#pragma clang loop unroll(full)
            for (int b = 0; b < B; b++) {
                int32_t quad;
                __builtin_memcpy(&quad, block + b * 4, 4);
                const __m512i spread = _mm512_set1_epi32(quad);
#pragma clang loop unroll(full)
                for (int r = 0; r < R; r++) sums[j + b][r] = _mm512_dpbusd_epi32(sums[j + b][r], pixels[r], spread);
            }
            weights += B * 4;
        }
    }
    if (!w->storing.in_single_precision) {
        __m512i all[4 * R];
#pragma clang loop unroll(full)
        for (int i = 0; i < 4 * R; i++) all[i] = sums[i / R][i % R];
        store_exactly(w, segments, all, R);
        return;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
        __m512i v[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            v[j] = round_single(sums[j][r], &w->requantisers[j], w->storing.negative_differs);
        }
        store_outputs(w, segments[r], v[0], v[1], v[2], v[3]);
    }
}

/* All segments of a picture, evenly cut into tiles of at most five. */
#define PIXEL_TILES(NAME, B, SKIPS)                                                                           \
    static void NAME(const PixelWalk *w, const int32_t *segments, int32_t count) {                            \
        int32_t tiles = (count + MOST_SEGMENTS - 1) / MOST_SEGMENTS;                                          \
        for (; tiles > 0; tiles--) {                                                                          \
            const int32_t r = (count + tiles - 1) / tiles;                                                    \
            switch (r) {                                                                                      \
            case 1: pixel_tile(w, segments, 1, B, SKIPS); break;                                              \
            case 2: pixel_tile(w, segments, 2, B, SKIPS); break;                                              \
            case 3: pixel_tile(w, segments, 3, B, SKIPS); break;                                              \
            case 4: pixel_tile(w, segments, 4, B, SKIPS); break;                                              \
            default: pixel_tile(w, segments, 5, B, SKIPS); break;                                             \
            }                                                                                                 \
            segments += r;                                                                                    \
            count -= r;                                                                                       \
        }                                                                                                     \
    }
PIXEL_TILES(tiles_1x4, 1, 0)
PIXEL_TILES(tiles_2x4, 2, 0)
PIXEL_TILES(tiles_4x4, 4, 0)
PIXEL_TILES(live_tiles_1x4, 1, 1)
PIXEL_TILES(live_tiles_2x4, 2, 1)
PIXEL_TILES(live_tiles_4x4, 4, 1)

/* Lists a mask row's blocks, 16 at a time. `live` has a bit for each block, or is NULL. Returns the room used. */
static int32_t list_kept(const EspalierLayer *layer, const int32_t *places, const uint32_t *live, int32_t row,
                         int32_t *room, Kept *kept) {
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    const int32_t blocks = layer->row_blocks, bytes = layer->block_outputs * 4;
    const int32_t most = live ? blocks : 0;
    int32_t *place = room + most, *weight = room;
    __m512i offset = _mm512_setzero_si512();
    for (int32_t block = 0; block < blocks; block += 16) {
        const int32_t left = blocks - block;
        uint32_t bits = left < 16 ? (1u << left) - 1 : 0xffff;
        if (mask) bits &= mask[block >> 5] >> (block & 16);
        uint32_t visited = bits;
        if (live) {
            /* A kept block's weights lie behind those of the kept blocks before it. */
            visited &= live[block >> 5] >> (block & 16);
            const __m512i ranks = _mm512_maskz_expand_epi32(
                (__mmask16)bits, _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
            const __m512i at = _mm512_add_epi32(offset, _mm512_mullo_epi32(ranks, _mm512_set1_epi32(bytes)));
            const __m512i chosen = _mm512_maskz_compress_epi32((__mmask16)visited, at);
            _mm512_mask_storeu_epi32(weight, (__mmask16)((1u << _mm_popcnt_u32(visited)) - 1), chosen);
            weight += _mm_popcnt_u32(visited);
            offset = _mm512_add_epi32(offset, _mm512_set1_epi32(_mm_popcnt_u32(bits) * bytes));
        }
        const __m512i from = _mm512_maskz_loadu_epi32((__mmask16)visited, places + block);
        const __m512i chosen = _mm512_maskz_compress_epi32((__mmask16)visited, from);
        _mm512_mask_storeu_epi32(place, (__mmask16)((1u << _mm_popcnt_u32(visited)) - 1), chosen);
        place += _mm_popcnt_u32(visited);
    }
    kept->weights = room;
    kept->places = room + most;
    kept->count = (int32_t)(place - kept->places);
    const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * blocks;
    kept->first = layer->weights + stored * bytes;
    return (int32_t)(place - room);
}

int32_t avx512_pixel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    int32_t *room = (int32_t *)(arena + layer->scratch);
    PixelWalk w = { .storing = storing(layer, output) };
    if (!pixel_grid(layer, tensors, arena, &w.grid, &room)) return 0;
    const int32_t *places = room;
    room += list_places(layer, input, &w.grid, room);
    const uint32_t *live = 0;
    if (layer->skips_silence && list_live_blocks(layer, input, arena, (uint32_t *)room)) {
        live = (const uint32_t *)room;
        room += (layer->row_blocks + 31) / 32;
    }
    int32_t segments[MOST_LISTED];
    const int32_t rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t *next = room;
        for (int32_t j = 0; j < 4; j += layer->block_outputs) {
            const int32_t row = (quad * 4 + j) / layer->block_outputs;
            if (row < rows) next += list_kept(layer, places, live, row, next, &w.kept[j / layer->block_outputs]);
            else w.kept[j / layer->block_outputs].count = 0;
        }
        for (int j = 0; j < 4; j++) {
            const int32_t channel = quad * 4 + j;
            w.requantisers[j] = requantiser_of_one(layer, channel < rows * layer->block_outputs ? channel : 0);
        }
        w.output = tensor_base(output, arena) + quad * output->plane_bytes;
        for (int32_t first = 0; first < w.grid.segments; first += MOST_LISTED) {
            const int32_t count = list_segments(&w.grid, first, segments);
            switch (layer->block_outputs) {
            case 1: (live ? live_tiles_1x4 : tiles_1x4)(&w, segments, count); break;
            case 2: (live ? live_tiles_2x4 : tiles_2x4)(&w, segments, count); break;
            default: (live ? live_tiles_4x4 : tiles_4x4)(&w, segments, count); break;
            }
        }
    }
    return 1;
}

#pragma clang attribute pop
#endif
