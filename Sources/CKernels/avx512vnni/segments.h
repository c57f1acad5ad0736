/* Four outputs of a band of pixels: what pixel lanes do with their sums, segments of 16 pixels at a time.
 * Include begin.h before it. */
#ifndef ESPALIER_AVX512VNNI_SEGMENTS_H
#define ESPALIER_AVX512VNNI_SEGMENTS_H

#include "kept.h"

/* The part of a segment that lies in one output row. */
typedef struct Piece {
    int32_t offset; /* of lane 0, from the band's first pixel in the output's plane */
    uint32_t lanes;
} Piece;

/* Four outputs of a band. */
typedef struct PixelWalk {
    Storing storing;
    RequantiserTable table;     /* of 16 outputs, these four among them */
    int32_t output_in_table;
    Kept kept[4];
    int32_t longest;     /* of four lists that are walked together; 0: they are not */
    const int8_t *input; /* the band's first pixel */
    int8_t *output;      /* the same of the quad's output */
    int whole;                              /* each segment is one piece; else: */
    int32_t first_piece[BAND_SEGMENTS + 1]; /* of each segment, and past the last one's */
    Piece pieces[BAND_SEGMENTS * 16];       /* a picture of one pixel a row has the most */
} PixelWalk;

/* Cuts the segments of a band of so many rows at the ends of rows; returns how many there are. */
static int32_t list_pieces(PixelWalk *w, const Gather *g, int32_t rows, int32_t output_row) {
    const int32_t width = g->strip_width, strips = g->strips, height = g->height;
    int32_t segment = 0, lane = 0;
    Piece *piece = w->pieces;
    w->whole = strips == 1 && width % 16 == 0;
    if (w->whole) {
        for (int32_t y = 0; y < rows; y++) {
            for (int32_t x = 0; x < width * 4; x += 64) *piece++ = (Piece){ y * output_row + x, 0xffff };
        }
        return (int32_t)(piece - w->pieces);
    }
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t strip = 0, row = y; strip < strips; strip++, row += height) {
            int32_t offset = row * output_row, left = width;
            while (left > 0) {
                const int32_t run = left < 16 - lane ? left : 16 - lane;
                if (lane == 0) w->first_piece[segment] = (int32_t)(piece - w->pieces);
                *piece++ = (Piece){ offset - lane * 4, ((1u << run) - 1) << lane };
                offset += run * 4;
                left -= run;
                lane = (lane + run) & 15;
                segment += lane == 0;
            }
        }
    }
    segment += lane != 0;
    w->first_piece[segment] = (int32_t)(piece - w->pieces);
    return segment;
}

/* Stores R segments. Where rows are whole segments each is one piece. */
INLINE void store_segments(const PixelWalk *w, int32_t first, const __m512i *segments, const int R) {
    int8_t *output = w->output;
    if (w->whole) {
        const Piece *piece = w->pieces + first;
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) _mm512_storeu_si512(output + piece[r].offset, segments[r]);
        return;
    }
    const Piece *piece = w->pieces + w->first_piece[first];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
        const Piece *end = w->pieces + w->first_piece[first + r + 1];
        do {
            _mm512_mask_storeu_epi32(output + piece->offset, (__mmask16)piece->lanes, segments[r]);
        } while (++piece < end);
    }
}

/* Stores R segments from the rounded sums of four outputs, two and two already packed. */
INLINE void store_outputs(const PixelWalk *w, int32_t first, const __m512i *pairs, const int R) {
    __m512i segments[8];
    if (w->storing.plain) {
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) segments[r] = interleaved(_mm512_packus_epi16(pairs[r], pairs[R + r]));
    } else {
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++)
            segments[r] = interleaved(packed_pairs(pairs[r], pairs[R + r], &w->storing));
    }
    store_segments(w, first, segments, R);
}

/* Two outputs' sums of a tile, rounded and packed. */
INLINE void finish(const PixelWalk *w, const __m512i *sums, __m512i *pairs, int output, const int R) {
    const Requantiser a = requantiser_of_one(&w->table, w->output_in_table + output);
    const Requantiser b = requantiser_of_one(&w->table, w->output_in_table + output + 1);
    if (w->storing.plain) {
#pragma clang loop unroll(full)
        for (int i = 0; i < R; i++)
            pairs[i] = _mm512_packs_epi32(round_plain(sums[i], &a), round_plain(sums[R + i], &b));
        return;
    }
    if (w->storing.symmetric) {
#pragma clang loop unroll(full)
        for (int i = 0; i < R; i++)
            pairs[i] = pair(round_symmetric(sums[i], &a), round_symmetric(sums[R + i], &b), &w->storing);
        return;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
        pairs[i] = pair(round_single(sums[i], &a, &w->storing), round_single(sums[R + i], &b, &w->storing),
                        &w->storing);
    }
}

/* The same where sums have to be rounded in integers: off the fast path, and compiled once. */
static __attribute__((noinline)) void finish_exactly(const PixelWalk *w, const __m512i *sums, __m512i *pairs,
                                                     int output, int count) {
    const Requantiser a = requantiser_of_one(&w->table, w->output_in_table + output);
    const Requantiser b = requantiser_of_one(&w->table, w->output_in_table + output + 1);
    for (int i = 0; i < count; i++) {
        pairs[i] = pair(round_in_integers(sums[i], &a, &w->storing),
                        round_in_integers(sums[count + i], &b, &w->storing), &w->storing);
    }
}

/* Segments of a wide tile. */
enum { WIDE_SEGMENTS = 16 };

/* One output's sums of a wide tile as bytes: part p of a vector holds the p-th four pixels of each of four
 * segments. */
INLINE void finish_wide(const PixelWalk *w, const __m512i *sums, __m512i *bytes, int output) {
    const Storing *s = &w->storing;
    const Requantiser r = requantiser_of_one(&w->table, w->output_in_table + output);
    __m512i x[WIDE_SEGMENTS];
    if (s->plain) {
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SEGMENTS; i++) x[i] = round_plain(sums[i], &r);
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SEGMENTS; i += 4)
            bytes[i / 4] = packed_plain(x[i], x[i + 1], x[i + 2], x[i + 3]);
        return;
    }
    if (s->symmetric) {
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SEGMENTS; i++) x[i] = round_symmetric(sums[i], &r);
    } else {
        /* Off the fast path: in memory, and compiled once. */
        __m512i copy[WIDE_SEGMENTS];
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SEGMENTS; i++) copy[i] = sums[i];
#pragma clang loop unroll(disable)
        for (int i = 0; i < WIDE_SEGMENTS; i++) copy[i] = rounded(copy[i], &r, s);
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SEGMENTS; i++) x[i] = copy[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < WIDE_SEGMENTS; i += 4) bytes[i / 4] = packed(x[i], x[i + 1], x[i + 2], x[i + 3], s);
}

/* Stores them, four outputs' bytes made into pixels' quads. */
INLINE void store_wide(const PixelWalk *w, int32_t first, __m512i bytes[4][WIDE_SEGMENTS / 4]) {
#pragma clang loop unroll(full)
    for (int k = 0; k < WIDE_SEGMENTS / 4; k++) {
        const __m512i a = bytes[0][k], b = bytes[1][k], c = bytes[2][k], d = bytes[3][k];
        const __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
        const __m512i more_ab = _mm512_unpackhi_epi8(a, b), more_cd = _mm512_unpackhi_epi8(c, d);
        const __m512i segments[4] = { _mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd),
                                      _mm512_unpacklo_epi16(more_ab, more_cd),
                                      _mm512_unpackhi_epi16(more_ab, more_cd) };
        store_segments(w, first + 4 * k, segments, 4);
    }
}

#endif
