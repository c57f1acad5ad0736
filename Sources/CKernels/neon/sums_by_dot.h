/* Sums by dot products: SDOT by lane. */
#ifndef ESPALIER_ARM_SUMS_BY_DOT_H
#define ESPALIER_ARM_SUMS_BY_DOT_H

#include "walks.h"

#define DOT(sums, a, b) vdotq_s32(sums, a, b)
#define DOT_BY_LANE(sums, a, b, lane) vdotq_laneq_s32(sums, a, b, lane)

/* Vectors are loaded one after the other: else the compiler loads many at once, and runs out of registers. */
INLINE void keep_order(int32x4_t sums[4]) {
    __asm__ volatile("" : "+w"(sums[0]), "+w"(sums[1]), "+w"(sums[2]), "+w"(sums[3])::"memory");
}

/* ---- Channel lanes. ---- */

/* `count` quads of pixel P, whose inputs are in lane LANE, which counts through all vectors. */
#define PIXEL_BY_LANE(P, LANE)                                                                               \
    if (P < pixels) {                                                                                        \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < count; i++) {                                 \
            sums[P][n + i] = DOT_BY_LANE(sums[P][n + i], weights[i], inputs[(LANE) / 4], (LANE) & 3);        \
        }                                                                                                    \
        if (count == 4) keep_order(sums[P]);                                                                 \
    }
#define PIXELS_BY_LANE(FIRST, STRIDE)                                                                        \
    PIXEL_BY_LANE(0, FIRST)                                                                                  \
    PIXEL_BY_LANE(1, FIRST + STRIDE) PIXEL_BY_LANE(2, FIRST + 2 * STRIDE)                                    \
    PIXEL_BY_LANE(3, FIRST + 3 * STRIDE) PIXEL_BY_LANE(4, FIRST + 4 * STRIDE)                                \
    PIXEL_BY_LANE(5, FIRST + 5 * STRIDE) PIXEL_BY_LANE(6, FIRST + 6 * STRIDE)                                \
    PIXEL_BY_LANE(7, FIRST + 7 * STRIDE)

/* One block's inputs, or those of the three neighbouring taps of a kernel row. */
INLINE void load_inputs(int8x16_t inputs[5], const int8_t *input, const int pixels) {
#pragma clang loop unroll(full)
    for (int i = 0; i * 4 < pixels; i++) inputs[i] = vld1q_s8(input + i * 16);
}

/* Loads two quads' weights. In assembly, because compilers step pointers that run side by side by additions
 * of their own. */
INLINE void load_and_step(int8x16_t weights[2], const int8_t **block, const int bytes) {
    __asm__("ldp %q0, %q1, [%2], %3"
            : "=w"(weights[0]), "=w"(weights[1]), "+r"(*block)
            : "i"(bytes), "m"(*(const int8_t(*)[32])*block));
}

/* A block at one tap: four quads at a time where registers hold them beside the inputs, else two. */
INLINE void visit_tap(int32x4_t sums[MOST_PIXELS][4], const int8x16_t inputs[5], const int8_t **block,
                      const int tap, const int pixels, const int stride, const int quads) {
    const int count = quads == 4 && (stride == 1 || pixels < 6) ? 4 : 2;
#pragma clang loop unroll(full)
    for (int n = 0; n < quads; n += count) {
        int8x16_t weights[4];
        if (count == 4)
            load_four(weights, block);
        else
            load_and_step(weights, block, quads == 2 ? 64 : 32);
        switch (stride * 4 + tap) {
        case 4: PIXELS_BY_LANE(0, 1) break;
        case 5: PIXELS_BY_LANE(1, 1) break;
        case 6: PIXELS_BY_LANE(2, 1) break;
        case 8: PIXELS_BY_LANE(0, 2) break;
        case 9: PIXELS_BY_LANE(1, 2) break;
        case 10: PIXELS_BY_LANE(2, 2) break;
        }
    }
}

/* A kernel row of three taps, which share their pixels. Returns the next row's weights. */
INLINE const int8_t *visit_row(const ChannelWalk *w, int32x4_t sums[MOST_PIXELS][4], const int8_t *input,
                               const int8_t *first, const int pixels, const int stride, const int quads) {
    const int64_t tap_bytes = w->input_quads * 64, plane = w->g.input_plane;
    const int8_t *second = first + tap_bytes, *third = second + tap_bytes, *const end = second;
    for (; first != end; input += plane) {
        int8x16_t inputs[5];
        load_inputs(inputs, input, (pixels - 1) * stride + 3);
        visit_tap(sums, inputs, &first, 0, pixels, stride, quads);
        visit_tap(sums, inputs, &second, 1, pixels, stride, quads);
        visit_tap(sums, inputs, &third, 2, pixels, stride, quads);
    }
    return third;
}

/* A block by itself. Returns the next one's weights. */
INLINE const int8_t *visit_alone(int32x4_t sums[MOST_PIXELS][4], const int8_t *input, const int8_t *weights,
                                 const int pixels, const int stride, const int quads) {
    int8x16_t inputs[5];
    load_inputs(inputs, input, (pixels - 1) * stride + 1);
    visit_tap(sums, inputs, &weights, 0, pixels, stride, quads);
    return weights;
}

INLINE void set_starts(ChannelWalk *w) {
    for (int n = 0; n < 4; n++) w->starts[n] = w->requantisers[n].start;
}

INLINE void channel_sums(const ChannelWalk *w, int32x4_t sums[MOST_PIXELS][4], const int8_t *input,
                         const int pixels, const int stride, const int taps, const int quads) {
    const int8_t *weights = w->weights;
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * quads; i += 2) {
        int32x4_t *const two = &sums[i / quads][i % quads];
        load_starts(&w->starts[i % quads], two, two + 1);
    }
    if (taps == 3) {
        for (int32_t row = w->kernel_height; row > 0; row--, input += w->row_step) {
            weights = visit_row(w, sums, input, weights, pixels, stride, quads);
        }
    } else if (w->visits) {
        for (const Visit *visit = w->visits, *end = visit + w->count; visit != end; visit++) {
            visit_alone(sums, input + visit->input, weights + visit->weights, pixels, stride, quads);
        }
    } else {
        const int32_t *offset = w->offsets, *end = offset + (w->count & ~1);
        for (; offset != end; offset += 2) {
            weights = visit_alone(sums, input + offset[0], weights, pixels, stride, quads);
            weights = visit_alone(sums, input + offset[1], weights, pixels, stride, quads);
        }
        if (w->count & 1) visit_alone(sums, input + *offset, weights, pixels, stride, quads);
    }
}

/* ---- Pixel lanes. ---- */

/* Four vectors from V on times a block of weights in lane LANE. */
#define OUTPUT_BY_LANE(V, LANE, OUTPUT)                                                                      \
    {                                                                                                        \
        int32x4_t *const four = sums + (OUTPUT) * vectors + (V);                                             \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 4; i++) {                                     \
            four[i] = DOT_BY_LANE(four[i], inputs[i], block, LANE);                                          \
        }                                                                                                    \
        keep_order(four);                                                                                    \
    }
/* The block of a place, its outputs' weights in the lanes from FIRST on. */
#define BLOCK(INDEX, FIRST)                                                                                  \
    {                                                                                                        \
        const int8_t *pixels = input + places[INDEX] * 4;                                                    \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v += 4) {                            \
            load_four(inputs, &pixels);                                                                      \
            OUTPUT_BY_LANE(v, FIRST, 0)                                                                      \
            if (together > 1) OUTPUT_BY_LANE(v, (FIRST + 1) & 3, 1)                                          \
            if (together > 2) OUTPUT_BY_LANE(v, 2, 2)                                                        \
            if (together > 2) OUTPUT_BY_LANE(v, 3, 3)                                                        \
        }                                                                                                    \
    }

INLINE int32x4_t start_in_pixel_lanes(int32x4_t start) { return start; }

/* The sums of one mask row: `together` outputs, all it stores, on `vectors` vectors. A vector of weights is
 * four blocks of one output, two of two or one of four. Returns the next row's weights. */
INLINE const int8_t *pixel_sums(int32x4_t *sums, const int32x4_t (*starts)[2], const int8_t *input,
                                const uint16_t *places, const uint16_t *last, const int8_t *weights,
                                const int vectors, const int together, const int stored) {
    const int32_t count = (int32_t)(last - places);
    int8x16_t inputs[4];
    const int step = 4 / together;
    (void)stored;
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i += 2) load_starts(starts[i / vectors], &sums[i], &sums[i + 1]);
    for (const uint16_t *end = places + (count & -step); places != end; places += step, weights += 16) {
        const int8x16_t block = vld1q_s8(weights);
        BLOCK(0, 0)
        if (together == 2) { BLOCK(1, 2) }
        if (together == 1) { BLOCK(1, 1) BLOCK(2, 2) BLOCK(3, 3) }
    }
    if (together == 1 && count & 2) {
        const int8x16_t block = load_pixels(weights, 2);
        BLOCK(0, 0) BLOCK(1, 1)
        places += 2, weights += 8;
    }
    if (together < 4 && count & 1) {
        const int8x16_t block = load_pixels(weights, together);
        BLOCK(0, 0)
        weights += together * 4;
    }
    return weights;
}

/* ---- Depthwise 3x3: four pixels of a row turned so that a channel's lie together. ---- */

typedef struct DepthwiseWeights {
    int8x16_t first[3];  /* of each kernel row at pixels 0 ... 2 of a window of four, and */
    int8x16_t second[3]; /* at 1 ... 3 */
} DepthwiseWeights;

/* Of a quad: [tap][4]. */
INLINE DepthwiseWeights depthwise_weights(const int8_t *weights) {
    DepthwiseWeights w;
    for (int row = 0; row < 3; row++) {
        int8_t lanes[16];
        for (int c = 0; c < 4; c++) {
            for (int tap = 0; tap < 3; tap++) lanes[c * 4 + tap] = weights[(row * 3 + tap) * 4 + c];
            lanes[c * 4 + 3] = 0;
        }
        w.first[row] = vld1q_s8(lanes);
        w.second[row] = vreinterpretq_s8_s32(vshlq_n_s32(vreinterpretq_s32_s8(w.first[row]), 8));
    }
    return w;
}

/* Two rows of outputs. Two neighbouring outputs need pixels 0 ... 3 at stride 1, 0 ... 3 and 1 ... 4 at
 * stride 2: never one outside. */
INLINE void depthwise_sums(const DepthwiseWeights *w, int32x4_t start, const int8_t *input, int32_t row_bytes,
                           int32x4_t sums[2][4], const int pixels, const int stride) {
    static const uint8_t turn[16] = { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 };
    const uint8x16_t turned = vld1q_u8(turn);
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) sums[0][p] = sums[1][p] = start;
#pragma clang loop unroll(full)
    for (int row = 0; row < 3 + stride; row++, input += row_bytes) {
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p += 2) {
            const int8_t *place = input + p * stride * 4;
            const int8x16_t a = vqtbl1q_s8(vld1q_s8(place), turned);
            const int8x16_t b = stride == 1 ? a : vqtbl1q_s8(vld1q_s8(place + 4), turned);
#pragma clang loop unroll(full)
            for (int y = 0; y < 2; y++) {
                const int tap = row - y * stride;
                if (tap < 0 || tap > 2) continue;
                sums[y][p] = DOT(sums[y][p], a, w->first[tap]);
                sums[y][p + 1] = DOT(sums[y][p + 1], b, w->second[tap]);
            }
        }
    }
}

#endif
