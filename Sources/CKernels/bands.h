/* The input of a band of output rows, gathered so that every tap of every output pixel is one step of 4 bytes
 * away from its neighbour's: [quad][kernel column][row parity][rows][output width][4].
 *
 * Each kernel column has a copy of its own without halo columns, so output pixels form one run through all
 * rows of the band, vectors of them have no gaps, and where the width allows every load is aligned: a load
 * across a cache line costs two, and in a pruned layer loads are what limits. Narrow pictures may be cut into
 * strips of rows that lie side by side. Stride 2 keeps even and odd rows apart. */
#ifndef ESPALIER_BANDS_H
#define ESPALIER_BANDS_H

#include "visits.h"

/* What a band may take, to stay in the first-level cache beside the weights. */
#define BAND_BYTES 28672
/* Segments of 16 pixels in a band. */
#define BAND_SEGMENTS 64

typedef struct Gather {
    const int8_t *corner; /* of the input: window's corner of output pixel (0, 0) */
    int8_t *room;
    int32_t stride, kernel_height, kernel_width, dilation_height, dilation_width, quads;
    int32_t input_row, input_plane;
    int32_t strips;        /* of rows, side by side */
    int32_t strip_width;   /* the output's width */
    int32_t height, width; /* of the output, with the strips side by side */
    int32_t band;          /* output rows gathered at a time */
    int32_t parities;      /* row parities kept apart */
    int32_t rows;          /* rows of one copy */
    int32_t copy, plane;   /* bytes of a copy, and from a quad to the next one */
    int64_t bytes;         /* of all quads */
    int is_input;          /* the input is already as it should be */
} Gather;

/* The band, and the bytes it takes; the planner asks for pictures of any size. */
INLINE void gather_sizes(Gather *g) {
    const int32_t span = (g->kernel_height - 1) * g->dilation_height;
    g->parities = g->stride == 2 && g->kernel_height > 1 ? 2 : 1;
    for (g->band = g->height;; g->band = (g->band + 1) / 2) {
        g->rows = g->band + span / g->parities;
        const int64_t copy = (int64_t)g->rows * g->width * 4, plane = copy * g->parities * g->kernel_width;
        g->copy = (int32_t)copy;
        g->plane = (int32_t)plane;
        g->bytes = plane * g->quads;
        const int fits = g->bytes <= BAND_BYTES && g->band * g->width <= BAND_SEGMENTS * 16;
        if (fits || g->band == 1) return;
    }
}

/* 0 for strides it does not know and for pictures too wide. */
INLINE int gather_of(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena, int8_t *room,
                     int32_t strips, Gather *g) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    if (layer->stride_height != layer->stride_width || layer->stride_width > 2) return 0;
    if (output->width > BAND_SEGMENTS * 16) return 0;
    if (layer->stride_width == 2 && layer->dilation_height * layer->dilation_width != 1) return 0;
    g->corner = tensor_base(input, arena) - layer->pad_top * input->row_bytes - layer->pad_left * 4;
    g->room = room;
    g->stride = layer->stride_width;
    g->kernel_height = layer->kernel_height;
    g->kernel_width = layer->kernel_width;
    g->dilation_height = layer->dilation_height;
    g->dilation_width = layer->dilation_width;
    g->quads = input->quads;
    g->input_row = input->row_bytes;
    g->input_plane = input->plane_bytes;
    g->strips = strips;
    g->strip_width = output->width;
    g->height = output->height / strips;
    g->width = output->width * strips;
    gather_sizes(g);
    g->is_input =
        layer->kernel_height * layer->kernel_width == 1 && g->stride == 1 && input->row_bytes == g->width * 4;
    if (g->is_input) {
        g->plane = input->plane_bytes;
        g->bytes = (int64_t)g->plane * g->quads;
        g->band = BAND_SEGMENTS * 16 / g->width;
        if (g->band < 1) g->band = 1;
        if (g->band > g->height) g->band = g->height;
    }
    return 1;
}

/* Where the first quad's inputs of a tap lie from a pixel's place in the band. */
INLINE int32_t gather_place(const Gather *g, int32_t kernel_row, int32_t kernel_column) {
    const int32_t row = g->parities == 2 ? kernel_row / 2 : kernel_row * g->dilation_height;
    const int32_t parity = g->parities == 2 ? kernel_row % 2 : 0;
    return (kernel_column * g->parities + parity) * g->copy + row * g->width * 4;
}

/* Gathers what could be read in place where that `is_better` or it has too many words; 0 where a band has. */
INLINE int gather_within(Gather *g, int32_t too_many, int is_better) {
    if (g->is_input && (is_better || g->bytes / 4 >= too_many)) {
        g->is_input = 0;
        gather_sizes(g);
    }
    return g->bytes / 4 < too_many;
}

/* Without strips; 0 for strides it does not know and for pictures too large. Places are words, numbered by 16
 * bits. */
INLINE int gather_in_rows(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena,
                          int8_t *room, Gather *g) {
    return gather_of(layer, tensors, arena, room, 1, g) && gather_within(g, 65536, 0);
}

/* How pixel lanes divide their scratch, in bytes from its start: a gathered band comes first. */
typedef struct Room {
    int32_t places; /* of every block's inputs */
    int32_t live;   /* a bit for each block whose input is not silent */
    int32_t lists;  /* of the blocks that the mask rows of four outputs visit */
    int32_t bytes;  /* of all */
} Room;

/* Bytes of a gathered band, whole cache lines, of whose last row vectors may store `spare` too many. */
INLINE int32_t band_bytes(const Gather *g, int32_t spare) {
    return g->is_input ? 0 : ((int32_t)g->bytes + spare + 63) / 64 * 64;
}

/* Where each block's inputs lie from a pixel's place in the band, in words. */
INLINE void gather_places(const Gather *g, uint16_t *places) {
    int32_t block = 0;
    for (int32_t y = 0; y < g->kernel_height; y++) {
        for (int32_t x = 0; x < g->kernel_width; x++) {
            int32_t place = gather_place(g, y, x) / 4;
            for (int32_t q = 0; q < g->quads; q++, place += g->plane / 4) places[block++] = (uint16_t)place;
        }
    }
}

#endif
