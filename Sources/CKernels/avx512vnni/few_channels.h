/* The input of a 3x3 layer with 3 channels or 1, as first layers have: a quad would hold one or three bytes
 * of nothing. Of 3 channels, two words of each row hold the window's first eight bytes there, and one word
 * the ninth ones of its three rows: 7 words instead of 9. Of 1 channel, a word of each row holds its three
 * bytes: 3 words. They lie in planes as gather.h has them, [word of a row][row parity][rows][width][4], the
 * ninth bytes' [rows][width][4] behind. Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_FEW_CHANNELS_H
#define ESPALIER_AVX512VNNI_FEW_CHANNELS_H

#include "gather.h"

#define MOST_FEW_WORDS 7

/* Where each word's input lies from a pixel's place in the band; returns how many there are. */
static int32_t few_places(const Gather *g, int32_t channels, uint16_t *places) {
    const int32_t planes = channels == 3 ? 2 : 1;
    int32_t word = 0;
    for (int32_t y = 0; y < 3; y++) {
        for (int32_t plane = 0; plane < planes; plane++) {
            places[word++] = (uint16_t)(gather_place(g, y, plane) / 4);
        }
    }
    if (channels == 3) places[word++] = (uint16_t)(2 * g->parities * g->copy / 4);
    return word;
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

/* From pixels of two vectors, in each lane four bytes: `bytes` has their places, 64 more in the second. */
INLINE __m512i bytes_of_two(__m512i first, __m512i second, int bytes) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i pixels = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(0x04040404));
    return _mm512_permutex2var_epi8(first, _mm512_add_epi8(pixels, _mm512_set1_epi32(bytes)), second);
}

/* The words of 16 pixels of one row. */
INLINE void few_row(const int8_t *from, int8_t *to, int64_t plane, __mmask16 lanes, const int channels,
                    const int stride) {
    const Columns c = gather_columns(from, stride);
    if (channels == 1) {
        const __m512i two = bytes_of_two(c.first, c.second, 0x00004000);
        _mm512_mask_storeu_epi32(to, lanes, bytes_of_two(two, c.third, 0x00400100));
    } else {
        _mm512_mask_storeu_epi32(to, lanes, bytes_of_two(c.first, c.second, 0x40020100));
        _mm512_mask_storeu_epi32(to + plane, lanes, bytes_of_two(c.second, c.third, 0x41400201));
    }
}

/* The ninth bytes of three rows, of 16 pixels. */
INLINE void few_ninths(const int8_t *from, int64_t row, int8_t *to, __mmask16 lanes, const int stride) {
    const __m512i two =
        bytes_of_two(gather_pixels(from + 8, stride), gather_pixels(from + row + 8, stride), 0x00004202);
    const __m512i third = gather_pixels(from + 2 * row + 8, stride);
    _mm512_mask_storeu_epi32(to, lanes, bytes_of_two(two, third, 0x00420100));
}

/* Does `WORDS` for each 16 pixels of a row, at `x` bytes; the last of them may overlap the ones before. */
#define EACH_SEGMENT(WIDTH, WORDS)                                                                           \
    for (int64_t x = 0, last = (WIDTH) < 16 ? 0 : (WIDTH) * 4 - 64;; x = x + 64 < last ? x + 64 : last) {    \
        const __mmask16 lanes = (__mmask16)((WIDTH) < 16 ? (1u << (WIDTH)) - 1 : 0xffff);                    \
        WORDS;                                                                                               \
        if (x == last) break;                                                                                \
    }

INLINE void gather_few(const Gather *g, int32_t first, const int channels, const int stride) {
    const int32_t band = g->height - first < g->band ? g->height - first : g->band;
    const int32_t rows = band + 2 / g->parities, pitch = g->width * 4;
    const int64_t step = g->parities * g->input_row, plane = g->parities * g->copy;
    const int8_t *corner = g->corner + first * stride * g->input_row;
    for (int32_t parity = 0; parity < g->parities; parity++) {
        const int8_t *from = corner + parity * g->input_row;
        int8_t *to = g->room + parity * g->copy;
        /* The last odd row is no window's. */
        for (int32_t y = 0; y < rows - parity; y++, from += step, to += pitch) {
            EACH_SEGMENT(g->width, few_row(from + x * stride, to + x, plane, lanes, channels, stride))
        }
    }
    if (channels == 1) return;
    int8_t *to = g->room + 2 * plane;
    for (int32_t y = 0; y < band; y++, corner += stride * g->input_row, to += pitch) {
        EACH_SEGMENT(g->width, few_ninths(corner + x * stride, g->input_row, to + x, lanes, stride))
    }
}

/* Gathers the band of output rows from `first` on; returns where its first pixel's windows start. */
static const int8_t *gather_few_channels(const Gather *g, int32_t channels, int32_t first) {
    if (channels == 3 && g->stride == 1)
        gather_few(g, first, 3, 1);
    else if (channels == 3)
        gather_few(g, first, 3, 2);
    else if (g->stride == 1)
        gather_few(g, first, 1, 1);
    else
        gather_few(g, first, 1, 2);
    return g->room;
}

#endif
