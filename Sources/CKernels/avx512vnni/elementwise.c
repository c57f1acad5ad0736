/* Elementwise layers: addition. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "addition.h"

int32_t avx512_add(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *first = &tensors[layer->inputs[0]], *second = &tensors[layer->inputs[1]];
    const EspalierTensor *output = &tensors[layer->output];
    if (!layer->whole_factors || first->data || second->data) return 0;
    if (first->height != second->height || first->width != second->width
        || first->channels != second->channels) {
        return 0;
    }
    const Addition add = addition(layer, 0);
    const int32_t width = output->width * 4;
    /* Without halos, one long row. */
    const int whole = first->row_bytes == width && second->row_bytes == width && output->row_bytes == width;
    const int32_t rows = whole ? 1 : output->height, bytes = whole ? width * output->height : width;
    for (int32_t quad = 0; quad < output->quads; quad++) {
        add_rows(&add, (Rows){ tensor_base(first, arena) + quad * first->plane_bytes,
                               tensor_base(second, arena) + quad * second->plane_bytes,
                               tensor_base(output, arena) + quad * output->plane_bytes, first->row_bytes,
                               second->row_bytes, output->row_bytes, bytes, rows });
    }
    return 1;
}

#pragma clang attribute pop
#endif
