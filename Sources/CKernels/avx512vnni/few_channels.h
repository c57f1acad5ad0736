/* The input of a 3x3 layer with 3 channels or 1, as first layers have: a quad would hold one or three bytes
 * of nothing. Of 3 channels, two words of each row hold the window's first eight bytes there, and one word
 * the ninth ones of its three rows: 7 words instead of 9. Of 1 channel, a word of each row holds its three
 * bytes: 3 words. They lie in planes as gather.h has them, [word of a row][row parity][rows][width][4], the
 * ninth bytes' [rows][width][4] behind. Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_FEW_CHANNELS_H
#define ESPALIER_AVX512VNNI_FEW_CHANNELS_H

#include "gather.h"

#define MOST_FEW_WORDS 7

/* Where each word's input lies from a pixel's place in the band. */
static void few_places(const Gather *g, int32_t channels, uint16_t *places) {
    const int32_t planes = channels == 3 ? 2 : 1;
    int32_t word = 0;
    for (int32_t y = 0; y < 3; y++) {
        for (int32_t plane = 0; plane < planes; plane++) {
            places[word++] = (uint16_t)(gather_place(g, y, plane) / 4);
        }
    }
    if (channels == 3) places[word] = (uint16_t)(2 * g->parities * g->copy / 4);
}

/* The weights of four outputs, [9 taps][4 outputs][4], in the words' order. */
static void few_weights(const int8_t *weights, int32_t channels, int8_t *words) {
    const __m128i *taps = (const __m128i *)weights, byte = _mm_set1_epi32(0xff);
    __m128i *to = (__m128i *)words, ninth = _mm_setzero_si128();
    for (int y = 0; y < 3; y++) {
        const __m128i a = _mm_loadu_si128(taps + 3 * y), b = _mm_loadu_si128(taps + 3 * y + 1),
                      c = _mm_loadu_si128(taps + 3 * y + 2);
        if (channels == 1) {
            const __m128i second = _mm_slli_epi32(_mm_and_si128(b, byte), 8);
            const __m128i two = _mm_or_si128(_mm_and_si128(a, byte), second);
            _mm_storeu_si128(to++, _mm_or_si128(two, _mm_slli_epi32(_mm_and_si128(c, byte), 16)));
            continue;
        }
        const __m128i three = _mm_and_si128(a, _mm_set1_epi32(0xffffff));
        const __m128i two = _mm_and_si128(_mm_srli_epi32(b, 8), _mm_set1_epi32(0xffff));
        _mm_storeu_si128(to++, _mm_or_si128(three, _mm_slli_epi32(b, 24)));
        _mm_storeu_si128(to++, _mm_or_si128(two, _mm_slli_epi32(c, 16)));
        ninth = _mm_or_si128(ninth, _mm_slli_epi32(_mm_and_si128(_mm_srli_epi32(c, 16), byte), 8 * y));
    }
    if (channels == 3) _mm_storeu_si128(to, ninth);
}

/* In each lane four bytes of 128: those of `bytes`, plus `step` times the lane. */
INLINE __m512i bytes_of_lanes(uint32_t bytes, const int step) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i start = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(step * 0x01010101));
    return _mm512_add_epi32(start, _mm512_set1_epi32((int32_t)bytes));
}

INLINE void store_words(int8_t *to, __m512i words, __mmask16 lanes, const int whole) {
    if (whole)
        _mm512_storeu_si512(to, words);
    else
        _mm512_mask_storeu_epi32(to, lanes, words);
}

/* Stores the words of 16 pixels of one row; returns their ninth bytes, in each lane's lowest. */
INLINE __m512i few_row(const int8_t *from, int8_t *to, int64_t plane, __mmask16 lanes, const int channels,
                       const int stride, const int whole) {
    const __mmask64 lowest = 0x1111111111111111;
    const int step = 4 * stride;
    const __m512i a = _mm512_loadu_si512(from);
    if (stride == 1) {
        const __m512i b = _mm512_castsi128_si512(_mm_loadu_si64(from + 64));
        if (channels == 1) {
            const __m512i bytes = bytes_of_lanes(0x00080400, step);
            store_words(to, _mm512_permutex2var_epi8(a, bytes, b), lanes, whole);
            return a;
        }
        const __m512i words = _mm512_permutex2var_epi8(a, bytes_of_lanes(0x09080605, step), b);
        store_words(to, _mm512_permutex2var_epi8(a, bytes_of_lanes(0x04020100, step), b), lanes, whole);
        store_words(to + plane, words, lanes, whole);
        return _mm512_maskz_permutex2var_epi8(lowest, a, bytes_of_lanes(10, step), b);
    }
    const __m512i b = _mm512_loadu_si512(from + 64);
    if (channels == 1) {
        /* The last window's last pixel is the 33rd. */
        const __m512i words = _mm512_permutex2var_epi8(a, bytes_of_lanes(0x00080400, step), b);
        store_words(to, _mm512_mask_set1_epi8(words, 1ull << 62, from[128]), lanes, whole);
        return a;
    }
    const __m512i next = _mm512_castsi128_si512(_mm_loadu_si32(from + 128));
    const __m512i c = _mm512_alignr_epi32(b, a, 1), d = _mm512_alignr_epi32(next, b, 1);
    store_words(to, _mm512_permutex2var_epi8(a, bytes_of_lanes(0x04020100, step), b), lanes, whole);
    store_words(to + plane, _mm512_permutex2var_epi8(c, bytes_of_lanes(0x05040201, step), d), lanes, whole);
    return _mm512_maskz_permutex2var_epi8(lowest, c, bytes_of_lanes(6, step), d);
}

/* 16 pixels of every row of a band: from their first window's corner to its first word's place. */
INLINE void few_column(const Gather *g, const int8_t *from, int8_t *to, int32_t band, __mmask16 lanes,
                       const int channels, const int stride, const int whole) {
    const int64_t row = g->input_row, pitch = g->width * 4, plane = g->parities * g->copy;
    int8_t *odd = stride == 1 ? to + pitch : to + g->copy, *ninths = to + 2 * plane;
    __m512i first = few_row(from, to, plane, lanes, channels, stride, whole), second;
    if (stride == 1) second = few_row(from + row, odd, plane, lanes, channels, stride, whole);
    for (int32_t y = 0; y < band; y++, ninths += pitch) {
        if (stride == 2) {
            second = few_row(from + row, odd, plane, lanes, channels, stride, whole);
            odd += pitch;
        }
        to += pitch;
        int8_t *const even = stride == 1 ? to + pitch : to;
        const __m512i third = few_row(from + 2 * row, even, plane, lanes, channels, stride, whole);
        if (channels == 3) {
            const __m512i two = _mm512_or_si512(first, _mm512_slli_epi32(second, 8));
            store_words(ninths, _mm512_or_si512(two, _mm512_slli_epi32(third, 16)), lanes, whole);
        }
        from += stride * row;
        first = stride == 1 ? second : third;
        if (stride == 1) second = third;
    }
}

/* The last 16 pixels of a row may overlap the ones before. */
INLINE void gather_few(const Gather *g, int32_t first, const int channels, const int stride,
                       const int whole) {
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int8_t *corner = g->corner + first * stride * g->input_row;
    const int64_t last = whole ? g->width * 4 - 64 : 0;
    const __mmask16 lanes = whole ? 0xffff : (__mmask16)((1u << g->width) - 1);
    for (int64_t x = 0;; x = x + 64 < last ? x + 64 : last) {
        few_column(g, corner + x * stride, g->room + x, band, lanes, channels, stride, whole);
        if (x == last) return;
    }
}

#define GATHER_FEW(NAME, CHANNELS, STRIDE, WHOLE)                                                            \
    static __attribute__((noinline)) void NAME(const Gather *g, int32_t first) {                             \
        gather_few(g, first, CHANNELS, STRIDE, WHOLE);                                                       \
    }
GATHER_FEW(gather_3, 3, 1, 1)
GATHER_FEW(gather_3_narrow, 3, 1, 0)
GATHER_FEW(gather_3_by_two, 3, 2, 1)
GATHER_FEW(gather_3_narrow_by_two, 3, 2, 0)
GATHER_FEW(gather_1, 1, 1, 1)
GATHER_FEW(gather_1_narrow, 1, 1, 0)
GATHER_FEW(gather_1_by_two, 1, 2, 1)
GATHER_FEW(gather_1_narrow_by_two, 1, 2, 0)

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. */
static const int8_t *gather_few_channels(const Gather *g, int32_t channels, int32_t first) {
    if (channels == 3 && g->stride == 1)
        (g->width < 16 ? gather_3_narrow : gather_3)(g, first);
    else if (channels == 3)
        (g->width < 16 ? gather_3_narrow_by_two : gather_3_by_two)(g, first);
    else if (g->stride == 1)
        (g->width < 16 ? gather_1_narrow : gather_1)(g, first);
    else
        (g->width < 16 ? gather_1_narrow_by_two : gather_1_by_two)(g, first);
    return g->room;
}

#endif
