/* Convolution, pixel lanes: vectors of four pixels of a gathered band, a block's weights broadcast to them.
 *
 * Included by neondot.c and neon.c, each with its own pixel_sums, start_in_pixel_lanes, MOST_SUMS, and
 * the lists it takes: PLACES, LIST_BEGIN. */
#ifndef ESPALIER_ARM_PIXEL_LANES_H
#define ESPALIER_ARM_PIXEL_LANES_H

#include "gather.h"
#include "walks.h"

/* The most vectors in a band, and how many more a tile may write. */
enum { BAND_VECTORS = BAND_SEGMENTS * 4, SPARE_VECTORS = 3 };

/* Four outputs of a band. */
typedef struct PixelWalk {
    Storing storing;
    const int8_t *input;        /* the band's first pixel */
    int8_t *output;             /* of the quad, or where its band is put together */
    int32_t vectors, spare;     /* in the band, and past its end */
    const uint16_t *lists;      /* places.h */
    const uint32_t *list_start; /* of each mask row in the quad, and past the last one's */
    const int8_t *weights;      /* of the quad's first kept block */
    Requantiser four;
    int32x4_t factors[4][2];    /* multiplier and shift of each output */
    int32x4_t starts[4][2];     /* of two vectors */
    int way;
    int sixteen;                /* each four vectors are neighbours in `output`, else each two */
    int32_t places[BAND_VECTORS + SPARE_VECTORS]; /* of each vector, in `output` */
} PixelWalk;

/* Four outputs of a tile as stored bytes: [16 pixels][output][16]; and what is read past the end. */
typedef int8_t TileBytes[MOST_SUMS * 16 + 16];

/* One output's sums as stored bytes, in a fast way. */
INLINE void store_output(const int32x4_t *sums, const int32x4_t factors[2], const Storing *s, int8_t *bytes,
                         const int vectors, const int way) {
    const Requantiser r = { .multiplier = factors[0], .shift = factors[1] };
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 4) {
        int32x4_t x[4];
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) x[k] = rounded(sums[v + k], &r, s, way);
        vst1q_s8(bytes + v * 16, packed(x[0], x[1], x[2], x[3], s, way));
    }
}

/* Off the fast paths, and once. */
static __attribute__((noinline)) void store_output_by_way(const PixelWalk *w, const int32x4_t *sums,
                                                          int32_t output, int8_t *bytes, int vectors) {
    const Requantiser r = requantiser_of_lane(&w->four, output);
    for (int v = 0; v < vectors; v++) {
        const int32x4_t four[4] = { sums[v], sums[v], sums[v], sums[v] };
        store_pixels(packed_by_way(four, &r, &w->storing, w->way), bytes + v / 4 * 64 + v % 4 * 4, 1);
    }
}

/* From four outputs' pixels to a pixel's four outputs, 16 or 8 pixels at a time. */
INLINE void store_vectors(const PixelWalk *w, int32_t first, const int8_t *bytes, const int vectors) {
    const int32_t *places = w->places + first;
    if (w->sixteen) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v += 4) vst4q_s8(w->output + places[v], vld1q_s8_x4(bytes + v * 16));
        return;
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 2) {
        const int8x16x4_t four = vld1q_s8_x4(bytes + v / 4 * 64 + v % 4 * 4);
        const int8x8x4_t halves = { { vget_low_s8(four.val[0]), vget_low_s8(four.val[1]),
                                      vget_low_s8(four.val[2]), vget_low_s8(four.val[3]) } };
        vst4_s8(w->output + places[v], halves);
    }
}

/* So many vectors of all four outputs, `together` of them at a time, of mask rows that store `stored`. */
INLINE void pixel_tile(const PixelWalk *w, int32_t first, const int vectors, const int together,
                       const int stored) {
    _Alignas(16) TileBytes bytes;
    const int8_t *weights = w->weights;
#pragma clang loop unroll(disable)
    for (int output = 0; output < 4; output += together) {
        int32x4_t sums[MOST_SUMS];
        const int row = output / stored, in_row = output % stored;
        const uint32_t begin = w->list_start[row], end = w->list_start[row + 1];
        const int8_t *const next
            = pixel_sums(sums, &w->starts[output], w->input + first * 16, w->lists + begin,
                         w->lists + end, weights + in_row * 4, vectors, together, stored);
        if (in_row + together == stored) weights = next - in_row * 4;
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++) {
            const int32x4_t *of_one = sums + o * vectors, *factors = w->factors[output + o];
            int8_t *const to = bytes + (output + o) * 16;
            if (w->way == FROM_ZERO) {
                store_output(of_one, factors, &w->storing, to, vectors, FROM_ZERO);
            } else if (w->way == IN_16_BITS) {
                store_output(of_one, factors, &w->storing, to, vectors, IN_16_BITS);
            } else {
                int32x4_t copy[MOST_SUMS];
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) copy[v] = of_one[v];
                store_output_by_way(w, copy, output + o, to, vectors);
            }
        }
    }
    store_vectors(w, first, bytes, vectors);
}

/* All vectors of the band, in wide tiles and in tiles of four. The last tile overlaps the one before where it
 * may not write past the end. */
#define PIXEL_TILES(NAME, TOGETHER, STORED)                                                                  \
    static __attribute__((noinline)) void NAME(const PixelWalk *w) {                                         \
        enum { WIDE = MOST_SUMS / (TOGETHER) };                                                              \
        const int32_t end = w->vectors + w->spare;                                                           \
        for (int32_t v = 0; v < w->vectors;) {                                                               \
            if (WIDE > 4 && w->vectors - v > WIDE - 4 && end >= WIDE) {                                      \
                pixel_tile(w, v + WIDE <= end ? v : end - WIDE, WIDE, TOGETHER, STORED);                     \
                v += WIDE;                                                                                   \
            } else {                                                                                         \
                pixel_tile(w, v + 4 <= end ? v : end - 4, 4, TOGETHER, STORED);                              \
                v += 4;                                                                                      \
            }                                                                                                \
        }                                                                                                    \
    }
PIXEL_TILES(tiles_1x4, 1, 1)
PIXEL_TILES(tiles_2x4, 2, 2)
PIXEL_TILES(tiles_4x4, MOST_SUMS / 4, 4)

/* Where the lists of kept blocks come from. */
typedef struct Lists {
    const EspalierLayer *layer;
    int32_t rows;
    int are_made;          /* ahead: the layer holds them */
    const uint16_t *table; /* else the place of each block, */
    uint16_t *room;        /* and room for the lists of a quad */
    uint32_t list_start[5];
} Lists;

/* Lists a mask row's blocks, all of them in pairs; returns the list's length. */
INLINE uint32_t list_row(const Lists *l, int32_t row, uint16_t *list) {
    const EspalierLayer *layer = l->layer;
    const uint16_t *table = l->table;
    uint16_t *next = list + LIST_BEGIN;
    if (!layer->mask) {
        __builtin_memcpy(next, table, (size_t)layer->row_blocks * 2);
        next += layer->row_blocks;
    } else {
        const uint32_t *mask = layer->mask + row * layer->mask_words;
        for (int32_t word = 0; word < layer->mask_words; word++, table += 32) {
            for (uint32_t bits = mask[word]; bits; bits &= bits - 1) *next++ = table[__builtin_ctz(bits)];
        }
    }
    if (LIST_BEGIN) begin_list(list, (int32_t)(next - list) - LIST_BEGIN);
    return (uint32_t)(next - list);
}

/* The lists of a quad, whose last outputs may have no mask row. */
static void list_quad(PixelWalk *w, Lists *l, int32_t quad) {
    const EspalierLayer *layer = l->layer;
    const int32_t count = 4 / layer->block_outputs, first = quad * count;
    w->lists = l->are_made ? layer->places : l->room;
    w->list_start = l->list_start;
    if (l->are_made && first + count <= l->rows) {
        w->list_start = layer->place_start + first;
        return;
    }
    l->list_start[0] = l->are_made ? layer->place_start[first] : 0;
    for (int32_t r = 0; r < count; r++) {
        const int32_t row = first + r;
        const uint32_t begin = l->list_start[r];
        l->list_start[r + 1] = row >= l->rows ? begin
                               : l->are_made  ? layer->place_start[row + 1]
                                              : begin + list_row(l, row, l->room + begin);
    }
}

/* Of a quad, whose last outputs may have no mask row and so no entries in the tables. */
static Requantiser requantiser_of_some(const EspalierLayer *layer, int32_t quad, int32_t entries) {
    if (entries >= 4) return requantiser_of_quad(layer, quad);
    int32_t bias[4] = { 0 }, multiplier[4] = { 0 };
    int8_t shift[4] = { 0 };
    for (int32_t o = 0; o < entries; o++) {
        bias[o] = layer->bias[quad * 4 + o];
        multiplier[o] = layer->multiplier[quad * 4 + o];
        shift[o] = layer->shift[quad * 4 + o];
    }
    return requantiser(vld1q_s32(bias), vld1q_s32(multiplier), four_shifts(shift));
}

/* What a quad of outputs is made of. */
static void prepare_quad(PixelWalk *w, Lists *l, int32_t quad) {
    const EspalierLayer *layer = l->layer;
    const int32_t together = layer->block_outputs, first = quad * 4 / together;
    w->four = requantiser_of_some(layer, quad, l->rows * together - quad * 4);
    list_quad(w, l, quad);
    for (int32_t o = 0; o < 4; o++) {
        w->factors[o][0] = vld1q_dup_s32((const int32_t *)&w->four.multiplier + o);
        w->factors[o][1] = vld1q_dup_s32((const int32_t *)&w->four.shift + o);
        const int32x4_t start = vld1q_dup_s32((const int32_t *)&w->four.start + o);
        w->starts[o][0] = w->starts[o][1] = start_in_pixel_lanes(start);
    }
    const int32_t before = layer->row_start ? (int32_t)layer->row_start[first] : first * layer->row_blocks;
    w->weights = layer->weights + (size_t)before * (size_t)together * 4;
    w->way = way_of_storing(&w->storing, &w->four, 1);
}

/* Rows of a band that has been put together, to where they belong. */
static void copy_rows(const int8_t *from, int8_t *to, int32_t step, int32_t bytes, int32_t rows) {
    for (; rows > 0; rows--, from += bytes, to += step) {
        int32_t x = 0;
        for (; x + 16 <= bytes; x += 16) vst1q_s8(to + x, vld1q_s8(from + x));
        for (; x < bytes; x += 4) __builtin_memcpy(to + x, from + x, 4);
    }
}

static int32_t convolution_in_pixel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors,
                                          int8_t *arena) {
    const EspalierTensor *output = &tensors[layer->output];
    int8_t *const scratch = arena + layer->scratch;
    Gather gather;
    PixelWalk w;
    if (layer->block_outputs > 4 || !gather_in_rows(layer, tensors, arena, scratch, &gather)) return 0;
    const Room room = room_in_rows(layer, &gather, PLACES);
    if (room.bytes > layer->scratch_bytes) return 0;
    w.storing = storing(layer, output);
    Lists lists = { .layer = layer, .are_made = layer->places_of == PLACES };
    lists.rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    if (!lists.are_made) {
        uint16_t *const table = (uint16_t *)(void *)(scratch + room.places);
        gather_places(&gather, table);
        lists.table = table;
        lists.room = (uint16_t *)(void *)(scratch + room.lists);
    }
    int8_t together[(BAND_VECTORS + SPARE_VECTORS) * 16];
    for (int32_t first = 0; first < gather.height; first += gather.band) {
        const int32_t left = gather.height - first, height = left < gather.band ? left : gather.band;
        w.input = gather_band(&gather, first);
        w.vectors = (height * gather.width + 3) / 4;
        /* Whole pairs of vectors in every row go straight to where they belong. */
        const int straight = gather.width % 8 == 0 && w.vectors >= 4;
        w.sixteen = !straight || gather.width % 16 == 0;
        w.spare = straight ? 0 : SPARE_VECTORS;
        const int32_t row = straight ? output->row_bytes : gather.width * 4;
        for (int32_t v = 0, x = 0, y = 0; v < w.vectors + w.spare; v++, x += 16) {
            if (straight && x == gather.width * 4) x = 0, y += row;
            w.places[v] = y + x;
        }
        for (int32_t quad = 0; quad < output->quads; quad++) {
            int8_t *const to = tensor_base(output, arena) + quad * output->plane_bytes
                               + first * output->row_bytes;
            w.output = straight ? to : together;
            prepare_quad(&w, &lists, quad);
            switch (layer->block_outputs) {
            case 1: tiles_1x4(&w); break;
            case 2: tiles_2x4(&w); break;
            default: tiles_4x4(&w); break;
            }
            if (!straight) copy_rows(together, to, output->row_bytes, gather.width * 4, height);
        }
    }
    return 1;
}

#endif
