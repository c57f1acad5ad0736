/* Kernels for processors without vectors: a quad is one word of four bytes. The including file brings a Four,
 * a quad ready for multiplication, with four() and dot(), chooses the set's symbol (SET) and its name
 * (SET_NAME). Activations are stored plain. */
#ifndef ESPALIER_WORDS_H
#define ESPALIER_WORDS_H

#include "../sets.h"
#include "../visits.h"

/* (a * b + 2^30) >> 31. */
INLINE int32_t doubling_high_product(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__)
    /* There is no product of 64 bits, and no library for one: four of 16 x 16 bits. */
    const uint32_t al = (uint32_t)a & 0xffff, bl = (uint32_t)b & 0xffff;
    const int32_t ah = a >> 16, bh = b >> 16;
    const uint32_t low = al * bl;
    const int32_t middle = ah * (int32_t)bl + (int32_t)(low >> 16);
    const int32_t other = (int32_t)al * bh + (middle & 0xffff);
    const int32_t high = ah * bh + (middle >> 16) + (other >> 16);
    const uint32_t rest = (uint32_t)other << 16 | (low & 0xffff);
    const uint32_t rounded = rest + (1u << 30);
    return (int32_t)((uint32_t)(high + (rounded < rest)) << 1 | rounded >> 31);
#else
    return (int32_t)(((int64_t)a * b + (1ll << 30)) >> 31);
#endif
}

/* As requantised() of scalar.h, for shifts of -31 and more. */
INLINE int32_t requantised_32(int32_t sum, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const int32_t high = doubling_high_product((int32_t)((uint32_t)sum << left), multiplier);
    const int32_t mask = (int32_t)((1u << right) - 1);
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

typedef struct WordWalk {
    const EspalierLayer *layer;
    Geometry g;
    int32_t zero_point, channels;
    const Visit *visits, *end;
    const int8_t *weights; /* of the row's first output */
    int32_t first;         /* output of the row */
} WordWalk;

INLINE int8_t stored_byte(const WordWalk *w, int32_t output, int32_t sum) {
    const EspalierLayer *layer = w->layer;
    const int32_t value = requantised_32(sum, layer->multiplier[output], layer->shift[output]);
    int32_t moved = (int32_t)((uint32_t)value + (uint32_t)w->zero_point);
    if (moved < layer->activation_min) moved = layer->activation_min;
    if (moved > layer->activation_max) moved = layer->activation_max;
    return (int8_t)moved;
}

/* P pixels x N outputs from `from` of the row on. */
INLINE void word_tile(const WordWalk *w, const int8_t *input, int8_t *output, int32_t from, const int P,
                      const int N) {
    int32_t sums[4];
    const int32_t step = w->g.input_pixel;
#pragma clang loop unroll(full)
    for (int i = 0; i < P * N; i++) sums[i] = w->layer->bias[w->first + from + i % N];
    for (const Visit *visit = w->visits; visit != w->end; visit++) {
        const int8_t *weights = w->weights + visit->weights + from * 4;
        Four factors[N];
#pragma clang loop unroll(full)
        for (int n = 0; n < N; n++) factors[n] = four(weights + n * 4);
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) {
            const Four values = four(input + visit->input + p * step);
#pragma clang loop unroll(full)
            for (int n = 0; n < N; n++) sums[p * N + n] = dot(sums[p * N + n], values, factors[n]);
        }
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < N; n++) {
        const int32_t channel = w->first + from + n;
        if (channel >= w->channels) break;
        int8_t *to = output + (channel >> 2) * w->g.output_plane + (channel & 3);
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) to[p * 4] = stored_byte(w, channel, sums[p * N + n]);
    }
}

/* A row of pixels, P x N results at a time. */
#define WORD_ROW(NAME, P, N)                                                                                 \
    static void NAME(const WordWalk *w, const int8_t *input, int8_t *output) {                               \
        const int32_t step = w->g.input_pixel, outputs = w->layer->block_outputs;                            \
        int32_t left = w->g.width;                                                                           \
        for (; left >= P; left -= P, input += P * step, output += P * 4) {                                   \
            for (int32_t n = 0; n < outputs; n += N) word_tile(w, input, output, n, P, N);                   \
        }                                                                                                    \
        for (; left > 0; left--, input += step, output += 4) {                                               \
            for (int32_t n = 0; n < outputs; n += N) word_tile(w, input, output, n, 1, N);                   \
        }                                                                                                    \
    }
WORD_ROW(row_of_one, 4, 1)
WORD_ROW(row_of_two, 2, 2)
WORD_ROW(row_of_four, 1, 4)

/* Lists the blocks of a mask row whose input is not silent; returns how many stored ones are. `live` has a
 * byte for each input quad, or is NULL. */
static int32_t list_row(const EspalierLayer *layer, const EspalierTensor *input, int32_t row,
                        const uint8_t *live, Visit *visits, int32_t *silent) {
    const uint32_t *mask = layer->mask ? layer->mask + row * layer->mask_words : 0;
    int32_t block = 0, weights = 0;
    Visit *visit = visits;
    *silent = 0;
    for (int32_t y = 0; y < layer->kernel_height; y++) {
        for (int32_t x = 0; x < layer->kernel_width; x++) {
            int32_t place = y * layer->dilation_height * input->row_bytes + x * layer->dilation_width * 4;
            for (int32_t q = 0; q < input->quads; q++, block++, place += input->plane_bytes) {
                if (mask && !(mask[block >> 5] >> (block & 31) & 1)) continue;
                if (live && !live[q]) {
                    ++*silent;
                } else {
                    visit->input = place;
                    visit->weights = weights;
                    visit++;
                }
                weights += layer->block_outputs * 4;
            }
        }
    }
    return (int32_t)(visit - visits);
}

/* Both packings: mask rows of 1, 2, 4 or 16 outputs. */
static int32_t convolution(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t together = layer->block_outputs, rows = (output->channels + together - 1) / together;
    if (layer->rounds_once) return 0;
    for (int32_t i = 0; i < output->channels; i++) {
        if (layer->shift[i] < -31) return 0;
    }
    uint8_t live[MOST_QUADS];
    const int looks = layer->skips_silence && list_live_quads(input, arena, 0, live);
    Visit *visits = (Visit *)(arena + layer->scratch);
    WordWalk w = { .layer = layer, .g = geometry(layer, tensors, arena), .visits = visits };
    w.zero_point = output->zero_point;
    w.channels = output->channels;
    int32_t skipped = 0;
    for (int32_t row = 0; row < rows; row++) {
        const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * layer->row_blocks;
        int32_t silent;
        w.end = visits + list_row(layer, input, row, looks ? live : 0, visits, &silent);
        w.weights = layer->weights + stored * together * 4;
        w.first = row * together;
        const int32_t outputs = output->channels - w.first;
        skipped += silent * (outputs < together ? outputs : together);
        const int8_t *in = w.g.input;
        int8_t *out = w.g.output;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            if (together == 1)
                row_of_one(&w, in, out);
            else if (together == 2 || w.g.width > 1)
                row_of_two(&w, in, out);
            else
                row_of_four(&w, in, out);
        }
    }
    return 1 + skipped;
}

/* Depthwise convolution of one output a channel, of any kernel. */
static int32_t depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->depth_multiplier != 1 || layer->weight_zero_point || layer->rounds_once || input->data)
        return 0;
    for (int32_t i = 0; i < output->channels; i++) {
        if (layer->shift[i] < -31) return 0;
    }
    const int32_t taps = layer->kernel_height * layer->kernel_width;
    const int32_t column = layer->dilation_width * 4, row = layer->dilation_height * input->row_bytes;
    WordWalk w = { .layer = layer, .g = geometry(layer, tensors, arena) };
    w.zero_point = output->zero_point;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *weights = layer->weights + quad * taps * 4;
        const int8_t *in = w.g.input + quad * w.g.input_plane;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            for (int32_t x = 0; x < w.g.width; x++) {
                const int8_t *from = in + x * w.g.input_pixel, *factor = weights;
                int32_t sums[4];
                for (int c = 0; c < 4; c++) sums[c] = layer->bias[quad * 4 + c];
                for (int32_t i = 0; i < layer->kernel_height; i++) {
                    for (int32_t j = 0; j < layer->kernel_width; j++, factor += 4) {
                        const int8_t *value = from + i * row + j * column;
                        for (int c = 0; c < 4; c++) sums[c] += value[c] * factor[c];
                    }
                }
                for (int c = 0; c < 4; c++) out[x * 4 + c] = stored_byte(&w, quad * 4 + c, sums[c]);
            }
        }
    }
    return 1;
}

const EspalierKernelSet SET = {
    .name = SET_NAME,
    .channel_lanes = convolution,
    .pixel_lanes = convolution,
    .depthwise_convolution = depthwise,
};

#endif
