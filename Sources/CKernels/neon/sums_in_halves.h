/* Sums without dot products: SMULL, SMLAL and SADALP. A vector of four sums is kept in halves, the sums of
 * even and odd pairs of channels apart, until its end. */
#ifndef ESPALIER_ARM_SUMS_IN_HALVES_H
#define ESPALIER_ARM_SUMS_IN_HALVES_H

#include "walks.h"

/* Four sums of four products. Two products pass int16 only where both weights are -128:
 * a layer with such a weight, which TFLite's converter never writes, is declined (`pairs_fit`). */
INLINE int32x4_t dot(int32x4_t sums, int8x16_t weights, int8x16_t values) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(values));
    return vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(weights, values)));
}

#define DOT(sums, a, b) dot(sums, a, b)

/* Two vectors' sums in halves, and the pairs of vectors to be multiplied and added to them. */
typedef struct Products {
    int32x4_t *low, *high;
    int8x16_t a, x, b, y;
} Products;

/* Adds a * x + b * y for both. In assembly, because compilers hoist all products of a tile before their
 * sums and spill, and loads, which "memory" forbids; four chains side by side, because a Cortex-A53 waits for
 * each result. */
INLINE void multiply_two(Products p, Products q) {
    int16x8_t t, u, v, w;
    __asm__("smull %4.8h, %8.8b, %9.8b\n\t"
            "smull2 %5.8h, %8.16b, %9.16b\n\t"
            "smull %6.8h, %12.8b, %13.8b\n\t"
            "smull2 %7.8h, %12.16b, %13.16b\n\t"
            "smlal %4.8h, %10.8b, %11.8b\n\t"
            "smlal2 %5.8h, %10.16b, %11.16b\n\t"
            "smlal %6.8h, %14.8b, %15.8b\n\t"
            "smlal2 %7.8h, %14.16b, %15.16b\n\t"
            "sadalp %0.4s, %4.8h\n\t"
            "sadalp %1.4s, %5.8h\n\t"
            "sadalp %2.4s, %6.8h\n\t"
            "sadalp %3.4s, %7.8h"
            : "+w"(*p.low), "+w"(*p.high), "+w"(*q.low), "+w"(*q.high), "=&w"(t), "=&w"(u), "=&w"(v), "=&w"(w)
            : "w"(p.a), "w"(p.x), "w"(p.b), "w"(p.y), "w"(q.a), "w"(q.x), "w"(q.b), "w"(q.y)
            : "memory");
}

/* Four bytes in every lane of 32 bits. */
INLINE int8x16_t four_times(const int8_t *bytes) {
    return vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(const void *)bytes));
}

/* One block's products on a vector, added to its sums in halves. In assembly, because compilers see that both
 * halves of `a` are equal and move the upper half of `x` down. */
INLINE void multiply_one(int32x4_t *low, int32x4_t *high, int8x16_t a, int8x16_t x) {
    int16x8_t t, u;
    __asm__("smull %2.8h, %4.8b, %5.8b\n\t"
            "smull2 %3.8h, %4.16b, %5.16b\n\t"
            "sadalp %0.4s, %2.8h\n\t"
            "sadalp %1.4s, %3.8h"
            : "+w"(*low), "+w"(*high), "=&w"(t), "=&w"(u)
            : "w"(a), "w"(x));
}

/* ---- Channel lanes: halves[pixel][quad][half]. ---- */

/* The quads of 4 pixels, every other one, each four times. */
INLINE void four_of_four(int8x16_t x[4], const int8_t *input) {
    const int32_t *words = (const int32_t *)(const void *)input;
    const int32x4_t a = vld1q_s32(words), b = vld1q_s32(words + 4);
    x[0] = vreinterpretq_s8_s32(vdupq_laneq_s32(a, 0));
    x[1] = vreinterpretq_s8_s32(vdupq_laneq_s32(a, 2));
    x[2] = vreinterpretq_s8_s32(vdupq_laneq_s32(b, 0));
    x[3] = vreinterpretq_s8_s32(vdupq_laneq_s32(b, 2));
}

/* Two blocks at once: their products fit in 16 bits together. */
INLINE void visit_two(int32x4_t *halves, const int8_t *first, const int8_t *first_weights,
                      const int8_t *second, const int8_t *second_weights, const int pixels,
                      const int stride, const int quads) {
    int8x16_t x[MOST_PIXELS], y[MOST_PIXELS];
    const int wide = pixels == 4 && stride == 2;
    if (wide) {
        four_of_four(x, first);
        four_of_four(y, second);
    }
#pragma clang loop unroll(full)
    for (int n = 0; n < quads; n += 2) {
        const int8x16_t a = vld1q_s8(first_weights + n * 16), b = vld1q_s8(second_weights + n * 16);
        const int8x16_t c = vld1q_s8(first_weights + n * 16 + 16), d = vld1q_s8(second_weights + n * 16 + 16);
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p++) {
            int32x4_t *const h = halves + (p * quads + n) * 2;
            if (n == 0 && !wide) {
                x[p] = four_times(first + p * stride * 4);
                y[p] = four_times(second + p * stride * 4);
            }
            multiply_two((Products){ h, h + 1, a, x[p], b, y[p] },
                         (Products){ h + 2, h + 3, c, x[p], d, y[p] });
        }
    }
}

INLINE void visit_one(int32x4_t *halves, const int8_t *input, const int8_t *weights, const int pixels,
                      const int stride, const int quads) {
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * quads; i++) {
        multiply_one(&halves[i * 2], &halves[i * 2 + 1], vld1q_s8(weights + i % quads * 16),
                     four_times(input + i / quads * stride * 4));
    }
}

/* A sum's first half starts with it, the other one with 0. */
INLINE void set_starts(ChannelWalk *w) {
    for (int n = 0; n < 4; n++) {
        w->starts[n * 2] = vzip1q_s32(w->requantisers[n].start, vdupq_n_s32(0));
        w->starts[n * 2 + 1] = vzip2q_s32(w->requantisers[n].start, vdupq_n_s32(0));
    }
}

/* All blocks two by two; the last one of an odd number alone. */
INLINE void channel_sums(const ChannelWalk *w, int32x4_t sums[MOST_PIXELS][4], const int8_t *input,
                         const int pixels, const int stride, const int taps, const int quads) {
    int32x4_t halves[16];
    const int8_t *weights = w->weights;
    (void)taps;
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * quads * 2; i += 2) {
        load_starts(&w->starts[i % (quads * 2)], &halves[i], &halves[i + 1]);
    }
    if (w->visits) {
        const Visit *visit = w->visits, *end = visit + (w->count & ~1);
        for (; visit != end; visit += 2) {
            visit_two(halves, input + visit[0].input, weights + visit[0].weights, input + visit[1].input,
                      weights + visit[1].weights, pixels, stride, quads);
        }
        if (w->count & 1)
            visit_one(halves, input + visit->input, weights + visit->weights, pixels, stride, quads);
    } else {
        const int32_t *offset = w->offsets, *end = offset + (w->count & ~1);
#pragma clang loop unroll_count(2)
        for (; offset != end; offset += 2, weights += 128) {
            visit_two(halves, input + offset[0], weights, input + offset[1], weights + 64, pixels, stride,
                      quads);
        }
        if (w->count & 1) visit_one(halves, input + *offset, weights, pixels, stride, quads);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * quads; i++) {
        sums[i / quads][i % quads] = vpaddq_s32(halves[i * 2], halves[i * 2 + 1]);
    }
}

/* ---- Depthwise 3x3: channels and pixels lie in the lanes as they are stored, taps two by two. ---- */

typedef struct DepthwiseWeights {
    int8x16_t taps[9]; /* four channels, four times */
} DepthwiseWeights;

/* Of a quad: [tap][4]. */
INLINE DepthwiseWeights depthwise_weights(const int8_t *weights) {
    DepthwiseWeights w;
    for (int tap = 0; tap < 9; tap++) w.taps[tap] = four_times(weights + tap * 4);
    return w;
}

/* The pixels under a kernel row's three taps. */
INLINE void depthwise_row(const int8_t *input, int8x16_t x[3], const int pixels, const int stride) {
    if (stride == 1) {
#pragma clang loop unroll(full)
        for (int tap = 0; tap < 3; tap++) x[tap] = vld1q_s8(input + tap * 4);
    } else if (pixels == 4) {
        const int32x4x2_t both = vld2q_s32((const int32_t *)(const void *)input);
        x[0] = vreinterpretq_s8_s32(both.val[0]);
        x[1] = vreinterpretq_s8_s32(both.val[1]);
        x[2] = vreinterpretq_s8_s32(vld2q_s32((const int32_t *)(const void *)(input + 8)).val[0]);
    } else {
#pragma clang loop unroll(full)
        for (int tap = 0; tap < 3; tap++) x[tap] = load_every_other(input + tap * 4, 2);
    }
}

/* Two taps' products, which fit in 16 bits together, or the last one's. */
INLINE int16x8_t depthwise_products(const int8x16_t *x, const int8x16_t *w, const int taps, const int upper) {
    if (upper) {
        const int16x8_t one = vmull_high_s8(x[0], w[0]);
        return taps == 2 ? vmlal_high_s8(one, x[1], w[1]) : one;
    }
    const int16x8_t one = vmull_s8(vget_low_s8(x[0]), vget_low_s8(w[0]));
    return taps == 2 ? vmlal_s8(one, vget_low_s8(x[1]), vget_low_s8(w[1])) : one;
}

/* Two rows of outputs. */
INLINE void depthwise_sums(const DepthwiseWeights *w, int32x4_t start, const int8_t *input, int32_t row_bytes,
                           int32x4_t sums[2][4], const int pixels, const int stride) {
    int8x16_t x[5 * 3];
#pragma clang loop unroll(full)
    for (int row = 0; row < 3 + stride; row++) {
        depthwise_row(input + row * row_bytes, x + row * 3, pixels, stride);
    }
#pragma clang loop unroll(full)
    for (int y = 0; y < 2; y++) {
        const int8x16_t *const window = x + y * stride * 3;
#pragma clang loop unroll(full)
        for (int p = 0; p < pixels; p++) sums[y][p] = start;
#pragma clang loop unroll(full)
        for (int tap = 0; tap < 9; tap += 2) {
#pragma clang loop unroll(full)
            for (int p = 0; p < pixels; p += 2) {
                const int16x8_t both
                    = depthwise_products(window + tap, w->taps + tap, tap < 8 ? 2 : 1, p == 2);
                sums[y][p] = vaddw_s16(sums[y][p], vget_low_s16(both));
                sums[y][p + 1] = vaddw_high_s16(sums[y][p + 1], both);
            }
        }
    }
}

#endif
