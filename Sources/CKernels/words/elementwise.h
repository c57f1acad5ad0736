/* Additions of two tensors of one shape, means, and what pools are made of. */

INLINE int is_like(const EspalierTensor *a, const EspalierTensor *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels;
}

static int32_t add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    const int32_t *factors = layer->whole_factors;
    if (!factors || !is_like(first, output) || !is_like(second, output)) return 0;
    const int32_t one = factors[0], two = factors[1], rest = factors[2], shift = factors[3];
    for (int32_t quad = 0; quad < output->quads; quad++) {
        for (int32_t y = 0; y < output->height; y++) {
            const int8_t *a = tensor_base(first, arena) + quad * first->plane_bytes + y * first->row_bytes;
            const int8_t *b = tensor_base(second, arena) + quad * second->plane_bytes + y * second->row_bytes;
            int8_t *out = tensor_base(output, arena) + quad * output->plane_bytes + y * output->row_bytes;
            for (int32_t i = 0; i < output->width * 4; i++) {
                const uint32_t sum = (uint32_t)(a[i] * one) + (uint32_t)(b[i] * two) + (uint32_t)rest;
                out[i] = cut(layer, (int32_t)sum >> shift);
            }
        }
    }
    return 1;
}

/* The sums of a quad's channels over some pixels. */
INLINE void sum_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, int32_t sums[4]) {
    static const int8_t ones[4] __attribute__((aligned(4))) = { 1, 1, 1, 1 };
    const Four one = four(ones);
    for (int c = 0; c < 4; c++) sums[c] = 0;
    for (int32_t y = 0; y < rows; y++, from += row_bytes) {
        for (int32_t x = 0; x < pixels; x++) add_products(sums, four(from + x * 4), one);
    }
}

/* One pixel of a quad. */
typedef uint32_t Bytes;
#define LANES 1
#define FLIP 0u
INLINE Bytes bytes_load(const int8_t *quad) {
    Bytes word;
    __builtin_memcpy(&word, __builtin_assume_aligned(quad, 4), 4);
    return word;
}
INLINE Bytes bytes_load_every_other(const int8_t *quad) { return bytes_load(quad); }
INLINE void bytes_store_pixels(Bytes word, int8_t *output, int pixels) {
    (void)pixels;
    __builtin_memcpy(__builtin_assume_aligned(output, 4), &word, 4);
}
INLINE Bytes bytes_all(int8_t value) { return (uint8_t)value * 0x01010101u; }

static int32_t mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int32_t zeros = input->zero_point * input->height * input->width;
    if (input->data || layer->shift[0] < -31) return 0;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t sums[4];
        sum_pixels(tensor_base(input, arena) + quad * input->plane_bytes, input->row_bytes, input->height,
                   input->width, sums);
        for (int c = 0; c < 4 && quad * 4 + c < output->channels; c++) {
            const int32_t value = rounded_twice(sums[c] - zeros, layer->multiplier[0], layer->shift[0]);
            tensor_base(output, arena)[quad * output->plane_bytes + c]
                = cut(layer, (int32_t)((uint32_t)value + (uint32_t)output->zero_point));
        }
    }
    return 1;
}
