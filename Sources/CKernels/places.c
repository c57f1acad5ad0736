#include "CKernels.h"

#include "avx512vnni/places.h"

/* A mask row's places, and zeros' up to `longest`; returns the end. */
static uint32_t list_row(const EspalierLayer *layer, const Gather *g, int32_t row, int32_t zeros,
                         int32_t longest, uint16_t *places, uint32_t end) {
    const uint32_t *mask = layer->mask + row * layer->mask_words;
    int32_t count = 0;
    for (int32_t block = 0; block < layer->row_blocks; block++) {
        if (!(mask[block >> 5] >> (block & 31) & 1)) continue;
        const int32_t tap = block / g->quads, quad = block % g->quads;
        const int32_t place = gather_place(g, tap / g->kernel_width, tap % g->kernel_width) + quad * g->plane;
        if (places) places[end] = (uint16_t)(place / 4);
        end++;
        count++;
    }
    for (; count < longest; count++) {
        if (places) places[end] = (uint16_t)zeros;
        end++;
    }
    return end;
}

uint32_t espalier_list_places(const EspalierLayer *layer, const EspalierTensor *tensors, uint16_t *places,
                              uint32_t *starts) {
    int8_t none;
    Gather g;
    if (layer->operation != ESPALIER_OPERATION_CONVOLUTION) return 0;
    if (layer->kernel != ESPALIER_KERNEL_PIXEL_LANES || layer->skips_silence) return 0;
    if (!gather_in_words(layer, tensors, &none, &none, &g)) return 0;
    if (has_few_channels(layer, &tensors[layer->inputs[0]], &g)) return 0;
    uint32_t end = 0;
    if (!layer->mask) {
        if (places) gather_places(&g, places);
        end = (uint32_t)layer->row_blocks;
    } else {
        const int32_t zeros = zeros_place(layer, &g), outputs = tensors[layer->output].channels;
        const int32_t rows = (outputs + layer->block_outputs - 1) / layer->block_outputs;
        for (int32_t row = 0; row < rows; row++) {
            const int32_t quad = row / 4 * 4;
            const int32_t longest = zeros && quad + 4 <= rows ? filled_up(layer, layer->row_start + quad) : 0;
            if (starts) starts[row] = end;
            end = list_row(layer, &g, row, zeros, longest, places, end);
        }
        if (starts) starts[rows] = end;
    }
    /* Kernels load four places ahead. */
    for (int i = 0; i < 4; i++, end++) {
        if (places) places[end] = 0;
    }
    return end;
}
