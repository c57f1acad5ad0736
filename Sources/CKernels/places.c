#include "CKernels.h"

#include "avx512vnni/places.h"
#include "neon/places.h"

/* A list that grows; NULL: it is only measured. */
typedef struct List {
    uint16_t *places;
    uint32_t end;
} List;

static void append(List *l, int32_t place) {
    if (l->places) l->places[l->end] = (uint16_t)place;
    l->end++;
}

/* Walks the kept blocks of a mask row. */
typedef struct Walk {
    const EspalierLayer *layer;
    const Gather *g;
    int32_t row, block;
} Walk;

static int is_kept(const Walk *walk) {
    const EspalierLayer *layer = walk->layer;
    if (!layer->mask) return 1;
    return layer->mask[walk->row * layer->mask_words + (walk->block >> 5)] >> (walk->block & 31) & 1;
}

static void append_kept(List *l, Walk *walk, int32_t count) {
    const Gather *g = walk->g;
    for (; count > 0; walk->block++) {
        if (!is_kept(walk)) continue;
        const int32_t tap = walk->block / g->quads, quad = walk->block % g->quads;
        const int32_t place = gather_place(g, tap / g->kernel_width, tap % g->kernel_width) + quad * g->plane;
        append(l, place / 4);
        count--;
    }
}

/* The stored blocks before a row. */
static int32_t blocks_before(const EspalierLayer *layer, int32_t row) {
    return layer->row_start ? (int32_t)layer->row_start[row] : row * layer->row_blocks;
}

/* A row as NEON's kernels without dot products take it. Fours are those of all its outputs. */
static void append_runs(List *l, Walk *walk, int32_t count) {
    const int32_t outputs = walk->layer->block_outputs;
    const size_t before = (size_t)blocks_before(walk->layer, walk->row);
    const int8_t *weights = walk->layer->weights + before * outputs * 4;
    while (count > 1) {
        int32_t fours = 0, pairs = 0;
        for (; count >= 4 && is_four(weights, outputs); fours++, count -= 4) weights += 16 * outputs;
        for (; count >= 2 && !(count >= 4 && is_four(weights, outputs)); pairs++, count -= 2) {
            weights += 8 * outputs;
        }
        append(l, fours);
        append(l, pairs);
        append_kept(l, walk, 4 * fours + 2 * pairs);
    }
    append_kept(l, walk, count);
}

static int gathers(int32_t places_of, const EspalierLayer *layer, const EspalierTensor *tensors, Gather *g) {
    int8_t none;
    switch (places_of) {
    case ESPALIER_PLACES_AVX512VNNI:
        return !layer->skips_silence && gather_in_words(layer, tensors, &none, &none, g)
               && !has_few_channels(layer, &tensors[layer->inputs[0]], g);
    case ESPALIER_PLACES_NEONDOT: return gather_in_rows(layer, tensors, &none, &none, g);
    case ESPALIER_PLACES_NEON: return layer->pairs_fit && gather_in_rows(layer, tensors, &none, &none, g);
    default: return 0;
    }
}

uint32_t espalier_list_places(int32_t places_of, const EspalierLayer *layer, const EspalierTensor *tensors,
                              uint16_t *places, uint32_t *starts) {
    Gather g;
    List list = { places, 0 };
    if (layer->operation != ESPALIER_OPERATION_CONVOLUTION) return 0;
    if (layer->kernel != ESPALIER_KERNEL_PIXEL_LANES || !gathers(places_of, layer, tensors, &g)) return 0;
    const int in_runs = places_of == ESPALIER_PLACES_NEON, in_words = places_of == ESPALIER_PLACES_AVX512VNNI;
    const int is_one = in_words && !layer->mask;
    const int32_t zeros = in_words ? zeros_place(layer, &g) : 0;
    const int32_t outputs = tensors[layer->output].channels;
    const int32_t rows = is_one ? 1 : (outputs + layer->block_outputs - 1) / layer->block_outputs;
    for (int32_t row = 0; row < rows; row++) {
        Walk walk = { layer, &g, row, 0 };
        const int32_t quad = row / 4 * 4;
        int32_t count = blocks_before(layer, row + 1) - blocks_before(layer, row);
        if (starts && !is_one) starts[row] = list.end;
        if (in_runs) {
            append_runs(&list, &walk, count);
            continue;
        }
        append_kept(&list, &walk, count);
        const int32_t longest = zeros && quad + 4 <= rows ? filled_up(layer, layer->row_start + quad) : 0;
        for (; count < longest; count++) append(&list, zeros);
    }
    if (starts && !is_one) starts[rows] = list.end;
    /* Kernels load four places ahead. */
    for (int i = 0; i < 4; i++) append(&list, 0);
    return list.end;
}
