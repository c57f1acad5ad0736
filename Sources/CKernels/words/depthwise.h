/* Depthwise convolution of one output a channel, of any kernel; 3x3 unrolled. */

enum { MOST_TAPS = 64 };

typedef struct DepthwiseWalk {
    const EspalierLayer *layer;
    Geometry g;
    Storing storing;
    int32_t row, column; /* from a tap to the one below it, and to the right */
    int32_t first;       /* output */
    Scale scales[4];
    Four factors[MOST_TAPS];
} DepthwiseWalk;

INLINE void depthwise_row(const DepthwiseWalk *w, const int8_t *in, int8_t *out, const int height,
                          const int width, const int32_t column) {
    const int32_t row = w->row, *bias = w->layer->bias + w->first;
    for (int32_t left = w->g.width; left > 0; left--, in += w->g.input_pixel, out += 4) {
        const Four *factor = w->factors;
        const int8_t *from = in;
        int32_t sums[4] = { bias[0], bias[1], bias[2], bias[3] };
        for (int i = 0; i < height; i++, from += row) {
            for (int j = 0; j < width; j++) add_products(sums, four(from + j * column), *factor++);
        }
        store_quad(&w->storing, w->first, w->scales, sums, out);
    }
}

static __attribute__((noinline)) void row_of_3x3(const DepthwiseWalk *w, const int8_t *in, int8_t *out) {
    depthwise_row(w, in, out, 3, 3, 4);
}

static __attribute__((noinline)) void row_of_any(const DepthwiseWalk *w, const int8_t *in, int8_t *out) {
    depthwise_row(w, in, out, w->layer->kernel_height, w->layer->kernel_width, w->column);
}

static int32_t depthwise(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t height = layer->kernel_height, width = layer->kernel_width, taps = height * width;
    if (layer->depth_multiplier != 1 || layer->weight_zero_point || input->data || taps > MOST_TAPS) return 0;
    DepthwiseWalk w = { .layer = layer, .g = geometry(layer, tensors, arena) };
    if (!storing(layer, output, taps, &w.storing)) return 0;
    w.row = layer->dilation_height * input->row_bytes;
    w.column = layer->dilation_width * 4;
    const int is_3x3 = height == 3 && width == 3 && w.column == 4;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *in = w.g.input + quad * w.g.input_plane;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        w.first = quad * 4;
        for (int32_t tap = 0; tap < taps; tap++) {
            w.factors[tap] = four(layer->weights + (quad * taps + tap) * 4);
        }
        for (int c = 0; c < 4; c++) w.scales[c] = output_scale(&w.storing, w.first + c);
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            (is_3x3 ? row_of_3x3 : row_of_any)(&w, in, out);
        }
    }
    return 1;
}
