/* Depthwise 3x3.
 *
 * Included by neondot.c and neon.c, each with its own DepthwiseWeights, depthwise_weights and
 * depthwise_sums. */
#ifndef ESPALIER_ARM_DEPTHWISE_H
#define ESPALIER_ARM_DEPTHWISE_H

#include "neon64.h"

typedef struct DepthwiseWalk {
    Geometry g;
    Storing storing;
    Requantiser requantiser;
    int32_t row_bytes; /* from an input row to the next one */
    DepthwiseWeights weights;
} DepthwiseWalk;

/* Two rows of outputs, which share rows of inputs. */
INLINE void depthwise_tile(const DepthwiseWalk *w, const int8_t *input, int8_t *output, const int pixels,
                           const int stride, const int way) {
    int32x4_t sums[2][4];
    depthwise_sums(&w->weights, w->requantiser.start, input, w->row_bytes, sums, pixels, stride);
    store_quad(sums[0], &w->requantiser, &w->storing, output, pixels, way);
    store_quad(sums[1], &w->requantiser, &w->storing, output + w->g.output_row, pixels, way);
}

/* What is left over at the right and below is done together with pixels done before. */
INLINE void depthwise_plane(const DepthwiseWalk *w, const int8_t *input, int8_t *output, const int stride,
                            const int way) {
    const int32_t width = w->g.width;
    for (int32_t y = 0; y < w->g.height; y += 2) {
        const int32_t row = y + 2 <= w->g.height ? y : y - 1;
        const int8_t *in = input + row * w->g.input_row;
        int8_t *out = output + row * w->g.output_row;
        int32_t x = 0;
        for (; x + 4 <= width; x += 4) depthwise_tile(w, in + x * stride * 4, out + x * 4, 4, stride, way);
        for (; x < width; x += 2) {
            const int32_t from = x + 2 <= width ? x : width - 2;
            depthwise_tile(w, in + from * stride * 4, out + from * 4, 2, stride, way);
        }
    }
}

typedef void (*DepthwisePlane)(const DepthwiseWalk *, const int8_t *, int8_t *);
#define DEPTHWISE_PLANE(STRIDE, WAY)                                                                         \
    static void plane_##STRIDE##_##WAY(const DepthwiseWalk *w, const int8_t *input, int8_t *output) {        \
        const DepthwiseWalk here = *w; /* in registers: stores of bytes may change *w, for all one knows */  \
        depthwise_plane(&here, input, output, STRIDE, WAY);                                                  \
    }
DEPTHWISE_PLANE(1, GENERALLY) DEPTHWISE_PLANE(1, TO_THE_RIGHT) DEPTHWISE_PLANE(1, FROM_ZERO)
DEPTHWISE_PLANE(2, GENERALLY) DEPTHWISE_PLANE(2, TO_THE_RIGHT) DEPTHWISE_PLANE(2, FROM_ZERO)
/* By stride and way; bytes of IN_16_BITS are cut to the whole range by the way to the right, too. */
static const DepthwisePlane planes[2][4] = {
    { plane_1_GENERALLY, plane_1_TO_THE_RIGHT, plane_1_TO_THE_RIGHT, plane_1_FROM_ZERO },
    { plane_2_GENERALLY, plane_2_TO_THE_RIGHT, plane_2_TO_THE_RIGHT, plane_2_FROM_ZERO },
};

static int32_t depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->weight_zero_point || input->data || layer->depth_multiplier != 1 || layer->kernel_height != 3
        || layer->kernel_width != 3 || layer->dilation_height != 1 || layer->dilation_width != 1
        || layer->stride_width > 2 || layer->stride_height != layer->stride_width || output->width < 2
        || output->height < 2) {
        return 0;
    }
    DepthwiseWalk w = { .g = geometry(layer, tensors, arena), .storing = storing(layer, output) };
    w.row_bytes = input->row_bytes;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        w.requantiser = requantiser_of_quad(layer, quad);
        w.weights = depthwise_weights(layer->weights + quad * 36);
        const int way = way_of_storing(&w.storing, &w.requantiser, 1);
        planes[layer->stride_width - 1][way](&w, w.g.input + quad * w.g.input_plane,
                                             w.g.output + quad * w.g.output_plane);
    }
    return 1;
}

#endif
