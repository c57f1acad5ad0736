/* Convolution, pixel lanes: neighbouring pixels in the lanes, a block's weights broadcast to them. Walks the
 * kept blocks of static 1x4, 2x4 or 4x4 masks, on the input as it lies. */

/* The blocks that a mask row keeps and whose input is not silent. */
typedef struct Kept {
    const int32_t *places; /* of their inputs, from a pixel's window */
    const int8_t *weights;
    int32_t count;
    int32_t silent; /* blocks left out, of each output */
} Kept;

typedef struct PixelWalk {
    const EspalierLayer *layer;
    Geometry g;
    Storing storing;
    Requantiser requantisers[4];
    Kept kept[4];
    int32_t first; /* output */
} PixelWalk;

/* Adds the visited blocks of B outputs on R segments. */
INLINE void visit_blocks(const Kept *kept, const int8_t *input, Ints *sums, const int R, const int B,
                         const int STRIDE, const int as_stored) {
    Ints s[B * R];
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) s[i] = sums[i];
    const int8_t *weights = kept->weights;
    for (int32_t i = 0; i < kept->count; i++, weights += B * 4) {
        const int8_t *pixels = input + kept->places[i];
        Bytes spread[B];
#pragma clang loop unroll(full)
        for (int b = 0; b < B; b++) spread[b] = bytes_of(weights + b * 4);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) {
            const int8_t *from = pixels + r * LANES * 4 * STRIDE;
            const Bytes vector = STRIDE == 1 ? bytes_load(from) : bytes_load_every_other(from);
#pragma clang loop unroll(full)
            for (int b = 0; b < B; b++) s[b * R + r] = dot(s[b * R + r], vector, spread[b], as_stored);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < B * R; i++) sums[i] = s[i];
}

/* Four outputs of one segment as stored bytes. */
static void store_segment(const PixelWalk *w, const Ints sums[4], int8_t *output, int pixels) {
    if (w->storing.in_lanes) {
        Ints v[4];
        for (int j = 0; j < 4; j++)
            v[j] = requantise(sums[j], &w->requantisers[j], w->storing.negative_differs);
        bytes_store_pixels(bytes_interleave(bytes_pack(v, &w->storing)), output, pixels);
        return;
    }
    for (int j = 0; j < 4; j++) {
        int32_t values[LANES];
        ints_store(values, sums[j]);
        for (int p = 0; p < pixels; p++) {
            output[p * 4 + j] = stored_one(w->layer, w->first + j, values[p], &w->storing);
        }
    }
}

INLINE void pixel_tile(const PixelWalk *w, const int8_t *input, int8_t *output, int32_t pixels, const int R,
                       const int B, const int STRIDE, const int as_stored) {
    Ints sums[4 * R];
    for (int j = 0; j < 4; j++) {
        for (int r = 0; r < R; r++) sums[j * R + r] = ints_load(w->requantisers[j].start);
    }
    for (int j = 0; j < 4; j += B)
        visit_blocks(&w->kept[j / B], input, sums + j * R, R, B, STRIDE, as_stored);
    for (int r = 0; r < R; r++) {
        const Ints four[4] = { sums[r], sums[R + r], sums[2 * R + r], sums[3 * R + r] };
        const int32_t left = pixels - r * LANES;
        store_segment(w, four, output + r * LANES * 4, left < LANES ? left : LANES);
    }
}

/* One output row. Wide blocks have fewer segments to a tile: their sums have to stay in registers. */
#define PIXEL_ROW(NAME, B, STRIDE, WIDE, STORED)                                                             \
    static void NAME(const PixelWalk *w, const int8_t *input, int8_t *output) {                              \
        int32_t left = w->g.width;                                                                           \
        const int32_t wide = WIDE * LANES;                                                                   \
        for (; left > wide - LANES; left -= wide, input += wide * 4 * STRIDE, output += wide * 4) {          \
            pixel_tile(w, input, output, left, WIDE, B, STRIDE, STORED);                                     \
        }                                                                                                    \
        for (; left > 0; left -= LANES, input += LANES * 4 * STRIDE, output += LANES * 4) {                  \
            pixel_tile(w, input, output, left, 1, B, STRIDE, STORED);                                        \
        }                                                                                                    \
    }
#define PIXEL_ROWS(STORED, SUFFIX)                                                                           \
    PIXEL_ROW(row_1x4_##SUFFIX, 1, 1, TILE_SEGMENTS, STORED)                                                 \
    PIXEL_ROW(row_2x4_##SUFFIX, 2, 1, TILE_SEGMENTS, STORED)                                                 \
    PIXEL_ROW(row_4x4_##SUFFIX, 4, 1, 2, STORED)                                                             \
    PIXEL_ROW(row_1x4_apart_##SUFFIX, 1, 2, TILE_SEGMENTS, STORED)                                           \
    PIXEL_ROW(row_2x4_apart_##SUFFIX, 2, 2, TILE_SEGMENTS, STORED)                                           \
    PIXEL_ROW(row_4x4_apart_##SUFFIX, 4, 2, 2, STORED)                                                       \
    static PixelRow row_##SUFFIX(int32_t outputs, int32_t stride) {                                          \
        if (outputs == 1) return stride == 1 ? row_1x4_##SUFFIX : row_1x4_apart_##SUFFIX;                    \
        if (outputs == 2) return stride == 1 ? row_2x4_##SUFFIX : row_2x4_apart_##SUFFIX;                    \
        return stride == 1 ? row_4x4_##SUFFIX : row_4x4_apart_##SUFFIX;                                      \
    }
typedef void (*PixelRow)(const PixelWalk *w, const int8_t *input, int8_t *output);
PIXEL_ROWS(1, stored)
#if !defined(DOT_PRODUCT)
PIXEL_ROWS(0, signed)
#endif

/* Lists a mask row's blocks. `live` has a bit for each block, or is NULL: where it has none, weights are
 * copied so that those of visited blocks are neighbours. Returns the words of room used. */
static int32_t list_kept(const EspalierLayer *layer, const int32_t *places, const uint32_t *live, int32_t row,
                         int32_t *room, Kept *kept) {
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    const int32_t blocks = layer->row_blocks, bytes = layer->block_outputs * 4;
    const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * blocks;
    const int8_t *weights = layer->weights + stored * bytes;
    int32_t *place = room;
    int8_t *copy = (int8_t *)(room + blocks);
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
    return blocks + (live ? kept->count * layer->block_outputs : 0);
}

static __attribute__((noinline)) int32_t convolution_in_pixel_lanes(const EspalierLayer *layer,
                                                                    const EspalierTensor *tensors,
                                                                    int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_height != layer->stride_width || layer->stride_width > 2) return 0;
    const int as_stored = takes_stored(layer);
    if (as_stored < 0) return 0;
    int32_t *lists = (int32_t *)(arena + layer->scratch);
    const int32_t *places = lists;
    lists += list_places(layer, input, lists);
    const uint32_t *live = 0;
    if (as_stored && layer->skips_silence && list_live_blocks(layer, input, arena, FLIP, (uint32_t *)lists)) {
        live = (const uint32_t *)lists;
        lists += (layer->row_blocks + 31) / 32;
    }
    PixelWalk w = { .layer = layer, .g = geometry(layer, tensors, arena) };
    const int32_t rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    const int32_t entries = rows * layer->block_outputs;
    int32_t silent = 0;
    w.storing = storing(layer, output, output->channels);
#if defined(DOT_PRODUCT)
    const PixelRow run = row_stored(layer->block_outputs, layer->stride_width);
#else
    const PixelRow run = (as_stored ? row_stored : row_signed)(layer->block_outputs, layer->stride_width);
#endif
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t *next = lists;
        for (int32_t j = 0; j < 4; j++) {
            w.requantisers[j] = requantiser(layer, quad * 4 + j < entries ? quad * 4 + j : 0, 0, as_stored);
            if (j % layer->block_outputs) continue;
            const int32_t row = (quad * 4 + j) / layer->block_outputs;
            Kept *kept = &w.kept[j / layer->block_outputs];
            kept->count = 0;
            if (row >= rows) continue;
            next += list_kept(layer, places, live, row, next, kept);
            const int32_t outputs = output->channels - row * layer->block_outputs;
            silent += kept->silent * (outputs < layer->block_outputs ? outputs : layer->block_outputs);
        }
        w.first = quad * 4;
        const int8_t *in = w.g.input;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) run(&w, in, out);
    }
    return 1 + silent;
}
