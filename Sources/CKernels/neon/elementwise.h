/* Additions, means and pools with NEON intrinsics, for the sets of both 64-bit instruction sets. */
#ifndef ESPALIER_ARM_ELEMENTWISE_H
#define ESPALIER_ARM_ELEMENTWISE_H

#include "neon64.h"

/* ---- Addition of two tensors of one shape, with whole factors. ---- */

typedef struct Addition {
    int32x4_t first, second, rest; /* of inputs stored plus 128 */
    int16x8_t shift;               /* of the sum's upper half, to have the byte on top */
    int8x16_t least, most;
} Addition;

INLINE Addition addition(const EspalierLayer *layer) {
    const int32_t *factors = layer->whole_factors;
    const uint32_t moved = 128 * (uint32_t)(factors[0] + factors[1]);
    return (Addition){ vdupq_n_s32(factors[0]),
                       vdupq_n_s32(factors[1]),
                       vdupq_n_s32((int32_t)((uint32_t)factors[2] - moved)),
                       vdupq_n_s16((int16_t)(24 - factors[3])),
                       vdupq_n_s8((int8_t)layer->activation_min),
                       vdupq_n_s8((int8_t)layer->activation_max) };
}

/* Pixel k of four, its bytes a lane each. */
INLINE int32x4_t pixel_of(uint8x16_t bytes, const int k) {
    const uint32_t none = 0xffffff00;
    const uint32x4_t order = { none | (uint32_t)(4 * k), none | (uint32_t)(4 * k + 1),
                               none | (uint32_t)(4 * k + 2), none | (uint32_t)(4 * k + 3) };
    return vreinterpretq_s32_u8(vqtbl1q_u8(bytes, vreinterpretq_u8_u32(order)));
}

INLINE int32x4_t products_of(const Addition *a, uint8x16_t x, uint8x16_t y, const int k) {
    int32x4_t sum = vmlaq_s32(vmulq_s32(pixel_of(x, k), a->first), pixel_of(y, k), a->second);
    __asm__("" : "+w"(sum)); /* else the compiler starts from a copy of `rest` */
    return sum;
}

/* Sums of pixels k and k + 1: cut to 16 bits with the byte on top. */
INLINE int8x16_t two_pixels(const Addition *a, uint8x16_t x, uint8x16_t y, const int k) {
    const int16x4_t low = vaddhn_s32(products_of(a, x, y, k), a->rest);
    const int16x8_t both = vaddhn_high_s32(low, products_of(a, x, y, k + 1), a->rest);
    return vreinterpretq_s8_s16(vqshlq_s16(both, a->shift));
}

INLINE int8x16_t sum_of(const Addition *a, int8x16_t first, int8x16_t second, const int cuts) {
    const uint8x16_t flip = vdupq_n_u8(0x80);
    const uint8x16_t x = veorq_u8(vreinterpretq_u8_s8(first), flip);
    const uint8x16_t y = veorq_u8(vreinterpretq_u8_s8(second), flip);
    const int8x16_t bytes = vuzp2q_s8(two_pixels(a, x, y, 0), two_pixels(a, x, y, 2));
    return cuts ? vminq_s8(vmaxq_s8(bytes, a->least), a->most) : bytes;
}

/* Where the rows of a quad lie, of both inputs and of the output. */
typedef struct Rows {
    const int8_t *first, *second;
    int8_t *sum;
    int32_t first_bytes, second_bytes, sum_bytes; /* from a row to the next one */
} Rows;

INLINE void add_rows(const Addition *a, Rows rows, int32_t height, int32_t width, const int cuts) {
    const Addition here = *a; /* in registers: stores of bytes may change *a, for all a compiler knows */
    for (; height > 0; height--) {
        const int8_t *p = rows.first, *q = rows.second;
        int8_t *out = rows.sum;
        for (int32_t eight = width / 8; eight != 0; eight--, p += 32, q += 32, out += 32) {
            __asm__("" : "+r"(p), "+r"(q), "+r"(out)); /* else the compiler adds an index to each */
            const int8x16x2_t x = vld1q_s8_x2(p), y = vld1q_s8_x2(q);
            const int8x16x2_t sums
                = { { sum_of(&here, x.val[0], y.val[0], cuts), sum_of(&here, x.val[1], y.val[1], cuts) } };
            vst1q_s8_x2(out, sums);
        }
        for (int32_t left = width % 8; left > 0; left -= 4, p += 16, q += 16, out += 16) {
            const int8x16_t sum = sum_of(&here, load_pixels(p, left), load_pixels(q, left), cuts);
            store_pixels(sum, out, left < 4 ? left : 4);
        }
        rows.first += rows.first_bytes;
        rows.second += rows.second_bytes;
        rows.sum += rows.sum_bytes;
    }
}

static void add_whole_rows(const Addition *a, Rows rows, int32_t height, int32_t width) {
    add_rows(a, rows, height, width, 0);
}

static void add_cut_rows(const Addition *a, Rows rows, int32_t height, int32_t width) {
    add_rows(a, rows, height, width, 1);
}

static int have_one_shape(const EspalierTensor *a, const EspalierTensor *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

static int32_t add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    if (!layer->whole_factors || !have_one_shape(first, output) || !have_one_shape(second, output)) return 0;
    const Addition a = addition(layer);
    const int whole = layer->activation_min == -128 && layer->activation_max == 127;
    Rows rows = { tensor_base(first, arena), tensor_base(second, arena), tensor_base(output, arena),
                  first->row_bytes, second->row_bytes, output->row_bytes };
    for (int32_t quad = 0; quad < output->quads; quad++) {
        (whole ? add_whole_rows : add_cut_rows)(&a, rows, output->height, output->width);
        rows.first += first->plane_bytes;
        rows.second += second->plane_bytes;
        rows.sum += output->plane_bytes;
    }
    return 1;
}

/* ---- Means. ---- */

/* The sums of a quad's four channels over a rectangle of pixels. */
INLINE int32x4_t sum_of_pixels(const int8_t *input, int32_t row_bytes, int32_t rows, int32_t pixels) {
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t y = 0; y < rows; y++, input += row_bytes) {
        int32_t x = 0;
        for (; x + 4 <= pixels; x += 4) {
            const int8x16_t v = vld1q_s8(input + x * 4);
            const int16x8_t pairs = vaddl_s8(vget_low_s8(v), vget_high_s8(v));
            sum = vaddw_high_s16(vaddw_s16(sum, vget_low_s16(pairs)), pairs);
        }
        for (; x < pixels; x++) {
            sum = vaddw_s16(sum, vget_low_s16(vmovl_s8(vget_low_s8(load_pixels(input + x * 4, 1)))));
        }
    }
    return sum;
}

/* Four int32 values as the bytes of one pixel. */
INLINE void store_four(int32x4_t values, int8_t *output) {
    const int16x4_t narrow = vmovn_s32(values);
    const int8x8_t bytes = vmovn_s16(vcombine_s16(narrow, narrow));
    vst1_lane_s32((int32_t *)(void *)output, vreinterpret_s32_s8(bytes), 0);
}

static int32_t mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const Requantiser r = requantiser(vdupq_n_s32(0), vdupq_n_s32(layer->multiplier[0]),
                                      vdupq_n_s32(layer->shift[0]));
    const Storing s = storing(layer, output);
    const int32x4_t zeros = vdupq_n_s32(input->zero_point * input->height * input->width);
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int32x4_t sums = sum_of_pixels(tensor_base(input, arena) + quad * input->plane_bytes,
                                             input->row_bytes, input->height, input->width);
        const int32x4_t rounded = round_generally(vsubq_s32(sums, zeros), &r, &s);
        store_four(vaddq_s32(rounded, s.zero_point), tensor_base(output, arena) + quad * output->plane_bytes);
    }
    return 1;
}

/* ---- Pools. ---- */

INLINE void sum_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, int32_t sums[4]) {
    vst1q_s32(sums, sum_of_pixels(from, row_bytes, rows, pixels));
}

typedef int8x16_t Bytes;
#define LANES 4
#define FLIP 0u
INLINE Bytes bytes_load(const int8_t *pixels) { return vld1q_s8(pixels); }
INLINE Bytes bytes_load_every_other(const int8_t *pixels) {
    return vreinterpretq_s8_s32(vld2q_s32((const int32_t *)(const void *)pixels).val[0]);
}
INLINE void bytes_store_pixels(Bytes bytes, int8_t *output, int pixels) {
    store_pixels(bytes, output, pixels);
}
INLINE Bytes bytes_all(int8_t value) { return vdupq_n_s8(value); }
INLINE Bytes bytes_max(Bytes a, Bytes b) { return vmaxq_s8(a, b); }
INLINE Bytes bytes_min(Bytes a, Bytes b) { return vminq_s8(a, b); }

#include "../pools.h"

#endif
