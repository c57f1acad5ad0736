/* What the kernels' scratch takes and how they cut up a convolution: what the compiler asks, on any machine,
 * of the functions by which the kernels do it. */
#include "avx512vnni/places.h"
#include "neon/places.h"
#include "neon/winograd_sizes.h"
#include "sets.h"
#include "vectors/room.h"
#include "words/windows.h"

static int64_t pixel_lanes_bytes(int32_t kernels, const EspalierLayer *layer, const EspalierTensor *tensors) {
    const int in_words = kernels == ESPALIER_KERNELS_AVX512VNNI;
    int8_t none;
    Gather g;
    if (kernels == ESPALIER_KERNELS_WORDS) return windows_room(layer, &tensors[layer->output]);
    if (!(in_words ? gather_in_words : gather_in_rows)(layer, tensors, &none, &none, &g)) return 0;
    switch (kernels) {
    case ESPALIER_KERNELS_AVX512VNNI: return room_in_words(layer, &tensors[layer->inputs[0]], &g).bytes;
    case ESPALIER_KERNELS_NEONDOT: return room_in_rows(layer, &g, ESPALIER_PLACES_NEONDOT).bytes;
    case ESPALIER_KERNELS_NEON: return room_in_rows(layer, &g, ESPALIER_PLACES_NEON).bytes;
    case ESPALIER_KERNELS_NEON32: return room_in_vectors(layer, &g, 16).bytes;
    default: return room_in_vectors(layer, &g, 32).bytes;
    }
}

static int64_t channel_lanes_bytes(int32_t kernels, const EspalierLayer *layer) {
    switch (kernels) {
    case ESPALIER_KERNELS_WORDS: return 0;
    case ESPALIER_KERNELS_NEONDOT: case ESPALIER_KERNELS_NEON: return channel_lists_bytes(layer);
    default: return visits_bytes(layer);
    }
}

/* Kernels that cannot take a layer by Winograd's transformation run it in channel lanes. */
static int64_t winograd_bytes(int32_t kernels, const EspalierLayer *layer, const EspalierTensor *tensors) {
    const int64_t lists = channel_lanes_bytes(kernels, layer);
    const int has_winograd = kernels == ESPALIER_KERNELS_NEON || kernels == ESPALIER_KERNELS_NEON32;
    if (!has_winograd || layer->mask || !fits_winograd(layer, tensors)) return lists;
    const int32_t bytes = winograd_sizes(layer, tensors).bytes;
    return bytes > lists ? bytes : lists;
}

static int64_t bytes_of(int32_t kernels, const EspalierLayer *layer, const EspalierTensor *tensors) {
    switch (layer->kernel) {
    case ESPALIER_KERNEL_PIXEL_LANES: return pixel_lanes_bytes(kernels, layer, tensors);
    case ESPALIER_KERNEL_CHANNEL_LANES: return channel_lanes_bytes(kernels, layer);
    case ESPALIER_KERNEL_WINOGRAD: return winograd_bytes(kernels, layer, tensors);
    default: return 0;
    }
}

uint32_t espalier_scratch_bytes(int32_t kernels, const EspalierLayer *layer, const EspalierTensor *tensors) {
    int64_t most = 0;
    if (layer->operation != ESPALIER_OPERATION_CONVOLUTION || !is_plain(layer, tensors)) return 0;
    for (int32_t one = 1; one <= kernels; one *= 2) {
        const int64_t bytes = kernels & one ? bytes_of(one, layer, tensors) : 0;
        most = bytes > most ? bytes : most;
    }
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

EspalierTiling espalier_tiling(const EspalierLayer *layer, const EspalierTensor *tensors) {
    const EspalierTensor *output = &tensors[layer->output];
    EspalierTiling tiling = { 0, 0, 0, 0 };
    int8_t none;
    Gather g;
    tiling.strips = strips_of(layer->kernel_height, output->height, output->width);
    tiling.fits_pixel_lanes = gather_in_words(layer, tensors, &none, &none, &g)
                              && gather_in_rows(layer, tensors, &none, &none, &g);
    if (fits_winograd(layer, tensors)) {
        const WinogradSizes sizes = winograd_sizes(layer, tensors);
        tiling.winograd_blocks = sizes.blocks;
        tiling.winograd_transforms = sizes.transforms;
    }
    return tiling;
}
