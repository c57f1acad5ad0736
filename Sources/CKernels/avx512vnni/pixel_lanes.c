/* Convolution in pixel lanes: 16 neighbouring pixels in the lanes, a block's weights broadcast to them. Walks
 * the kept blocks of static 1x4, 2x4 or 4x4 masks. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "addition.h"
#include "few_channels.h"
#include "segments.h"

/* Segments of a tile: sums of the outputs walked together stay in registers. */
#define MOST_SEGMENTS(B) ((B) == 4 ? 4 : 8)

/* Loads are what limits a pruned layer: on Zen 5 a scalar one costs as much as one of 64 bytes. So weights of
 * 2 or 4 words are loaded at once and spread by shuffles, and so are the places of four blocks. */
INLINE void spread(const int8_t *weights, __m512i *factors, const int words) {
    if (words == 1) {
        factors[0] = _mm512_set1_epi32(((const Quad *)weights)->value);
        return;
    }
    __m512i all;
    if (words == 2) {
        int64_t both;
        __builtin_memcpy(&both, weights, 8);
        all = _mm512_set1_epi64(both);
    } else {
        all = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)weights));
    }
    __asm__("" : "+v"(all)); /* else the compiler makes a load of each word again */
    factors[0] = _mm512_shuffle_epi32(all, 0x00);
    factors[1] = _mm512_shuffle_epi32(all, 0x55);
    if (words < 4) return;
    factors[2] = _mm512_shuffle_epi32(all, 0xaa);
    factors[3] = _mm512_shuffle_epi32(all, 0xff);
}

/* Four listed places. They are loaded a step ahead: vectors that wait for their address hold up those behind
 * them. */
INLINE uint64_t four_places(const uint16_t *places) {
    uint64_t four;
    __builtin_memcpy(&four, places, 8);
    __asm__ volatile("" : "+r"(four));
    return four;
}

INLINE const int8_t *place_of(const int8_t *input, uint64_t four, const int i) {
    return input + (four >> 16 * i & 0xffff) * 4;
}

/* Adds a block of B outputs on R segments. */
INLINE void add_block(__m512i *sums, const int8_t *pixels, const __m512i *factors, const int R, const int B) {
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
        const __m512i vector = _mm512_loadu_si512(pixels + r * 64);
#pragma clang loop unroll(full)
        for (int b = 0; b < B; b++)
            sums[b * R + r] = _mm512_dpbusd_epi32(sums[b * R + r], vector, factors[b]);
    }
    if (B > 1) return;
    /* One block after the other: else the compiler loads many at once, and runs out of registers. */
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) __asm__ volatile("" : "+v"(sums[r])::"memory");
}

/* Adds N blocks, of the four whose places are at hand, in turn to `turns` sets of sums. */
INLINE void add_blocks(__m512i *sums, const int8_t *input, uint64_t four, const int8_t *weights,
                       const int turns, const int N, const int R, const int B) {
    __m512i factors[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < N; i++) {
        if (B * i % 4 == 0) spread(weights + B * i * 4, factors, B * (N - i) < 4 ? B * (N - i) : 4);
        add_block(sums + i % turns * B * R, place_of(input, four, i), factors + B * i % 4, R, B);
    }
}

/* Adds the visited blocks of B outputs on R segments, four at a time. Single outputs on few segments take
 * turns on two sets of sums, so that one dot product need not wait for another. */
INLINE void visit_blocks(const Kept *kept, const int8_t *input, __m512i *sums, const int R, const int B) {
    const int turns = B * R <= 4 ? 2 : 1;
    __m512i s[turns * B * R];
#pragma clang loop unroll(full)
    for (int i = 0; i < turns * B * R; i++) s[i] = i < B * R ? sums[i] : _mm512_setzero_si512();
    const int8_t *weights = kept->weights;
    const uint16_t *places = kept->places;
    const int32_t count = kept->count;
    uint64_t next = four_places(places);
    for (int32_t i = 4; i <= count; i += 4, weights += 16 * B) {
        const uint64_t four = next;
        next = four_places(places + i);
        add_blocks(s, input, four, weights, turns, 4, R, B);
    }
    if (count & 2) {
        add_blocks(s, input, next, weights, turns, 2, R, B);
        weights += 8 * B;
        next >>= 32;
    }
    if (count & 1) add_blocks(s, input, next, weights, turns, 1, R, B);
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) sums[i] = turns == 2 ? _mm512_add_epi32(s[i], s[B * R + i]) : s[i];
}

/* Rounds and packs `together` outputs' sums on R segments: 2 or 4 from `output` on. */
INLINE void finish_outputs(const PixelWalk *w, const __m512i *sums, __m512i *pairs, const int output,
                           const int together, const int R) {
    if (w->storing.in_single_precision) {
#pragma clang loop unroll(full)
        for (int j = 0; j < together; j += 2)
            finish(w, sums + j * R, pairs + (output + j) / 2 * R, output + j, R);
        return;
    }
    __m512i copy[together * R], done[2 * R];
#pragma clang loop unroll(full)
    for (int i = 0; i < together * R; i++) copy[i] = sums[i];
    for (int j = 0; j < together; j += 2) finish_exactly(w, copy + j * R, done + j / 2 * R, output + j, R);
#pragma clang loop unroll(full)
    for (int i = 0; i < together / 2 * R; i++) pairs[output / 2 * R + i] = done[i];
}

INLINE void start_outputs(const PixelWalk *w, __m512i *sums, const int output, const int together,
                          const int R) {
#pragma clang loop unroll(full)
    for (int i = 0; i < together * R; i++) {
        sums[i] = _mm512_set1_epi32(w->table.start[w->output_in_table + output + i / R]);
    }
}

/* R segments of four outputs, two at a time unless all four share their blocks. */
INLINE void pixel_tile(const PixelWalk *w, int32_t first, const int R, const int B) {
    const int together = B == 4 ? 4 : 2;
    __m512i pairs[2 * R];
#pragma clang loop unroll(full)
    for (int output = 0; output < 4; output += together) {
        __m512i sums[together * R];
        start_outputs(w, sums, output, together, R);
#pragma clang loop unroll(full)
        for (int j = 0; j < together; j += B) {
            visit_blocks(&w->kept[(output + j) / B], w->input + first * 64, sums + j * R, R, B);
        }
        finish_outputs(w, sums, pairs, output, together, R);
    }
    store_outputs(w, first, pairs, R);
}

/* All R segments of a band for four outputs side by side, each with its own blocks: one loop, whose end the
 * processor mispredicts once, instead of four. Lists are filled up to the longest. */
INLINE void pixel_tile_of_four(const PixelWalk *w, const int R) {
    __m512i sums[4 * R], pairs[2 * R];
    const Kept kept[4] = { w->kept[0], w->kept[1], w->kept[2], w->kept[3] };
    const int8_t *input = w->input;
    const int32_t longest = w->longest;
    uint64_t next[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) next[j] = four_places(kept[j].places);
    start_outputs(w, sums, 0, 4, R);
    for (int32_t i = 0; i < longest; i += 4) {
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            const uint64_t four = next[j];
            next[j] = four_places(kept[j].places + i + 4);
            add_blocks(sums + j * R, input, four, kept[j].weights + i * 4, 1, 4, R, 1);
        }
    }
    finish_outputs(w, sums, pairs, 0, 4, R);
    store_outputs(w, 0, pairs, R);
}

static void tiles_of_four(const PixelWalk *w, int32_t count) {
    switch (count) {
    case 1: pixel_tile_of_four(w, 1); break;
    case 2: pixel_tile_of_four(w, 2); break;
    case 3: pixel_tile_of_four(w, 3); break;
    case 4: pixel_tile_of_four(w, 4); break;
    case 5: pixel_tile_of_four(w, 5); break;
    }
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
PIXEL_TILES(tiles_4x4, 4, TILE(4, 4))

/* Lists the blocks of four outputs; returns those of all of them that are left out for silence. */
static int32_t list_quad(PixelWalk *w, const Lists *l, int32_t quad, int32_t channels) {
    const int32_t together = l->layer->block_outputs;
    const int32_t entries = entries_of(l);
    int32_t silent = 0;
    for (int32_t j = 0; j < 4; j += together) {
        const int32_t row = (quad * 4 + j) / together, outputs = channels - row * together;
        Kept *kept = &w->kept[j / together];
        *kept = row < l->rows ? list_row(l, row, l->room + j / together * entries)
                              : (Kept){ l->places, 0, 0, 0 };
        silent += kept->silent * (outputs < together ? outputs : together);
    }
    w->longest = 0;
    if (l->zeros && quad * 4 + 4 <= l->rows) w->longest = filled_up(l->layer, l->layer->row_start + quad * 4);
    if (w->longest) fill_up(l, w->kept, w->longest);
    return silent;
}

/* The same of lists made ahead. */
static void take_quad(PixelWalk *w, const Lists *l, int32_t quad) {
    const EspalierLayer *layer = l->layer;
    const int32_t rows = l->rows;
    const int32_t together = layer->block_outputs, count = 4 / together, first = quad * count;
    const uint32_t *stored = layer->row_start + first, *places = layer->place_start + first;
    for (int32_t j = 0; j < count; j++) {
        if (first + j >= rows) {
            w->kept[j] = (Kept){ layer->places, 0, 0, 0 };
            continue;
        }
        w->kept[j].places = layer->places + places[j];
        w->kept[j].weights = layer->weights + (size_t)stored[j] * together * 4;
        w->kept[j].count = (int32_t)(stored[j + 1] - stored[j]);
    }
    /* Four lists of one length, whole fours, are walked together. */
    w->longest = 0;
    if (!l->zeros || first + 4 > rows) return;
    const uint32_t longest = places[1] - places[0];
    if (longest % 4 == 0 && places[2] - places[1] == longest && places[3] - places[2] == longest
        && places[4] - places[3] == longest) {
        w->longest = (int32_t)longest;
    }
}

static void run_quad(const PixelWalk *w, const EspalierLayer *layer, int32_t segments) {
    if (w->longest) {
        tiles_of_four(w, segments);
        return;
    }
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
    if (!gather_in_words(layer, tensors, arena, room, &gather)) return 0;
    const int32_t few = has_few_channels(layer, input, &gather) ? input->channels : 0;
    w.storing = storing(layer, output);
    const Addend other = addend(addition, layer, tensors, arena);
    room += gather_bytes(&gather) + TOGETHER_SEGMENTS * 64;
    Lists lists = { .layer = layer };
    const int are_made = layer->places_of == ESPALIER_PLACES_AVX512VNNI;
    lists.rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    int32_t words = layer->row_blocks;
    if (are_made) {
        lists.places = layer->places;
    } else {
        lists.places = (const uint16_t *)room;
        words = few ? few_places(&gather, few, (uint16_t *)room) : gather_places(&gather, (uint16_t *)room);
        room += (words + 1) / 2 * 4;
    }
    if (layer->skips_silence && !few && list_live_blocks(layer, input, arena, 0x80, (uint32_t *)room)) {
        lists.live = (const uint32_t *)room;
        room += (layer->row_blocks + 31) / 32 * 4;
    } else {
        lists.zeros = zeros_place(layer, &gather);
        if (lists.zeros) clear_zeros(&gather);
    }
    lists.room = (uint16_t *)room;
    int32_t silent = 0, rows = 0, segments = 0;
    for (int32_t band = 0; band < gather.height; band += gather.band) {
        w.input = few ? gather_few_channels(&gather, few, band) : gather_band(&gather, band);
        const int32_t left = gather.height - band, before = rows;
        rows = left < gather.band ? left : gather.band;
        if (rows != before) segments = list_pieces(&w, &gather, rows, output->row_bytes);
        for (int32_t quad = 0; quad < output->quads; quad++) {
            if (are_made && layer->place_start) {
                take_quad(&w, &lists, quad);
            } else {
                const int32_t left_out = list_quad(&w, &lists, quad, output->channels);
                silent += band == 0 ? left_out : 0;
            }
            int8_t few_words[MOST_FEW_WORDS * 16];
            if (few) {
                few_weights(w.kept[0].weights, few, few_words);
                w.kept[0] = (Kept){ lists.places, few_words, words, 0 };
            }
            if (quad % 4 == 0) {
                const int32_t outputs = lists.rows * layer->block_outputs - quad * 4;
                const __mmask16 lanes = (__mmask16)(outputs < 16 ? (1 << outputs) - 1 : 0xffff);
                const Requantiser r = requantiser_of_16(layer, quad * 4, lanes);
                spread_out(&r, &w.table);
            }
            w.output_in_table = quad % 4 * 4;
            w.output = tensor_base(output, arena) + quad * output->plane_bytes + band * output->row_bytes;
            run_quad(&w, layer, segments);
            for (int32_t strip = 0; other.tensor && strip < gather.strips; strip++) {
                add_to_rows(&other, output, arena, quad, strip * gather.height + band, rows);
            }
        }
    }
    return 1 + silent;
}

#pragma clang attribute pop
#endif
