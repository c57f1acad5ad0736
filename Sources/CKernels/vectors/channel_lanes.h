/* Convolution, channel lanes: neighbouring outputs in the lanes, a pixel's quad broadcast to them. */

#define TILE_OUTPUTS (TILE_VECTORS * LANES) /* a part of the 16 outputs of a block */

typedef struct ChannelWalk {
    const EspalierLayer *layer;
    Geometry g;
    Storing storing;
    const Visit *visits;
    int32_t count;
    const int8_t *weights; /* of the tile's first output */
    const Requantiser *requantisers;
    int32_t first, quads; /* output, and how many quads of the tile are stored */
} ChannelWalk;

static __attribute__((noinline)) void store_tile_one_by_one(const ChannelWalk *w, const Ints *sums,
                                                            int8_t *output, int pixels) {
    for (int i = 0; i < pixels * TILE_VECTORS; i++) {
        int32_t values[LANES];
        ints_store(values, sums[i]);
        for (int lane = 0; lane < LANES; lane++) {
            const int32_t place = i % TILE_VECTORS * LANES + lane;
            if (place / 4 >= w->quads) continue;
            output[place / 4 * w->g.output_plane + i / TILE_VECTORS * 4 + place % 4] =
                stored_one(w->layer, w->first + place, values[lane], &w->storing);
        }
    }
}

INLINE void channel_tile(const ChannelWalk *w, const int8_t *input, int8_t *output, const int P,
                         const int as_stored) {
    Ints sums[TILE_PIXELS][TILE_VECTORS];
#pragma GCC unroll 8
    for (int p = 0; p < P; p++) {
#pragma GCC unroll 4
        for (int n = 0; n < TILE_VECTORS; n++) sums[p][n] = ints_load(w->requantisers[n].start);
    }
    const int32_t step = w->g.input_pixel;
    const int8_t *const inputs[2] = { input, input + 4 * step };
    for (const Visit *visit = w->visits, *end = visit + w->count; visit != end; visit++) {
        const int8_t *weights = w->weights + visit->weights;
        Bytes vectors[TILE_VECTORS];
#pragma GCC unroll 4
        for (int n = 0; n < TILE_VECTORS; n++) vectors[n] = bytes_load(weights + n * LANES * 4);
#pragma GCC unroll 8
        for (int p = 0; p < P; p++) {
            const Bytes activations = bytes_of(inputs[p / 4] + visit->input + (p & 3) * step);
#pragma GCC unroll 4
            for (int n = 0; n < TILE_VECTORS; n++)
                sums[p][n] = dot(sums[p][n], activations, vectors[n], as_stored);
        }
    }
    if (!w->storing.in_lanes) {
        Ints all[TILE_PIXELS * TILE_VECTORS];
#pragma GCC unroll 16
        for (int i = 0; i < P * TILE_VECTORS; i++) all[i] = sums[i / TILE_VECTORS][i % TILE_VECTORS];
        store_tile_one_by_one(w, all, output, P);
        return;
    }
    const int32_t plane = w->g.output_plane;
#pragma GCC unroll 4
    for (int n = 0; n < TILE_VECTORS; n++) {
#pragma GCC unroll 2
        for (int p = 0; p < P; p += 4) {
            Ints v[4];
#pragma GCC unroll 4
            for (int k = 0; k < 4; k++) {
                v[k] = p + k < P
                           ? requantise(sums[p + k][n], &w->requantisers[n], w->storing.negative_differs)
                           : v[0];
            }
            bytes_store_quads(bytes_pack(v, &w->storing), output + n * (LANES / 4) * plane + p * 4, plane,
                              w->quads - n * (LANES / 4), P - p < 4 ? P - p : 4);
        }
    }
}

/* `tiles` tiles of P pixels each. */
#define CHANNEL_TILES(P)                                                                                     \
    case P:                                                                                                  \
        for (; tiles; tiles--, input += P * step, output += P * 4)                                           \
            channel_tile(w, input, output, P, as_stored);                                                    \
        break;

INLINE void channel_tiles(const ChannelWalk *w, const int8_t *input, int8_t *output, int32_t pixels,
                          int32_t tiles, const int as_stored) {
    const int32_t step = w->g.input_pixel;
    switch (pixels) {
        CHANNEL_TILES(1)
        CHANNEL_TILES(2)
        CHANNEL_TILES(3)
        CHANNEL_TILES(4)
#if TILE_PIXELS > 4
            CHANNEL_TILES(5) CHANNEL_TILES(6)
#endif
    }
}

static __attribute__((noinline)) void channel_tiles_stored(const ChannelWalk *w, const int8_t *input,
                                                           int8_t *output, int32_t pixels, int32_t tiles) {
    channel_tiles(w, input, output, pixels, tiles, 1);
}

static __attribute__((noinline)) void channel_tiles_signed(const ChannelWalk *w, const int8_t *input,
                                                           int8_t *output, int32_t pixels, int32_t tiles) {
    channel_tiles(w, input, output, pixels, tiles, 0);
}

static __attribute__((noinline)) int32_t convolution_in_channel_lanes(const EspalierLayer *layer,
                                                                      const EspalierTensor *tensors,
                                                                      int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    const int as_stored = takes_stored(layer);
    if (as_stored < 0 || visits_bytes(layer) > layer->scratch_bytes) return 0;
    Visit *visits = (Visit *)(arena + layer->scratch);
    uint8_t live[MOST_QUADS];
    ChannelWalk w = { .layer = layer, .g = geometry(layer, tensors, arena) };
    w.storing = storing(layer, output, output->channels);
    w.visits = visits;
    const int looks = as_stored && layer->skips_silence && list_live_quads(input, arena, FLIP, live);
    const int32_t visited = list_visits(layer, input, looks ? live : 0, visits);
    /* Rows are cut into tiles that differ by one pixel at most. */
    const int32_t tiles = (w.g.width + TILE_PIXELS - 1) / TILE_PIXELS;
    const int32_t pixels = w.g.width / tiles, longer = w.g.width % tiles;
    Requantiser requantisers[TILE_VECTORS];
    w.requantisers = requantisers;
    for (w.first = 0; w.first < output->quads * 4; w.first += TILE_OUTPUTS) {
        for (int n = 0; n < TILE_VECTORS; n++)
            requantisers[n] = requantiser(layer, w.first + n * LANES, ~0, as_stored);
        const int32_t row = w.first / 16;
        const size_t stored = layer->row_start ? layer->row_start[row] : (size_t)row * layer->row_blocks;
        w.count = is_stored(layer, row) ? visited : 0;
        w.weights = layer->weights + stored * 64 + w.first % 16 * 4;
        w.quads = output->quads - w.first / 4;
        if (w.quads > TILE_OUTPUTS / 4) w.quads = TILE_OUTPUTS / 4;
        const int8_t *in = w.g.input;
        int8_t *out = w.g.output + (size_t)(w.first / 4) * w.g.output_plane;
        for (int32_t y = 0; y < w.g.height; y++, in += w.g.input_row, out += w.g.output_row) {
            const int32_t done = longer * (pixels + 1);
            const int8_t *rest = in + done * w.g.input_pixel;
            if (as_stored) {
                channel_tiles_stored(&w, in, out, pixels + 1, longer);
                channel_tiles_stored(&w, rest, out + done * 4, pixels, tiles - longer);
            } else {
                channel_tiles_signed(&w, in, out, pixels + 1, longer);
                channel_tiles_signed(&w, rest, out + done * 4, pixels, tiles - longer);
            }
        }
    }
    return done_in_channel_lanes(layer, visited);
}
