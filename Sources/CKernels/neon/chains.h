/* Sums of pixel lanes without dot products: SMULL and SMLAL add up a chain of blocks in 16 bits, SADALP the
 * chain to a vector of four sums, which is kept in halves until its end. */
#ifndef ESPALIER_ARM_CHAINS_H
#define ESPALIER_ARM_CHAINS_H

#include "places.h"
#include "sums_in_halves.h"

/* In both halves. */
INLINE int32x4_t start_in_pixel_lanes(int32x4_t start) { return vzip1q_s32(start, vdupq_n_s32(0)); }

/* The products of a block on four vectors: eight chains in 16 bits, begun or added to. In assembly, because
 * compilers load more than registers hold. */
#define CHAINS(MULTIPLY, CHAIN, ADDRESS, OPERANDS)                                                           \
    __asm__ volatile("ld1 {v0.16b-v3.16b}, " ADDRESS "\n\t" MULTIPLY                                         \
                     " %0.8h, v0.8b, %9.8b\n\t" MULTIPLY "2 %1.8h, v0.16b, %9.16b\n\t" MULTIPLY             \
                     " %2.8h, v1.8b, %9.8b\n\t" MULTIPLY "2 %3.8h, v1.16b, %9.16b\n\t" MULTIPLY             \
                     " %4.8h, v2.8b, %9.8b\n\t" MULTIPLY "2 %5.8h, v2.16b, %9.16b\n\t" MULTIPLY             \
                     " %6.8h, v3.8b, %9.8b\n\t" MULTIPLY "2 %7.8h, v3.16b, %9.16b"                          \
                     : CHAIN(t[0]), CHAIN(t[1]), CHAIN(t[2]), CHAIN(t[3]), CHAIN(t[4]), CHAIN(t[5]),         \
                       CHAIN(t[6]), CHAIN(t[7]) OPERANDS                                                     \
                     : "v0", "v1", "v2", "v3", "memory")
#define BEGUN(t) "=&w"(t)
#define ADDED_TO(t) "+w"(t)
#define STEPPED , "+r"(*pixels) : "w"(weights)
#define HELD : "r"(*pixels), "w"(weights)

/* `steps`: past the vectors, to the next four. */
INLINE void begin_chains(int16x8_t t[8], const int8_t **pixels, int8x16_t weights, const int steps) {
    if (steps)
        CHAINS("smull", BEGUN, "[%8], #64", STEPPED);
    else
        CHAINS("smull", BEGUN, "[%8]", HELD);
}

INLINE void go_on_with_chains(int16x8_t t[8], const int8_t **pixels, int8x16_t weights, const int steps) {
    if (steps)
        CHAINS("smlal", ADDED_TO, "[%8], #64", STEPPED);
    else
        CHAINS("smlal", ADDED_TO, "[%8]", HELD);
}

INLINE void end_chains(int32x4_t *low, int32x4_t *high, const int16x8_t t[8]) {
#pragma clang loop unroll(full)
    for (int v = 0; v < 4; v++) {
        __asm__ volatile("sadalp %0.4s, %2.8h\n\tsadalp %1.4s, %3.8h"
                         : "+w"(low[v]), "+w"(high[v])
                         : "w"(t[2 * v]), "w"(t[2 * v + 1]));
    }
}

/* `length` blocks of a mask row in one chain, for `together` of its `stored` outputs. */
INLINE void add_chain(int32x4_t *low, int32x4_t *high, const int8_t *input, const uint16_t *places,
                      const int8_t *weights, const int length, const int vectors, const int together,
                      const int stored) {
    const int8_t *pixels[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < length; i++) pixels[i] = input + places[i] * 4;
#pragma clang loop unroll(full)
    for (int o = 0; o < together; o++) {
        const int8_t *word = weights + o * 4;
        int8x16_t factors[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < length; i++, word += stored * 4) {
            factors[i] = four_times(word);
            __asm__("" : "+r"(word)); /* else the compiler adds to an address that a load could step */
        }
#pragma clang loop unroll(full)
        for (int v = o * vectors; v < (o + 1) * vectors; v += 4) {
            int16x8_t t[8];
            begin_chains(t, &pixels[0], factors[0], vectors > 4);
#pragma clang loop unroll(full)
            for (int i = 1; i < length; i++) go_on_with_chains(t, &pixels[i], factors[i], vectors > 4);
            end_chains(low + v, high + v, t);
        }
    }
}

/* The sums of `together` outputs of a mask row that stores `stored`, on `vectors` vectors. Returns the next
 * row's weights. */
INLINE const int8_t *pixel_sums(int32x4_t *sums, const int32x4_t (*starts)[2], const int8_t *input,
                                const uint16_t *list, const uint16_t *end, const int8_t *weights,
                                const int vectors, const int together, const int stored) {
    int32x4_t low[MOST_SUMS], high[MOST_SUMS];
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i++) load_starts(starts[i / vectors], &low[i], &high[i]);
    while (end - list > 1) {
        int32_t fours = list[0], pairs = list[1];
        list += RUN_WORDS;
        for (; fours > 0; fours--, list += 4, weights += 16 * stored) {
            add_chain(low, high, input, list, weights, 4, vectors, together, stored);
        }
        for (; pairs > 0; pairs--, list += 2, weights += 8 * stored) {
            add_chain(low, high, input, list, weights, 2, vectors, together, stored);
        }
    }
    if (list != end) {
        add_chain(low, high, input, list, weights, 1, vectors, together, stored);
        weights += 4 * stored;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < together * vectors; i++) sums[i] = vpaddq_s32(low[i], high[i]);
    return weights;
}

#endif
