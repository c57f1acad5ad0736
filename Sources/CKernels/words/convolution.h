/* Convolutions without vectors. */
#include "windows.h"

/* ---- Mask rows of 1, 2 or 4 outputs. The windows of a few pixels are gathered first, block by block, ready
 * for multiplication; each output walks its blocks in them. ---- */

_Static_assert(sizeof(Four) * PIXELS == PIXELS_BYTES && sizeof(Four) <= PIXEL_BYTES, "see windows.h");

typedef struct Windows {
    const EspalierLayer *layer;
    const EspalierTensor *input;
    Geometry g;
    Storing storing;
    int32_t channels;
    const uint32_t *live;   /* a bit for each block whose input is not silent; NULL: all are */
    Four *ready;            /* [row_blocks][pixels] */
    int32_t places[PIXELS]; /* of the outputs */
} Windows;

/* What a walk visits: all blocks (in mask rows of one output their weights follow each other), those that the
 * mask keeps, or of these those whose input is live. */
enum { ALL_OF_ONE, ALL, KEPT, LIVE };

/* The windows of `count` pixels in reading order from (x, y) on, which moves; past the last pixel, its window
 * again. */
INLINE void gather(Windows *w, int32_t *x, int32_t *y, const int count) {
    const EspalierLayer *layer = w->layer;
    const int8_t *corners[PIXELS];
    for (int p = 0; p < count; p++) {
        corners[p] = w->g.input + *y * w->g.input_row + *x * w->g.input_pixel;
        w->places[p] = *y * w->g.output_row + *x * 4;
        if (*x + 1 < w->g.width) {
            ++*x;
        } else if (*y + 1 < w->g.height) {
            *x = 0;
            ++*y;
        }
    }
    Four *to = w->ready;
    for (int32_t i = 0; i < layer->kernel_height; i++) {
        for (int32_t j = 0; j < layer->kernel_width; j++) {
            int32_t place = i * layer->dilation_height * w->input->row_bytes + j * layer->dilation_width * 4;
            for (int32_t q = 0; q < w->input->quads; q++, place += w->g.input_plane) {
#pragma clang loop unroll(full)
                for (int p = 0; p < count; p++) *to++ = four(corners[p] + place);
            }
        }
    }
}

INLINE void add_block(int32_t *sums, const Four **ready, const int8_t *weights, const int count) {
    if (count == PIXELS)
        add_pixels(sums, ready, four(weights));
    else
        sums[0] = dot(sums[0], *(*ready)++, four(weights));
}

/* All blocks of an output. `step`: from its weights in one block to those in the next. */
INLINE void add_all(const Windows *w, const int8_t *weights, int32_t step, int32_t *sums, const int count) {
    const Four *ready = w->ready;
    int32_t left = w->layer->row_blocks;
#pragma clang loop unroll(disable)
    do {
        add_block(sums, &ready, weights, count);
        weights += step;
    } while (--left);
}

/* Those that the mask keeps (NULL: all) and, where `looks`, whose input is not silent. */
INLINE void add_kept(const Windows *w, const uint32_t *mask, const int8_t *weights, int32_t step,
                     int32_t *sums, const int count, const int looks) {
    for (int32_t first = 0; first < w->layer->row_blocks; first += 32) {
        const int32_t left = w->layer->row_blocks - first;
        uint32_t bits = mask ? mask[first >> 5] : left < 32 ? (1u << left) - 1 : 0xffffffff;
        uint32_t live = looks ? w->live[first >> 5] : 0;
        const Four *ready = w->ready + first * count;
        while (bits) {
            const int passed = trailing_zeros(bits);
            bits >>= passed;
            live >>= passed;
            ready += passed * count;
            if (!looks || (live & 1))
                add_block(sums, &ready, weights, count);
            else
                ready += count;
            weights += step;
            bits >>= 1;
            live >>= 1;
        }
    }
}

/* All outputs of the pixels that are gathered. */
INLINE void run_windows(const Windows *w, const int count, const int way) {
    const EspalierLayer *layer = w->layer;
    const int32_t step = way == ALL_OF_ONE ? 4 : layer->block_outputs * 4, channels = w->channels;
    for (int32_t row = 0, channel = 0; channel < channels; row++) {
        const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
        const int32_t stored = mask ? (int32_t)layer->row_start[row] : row * layer->row_blocks;
        const int8_t *weights = layer->weights + stored * step, *const end = weights + step;
        for (; weights != end && channel < channels; channel++, weights += 4) {
            int32_t sums[PIXELS];
#pragma clang loop unroll(full)
            for (int p = 0; p < count; p++) sums[p] = layer->bias[channel];
            if (way == KEPT || way == LIVE)
                add_kept(w, mask, weights, step, sums, count, way == LIVE);
            else
                add_all(w, weights, step, sums, count);
            int8_t *to = w->g.output + (channel >> 2) * w->g.output_plane + (channel & 3);
            store_pixels(&w->storing, channel, sums, to, w->places, count);
        }
    }
}

/* Functions of their own, so that each inner loop has the registers to itself. */
typedef void (*Run)(const Windows *);
#define RUN(NAME, COUNT, WAY)                                                                                \
    static __attribute__((noinline)) void NAME(const Windows *w) { run_windows(w, COUNT, WAY); }
RUN(pixels_all_of_one, PIXELS, ALL_OF_ONE)
RUN(pixels_all, PIXELS, ALL)
RUN(pixels_kept, PIXELS, KEPT)
RUN(pixels_live, PIXELS, LIVE)
RUN(pixel_all, 1, ALL)
RUN(pixel_kept, 1, KEPT)
RUN(pixel_live, 1, LIVE)

static Run run_of(const Windows *w, int count) {
    if (w->live) return count == 1 ? pixel_live : pixels_live;
    if (w->layer->mask) return count == 1 ? pixel_kept : pixels_kept;
    return count == 1 ? pixel_all : w->layer->block_outputs == 1 ? pixels_all_of_one : pixels_all;
}

/* The stored blocks that are not visited, once for each output. */
static int32_t silent_blocks(const Windows *w) {
    const EspalierLayer *layer = w->layer;
    int32_t silent = 0;
    for (int32_t row = 0, left = w->channels; left > 0; row++, left -= layer->block_outputs) {
        const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
        const int32_t outputs = left < layer->block_outputs ? left : layer->block_outputs;
        for (int32_t block = 0; block < layer->row_blocks; block++) {
            const uint32_t kept = mask ? mask[block >> 5] : 0xffffffff;
            if ((kept & ~w->live[block >> 5]) >> (block & 31) & 1) silent += outputs;
        }
    }
    return silent;
}

static int32_t pixel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    Windows w = { .layer = layer, .input = input, .g = geometry(layer, tensors, arena) };
    if (!storing(layer, output, layer->row_blocks * 4, &w.storing)) return 0;
    if (windows_room(layer, output) > layer->scratch_bytes) return 0;
    w.channels = output->channels;
    const int count = gathers_one(output) ? 1 : PIXELS;
    w.ready = (Four *)(void *)(arena + layer->scratch);
    uint32_t *live = (uint32_t *)(void *)((int8_t *)w.ready + windows_bytes(layer, output));
    if (layer->skips_silence && list_live_blocks(layer, input, arena, 0, live)) w.live = live;
    const Run run = run_of(&w, count);
    int32_t x = 0, y = 0;
    for (int32_t left = w.g.height * w.g.width; left > 0; left -= count) {
        if (count == 1)
            gather(&w, &x, &y, 1);
        else
            gather(&w, &x, &y, PIXELS);
        run(&w);
    }
    return 1 + (w.live ? silent_blocks(&w) : 0);
}

/* ---- Mask rows of 16 outputs, which keep all blocks or none: four outputs of a pixel at a time. ---- */

typedef struct Group {
    const EspalierLayer *layer;
    const EspalierTensor *input;
    const int8_t *weights; /* of the first output; NULL: it keeps no block */
    const int32_t *bias;
    const uint8_t *live; /* a byte for each quad; NULL: all are */
} Group;

static __attribute__((noinline)) void sum_four(const Group *group, const int8_t *corner, int32_t sums[4]) {
    const EspalierLayer *layer = group->layer;
    const int8_t *weights = group->weights;
    int32_t totals[4];
    for (int n = 0; n < 4; n++) totals[n] = group->bias[n];
    for (int32_t i = 0; weights && i < layer->kernel_height; i++) {
        for (int32_t j = 0; j < layer->kernel_width; j++) {
            const int8_t *value = corner + i * layer->dilation_height * group->input->row_bytes
                                  + j * layer->dilation_width * 4;
            for (int32_t q = 0; q < group->input->quads; q++) {
                if (!group->live || group->live[q]) {
                    const Four values = four(value);
#pragma clang loop unroll(full)
                    for (int n = 0; n < 4; n++) totals[n] = dot(totals[n], values, four(weights + n * 4));
                }
                value += group->input->plane_bytes;
                weights += 64;
            }
        }
    }
    for (int n = 0; n < 4; n++) sums[n] = totals[n];
}

static int32_t channel_lanes(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const Geometry g = geometry(layer, tensors, arena);
    const int32_t taps = layer->kernel_height * layer->kernel_width;
    Storing s;
    if (!storing(layer, output, layer->row_blocks * 4, &s)) return 0;
    uint8_t live[MOST_QUADS];
    Group group = { .layer = layer, .input = input };
    int32_t visited = layer->row_blocks;
    if (layer->skips_silence && list_live_quads(input, arena, 0, live)) {
        group.live = live;
        for (int32_t q = 0; q < input->quads; q++) visited -= live[q] ? 0 : taps;
    }
    for (int32_t first = 0; first < output->channels; first += 4) {
        const int32_t row = first / 16;
        const int32_t stored = layer->row_start ? (int32_t)layer->row_start[row] : row * layer->row_blocks;
        group.weights = is_stored(layer, row) ? layer->weights + stored * 64 + first % 16 * 4 : 0;
        group.bias = layer->bias + first;
        Scale scales[4];
        for (int n = 0; n < 4; n++) scales[n] = output_scale(&s, first + n);
        for (int32_t y = 0; y < g.height; y++) {
            const int8_t *in = g.input + y * g.input_row;
            int8_t *out = g.output + y * g.output_row + (first >> 2) * g.output_plane;
            for (int32_t x = 0; x < g.width; x++, in += g.input_pixel, out += 4) {
                int32_t sums[4];
                sum_four(&group, in, sums);
                store_quad(&s, first, scales, sums, out);
            }
        }
    }
    return done_in_channel_lanes(layer, visited);
}
