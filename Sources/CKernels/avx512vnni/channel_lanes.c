/* Convolution in channel lanes: 16 outputs in the lanes, a pixel's quad broadcast to them. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "../visits.h"
#include "addition.h"

/* A row of tiles: pixels [first, first + P) of output row y, groups [group, group + N) of 16 outputs. */
typedef struct ChannelWalk {
    const EspalierLayer *layer;
    Geometry g;
    Storing storing;
    const Visit *visits;
    int32_t count;
    const int8_t *weights; /* of the first group */
    int32_t group_bytes;   /* from a group's weights to the next one's */
    const Requantiser *requantisers;
    int32_t quads; /* output quads in these groups */
    __m512i *sums; /* of all stored bytes of each of these groups' outputs; NULL: nobody asks */
} ChannelWalk;

/* Stores up to 4 pixels x 16 outputs: part q of `bytes` belongs to plane q. */
INLINE void store_pixels(__m512i bytes, int8_t *output, int32_t plane, int32_t quads, int pixels) {
    __m128i parts[4] = {
        _mm512_castsi512_si128(bytes),
        _mm512_extracti32x4_epi32(bytes, 1),
        _mm512_extracti32x4_epi32(bytes, 2),
        _mm512_extracti32x4_epi32(bytes, 3),
    };
#pragma clang loop unroll(full)
    for (int q = 0; q < 4; q++) {
        if (q >= quads) return;
        if (pixels == 4) {
            _mm_storeu_si128((__m128i *)(output + q * plane), parts[q]);
        } else {
            _mm_mask_storeu_epi32(output + q * plane, (__mmask8)((1 << pixels) - 1), parts[q]);
        }
    }
}

/* Adds up to 4 pixels' bytes to the sums of a group's outputs. */
INLINE void sum_pixels(__m512i *sums, __m512i bytes, const int pixels) {
    const __m512i ones = _mm512_set1_epi32(0x01010101 >> 8 * (4 - pixels));
    *sums = _mm512_dpbusd_epi32(*sums, interleaved(bytes), ones);
}

/* Rounds and stores up to 4 pixels' sums of group n. */
INLINE void store_sums(const ChannelWalk *w, const Sums *sums, int n, int8_t *output, int pixels,
                       const int in_integers) {
    const Requantiser *r = &w->requantisers[n];
    const Storing *s = &w->storing;
    const int32_t quads = w->quads - n * 4;
    __m512i v[4], bytes;
    if (!in_integers && s->plain) {
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) v[k] = round_plain(sums[k], r);
        bytes = packed_plain(v[0], v[1], v[2], v[3]);
    } else if (!in_integers && s->symmetric) {
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) v[k] = round_symmetric(sums[k], r);
        bytes = packed(v[0], v[1], v[2], v[3], s);
    } else {
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) {
            v[k] = in_integers ? round_in_integers(sums[k], r, s) : round_single(sums[k], r, s);
        }
        bytes = packed(v[0], v[1], v[2], v[3], s);
    }
    store_pixels(bytes, output, w->g.output_plane, quads, pixels);
    if (w->sums) sum_pixels(&w->sums[n], bytes, pixels);
}

/* The end of a tile whose sums have to be rounded in integers: off the fast path, and compiled once. */
static __attribute__((noinline)) void store_exactly(const ChannelWalk *w, const Sums *sums, int8_t *output,
                                                    int pixels, int groups) {
    for (int n = 0; n < groups; n++) {
        for (int p = 0; p < pixels; p += 4) {
            Sums v[4];
            for (int k = 0; k < 4; k++) v[k] = sums[(p + k < pixels ? p + k : p) * groups + n];
            store_sums(w, v, n, output + n * 4 * w->g.output_plane + p * 4,
                       pixels - p < 4 ? pixels - p : 4, 1);
        }
    }
}

INLINE void channel_tile(const ChannelWalk *w, const int8_t *input, int8_t *output, const int P,
                         const int N) {
    Sums sums[8][4];
#pragma clang loop unroll(full)
    for (int n = 0; n < N; n++) {
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) sums[p][n] = w->requantisers[n].start;
    }
    const int32_t step = w->g.input_pixel;
    const int8_t *inputs[4]; /* every fourth pixel's address, so that the others are one addition away */
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p += 4) inputs[p / 4] = input + p * step;
    for (const Visit *visit = w->visits, *end = visit + w->count; visit != end; visit++) {
        const int8_t *weights = w->weights + visit->weights;
        __m512i vectors[4];
#pragma clang loop unroll(full)
        for (int n = 0; n < N; n++) vectors[n] = _mm512_loadu_si512(weights + n * w->group_bytes);
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) {
            int32_t quad;
            __builtin_memcpy(&quad, inputs[p / 4] + visit->input + (p & 3) * step, 4);
            const __m512i activations = _mm512_set1_epi32(quad);
#pragma clang loop unroll(full)
            for (int n = 0; n < N; n++) {
                sums[p][n] = _mm512_dpbusd_epi32(sums[p][n], activations, vectors[n]);
            }
        }
    }
    if (!w->storing.in_single_precision) {
        /* Exactly as large as the tile: with room to spare the compiler keeps all sums in memory. */
        Sums all[P * N];
#pragma clang loop unroll(full)
        for (int i = 0; i < P * N; i++) all[i] = sums[i / N][i % N];
        store_exactly(w, all, output, P, N);
        return;
    }
    const int32_t plane = w->g.output_plane;
#pragma clang loop unroll(full)
    for (int n = 0; n < N; n++) {
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p += 4) {
            Sums v[4];
#pragma clang loop unroll(full)
            for (int k = 0; k < 4; k++) v[k] = sums[p + k < P ? p + k : p][n];
            store_sums(w, v, n, output + n * 4 * plane + p * 4, P - p < 4 ? P - p : 4, 0);
        }
    }
}

/* `left` neighbouring pixels in tiles of WIDEST, the last one narrower. */
#define CHANNEL_ROW(NAME, N, WIDEST, REST)                                                                   \
    static void NAME(const ChannelWalk *w, const int8_t *input, int8_t *output, int32_t left) {              \
        for (; left >= WIDEST; left -= WIDEST) {                                                             \
            channel_tile(w, input, output, WIDEST, N);                                                       \
            input += WIDEST * w->g.input_pixel;                                                              \
            output += WIDEST * 4;                                                                            \
        }                                                                                                    \
        switch (left) { REST }                                                                               \
    }
#define REST(P, N)                                                                                           \
    case P: channel_tile(w, input, output, P, N); break;
#define UP_TO_5(N) REST(1, N) REST(2, N) REST(3, N) REST(4, N) REST(5, N)
#define UP_TO_7(N) UP_TO_5(N) REST(6, N) REST(7, N)

CHANNEL_ROW(row_1x8, 1, 8, UP_TO_7(1))
CHANNEL_ROW(row_2x8, 2, 8, UP_TO_7(2))
CHANNEL_ROW(row_4x4, 4, 4, REST(1, 4) REST(2, 4) REST(3, 4))
CHANNEL_ROW(row_4x6, 4, 6, UP_TO_5(4))

int32_t avx512_channel_lanes(const EspalierLayer *layer, EspalierEnding ending,
                             const EspalierTensor *tensors, int8_t *arena) {
    if (ending.pool && !avx512_pools_everything(ending.pool, tensors)) return 0;
    if (visits_bytes(layer) > layer->scratch_bytes) return 0;
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    ChannelWalk w = { .layer = layer,
                      .g = geometry(layer, tensors, arena),
                      .storing = storing(layer, output) };
    const Addend other = addend(ending.addition, layer, tensors, arena);
    Visit *visits = (Visit *)(arena + layer->scratch);
    w.visits = visits;
    uint8_t live[MOST_QUADS];
    const int looks = layer->skips_silence && list_live_quads(input, arena, 0x80, live);
    w.count = list_visits(layer, input, looks ? live : 0, visits);
    const int32_t visited = w.count;
    w.group_bytes = layer->row_blocks * 64;
    const int32_t groups = (output->quads + 3) / 4;
    /* Four groups at a time, with 4 or 6 pixels, where rows are short, or 6, 12, ... pixels long; else two or
     * one with 8. More pixels to a tile would save loads, but leave less for the processor to overlap. */
    const int32_t width = w.g.width;
    const int32_t together = width % 8 && (width < 8 || width % 6 == 0 || width % 8 > 4) ? 4 : 2;
    Requantiser requantisers[4];
    w.requantisers = requantisers;
    __m512i sums[4];
    w.sums = ending.pool && !other.tensor ? sums : 0;
    for (int32_t group = 0; group < groups;) {
        int32_t n = 1;
        w.count = is_stored(layer, group) ? visited : 0;
        while (n < together && group + n < groups && is_stored(layer, group + n) == is_stored(layer, group))
            n++;
        if (n == 3) n = 2;
        for (int32_t k = 0; k < n; k++) {
            requantisers[k] = requantiser_of_16(layer, (group + k) * 16, 0xffff);
            sums[k] = _mm512_setzero_si512();
        }
        const size_t stored = layer->row_start ? layer->row_start[group] : (size_t)group * layer->row_blocks;
        w.weights = layer->weights + stored * 64;
        w.quads = output->quads - group * 4;
        const int8_t *in = w.g.input;
        int8_t *out = w.g.output + (size_t)group * 4 * w.g.output_plane;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            if (n == 4 && width % 4 == 0)
                row_4x4(&w, in, out, width);
            else if (n == 4)
                row_4x6(&w, in, out, width);
            else if (n == 2)
                row_2x8(&w, in, out, width);
            else
                row_1x8(&w, in, out, width);
        }
        const int32_t first = group * 4, last = first + n * 4 < output->quads ? first + n * 4 : output->quads;
        for (int32_t quad = first; other.tensor && quad < last; quad++) {
            add_to_rows(&other, output, arena, quad, 0, output->height);
        }
        if (w.sums) {
            for (int32_t k = 0; k < n; k++)
                avx512_pool_sums(ending.pool, tensors, arena, first + 4 * k, (const int32_t *)&sums[k]);
        } else if (ending.pool) {
            avx512_pool_quads(ending.pool, tensors, arena, first, last);
        }
        group += n;
    }
    return done_in_channel_lanes(layer, visited);
}

#pragma clang attribute pop
#endif
