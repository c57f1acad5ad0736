/* Addition with whole factors, and means. */

static int32_t add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    const int32_t *factors = layer->whole_factors;
    if (!factors || first->data || second->data) return 0;
    if (first->height != second->height || first->width != second->width
        || first->channels != second->channels) {
        return 0;
    }
    const uint32_t flipped = FLIP ? 128 * (uint32_t)(factors[0] + factors[1]) : 0;
    const Ints one = ints_all(factors[0]), two = ints_all(factors[1]);
    const Ints rest = ints_all((int32_t)((uint32_t)factors[2] - flipped));
    Storing s = storing(layer, output, 0);
    s.zero_point = 0; /* which the factors have in them */
    for (int32_t quad = 0; quad < output->quads; quad++) {
        for (int32_t y = 0; y < output->height; y++) {
            const int8_t *a = tensor_base(first, arena) + quad * first->plane_bytes + y * first->row_bytes;
            const int8_t *b = tensor_base(second, arena) + quad * second->plane_bytes + y * second->row_bytes;
            int8_t *out = tensor_base(output, arena) + quad * output->plane_bytes + y * output->row_bytes;
            for (int32_t x = 0; x < output->width; x += LANES) {
                Ints va[4], vb[4];
                bytes_widen(bytes_load(a + x * 4), va);
                bytes_widen(bytes_load(b + x * 4), vb);
                for (int k = 0; k < 4; k++) va[k] = ints_added(va[k], vb[k], one, two, rest, factors[3]);
                const int32_t left = output->width - x;
                bytes_store_pixels(bytes_pack(va, &s), out + x * 4, left < LANES ? left : LANES);
            }
        }
    }
    return 1;
}

/* The sums of a quad's channels over some pixels. */
static void sum_pixels(const int8_t *from, int32_t row_bytes, int32_t rows, int32_t pixels, int32_t sums[4]) {
    int32_t totals[4] = { 0, 0, 0, 0 };
    for (int32_t y = 0; y < rows; y++, from += row_bytes) {
        for (int32_t x = 0; x < pixels; x++) {
            for (int c = 0; c < 4; c++) totals[c] += (int8_t)(from[x * 4 + c] ^ (int8_t)FLIP);
        }
    }
    for (int c = 0; c < 4; c++) sums[c] = totals[c];
}

static int32_t mean(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (input->data) return 0;
    const int32_t zeros = input->zero_point * input->height * input->width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        int32_t sums[4];
        sum_pixels(tensor_base(input, arena) + quad * input->plane_bytes, input->row_bytes, input->height,
                   input->width, sums);
        for (int c = 0; c < 4; c++) {
            const int32_t value = requantised(sums[c] - zeros, layer->multiplier[0], layer->shift[0]);
            tensor_base(output, arena)[quad * output->plane_bytes + c] =
                (int8_t)(stored_value(value, output->zero_point, layer) ^ (int8_t)FLIP);
        }
    }
    return 1;
}
