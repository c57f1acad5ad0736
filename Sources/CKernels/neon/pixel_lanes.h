/* Convolution, pixel lanes: vectors of four pixels, a block's weights taken by lane.
 *
 * Included by neondot.c and neon.c, each with its own DOT and DOT_BY_LANE. */
#ifndef ESPALIER_ARM_PIXEL_LANES_H
#define ESPALIER_ARM_PIXEL_LANES_H

#include "neon64.h"

/* Up to 8 vectors, each anywhere in the picture, x the four outputs of a quad. */
typedef struct PixelTile {
    const int8_t *inputs[8];
    int8_t *outputs[8];
} PixelTile;

enum { MOST_VISITS = 2048 };

typedef struct PixelWalk {
    Geometry g;
    Storing storing;
    const int32_t *offsets;    /* of the kept blocks' inputs, mask row after mask row */
    int32_t counts[4];         /* of each mask row in the quad */
    const int8_t *weights;     /* of the quad's first kept block */
    Requantiser requantisers[4];
    int way;
} PixelWalk;

/* Four pixels of an input quad. */
INLINE int8x16_t load_vector(const int8_t *input, const int pixels, const int stride) {
    if (stride == 1) return load_pixels(input, pixels);
    if (pixels < 4) return load_every_other(input, pixels);
    static const uint8_t even[16] = { 0, 1, 2, 3, 8, 9, 10, 11, 20, 21, 22, 23, 28, 29, 30, 31 };
    const int8x16x2_t seven = { { vld1q_s8(input), vld1q_s8(input + 12) } };
    return vqtbl2q_s8(seven, vld1q_u8(even));
}

#define BLOCK_BY_LANE(LANE, OUTPUT)                                                                          \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                   \
        sums[OUTPUT][v] = DOT_BY_LANE(sums[OUTPUT][v], inputs[v], weights, LANE);                        \
    }
#define LOAD_BLOCK(OFFSET)                                                                                   \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                   \
        inputs[v] = load_vector(tile->inputs[v] + (OFFSET), pixels, stride);                                 \
    }

/* One output's blocks two by two where there is no dot product; returns how many have been done. */
INLINE int32_t pixel_sums_of_pairs(int32x4_t *sums, const PixelTile *tile, const int32_t *offset,
                                   int32_t count, const int8_t *at, const int vectors, const int pixels,
                                   const int stride) {
    int32x4_t low[8], high[8];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) low[v] = high[v] = vdupq_n_s32(0);
    const int32_t pairs = count / 2;
    for (int32_t i = 0; i < pairs; i++, at += 8) {
        const int8x16_t a = four_times(at), b = four_times(at + 4);
        const int32_t first = offset[i * 2], second = offset[i * 2 + 1];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v += 2) {
            multiply_two((Products){ &low[v], &high[v],
                                     load_vector(tile->inputs[v] + first, pixels, stride), a,
                                     load_vector(tile->inputs[v] + second, pixels, stride), b },
                         (Products){ &low[v + 1], &high[v + 1],
                                     load_vector(tile->inputs[v + 1] + first, pixels, stride), a,
                                     load_vector(tile->inputs[v + 1] + second, pixels, stride), b });
        }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sums[v] = vaddq_s32(sums[v], vpaddq_s32(low[v], high[v]));
    return pairs * 2;
}

/* The sums of one mask row: 1, 2 or 4 outputs. Returns the next row's weights. */
INLINE const int8_t *pixel_sums(int32x4_t sums[4][8], const PixelTile *tile, const int32_t *offset,
                                int32_t count, const int8_t *at, const int vectors, const int together,
                                const int pixels, const int stride) {
    int8x16_t inputs[8], weights;
    const int step = 4 / together; /* blocks to a vector of weights */
    if (WIDEST_TILE == 2 && together == 1) {
        const int32_t done = pixel_sums_of_pairs(sums[0], tile, offset, count, at, vectors, pixels, stride);
        count -= done;
        offset += done;
        at += done * 4;
    }
    for (; count >= step && !(WIDEST_TILE == 2 && together == 1); count -= step, offset += step, at += 16) {
        weights = vld1q_s8(at);
        LOAD_BLOCK(offset[0])
        BLOCK_BY_LANE(0, 0)
        if (together == 4) {
            BLOCK_BY_LANE(1, 1) BLOCK_BY_LANE(2, 2) BLOCK_BY_LANE(3, 3)
        } else if (together == 2) {
            BLOCK_BY_LANE(1, 1)
            LOAD_BLOCK(offset[1])
            BLOCK_BY_LANE(2, 0) BLOCK_BY_LANE(3, 1)
        } else {
            LOAD_BLOCK(offset[1])
            BLOCK_BY_LANE(1, 0)
            LOAD_BLOCK(offset[2])
            BLOCK_BY_LANE(2, 0)
            LOAD_BLOCK(offset[3])
            BLOCK_BY_LANE(3, 0)
        }
    }
    for (; count > 0; count--, offset++, at += together * 4) {
        weights = load_pixels(at, together);
        LOAD_BLOCK(offset[0])
        BLOCK_BY_LANE(0, 0)
        if (together == 2) { BLOCK_BY_LANE(1, 1) }
    }
    return at;
}

/* The bytes of one output for all vectors, four vectors to a register. */
INLINE void finish_output(const int32x4_t *sums, const Requantiser *r, const Storing *s, int8x16_t bytes[2],
                          const int vectors, const int way) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 4) {
        int32x4_t x[4];
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) x[k] = v + k < vectors ? rounded(sums[v + k], r, s, way) : x[0];
        bytes[v / 4] = packed(x[0], x[1], x[2], x[3], s, way);
    }
}

INLINE void pixel_tile(const PixelWalk *w, const PixelTile *tile, const int vectors, const int together,
                       const int pixels, const int stride) {
    int8x16_t bytes[4][2];
    const int32_t *offset = w->offsets;
    const int8_t *weights = w->weights;
#pragma clang loop unroll(full)
    for (int first = 0; first < 4; first += together) {
        int32x4_t sums[4][8];
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++) {
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[o][v] = w->requantisers[first + o].start;
        }
        const int32_t count = w->counts[first / together];
        weights = pixel_sums(sums, tile, offset, count, weights, vectors, together, pixels, stride);
        offset += count;
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++) {
            const Requantiser *r = &w->requantisers[first + o];
            switch (w->way) {
            case FROM_ZERO:
                finish_output(sums[o], r, &w->storing, bytes[first + o], vectors, FROM_ZERO);
                break;
            case TO_THE_RIGHT:
                finish_output(sums[o], r, &w->storing, bytes[first + o], vectors, TO_THE_RIGHT);
                break;
            default: finish_output(sums[o], r, &w->storing, bytes[first + o], vectors, GENERALLY);
            }
        }
    }
    /* From an output's pixels to a pixel's outputs. */
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 4) {
        const int8x16_t a = bytes[0][v / 4], b = bytes[1][v / 4], c = bytes[2][v / 4], d = bytes[3][v / 4];
        const int16x8_t ab[2]
            = { vreinterpretq_s16_s8(vzip1q_s8(a, b)), vreinterpretq_s16_s8(vzip2q_s8(a, b)) };
        const int16x8_t cd[2]
            = { vreinterpretq_s16_s8(vzip1q_s8(c, d)), vreinterpretq_s16_s8(vzip2q_s8(c, d)) };
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) {
            if (v + k >= vectors) break;
            const int16x8_t quad
                = k & 1 ? vzip2q_s16(ab[k / 2], cd[k / 2]) : vzip1q_s16(ab[k / 2], cd[k / 2]);
            store_pixels(vreinterpretq_s8_s16(quad), tile->outputs[v + k], pixels);
        }
    }
}

typedef void (*PixelTiles)(const PixelWalk *, const PixelTile *);
#define PIXEL_TILE(V, T, P, S)                                                                               \
    static void pixels_##V##_##T##_##P##_##S(const PixelWalk *w, const PixelTile *tile) {                    \
        pixel_tile(w, tile, V, T, P, S);                                                                     \
    }
#define PIXEL_TILES(T, V)                                                                                    \
    PIXEL_TILE(V, T, 4, 1) PIXEL_TILE(4, T, 1, 1) PIXEL_TILE(4, T, 2, 1) PIXEL_TILE(4, T, 3, 1)              \
    PIXEL_TILE(4, T, 4, 2) PIXEL_TILE(4, T, 1, 2) PIXEL_TILE(4, T, 2, 2) PIXEL_TILE(4, T, 3, 2)
PIXEL_TILES(1, 8)
PIXEL_TILES(2, 8) PIXEL_TILES(4, 4) PIXEL_TILE(4, 1, 4, 1) PIXEL_TILE(4, 2, 4, 1)

/* [outputs of a mask row: 1, 2, 4][stride - 1][pixels in a vector] of four vectors; of as many as fit for
 * whole ones. */
#define FOUR(T, S)                                                                                        \
    { 0, pixels_4_##T##_1_##S, pixels_4_##T##_2_##S, pixels_4_##T##_3_##S, pixels_4_##T##_4_##S }
    static const PixelTiles pixel_tiles[3][2][5] = {
        { FOUR(1, 1), FOUR(1, 2) },
        { FOUR(2, 1), FOUR(2, 2) },
        { FOUR(4, 1), FOUR(4, 2) },
    };
/* Sums in halves of eight vectors leave no registers for their inputs. */
static const PixelTiles eight_vectors[3] = { WIDEST_TILE == 2 ? 0 : pixels_8_1_4_1, pixels_8_2_4_1, 0 };

/* Those of a mask row's kept blocks; returns how many there are. */
INLINE int32_t list_offsets(const EspalierLayer *layer, int32_t row, const int32_t *places,
                            int32_t *offsets) {
    if (!layer->mask) {
        __builtin_memcpy(offsets, places, (size_t)layer->row_blocks * 4);
        return layer->row_blocks;
    }
    int32_t *next = offsets;
    const uint32_t *mask = layer->mask + row * layer->mask_words;
    for (int32_t word = 0; word < layer->mask_words; word++, places += 32) {
        for (uint32_t bits = mask[word]; bits; bits &= bits - 1) *next++ = places[__builtin_ctz(bits)];
    }
    return (int32_t)(next - offsets);
}

/* Every vector of the picture, 4 or 8 at a time. A row's last vector overlaps the one before where it has
 * to. */
static void walk_pixels(const PixelWalk *w, PixelTiles four, PixelTiles eight, int8_t *output,
                        int32_t pixels) {
    const int32_t in_row = (w->g.width + pixels - 1) / pixels, all = in_row * w->g.height;
    int32_t x = 0, y = 0;
    for (int32_t done = 0; done < all;) {
        const int32_t vectors = eight && all - done > 4 ? 8 : 4;
        PixelTile tile;
        for (int32_t v = 0; v < vectors; v++) {
            const int32_t from = (x + 1) * pixels <= w->g.width ? x * pixels : w->g.width - pixels;
            tile.inputs[v] = w->g.input + y * w->g.input_row + from * w->g.input_pixel;
            tile.outputs[v] = output + y * w->g.output_row + from * 4;
            if (++done >= all) continue; /* the last vector again */
            if (++x == in_row) {
                x = 0;
                y++;
            }
        }
        (vectors == 8 ? eight : four)(w, &tile);
    }
}

static int32_t convolution_in_pixel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors,
                                          int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t together = layer->block_outputs;
    if (layer->stride_width > 2 || together > 4 || layer->row_blocks > MOST_VISITS / 4) return 0;
    PixelWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    int32_t *places = (int32_t *)(void *)(arena + layer->scratch), offsets[MOST_VISITS];
    list_places(layer, input, places);
    w.offsets = offsets;
    const int32_t pixels = w.g.width < 4 ? w.g.width : 4, kind = together >> 1;
    const PixelTiles four = pixel_tiles[kind][layer->stride_width - 1][pixels];
    const PixelTiles eight = pixels == 4 && layer->stride_width == 1 ? eight_vectors[kind] : 0;
    const int32_t rows = (output->channels + together - 1) / together;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int32_t first_row = quad * 4 / together;
        int32_t total = 0;
        for (int32_t r = 0; r < 4 / together; r++) {
            const int32_t row = first_row + r;
            w.counts[r] = row < rows ? list_offsets(layer, row, places, offsets + total) : 0;
            total += w.counts[r];
            for (int32_t o = r * together; o < (r + 1) * together; o++) {
                w.requantisers[o] = row < rows ? requantiser_of_one(layer, quad * 4 + o)
                                               : requantiser(vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0));
            }
        }
        const int32_t before = layer->row_start ? (int32_t)layer->row_start[first_row]
                                                : first_row * layer->row_blocks;
        w.weights = layer->weights + (size_t)before * (size_t)together * 4;
        const int32_t entries = rows * together - quad * 4;
        w.way = way_of_storing(&w.storing, shifts_right(layer, quad * 4, entries < 4 ? entries : 4),
                               w.requantisers, 4, layer->row_blocks * 4);
        walk_pixels(&w, four, eight, w.g.output + quad * w.g.output_plane, pixels);
    }
    return 1;
}

#endif
