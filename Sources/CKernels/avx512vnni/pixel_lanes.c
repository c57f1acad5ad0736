/* Convolution in pixel lanes: 16 neighbouring pixels in the lanes, a block's weights broadcast to them. Walks
 * the kept blocks of static 1x4, 2x4 or 4x4 masks. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "addition.h"
#include "gather.h"

/* Segments of a tile. Sums of the outputs walked together stay in registers; more of four outputs would save
 * loads, but leave less for the processor to overlap. */
#define MOST_SEGMENTS(B) ((B) == 4 ? 3 : 8)

/* Four weights, or four activations, as one unaligned word. */
typedef struct __attribute__((packed)) Quad {
    int32_t value;
} Quad;

/* The blocks that a mask row keeps and whose input is not silent. */
typedef struct Kept {
    const int32_t *places; /* of their inputs, from a segment's first pixel */
    const int8_t *weights;
    int32_t count;
    int32_t silent; /* blocks left out, of each output */
} Kept;

/* The part of a segment that lies in one output row. */
typedef struct Piece {
    int32_t offset; /* of lane 0, in the output's plane */
    int32_t addend; /* of lane 0, in the addend's plane */
    uint32_t lanes; /* 0 past a segment's last piece */
} Piece;

/* A picture of one pixel a row has the most. */
#define MOST_PIECES 16

/* Four outputs of a band. */
typedef struct PixelWalk {
    Storing storing;
    Addend addend;
    const int8_t *addend_plane; /* of the quad */
    RequantiserTable table;     /* of 16 outputs, these four among them */
    int32_t output_in_table;
    Kept kept[4];
    const int8_t *input; /* the band's first pixel */
    int8_t *output;      /* of the quad */
    Piece pieces[BAND_SEGMENTS][MOST_PIECES];
} PixelWalk;

/* Cuts a band's segments at the ends of rows; returns how many there are. */
static int32_t list_pieces(PixelWalk *w, const Gather *g, int32_t first_row, int32_t output_row) {
    const int32_t rows = g->height - first_row < g->band ? g->height - first_row : g->band;
    const int32_t pixels = rows * g->width, count = (pixels + 15) / 16;
    int32_t y = 0, x = 0;
    for (int32_t segment = 0; segment < count; segment++) {
        Piece *piece = w->pieces[segment];
        for (int32_t lane = 0; lane < 16 && y < rows; piece++) {
            const int32_t run = g->width - x < 16 - lane ? g->width - x : 16 - lane;
            piece->offset = (first_row + y) * output_row + (x - lane) * 4;
            piece->addend = (first_row + y) * w->addend.row + (x - lane) * 4;
            piece->lanes = ((1u << run) - 1) << lane;
            lane += run;
            x += run;
            if (x == g->width) {
                x = 0;
                y++;
            }
        }
        if (piece < w->pieces[segment] + MOST_PIECES) piece->lanes = 0;
    }
    return count;
}

INLINE void store_segment(const PixelWalk *w, int32_t segment, __m512i bytes) {
    const Piece *piece = w->pieces[segment], *end = piece + MOST_PIECES;
    do {
        _mm512_mask_storeu_epi32(w->output + piece->offset, (__mmask16)piece->lanes, bytes);
    } while (++piece < end && piece->lanes);
}

/* Adds the other input of an addition to segments of a quad, and stores them. Compiled once. */
static __attribute__((noinline)) void store_with_addend(const PixelWalk *w, int32_t first,
                                                        const __m512i *segments, int count) {
    for (int r = 0; r < count; r++) {
        const Piece *piece = w->pieces[first + r], *end = piece + MOST_PIECES;
        __m512i other = _mm512_setzero_si512();
        do {
            other = _mm512_mask_loadu_epi32(other, (__mmask16)piece->lanes, w->addend_plane + piece->addend);
        } while (++piece < end && piece->lanes);
        store_segment(w, first + r, with_addend(&w->addend, segments[r], other));
    }
}

/* Stores R segments from the rounded sums of four outputs, two and two already packed. */
INLINE void store_outputs(const PixelWalk *w, int32_t first, const __m512i *pairs, const int R) {
    if (w->addend.tensor) {
        __m512i segments[R];
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++)
            segments[r] = interleaved(packed_pairs(pairs[r], pairs[R + r], &w->storing));
        store_with_addend(w, first, segments, R);
        return;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
        store_segment(w, first + r, interleaved(packed_pairs(pairs[r], pairs[R + r], &w->storing)));
    }
}

/* Two outputs' sums of a tile, rounded and packed. */
INLINE void finish(const PixelWalk *w, const __m512i *sums, __m512i *pairs, int output, const int R) {
    const Requantiser a = requantiser_of_one(&w->table, w->output_in_table + output);
    const Requantiser b = requantiser_of_one(&w->table, w->output_in_table + output + 1);
    if (w->storing.plain) {
#pragma clang loop unroll(full)
        for (int i = 0; i < R; i++)
            pairs[i] = _mm512_packs_epi32(round_plain(sums[i], &a), round_plain(sums[R + i], &b));
        return;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
        pairs[i] = pair(round_single(sums[i], &a, w->storing.negative_differs),
                        round_single(sums[R + i], &b, w->storing.negative_differs), &w->storing);
    }
}

/* The same where sums have to be rounded in integers: off the fast path, and compiled once. */
static __attribute__((noinline)) void finish_exactly(const PixelWalk *w, const __m512i *sums, __m512i *pairs,
                                                     int output, int count) {
    const Requantiser a = requantiser_of_one(&w->table, w->output_in_table + output);
    const Requantiser b = requantiser_of_one(&w->table, w->output_in_table + output + 1);
    for (int i = 0; i < count; i++) {
        pairs[i] = pair(round_in_integers(sums[i], &a, &w->storing),
                        round_in_integers(sums[count + i], &b, &w->storing), &w->storing);
    }
}

/* Adds the visited blocks of B outputs on R segments. Single outputs on few segments take turns on two sets
 * of sums, so that one dot product need not wait for another. */
INLINE void visit_blocks(const Kept *kept, const int8_t *input, __m512i *sums, const int R, const int B) {
    const int turns = B == 1 && R <= 4 ? 2 : 1;
    __m512i s[turns][B][R];
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) {
        s[0][i / R][i % R] = sums[i];
        if (turns == 2) s[1][i / R][i % R] = _mm512_setzero_si512();
    }
    const int8_t *weights = kept->weights;
    int32_t i = 0;
    for (; i + turns <= kept->count; i += turns) {
#pragma clang loop unroll(full)
        for (int turn = 0; turn < turns; turn++) {
            const int8_t *pixels = input + kept->places[i + turn];
            const int8_t *block = weights + turn * B * 4;
            __m512i spread[B];
#pragma clang loop unroll(full)
            for (int b = 0; b < B; b++) spread[b] = _mm512_set1_epi32(((const Quad *)(block + b * 4))->value);
#pragma clang loop unroll(full)
            for (int r = 0; r < R; r++) {
                const __m512i vector = _mm512_loadu_si512(pixels + r * 64);
#pragma clang loop unroll(full)
                for (int b = 0; b < B; b++)
                    s[turn][b][r] = _mm512_dpbusd_epi32(s[turn][b][r], vector, spread[b]);
            }
        }
        weights += turns * B * 4;
    }
    if (turns == 2 && i < kept->count) {
        const int8_t *pixels = input + kept->places[i];
        const __m512i spread = _mm512_set1_epi32(((const Quad *)weights)->value);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) {
            s[0][0][r] = _mm512_dpbusd_epi32(s[0][0][r], _mm512_loadu_si512(pixels + r * 64), spread);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) {
        sums[i] = turns == 2 ? _mm512_add_epi32(s[0][i / R][i % R], s[turns - 1][i / R][i % R])
                             : s[0][i / R][i % R];
    }
}

/* R segments of four outputs, two at a time unless all four share their blocks. */
INLINE void pixel_tile(const PixelWalk *w, int32_t first, const int R, const int B) {
    const int together = B == 4 ? 4 : 2;
    __m512i pairs[2 * R];
#pragma clang loop unroll(full)
    for (int output = 0; output < 4; output += together) {
        __m512i sums[together * R];
#pragma clang loop unroll(full)
        for (int i = 0; i < together * R; i++) {
            sums[i] = _mm512_set1_epi32(w->table.start[w->output_in_table + output + i / R]);
        }
#pragma clang loop unroll(full)
        for (int j = 0; j < together; j += B) {
            visit_blocks(&w->kept[(output + j) / B], w->input + first * 64, sums + j * R, R, B);
        }
        if (w->storing.in_single_precision) {
#pragma clang loop unroll(full)
            for (int j = 0; j < together; j += 2)
                finish(w, sums + j * R, pairs + (output + j) / 2 * R, output + j, R);
        } else {
            __m512i copy[together * R], done[2 * R];
#pragma clang loop unroll(full)
            for (int i = 0; i < together * R; i++) copy[i] = sums[i];
            for (int j = 0; j < together; j += 2)
                finish_exactly(w, copy + j * R, done + j / 2 * R, output + j, R);
#pragma clang loop unroll(full)
            for (int i = 0; i < together / 2 * R; i++) pairs[output / 2 * R + i] = done[i];
        }
    }
    store_outputs(w, first, pairs, R);
}

/* All segments of a band, evenly cut into tiles. */
#define TILE(R, B)                                                                                           \
    case R: pixel_tile(w, first, R, B); break;
#define WIDE_TILES(B) TILE(4, B) TILE(5, B) TILE(6, B) TILE(7, B) TILE(8, B)
#define PIXEL_TILES(NAME, B, WIDE)                                                                           \
    static void NAME(const PixelWalk *w, int32_t count) {                                                    \
        int32_t first = 0, tiles = (count + MOST_SEGMENTS(B) - 1) / MOST_SEGMENTS(B);                        \
        for (; tiles > 0; tiles--) {                                                                         \
            const int32_t r = (count + tiles - 1) / tiles;                                                   \
            switch (r) { TILE(1, B) TILE(2, B) TILE(3, B) WIDE }                                             \
            first += r;                                                                                      \
            count -= r;                                                                                      \
        }                                                                                                    \
    }
PIXEL_TILES(tiles_1x4, 1, WIDE_TILES(1))
PIXEL_TILES(tiles_2x4, 2, WIDE_TILES(2))
PIXEL_TILES(tiles_4x4, 4, )

/* Lists a mask row's blocks, 16 at a time. `live` has a bit for each block, or is NULL: where it has none,
 * weights are copied so that those of visited blocks are neighbours. Returns the words of room used. */
static int32_t list_kept(const EspalierLayer *layer, const int32_t *places, const uint32_t *live, int32_t row,
                         int32_t *room, Kept *kept) {
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    const int32_t blocks = layer->row_blocks, words = layer->block_outputs;
    const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * blocks;
    const Quad *weights = (const Quad *)layer->weights + stored * words;
    int32_t *place = room, *copy = room + blocks;
    kept->places = room;
    kept->silent = 0;
    kept->weights = live ? (const int8_t *)copy : (const int8_t *)weights;
    for (int32_t block = 0; block < blocks; block += 16) {
        const int32_t left = blocks - block;
        uint32_t bits = left < 16 ? (1u << left) - 1 : 0xffff;
        if (mask) bits &= mask[block >> 5] >> (block & 16);
        uint32_t visited = bits;
        if (live) {
            visited &= live[block >> 5] >> (block & 16);
            kept->silent += _mm_popcnt_u32(bits) - _mm_popcnt_u32(visited);
            for (uint32_t rest = bits; rest; rest &= rest - 1, weights += words) {
                if (!(visited & rest & -rest)) continue;
                for (int32_t i = 0; i < words; i++) *copy++ = weights[i].value;
            }
        }
        const __m512i from = _mm512_maskz_loadu_epi32((__mmask16)visited, places + block);
        const int32_t count = _mm_popcnt_u32(visited);
        _mm512_mask_storeu_epi32(place, (__mmask16)((1u << count) - 1),
                                 _mm512_maskz_compress_epi32((__mmask16)visited, from));
        place += count;
    }
    kept->count = (int32_t)(place - room);
    return (int32_t)(live ? copy - room : place - room);
}

static void run_quad(const PixelWalk *w, const EspalierLayer *layer, int32_t segments) {
    switch (layer->block_outputs) {
    case 1: tiles_1x4(w, segments); break;
    case 2: tiles_2x4(w, segments); break;
    default: tiles_4x4(w, segments); break;
    }
}

int32_t avx512_pixel_lanes(const EspalierLayer *layer, const EspalierLayer *addition,
                           const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    int8_t *room = arena + layer->scratch;
    Gather gather;
    PixelWalk w;
    if (!gather_of(layer, tensors, arena, room, &gather)) return 0;
    w.storing = storing(layer, output);
    w.addend = addend(addition, layer, tensors, arena);
    if (!gather.is_input) room += (gather.plane * gather.quads + 64 + 63) / 64 * 64;
    int32_t *lists = (int32_t *)room;
    const int32_t *places = lists;
    lists += gather_places(&gather, lists);
    const uint32_t *live = 0;
    if (layer->skips_silence && list_live_blocks(layer, input, arena, 0x80, (uint32_t *)lists)) {
        live = (const uint32_t *)lists;
        lists += (layer->row_blocks + 31) / 32;
    }
    const int32_t rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    int32_t silent = 0;
    for (int32_t band = 0; band < gather.height; band += gather.band) {
        w.input = gather_band(&gather, band, 0);
        const int32_t segments = list_pieces(&w, &gather, band, output->row_bytes);
        for (int32_t quad = 0; quad < output->quads; quad++) {
            int32_t *next = lists;
            for (int32_t j = 0; j < 4; j += layer->block_outputs) {
                const int32_t row = (quad * 4 + j) / layer->block_outputs;
                Kept *kept = &w.kept[j / layer->block_outputs];
                kept->count = 0;
                if (row >= rows) continue;
                next += list_kept(layer, places, live, row, next, kept);
                const int32_t outputs = output->channels - row * layer->block_outputs;
                if (band == 0)
                    silent +=
                        kept->silent * (outputs < layer->block_outputs ? outputs : layer->block_outputs);
            }
            if (quad % 4 == 0) {
                const int32_t left = rows * layer->block_outputs - quad * 4;
                const Requantiser r =
                    requantiser_of_16(layer, quad * 4, (__mmask16)(left < 16 ? (1 << left) - 1 : 0xffff));
                spread_out(&r, &w.table);
            }
            w.output_in_table = quad % 4 * 4;
            w.output = tensor_base(output, arena) + quad * output->plane_bytes;
            w.addend_plane = w.addend.tensor + quad * w.addend.plane;
            run_quad(&w, layer, segments);
        }
    }
    return 1 + silent;
}

#pragma clang attribute pop
#endif
