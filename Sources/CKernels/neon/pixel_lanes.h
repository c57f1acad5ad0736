/* Convolution, pixel lanes: vectors of four pixels of a gathered band, a block's weights broadcast to them.
 *
 * Included by neondot.c and neon.c, each with its own pixel_sums, start_in_pixel_lanes and
 * MOST_SUMS. */
#ifndef ESPALIER_ARM_PIXEL_LANES_H
#define ESPALIER_ARM_PIXEL_LANES_H

#include "gather.h"
#include "walks.h"

/* The most vectors in a band, and how many more a tile may write. */
enum { BAND_VECTORS = BAND_SEGMENTS * 4, SPARE_VECTORS = 3 };

/* Four outputs of a band. */
typedef struct PixelWalk {
    Storing storing;
    const int8_t *input;    /* the band's first pixel */
    int8_t *output;         /* of the quad, or where its band is put together */
    int32_t vectors, spare; /* in the band, and past its end */
    const int32_t *offsets; /* of the kept blocks' inputs, mask row after mask row */
    int32_t counts[4];      /* of each mask row in the quad */
    const int8_t *weights;  /* of the quad's first kept block */
    Requantiser requantisers[4];
    int32x4_t starts[4][2]; /* of two vectors */
    int way;
    int32_t places[BAND_VECTORS + SPARE_VECTORS]; /* of each vector, in `output` */
} PixelWalk;

/* One output's sums as stored bytes. */
INLINE void store_output(const int32x4_t *sums, const Requantiser *r, const Storing *s, int8_t *bytes,
                         const int vectors, const int way) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 4) {
        int32x4_t x[4];
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) x[k] = v + k < vectors ? rounded(sums[v + k], r, s, way) : x[0];
        vst1q_s8(bytes + v * 4, packed(x[0], x[1], x[2], x[3], s, way));
    }
}

/* Off the fast paths, and once. */
static __attribute__((noinline)) void store_output_by_way(const PixelWalk *w, const int32x4_t *sums,
                                                          const Requantiser *r, int8_t *bytes, int vectors) {
    for (int v = 0; v < vectors; v++) {
        const int32x4_t four[4] = { sums[v], sums[v], sums[v], sums[v] };
        store_pixels(packed_by_way(four, r, &w->storing, w->way), bytes + v * 4, 1);
    }
}

/* Two pixels' quads of each of two outputs' zipped bytes. */
INLINE int8x16_t first_quads(int8x16_t ab, int8x16_t cd) {
    return vreinterpretq_s8_s16(vzip1q_s16(vreinterpretq_s16_s8(ab), vreinterpretq_s16_s8(cd)));
}

INLINE int8x16_t last_quads(int8x16_t ab, int8x16_t cd) {
    return vreinterpretq_s8_s16(vzip2q_s16(vreinterpretq_s16_s8(ab), vreinterpretq_s16_s8(cd)));
}

/* From four outputs' pixels to a pixel's four outputs. */
INLINE void store_vectors(int8_t *output, const int32_t *places, int8_t bytes[4][MOST_SUMS * 4],
                          const int vectors) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v += 4) {
        const int8x16_t a = vld1q_s8(bytes[0] + v * 4), b = vld1q_s8(bytes[1] + v * 4);
        const int8x16_t c = vld1q_s8(bytes[2] + v * 4), d = vld1q_s8(bytes[3] + v * 4);
        const int8x16_t ab = vzip1q_s8(a, b), cd = vzip1q_s8(c, d);
        vst1q_s8(output + places[v], first_quads(ab, cd));
        vst1q_s8(output + places[v + 1], last_quads(ab, cd));
        if (v + 2 == vectors) break;
        const int8x16_t more_ab = vzip2q_s8(a, b), more_cd = vzip2q_s8(c, d);
        vst1q_s8(output + places[v + 2], first_quads(more_ab, more_cd));
        vst1q_s8(output + places[v + 3], last_quads(more_ab, more_cd));
    }
}

/* So many vectors of all four outputs, `together` of them at a time. */
INLINE void pixel_tile(const PixelWalk *w, int32_t first, const int vectors, const int together) {
    _Alignas(16) int8_t bytes[4][MOST_SUMS * 4];
    const int32_t *offset = w->offsets;
    const int8_t *weights = w->weights;
#pragma clang loop unroll(disable)
    for (int row = 0; row < 4; row += together) {
        int32x4_t sums[MOST_SUMS];
        const int32_t count = w->counts[row / together];
        weights = pixel_sums(sums, &w->starts[row], w->input + first * 16, offset, count, weights,
                             vectors, together);
        offset += count;
#pragma clang loop unroll(full)
        for (int o = 0; o < together; o++) {
            const Requantiser *r = &w->requantisers[row + o];
            const int32x4_t *of_one = sums + o * vectors;
            if (w->way == FROM_ZERO) {
                store_output(of_one, r, &w->storing, bytes[row + o], vectors, FROM_ZERO);
            } else if (w->way == IN_16_BITS) {
                store_output(of_one, r, &w->storing, bytes[row + o], vectors, IN_16_BITS);
            } else {
                int32x4_t copy[MOST_SUMS];
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) copy[v] = of_one[v];
                store_output_by_way(w, copy, r, bytes[row + o], vectors);
            }
        }
    }
    store_vectors(w->output, w->places + first, bytes, vectors);
}

/* All vectors of the band, in wide tiles and narrow ones. The last tile overlaps the one before where it may
 * not write past the end. */
#define PIXEL_TILES(NAME, TOGETHER, NARROW)                                                                  \
    static __attribute__((noinline)) void NAME(const PixelWalk *w) {                                         \
        enum { WIDE = MOST_SUMS / (TOGETHER) };                                                              \
        const int32_t end = w->vectors + w->spare;                                                           \
        for (int32_t v = 0; v < w->vectors;) {                                                               \
            if (w->vectors - v > WIDE - (NARROW) && end >= WIDE) {                                           \
                pixel_tile(w, v + WIDE <= end ? v : end - WIDE, WIDE, TOGETHER);                             \
                v += WIDE;                                                                                   \
            } else {                                                                                         \
                pixel_tile(w, v + (NARROW) <= end ? v : end - (NARROW), NARROW, TOGETHER);                   \
                v += (NARROW);                                                                               \
            }                                                                                                \
        }                                                                                                    \
    }
PIXEL_TILES(tiles_1x4, 1, 4)
PIXEL_TILES(tiles_2x4, 2, 4)
PIXEL_TILES(tiles_4x4, 4, MOST_SUMS / 4)

/* Lists where a mask row's kept blocks lie; returns how many there are. */
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

/* By the weights themselves, where their number alone does not tell. */
static int quad_fits_16_bits(const PixelWalk *w, int32_t together) {
    const int8_t *weights = w->weights;
    int fits = 1;
    for (int32_t row = 0; row < 4; row += together) {
        uint32x4_t sums = vdupq_n_u32(0); /* of the outputs of the row, again and again */
        for (int32_t words = w->counts[row / together] * together; words > 0; words -= 4, weights += 16) {
            const int8x16_t some = load_pixels(weights, words);
            sums = vpadalq_u16(sums, vpaddlq_u8(vreinterpretq_u8_s8(vabsq_s8(some))));
            if (words < 4) weights -= (4 - words) * 4;
        }
        if (together < 4) sums = vaddq_u32(sums, vextq_u32(sums, sums, 2));
        if (together < 2) sums = vaddq_u32(sums, vextq_u32(sums, sums, 1));
        for (int o = 0; o < together; o++) {
            fits &= fits_16_bits(&w->requantisers[row + o], vreinterpretq_s32_u32(sums));
        }
    }
    return fits;
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
static void prepare_quad(PixelWalk *w, const EspalierLayer *layer, int32_t quad, int32_t rows,
                         const int32_t *places, int32_t *offsets) {
    const int32_t together = layer->block_outputs, first = quad * 4 / together;
    const Requantiser four = requantiser_of_some(layer, quad, rows * together - quad * 4);
    int32_t most = 0; /* kept blocks of an output */
    w->offsets = offsets;
    for (int32_t r = 0; r < 4 / together; r++) {
        const int32_t row = first + r, count = row < rows ? list_offsets(layer, row, places, offsets) : 0;
        w->counts[r] = count;
        offsets += count;
        if (count > most) most = count;
    }
    for (int32_t o = 0; o < 4; o++) {
        w->requantisers[o] = requantiser_of_lane(&four, o);
        w->starts[o][0] = w->starts[o][1] = start_in_pixel_lanes(w->requantisers[o].start);
    }
    const int32_t before = layer->row_start ? (int32_t)layer->row_start[first] : first * layer->row_blocks;
    w->weights = layer->weights + (size_t)before * (size_t)together * 4;
    w->way = way_of_storing(&w->storing, &four, 1, most * 4);
    if (w->way == TO_THE_RIGHT && quad_fits_16_bits(w, together)) w->way = fast_way(&w->storing);
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
    int8_t *room = arena + layer->scratch;
    Gather gather;
    PixelWalk w;
    if (layer->block_outputs > 4 || !gather_of(layer, tensors, arena, room, 1, &gather)) return 0;
    w.storing = storing(layer, output);
    if (!gather.is_input) room += (gather.plane * gather.quads + 64 + 63) / 64 * 64;
    int32_t *const places = (int32_t *)(void *)room, blocks = gather_places(&gather, places);
    const int32_t rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    int8_t together[(BAND_VECTORS + SPARE_VECTORS) * 16];
    for (int32_t first = 0; first < gather.height; first += gather.band) {
        const int32_t left = gather.height - first, height = left < gather.band ? left : gather.band;
        w.input = gather_band(&gather, first);
        w.vectors = (height * gather.width + 3) / 4;
        /* Whole vectors in every row go straight to where they belong. */
        const int straight = gather.width % 4 == 0 && w.vectors >= 4;
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
            prepare_quad(&w, layer, quad, rows, places, places + blocks);
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
