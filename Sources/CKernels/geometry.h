/* What every kernel needs to know of a layer before its loops: addresses, strides, and the blocks it will
 * visit. */
#ifndef ESPALIER_GEOMETRY_H
#define ESPALIER_GEOMETRY_H

#include <stddef.h>

#include "CKernels.h"

#define INLINE static inline __attribute__((always_inline))

/* One block of the walk: where its inputs lie from the window's corner, where its weights lie from the row's
 * first. */
typedef struct Visit {
    int32_t input;
    int32_t weights;
} Visit;

INLINE int8_t *tensor_base(const EspalierTensor *tensor, int8_t *arena) {
    return (tensor->data ? (int8_t *)(uintptr_t)tensor->data : arena) + tensor->offset;
}

/* A layer with one input and one output, in bytes. */
typedef struct Geometry {
    const int8_t *input; /* window's corner of output pixel (0, 0) */
    int8_t *output;
    int32_t input_row, input_pixel,
        input_plane; /* steps for the next output row and pixel, and the next quad */
    int32_t output_row, output_plane;
    int32_t height, width; /* of the output, in pixels */
} Geometry;

INLINE Geometry geometry(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    Geometry g;
    g.input = tensor_base(input, arena) - layer->pad_top * input->row_bytes - layer->pad_left * 4;
    g.output = tensor_base(output, arena);
    g.input_row = layer->stride_height * input->row_bytes;
    g.input_pixel = layer->stride_width * 4;
    g.input_plane = input->plane_bytes;
    g.output_row = output->row_bytes;
    g.output_plane = output->plane_bytes;
    g.height = output->height;
    g.width = output->width;
    /* A 1x1 layer without halos is one long row. */
    if (layer->kernel_height * layer->kernel_width == 1 && g.input_row == g.width * g.input_pixel
        && g.output_row == g.width * 4) {
        g.width *= g.height;
        g.height = 1;
    }
    return g;
}

#endif
