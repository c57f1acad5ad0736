/* Additions and means with NEON intrinsics, for the sets of both 64-bit instruction sets. */
#ifndef ESPALIER_ARM_ELEMENTWISE_H
#define ESPALIER_ARM_ELEMENTWISE_H

#include "neon64.h"

/* ---- Addition of two tensors of one shape. ---- */

INLINE Requantiser factor_of(const EspalierLayer *layer, int index) {
    return requantiser(vdupq_n_s32(0), vdupq_n_s32(layer->multiplier[index]),
                       vdupq_n_s32(layer->shift[index]));
}

/* 16 values less their zero point, moved five of the 20 bits to the left that additions start with. */
typedef struct Operand {
    int16x8_t low, high;
} Operand;

INLINE Operand operand(int8x16_t values, int8x16_t zero) {
    const int16x8_t low = vsubl_s8(vget_low_s8(values), vget_low_s8(zero));
    return (Operand){ vshlq_n_s16(low, 5), vshlq_n_s16(vsubl_high_s8(values, zero), 5) };
}

/* Quarter k in the sum's scale: the other 15 bits, and the operand's factor. */
INLINE int32x4_t scaled(Operand o, const Requantiser *r, const int k) {
    const int16x8_t half = k < 2 ? o.low : o.high;
    return round_right(k & 1 ? vshll_high_n_s16(half, 15) : vshll_n_s16(vget_low_s16(half), 15), r, 1);
}

/* Adds quarter k of an operand whose factor is 1/2, as that of the wider scale is. */
INLINE int32x4_t plus_half(int32x4_t sums, Operand o, const int k) {
    const int16x8_t half = k < 2 ? o.low : o.high, factor = vdupq_n_s16(1 << 14);
    return k & 1 ? vmlal_high_s16(sums, half, factor)
                 : vmlal_s16(sums, vget_low_s16(half), vget_low_s16(factor));
}

typedef struct Addition {
    Requantiser first, second, sum;
    int8x16_t first_zero, second_zero;
    Storing storing;
} Addition;

/* `halves`: how many operands have the factor 1/2; one: the second. */
INLINE int8x16_t sum_of(const Addition *a, int8x16_t first, int8x16_t second, const int halves,
                        const int way) {
    const Operand x = operand(first, a->first_zero), y = operand(second, a->second_zero);
    int32x4_t sums[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
        sums[k] = halves == 2 ? plus_half(vdupq_n_s32(0), x, k) : scaled(x, &a->first, k);
        sums[k] = halves ? plus_half(sums[k], y, k) : vaddq_s32(sums[k], scaled(y, &a->second, k));
        sums[k] = rounded(sums[k], &a->sum, &a->storing, way);
    }
    return packed(sums[0], sums[1], sums[2], sums[3], &a->storing, way);
}

INLINE void add_row(const Addition *a, const int8_t *p, const int8_t *q, int8_t *out, int32_t left,
                    const int halves, const int way) {
    const Addition here = *a; /* in registers: stores of bytes may change *a, for all a compiler knows */
#pragma clang loop unroll_count(2)
    for (; left >= 4; left -= 4, p += 16, q += 16, out += 16) {
        vst1q_s8(out, sum_of(&here, vld1q_s8(p), vld1q_s8(q), halves, way));
    }
    for (; left > 0; left--, p += 4, q += 4, out += 4) {
        store_pixels(sum_of(&here, load_pixels(p, 1), load_pixels(q, 1), halves, way), out, 1);
    }
}

typedef void (*AddRow)(const Addition *, const int8_t *, const int8_t *, int8_t *, int32_t);
#define ADD_ROW(HALVES, WAY)                                                                                 \
    static void add_row_##HALVES##_##WAY(const Addition *a, const int8_t *p, const int8_t *q, int8_t *out,   \
                                         int32_t left) {                                                     \
        add_row(a, p, q, out, left, HALVES, WAY);                                                            \
    }
ADD_ROW(0, TO_THE_RIGHT) ADD_ROW(1, TO_THE_RIGHT) ADD_ROW(2, TO_THE_RIGHT)
ADD_ROW(0, FROM_ZERO) ADD_ROW(1, FROM_ZERO) ADD_ROW(2, FROM_ZERO)
static const AddRow add_rows[2][3] = {
    { add_row_0_TO_THE_RIGHT, add_row_1_TO_THE_RIGHT, add_row_2_TO_THE_RIGHT },
    { add_row_0_FROM_ZERO, add_row_1_FROM_ZERO, add_row_2_FROM_ZERO },
};

INLINE int is_half(const EspalierLayer *layer, int index) {
    return layer->multiplier[index] == 1 << 30 && layer->shift[index] == 0;
}

static int have_one_shape(const EspalierTensor *a, const EspalierTensor *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

static int32_t add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *output = &tensors[layer->output];
    /* Sums do not ask for an order: an operand with the factor 1/2 goes last. */
    const int x = is_half(layer, 0) && !is_half(layer, 1), y = !x;
    const int halves = is_half(layer, 0) + is_half(layer, 1);
    const EspalierTensor *first = &tensors[layer->inputs[x]], *second = &tensors[layer->inputs[y]];
    if (!have_one_shape(first, output) || !have_one_shape(second, output) || layer->left_shift != 20) {
        return 0;
    }
    /* Factors of the inputs at most 1/2, as TFLite makes them, and the sum's too. */
    if ((halves < 2 && layer->shift[x] >= 0) || (halves < 1 && layer->shift[y] >= 0)
        || layer->shift[2] >= 0) {
        return 0;
    }
    const Addition a = {
        .first = factor_of(layer, x),
        .second = factor_of(layer, y),
        .sum = factor_of(layer, 2),
        .first_zero = vdupq_n_s8((int8_t)first->zero_point),
        .second_zero = vdupq_n_s8((int8_t)second->zero_point),
        .storing = storing(layer, output),
    };
    /* A sum has 28 bits. */
    const int way = way_of_storing(&a.storing, &a.sum, 1, 1 << 14);
    const AddRow row = add_rows[way == FROM_ZERO][halves];
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *p = tensor_base(first, arena) + quad * first->plane_bytes;
        const int8_t *q = tensor_base(second, arena) + quad * second->plane_bytes;
        int8_t *out = tensor_base(output, arena) + quad * output->plane_bytes;
        for (int32_t rows = output->height; rows > 0; rows--) {
            row(&a, p, q, out, output->width);
            p += first->row_bytes;
            q += second->row_bytes;
            out += output->row_bytes;
        }
    }
    return 1;
}

/* ---- Means. ---- */

/* The sums of a quad's four channels over a rectangle of pixels. */
INLINE int32x4_t sum_pixels(const int8_t *input, int32_t row_bytes, int32_t rows, int32_t pixels) {
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

static int32_t average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const int32_t origin = layer->rounding_origin;
    for (int32_t y = 0; y < output->height; y++) {
        const int32_t top = y * layer->stride_height - layer->pad_top;
        const int32_t first_row = top > 0 ? top : 0, bottom = top + layer->kernel_height;
        const int32_t rows = (bottom < input->height ? bottom : input->height) - first_row;
        for (int32_t x = 0; x < output->width; x++) {
            const int32_t left = x * layer->stride_width - layer->pad_left,
                          right = left + layer->kernel_width;
            const int32_t first_pixel = left > 0 ? left : 0;
            const int32_t pixels = (right < input->width ? right : input->width) - first_pixel;
            const int32_t count = rows * pixels;
            const int8_t *in = tensor_base(input, arena) + first_row * input->row_bytes + first_pixel * 4;
            int8_t *out = tensor_base(output, arena) + y * output->row_bytes + x * 4;
            for (int32_t quad = 0; quad < output->quads; quad++) {
                int32_t sums[4];
                vst1q_s32(sums, sum_pixels(in + quad * input->plane_bytes, input->row_bytes, rows, pixels));
                for (int lane = 0; lane < 4; lane++) {
                    const int32_t sum = sums[lane] - origin * count;
                    const int32_t pooled = origin + (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                    const int32_t least = layer->activation_min, most = layer->activation_max;
                    const int32_t cut = pooled < least ? least : pooled > most ? most : pooled;
                    sums[lane] = quad * 4 + lane < output->channels ? cut : output->zero_point;
                }
                store_four(vld1q_s32(sums), out + quad * output->plane_bytes);
            }
        }
    }
    return 1;
}

static int32_t mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const Requantiser r = factor_of(layer, 0);
    const Storing s = storing(layer, output);
    const int32x4_t zeros = vdupq_n_s32(input->zero_point * input->height * input->width);
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int32x4_t sums = sum_pixels(tensor_base(input, arena) + quad * input->plane_bytes,
                                          input->row_bytes, input->height, input->width);
        const int32x4_t rounded = round_generally(vsubq_s32(sums, zeros), &r, &s);
        store_four(vaddq_s32(rounded, s.zero_point), tensor_base(output, arena) + quad * output->plane_bytes);
    }
    return 1;
}

#endif
