/* Pools under windows of any size and stride; what lies outside the picture does not count. Before it, the
 * including file brings its vocabulary:
 *   FLIP                 what stored bytes are combined with by exclusive or
 *   LANES, Bytes         so many neighbouring pixels of a quad, as stored
 *   bytes_load(), bytes_load_every_other(), bytes_store_pixels(), bytes_all(), bytes_max(), bytes_min()
 *   sum_pixels()         the sums of a quad's channels over some pixels, of values */
#ifndef ESPALIER_POOLS_H
#define ESPALIER_POOLS_H

#include "scalar.h"

/* The part of a window inside the picture. */
typedef struct Span {
    int32_t first, count;
} Span;

INLINE Span span(int32_t start, int32_t length, int32_t end) {
    const int32_t first = start > 0 ? start : 0, last = start + length < end ? start + length : end;
    return (Span){ first, last - first };
}

/* Division by the number of pixels under a window, for many sums: a division takes longer than all else.
 * Quotients of what pooled_mean() divides, 256 times their number at most, are exact for up to 256 pixels:
 * the reciprocal is less than 1 / 2^24 too large, and the product has 32 bits. */
typedef struct Divisor {
    int32_t count;
    uint32_t reciprocal; /* 2^24 / count, rounded up; 0: too many pixels */
} Divisor;

INLINE Divisor divisor(int32_t count) {
    const uint32_t pixels = (uint32_t)count;
    return (Divisor){ count, pixels <= 256 ? ((1u << 24) + pixels - 1) / pixels : 0 };
}

INLINE int32_t divided(uint32_t value, const Divisor *d) {
    return (int32_t)(d->reciprocal ? value * d->reciprocal >> 24 : value / (uint32_t)d->count);
}

/* The mean of so many values with this sum, ties away from the rounding origin: AVERAGE_POOL. */
INLINE int32_t pooled_mean(const EspalierLayer *layer, int32_t total, const Divisor *d) {
    const int32_t origin = layer->rounding_origin, sum = total - origin * d->count;
    /* Without a branch on the sign, which nobody can predict. */
    const uint32_t magnitude = sum < 0 ? 0u - (uint32_t)sum : (uint32_t)sum;
    const int32_t mean = divided(magnitude + (uint32_t)d->count / 2, d);
    return origin + (sum < 0 ? -mean : mean);
}

INLINE Bytes all_stored(int32_t value) { return bytes_all((int8_t)(value ^ (int8_t)FLIP)); }

/* The greatest value of each channel under a window, and those one or two pixels further on. */
INLINE Bytes greatest(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, const int stride) {
    Bytes most = all_stored(-128);
    for (int32_t y = 0; y < rows; y++, from += row_bytes) {
        for (int32_t x = 0; x < pixels; x++) {
            const int8_t *quad = from + x * 4;
            most = bytes_max(most, stride == 2 ? bytes_load_every_other(quad) : bytes_load(quad));
        }
    }
    return most;
}

typedef struct MaxPool {
    const EspalierLayer *layer;
    const EspalierTensor *input, *output;
    Bytes least, most;
    /* Outputs whose windows lie inside their rows: several are done at once where they lie one or two pixels
     * apart. */
    int32_t first, last;
} MaxPool;

INLINE MaxPool max_pool_of(const EspalierLayer *layer, const EspalierTensor *tensors) {
    MaxPool p = { .layer = layer, .input = &tensors[layer->inputs[0]], .output = &tensors[layer->output] };
    p.least = all_stored(layer->activation_min);
    p.most = all_stored(layer->activation_max);
    const int32_t step = layer->stride_width, past = p.input->width - layer->kernel_width + layer->pad_left;
    p.first = (layer->pad_left + step - 1) / step;
    p.last = past < 0 ? 0 : past / step + 1;
    if (p.last > p.output->width) p.last = p.output->width;
    if (step > 2) p.last = 0;
    return p;
}

/* One row of one quad. */
INLINE void greatest_row(const MaxPool *p, const int8_t *from, int32_t rows, int8_t *to, const int32_t size,
                         const int stride) {
    const int32_t row = p->input->row_bytes, width = p->output->width;
    for (int32_t x = 0, done = 0; x < width; x += done) {
        const int inside = x >= p->first && x < p->last;
        const Span pixels = span(x * p->layer->stride_width - p->layer->pad_left, size, p->input->width);
        const int8_t *at = from + pixels.first * 4;
        done = !inside ? 1 : p->last - x < LANES ? p->last - x : LANES;
        const Bytes bytes = inside ? greatest(at, row, rows, size, stride)
                                   : greatest(at, row, rows, pixels.count, 1);
        bytes_store_pixels(bytes_min(bytes_max(bytes, p->least), p->most), to + x * 4, done);
    }
}

INLINE void greatest_plane(const MaxPool *p, const int8_t *from, int8_t *to, const int32_t size,
                           const int stride) {
    const EspalierLayer *layer = p->layer;
    for (int32_t y = 0; y < p->output->height; y++, to += p->output->row_bytes) {
        const int32_t top = y * layer->stride_height - layer->pad_top;
        const Span rows = span(top, layer->kernel_height, p->input->height);
        greatest_row(p, from + rows.first * p->input->row_bytes, rows.count, to, size, stride);
    }
}

static int32_t max_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const MaxPool p = max_pool_of(layer, tensors);
    if (p.input->data || layer->pad_left < 0) return 0;
    const int32_t size = layer->kernel_width;
    for (int32_t quad = 0; quad < p.output->quads; quad++) {
        const int8_t *from = tensor_base(p.input, arena) + quad * p.input->plane_bytes;
        int8_t *to = tensor_base(p.output, arena) + quad * p.output->plane_bytes;
        if (layer->stride_width != 2)
            greatest_plane(&p, from, to, size, 1);
        else if (size == 2)
            greatest_plane(&p, from, to, 2, 2);
        else
            greatest_plane(&p, from, to, size, 2);
    }
    return 1;
}

static int32_t average_pool(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    Divisor area = { 0, 0 };
    for (int32_t y = 0; y < output->height; y++) {
        const int32_t top = y * layer->stride_height - layer->pad_top;
        const Span rows = span(top, layer->kernel_height, input->height);
        for (int32_t x = 0; x < output->width; x++) {
            const Span pixels = span(x * layer->stride_width - layer->pad_left, layer->kernel_width,
                                     input->width);
            const int8_t *in = tensor_base(input, arena) + rows.first * input->row_bytes + pixels.first * 4;
            int8_t *out = tensor_base(output, arena) + y * output->row_bytes + x * 4;
            if (rows.count * pixels.count != area.count) area = divisor(rows.count * pixels.count);
            for (int32_t quad = 0; quad < output->quads; quad++) {
                int32_t sums[4];
                int8_t bytes[4];
                sum_pixels(in + quad * input->plane_bytes, input->row_bytes, rows.count, pixels.count, sums);
                for (int c = 0; c < 4; c++) {
                    const int32_t mean = pooled_mean(layer, sums[c], &area);
                    bytes[c] = (int8_t)(stored_value(mean, 0, layer) ^ (int8_t)FLIP);
                }
                __builtin_memcpy(out + quad * output->plane_bytes, bytes, 4);
            }
        }
    }
    return 1;
}

#endif
