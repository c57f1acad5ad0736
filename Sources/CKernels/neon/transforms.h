/* Winograd's F(4x4, 3x3) in whole numbers: what turns inputs and weights into positions of tiles, and sums at
 * positions into outputs.
 *
 * Weights are transformed with 24 times the usual matrix, so sums come out 576 times too large. Transformed
 * inputs are at most 100 * 128, transformed weights, one factor of 4 being left to the output's side, at most
 * 144 * 128: int16 both. A tile's 6 columns of 6 positions are stored in the order 1, 2, 5, 0, 3, 4. */
#ifndef ESPALIER_ARM_TRANSFORMS_H
#define ESPALIER_ARM_TRANSFORMS_H

#include <arm_neon.h>

#include "../visits.h"
#include "winograd_sizes.h"

/* Holds compilers to the order written: they would rather begin everything at once, and spill. */
#define KEEP(t) __asm__ volatile("" : "+w"((t)[0]), "+w"((t)[1]), "+w"((t)[2]))

/* One row of 6 pixels x 4 channels of two tiles: columns 1, 2 and 5 of its transform. */
INLINE void transform_odd(int16x8_t t[3], const int8x8_t d[6]) {
    const int16x8_t a = vsubw_s8(vshll_n_s8(d[2], 2), d[4]), b = vsubw_s8(vshll_n_s8(d[1], 2), d[3]);
    t[0] = vaddq_s16(a, b);
    t[1] = vsubq_s16(a, b);
    t[2] = vaddw_s8(vsubq_s16(b, vshll_n_s8(d[3], 2)), d[5]);
}

/* Columns 0, 3 and 4. */
INLINE void transform_even(int16x8_t t[3], const int8x8_t d[6]) {
    const int16x8_t a = vsubl_s8(d[4], d[2]), b = vshlq_n_s16(vsubl_s8(d[3], d[1]), 1);
    t[0] = vaddq_s16(a, vshlq_n_s16(vsubl_s8(d[0], d[2]), 2));
    t[1] = vaddq_s16(a, b);
    t[2] = vsubq_s16(a, b);
}

/* A column of 6 rows. */
INLINE void transform_column(const int16x8_t t[6][3], const int column, int16_t *v) {
    int16x8_t d[6], r[6];
#pragma clang loop unroll(full)
    for (int y = 0; y < 6; y++) d[y] = t[y][column];
    const int16x8_t a = vsubq_s16(vshlq_n_s16(d[2], 2), d[4]), b = vsubq_s16(vshlq_n_s16(d[1], 2), d[3]);
    r[0] = vaddq_s16(a, b);
    r[1] = vsubq_s16(a, b);
    r[2] = vaddq_s16(vsubq_s16(b, vshlq_n_s16(d[3], 2)), d[5]);
    const int16x8_t c = vsubq_s16(d[4], d[2]), e = vshlq_n_s16(vsubq_s16(d[3], d[1]), 1);
    r[3] = vaddq_s16(c, vshlq_n_s16(vsubq_s16(d[0], d[2]), 2));
    r[4] = vaddq_s16(c, e);
    r[5] = vsubq_s16(c, e);
#pragma clang loop unroll(full)
    for (int y = 0; y < 6; y++) vst1q_s16(v + y * QUAD_INPUTS, r[y]);
}

INLINE void load_row(int8x8_t d[6], const int8_t *row) {
    const int32x2x4_t first = vld4_s32((const int32_t *)(const void *)row);
    const int32x2x4_t second = vld4_s32((const int32_t *)(const void *)(row + 16));
#pragma clang loop unroll(full)
    for (int x = 0; x < 4; x++) d[x] = vreinterpret_s8_s32(first.val[x]);
    d[4] = vreinterpret_s8_s32(second.val[0]);
    d[5] = vreinterpret_s8_s32(second.val[1]);
}

/* Two tiles of one quad: rows[y] is where their row y lies from `input`, `step` what lies between columns. */
static __attribute__((noinline)) void transform_pair(const int8_t *input, const int32_t rows[6], int16_t *v,
                                                     int32_t step) {
    int16x8_t t[6][3];
    int8x8_t d[6];
#pragma clang loop unroll(full)
    for (int y = 0; y < 6; y++) {
        load_row(d, input + rows[y]);
        transform_odd(t[y], d);
        KEEP(t[y]);
    }
#pragma clang loop unroll(full)
    for (int x = 0; x < 3; x++) transform_column(t, x, v + x * step);
#pragma clang loop unroll(full)
    for (int y = 0; y < 6; y++) {
        load_row(d, input + rows[y]);
        transform_even(t[y], d);
        KEEP(t[y]);
    }
#pragma clang loop unroll(full)
    for (int x = 0; x < 3; x++) transform_column(t, x, v + (3 + x) * step);
}

/* The six combinations of three taps, of 24 times the usual matrix but for the third, a quarter of that. */
INLINE void combine(int16x8_t r[6], int16x8_t g0, int16x8_t g1, int16x8_t g2) {
    const int16x8_t even = vshlq_n_s16(vaddq_s16(g0, g2), 2), odd = vshlq_n_s16(g1, 2);
    r[0] = vaddq_s16(even, odd);
    r[1] = vsubq_s16(even, odd);
    r[2] = vmulq_n_s16(g2, 6);
    r[3] = vmulq_n_s16(g0, 6);
    const int16x8_t far = vaddq_s16(g0, vshlq_n_s16(g2, 2)), near = vshlq_n_s16(g1, 1);
    r[4] = vaddq_s16(far, near);
    r[5] = vsubq_s16(far, near);
}

INLINE void combine_bytes(int16x8_t r[6], int8x8_t g0, int8x8_t g1, int8x8_t g2) {
    const int16x8_t even = vshlq_n_s16(vaddl_s8(g0, g2), 2), odd = vshll_n_s8(g1, 2);
    r[0] = vaddq_s16(even, odd);
    r[1] = vsubq_s16(even, odd);
    r[2] = vmull_s8(g2, vdup_n_s8(6));
    r[3] = vmull_s8(g0, vdup_n_s8(6));
    const int16x8_t far = vaddw_s8(vshll_n_s8(g2, 2), g0), near = vshll_n_s8(g1, 1);
    r[4] = vaddq_s16(far, near);
    r[5] = vsubq_s16(far, near);
}

/* The weights of 8 outputs over one channel. */
INLINE void transform_kernels(const int8x8_t taps[9], int16_t *u, int32_t step) {
    int16x8_t rows[3][6], r[6];
#pragma clang loop unroll(full)
    for (int y = 0; y < 3; y++) combine_bytes(rows[y], taps[y * 3], taps[y * 3 + 1], taps[y * 3 + 2]);
#pragma clang loop unroll(full)
    for (int x = 0; x < 6; x++, u += step) {
        combine(r, rows[0][x], rows[1][x], rows[2][x]);
#pragma clang loop unroll(full)
        for (int y = 0; y < 6; y++) vst1q_s16(u + y * QUAD_WEIGHTS, r[y]);
    }
}

/* Weights of 16 outputs, from [tap][quad][output][channel] to [column][quad][position][channel][output]. */
static __attribute__((noinline)) void transform_weights(const int8_t *weights, int16_t *to, int32_t quads) {
    const int32_t step = 6 * quads * QUAD_WEIGHTS;
    for (int32_t q = 0; q < quads; q++, weights += 64, to += 6 * QUAD_WEIGHTS) {
        int8x16_t taps[4][9];
#pragma clang loop unroll(full)
        for (int tap = 0; tap < 9; tap++) {
            const int8x16x4_t block = vld4q_s8(weights + tap * quads * 64);
#pragma clang loop unroll(full)
            for (int channel = 0; channel < 4; channel++) taps[channel][tap] = block.val[channel];
        }
        for (int channel = 0; channel < 4; channel++) {
            int8x8_t low[9], high[9];
#pragma clang loop unroll(full)
            for (int tap = 0; tap < 9; tap++) {
                low[tap] = vget_low_s8(taps[channel][tap]);
                high[tap] = vget_high_s8(taps[channel][tap]);
            }
            transform_kernels(low, to + channel * 16, step);
            transform_kernels(high, to + channel * 16 + 8, step);
        }
    }
}

/* Four outputs of six sums. */
INLINE void gather_sums(int32x4_t r[4], const int32x4_t m[6]) {
    const int32x4_t a = vaddq_s32(m[1], m[2]), b = vsubq_s32(m[1], m[2]);
    const int32x4_t c = vaddq_s32(m[3], m[4]), d = vshlq_n_s32(vsubq_s32(m[3], m[4]), 1);
    r[0] = vaddq_s32(vaddq_s32(m[0], a), c);
    r[1] = vaddq_s32(b, d);
    r[2] = vaddq_s32(a, vshlq_n_s32(c, 2));
    r[3] = vaddq_s32(b, vshlq_n_s32(vaddq_s32(d, m[5]), 2));
}

#endif
