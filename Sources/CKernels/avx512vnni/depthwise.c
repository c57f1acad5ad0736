/* Depthwise 3x3 convolution. A vector of sums holds 4 pixels x 4 channels of a quad; each lane's dot product
 * takes the three taps of a kernel row. A byte permutation of one load brings them together: vector k of four
 * belongs to pixels k, k + 4, k + 8 and k + 12 of a segment of 16, which is the order that packing undoes. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "../visits.h"
#include "vocabulary.h"

typedef struct DepthwiseWalk {
    Geometry g;
    Storing storing;
    Requantiser requantiser;
    __m512i weights[3]; /* of each kernel row: [channel][3 taps and a zero], the same in every part */
    int32_t row;        /* bytes of an input row */
} DepthwiseWalk;

typedef struct Rows {
    __m512i v[4];
} Rows;

/* Where byte `lane` of vector `k` comes from: column stride * (k + 4 * part) + tap, channel. */
INLINE __m512i taps_of(int k, int stride) {
    int8_t from[64];
    for (int part = 0; part < 4; part++) {
        for (int channel = 0; channel < 4; channel++) {
            for (int tap = 0; tap < 4; tap++) {
                const int column = stride * (k + 4 * part) + (tap < 3 ? tap : 0);
                from[part * 16 + channel * 4 + tap] = (int8_t)(column * 4 + channel);
            }
        }
    }
    return _mm512_loadu_si512(from);
}

/* The taps of one input row for a segment of 16 output pixels. Reads up to 136 bytes. */
INLINE Rows gathered(const int8_t *input, const int stride) {
    const __m512i *at = (const __m512i *)input, *later = (const __m512i *)(input + 8);
    const __m512i a = _mm512_loadu_si512(at), b = _mm512_loadu_si512(later);
    Rows r;
    if (stride == 1) {
        const __m512i first = taps_of(0, 1), second = taps_of(1, 1);
        r.v[0] = _mm512_permutexvar_epi8(first, a);
        r.v[1] = _mm512_permutexvar_epi8(second, a);
        r.v[2] = _mm512_permutexvar_epi8(first, b);
        r.v[3] = _mm512_permutexvar_epi8(second, b);
    } else {
        const __m512i c = _mm512_loadu_si512(at + 1), d = _mm512_loadu_si512(later + 1);
        const __m512i third = taps_of(2, 2);
        r.v[0] = _mm512_permutex2var_epi8(a, taps_of(0, 2), c);
        r.v[1] = _mm512_permutex2var_epi8(a, taps_of(1, 2), c);
        r.v[2] = _mm512_permutex2var_epi8(a, third, c);
        r.v[3] = _mm512_permutex2var_epi8(b, third, d);
    }
    return r;
}

INLINE void accumulate(Rows *sums, const Rows *taps, __m512i weights) {
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) sums->v[k] = _mm512_dpbusd_epi32(sums->v[k], taps->v[k], weights);
}

INLINE Rows start(const Requantiser *r) {
    const Rows s = { { r->start, r->start, r->start, r->start } };
    return s;
}

INLINE __m512i finished(const Rows *sums, const DepthwiseWalk *w) {
    __m512i v[4];
    if (w->storing.plain) {
        for (int k = 0; k < 4; k++) v[k] = round_plain(sums->v[k], &w->requantiser);
        return packed_plain(v[0], v[1], v[2], v[3]);
    }
    for (int k = 0; k < 4; k++) v[k] = rounded(sums->v[k], &w->requantiser, &w->storing);
    return packed(v[0], v[1], v[2], v[3], &w->storing);
}

/* A strip of up to 16 pixels down the picture; input rows that two or three output rows share are gathered
 * once. */
INLINE void strip(const DepthwiseWalk *w, const int8_t *input, int8_t *output, int32_t pixels,
                  const int stride) {
    const __mmask16 stored = (__mmask16)((1u << (pixels < 16 ? pixels : 16)) - 1);
    Rows above = gathered(input, stride);
    if (stride == 1) {
        Rows sums = start(&w->requantiser), next = start(&w->requantiser);
        accumulate(&sums, &above, w->weights[0]);
        Rows middle = gathered(input + w->row, 1);
        accumulate(&sums, &middle, w->weights[1]);
        accumulate(&next, &middle, w->weights[0]);
        input += 2 * w->row;
        for (int32_t y = 0; y < w->g.height; y++, input += w->row, output += w->g.output_row) {
            const Rows below = gathered(input, 1);
            Rows later = start(&w->requantiser);
            accumulate(&sums, &below, w->weights[2]);
            accumulate(&next, &below, w->weights[1]);
            accumulate(&later, &below, w->weights[0]);
            _mm512_mask_storeu_epi32(output, stored, finished(&sums, w));
            sums = next;
            next = later;
        }
        return;
    }
    for (int32_t y = 0; y < w->g.height; y++, output += w->g.output_row) {
        Rows sums = start(&w->requantiser);
        accumulate(&sums, &above, w->weights[0]);
        const Rows middle = gathered(input + w->row, 2);
        accumulate(&sums, &middle, w->weights[1]);
        input += 2 * w->row;
        above = gathered(input, 2);
        accumulate(&sums, &above, w->weights[2]);
        _mm512_mask_storeu_epi32(output, stored, finished(&sums, w));
    }
}

/* Narrow pictures, stride 1: segments run on through the halos into the next rows. */
INLINE void segments(const DepthwiseWalk *w, const int8_t *input, int8_t *output) {
    const int32_t pitch = w->row / 4, end = (w->g.height - 1) * pitch + w->g.width;
    for (int32_t first = 0; first < end; first += 16) {
        Rows sums = start(&w->requantiser);
#pragma clang loop unroll(full)
        for (int y = 0; y < 3; y++) {
            const Rows taps = gathered(input + first * 4 + y * w->row, 1);
            accumulate(&sums, &taps, w->weights[y]);
        }
        const __m512i bytes = finished(&sums, w);
        for (int32_t y = first / pitch; y < w->g.height && y * pitch < first + 16; y++) {
            const int32_t shift = y * pitch - first; /* lane of the row's first pixel, perhaps negative */
            const uint32_t row = (1u << w->g.width) - 1;
            const __mmask16 stored = (__mmask16)(shift < 0 ? row >> -shift : row << shift);
            _mm512_mask_storeu_epi32(output + y * w->g.output_row - shift * 4, stored, bytes);
        }
    }
}

/* What every pixel becomes where the whole input quad is silent. */
static void fill(const DepthwiseWalk *w, __m512i sum, int8_t *output) {
    const Rows sums = { { sum, sum, sum, sum } };
    const __m512i bytes = finished(&sums, w);
    for (int32_t y = 0; y < w->g.height; y++, output += w->g.output_row) {
        for (int32_t x = 0; x < w->g.width; x += 16) {
            const int32_t left = w->g.width - x;
            const __mmask16 stored = (__mmask16)((1u << (left < 16 ? left : 16)) - 1);
            _mm512_mask_storeu_epi32(output + x * 4, stored, bytes);
        }
    }
}

static __m512i weights_of(const int8_t *taps) {
    uint8_t bytes[16] = { 0 };
    __builtin_memcpy(bytes, taps, 12);
    const __m128i by_channel = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_broadcast_i32x4(_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), by_channel));
}

int32_t avx512_depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t stride = layer->stride_width;
    if (layer->kernel_height != 3 || layer->kernel_width != 3 || layer->depth_multiplier != 1
        || layer->dilation_height * layer->dilation_width != 1 || stride != layer->stride_height || stride > 2
        || layer->weight_zero_point || input->data) {
        return 0;
    }
    DepthwiseWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    w.row = input->row_bytes;
    const int is_narrow = stride == 1 && w.g.width <= 8 && w.row % 4 == 0;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *in = w.g.input + quad * w.g.input_plane;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        w.requantiser = requantiser_of_quad(layer, quad);
        if (layer->skips_silence && !is_live(input, arena, quad, 0x80)) {
            const __m512i sum =
                _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(layer->weight_sum + quad * 4)));
            const __m512i zero = _mm512_set1_epi32(input->zero_point + 128);
            fill(&w, _mm512_add_epi32(w.requantiser.start, _mm512_mullo_epi32(sum, zero)), out);
            continue;
        }
        for (int y = 0; y < 3; y++) w.weights[y] = weights_of(layer->weights + quad * 36 + y * 12);
        if (is_narrow) {
            segments(&w, in, out);
            continue;
        }
        for (int32_t x = 0; x < w.g.width; x += 16) {
            if (stride == 1)
                strip(&w, in + x * 4, out + x * 4, w.g.width - x, 1);
            else
                strip(&w, in + x * 8, out + x * 4, w.g.width - x, 2);
        }
    }
    return 1;
}

#pragma clang attribute pop
#endif
