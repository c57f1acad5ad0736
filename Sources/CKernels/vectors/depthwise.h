/* Depthwise 3x3 convolution: the three taps of a kernel row of each channel are one lane's dot product. */

#if defined(DOT_PRODUCT)
#define DEPTHWISE_AS_STORED 1
#else
#define DEPTHWISE_AS_STORED (FLIP == 0) /* three taps seldom fit without their sign */
#endif

typedef struct DepthwiseWalk {
    const EspalierLayer *layer;
    Geometry g;
    Storing storing;
    Requantiser requantiser; /* the quad's four outputs again and again */
    Bytes weights[3];        /* of each kernel row: [channel][3 taps and a zero] */
    int32_t row, first;      /* bytes of an input row; output */
} DepthwiseWalk;

/* A load of LANES pixels has the window of one output in each 128-bit part: in vector k of four, that of this
 * one, and in the next part that of the output 4 / STRIDE further on. At stride 1 packing orders them. */
INLINE int output_of(const int k, const int STRIDE) {
    return STRIDE == 2 && LANES == 8 ? k / 2 * 4 + k % 2 : k;
}

#if defined(STORES_APART)
#define STORING static __attribute__((noinline))
#else
#define STORING INLINE
#endif

/* Stores LANES pixels of a quad. */
STORING void store_depthwise(const DepthwiseWalk *w, const Ints sums[4], int8_t *output, int pixels,
                            const int STRIDE) {
    if (w->storing.in_lanes) {
        Ints v[4];
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) v[k] = requantise(sums[k], &w->requantiser, w->storing.negative_differs);
        const Bytes bytes = bytes_pack(v, &w->storing);
        bytes_store_pixels(STRIDE == 2 ? bytes_in_pairs(bytes) : bytes, output, pixels);
        return;
    }
    for (int k = 0; k < 4; k++) {
        int32_t values[LANES];
        ints_store(values, sums[k]);
        for (int lane = 0; lane < LANES; lane++) {
            const int pixel = output_of(k, STRIDE) + lane / 4 * (4 / STRIDE);
            if (pixel >= pixels) continue;
            output[pixel * 4 + lane % 4] =
                stored_one(w->layer, w->first + lane % 4, values[lane], &w->storing);
        }
    }
}

/* The windows of one input row for LANES outputs. */
INLINE void windows(const int8_t *from, Bytes v[4], const int STRIDE) {
#if defined(HAS_WINDOWS)
    bytes_windows(from, v, STRIDE);
#else
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) v[k] = bytes_interleave(bytes_load(from + output_of(k, STRIDE) * STRIDE * 4));
#endif
}

INLINE void depthwise_row(const DepthwiseWalk *w, const int8_t *input, int8_t *output, const int STRIDE) {
    for (int32_t x = 0; x < w->g.width; x += LANES) {
        Ints sums[4];
        for (int k = 0; k < 4; k++) sums[k] = ints_load(w->requantiser.start);
#pragma clang loop unroll(full)
        for (int y = 0; y < 3; y++) {
            Bytes v[4];
            windows(input + y * w->row + x * 4 * STRIDE, v, STRIDE);
#pragma clang loop unroll(full)
            for (int k = 0; k < 4; k++) sums[k] = dot(sums[k], v[k], w->weights[y], DEPTHWISE_AS_STORED);
        }
        const int32_t left = w->g.width - x;
        store_depthwise(w, sums, output + x * 4, left < LANES ? left : LANES, STRIDE);
    }
}

static __attribute__((noinline)) int32_t depthwise(const EspalierLayer *layer, const EspalierTensor *tensors,
                                                   int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t stride = layer->stride_width;
    if (layer->kernel_height != 3 || layer->kernel_width != 3 || layer->depth_multiplier != 1
        || layer->dilation_height * layer->dilation_width != 1 || stride != layer->stride_height || stride > 2
        || layer->weight_zero_point || input->data || takes_stored(layer) < 0) {
        return 0;
    }
    DepthwiseWalk w = { .layer = layer, .g = geometry(layer, tensors, arena), .row = input->row_bytes };
    w.storing = storing(layer, output, output->channels);
    for (int32_t quad = 0; quad < output->quads; quad++) {
        const int8_t *in = w.g.input + quad * w.g.input_plane;
        int8_t *out = w.g.output + quad * w.g.output_plane;
        w.first = quad * 4;
        w.requantiser = requantiser(layer, quad * 4, 3, DEPTHWISE_AS_STORED);
        for (int y = 0; y < 3; y++) {
            int8_t taps[16] = { 0 };
            for (int i = 0; i < 12; i++) taps[i % 4 * 4 + i / 4] = layer->weights[quad * 36 + y * 12 + i];
            w.weights[y] = bytes_repeat(taps);
        }
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            if (stride == 1)
                depthwise_row(&w, in, out, 1);
            else
                depthwise_row(&w, in, out, 2);
        }
    }
    return 1;
}
