/* Convolution in pixel lanes: 16 neighbouring pixels in the lanes, a block's weights broadcast to them. Walks
 * the kept blocks of static 1x4, 2x4 or 4x4 masks. */
#if defined(__x86_64__)
#include "kernels.h"
#include "begin.h"
#include "addition.h"
#include "few_channels.h"
#include "pixel_tiles.h"

/* Lists the blocks of four outputs; returns those of all of them that are left out for silence. */
static int32_t list_quad(PixelWalk *w, const Lists *l, int32_t quad, int32_t channels) {
    const int32_t together = l->layer->block_outputs;
    const int32_t entries = list_entries(l->layer, l->live != 0);
    int32_t silent = 0;
    for (int32_t j = 0; j < 4; j += together) {
        const int32_t row = (quad * 4 + j) / together, outputs = channels - row * together;
        Kept *kept = &w->kept[j / together];
        *kept = row < l->rows ? list_row(l, row, l->room + j / together * entries)
                              : (Kept){ l->places, 0, 0, 0 };
        silent += kept->silent * (outputs < together ? outputs : together);
    }
    w->longest = 0;
    if (l->zeros && quad * 4 + 4 <= l->rows) w->longest = filled_up(l->layer, l->layer->row_start + quad * 4);
    if (w->longest) fill_up(l, w->kept, w->longest);
    return silent;
}

/* The same of lists made ahead. */
static void take_quad(PixelWalk *w, const Lists *l, int32_t quad) {
    const EspalierLayer *layer = l->layer;
    const int32_t rows = l->rows;
    const int32_t together = layer->block_outputs, count = 4 / together, first = quad * count;
    const uint32_t *stored = layer->row_start + first, *places = layer->place_start + first;
    for (int32_t j = 0; j < count; j++) {
        if (first + j >= rows) {
            w->kept[j] = (Kept){ layer->places, 0, 0, 0 };
            continue;
        }
        w->kept[j].places = layer->places + places[j];
        w->kept[j].weights = layer->weights + (size_t)stored[j] * together * 4;
        w->kept[j].count = (int32_t)(stored[j + 1] - stored[j]);
    }
    /* Four lists of one length, whole fours, are walked together. */
    w->longest = 0;
    if (!l->zeros || first + 4 > rows) return;
    const uint32_t longest = places[1] - places[0];
    if (longest % 4 == 0 && places[2] - places[1] == longest && places[3] - places[2] == longest
        && places[4] - places[3] == longest) {
        w->longest = (int32_t)longest;
    }
}

int32_t avx512_pixel_lanes(const EspalierLayer *layer, EspalierEnding ending,
                           const EspalierTensor *tensors, int8_t *arena) {
    const EspalierTensor *input = &tensors[layer->inputs[0]], *output = &tensors[layer->output];
    int8_t *const scratch = arena + layer->scratch;
    Gather gather;
    PixelWalk w;
    if (!gather_in_words(layer, tensors, arena, scratch, &gather)) return 0;
    const Room room = room_in_words(layer, input, &gather);
    if (room.bytes > layer->scratch_bytes) return 0;
    if (ending.pool && !avx512_pools_everything(ending.pool, tensors)) return 0;
    const int32_t few = has_few_channels(layer, input, &gather) ? input->channels : 0;
    w.storing = storing(layer, output);
    const Addend other = addend(ending.addition, layer, tensors, arena);
    Lists lists = { .layer = layer, .room = (uint16_t *)(scratch + room.lists) };
    const int are_made = layer->places_of == ESPALIER_PLACES_AVX512VNNI;
    lists.rows = (output->channels + layer->block_outputs - 1) / layer->block_outputs;
    if (are_made) {
        lists.places = layer->places;
    } else {
        uint16_t *const places = (uint16_t *)(scratch + room.places);
        lists.places = places;
        if (few)
            few_places(&gather, few, places);
        else
            gather_places(&gather, places);
    }
    uint32_t *const live = (uint32_t *)(scratch + room.live);
    if (layer->skips_silence && !few && list_live_blocks(layer, input, arena, 0x80, live)) {
        lists.live = live;
    } else {
        lists.zeros = zeros_place(layer, &gather);
        if (lists.zeros) clear_zeros(&gather);
    }
    int32_t silent = 0, rows = 0, segments = 0;
    for (int32_t band = 0; band < gather.height; band += gather.band) {
        w.input = few ? gather_few_channels(&gather, few, band) : gather_band(&gather, band);
        const int32_t left = gather.height - band, before = rows;
        rows = left < gather.band ? left : gather.band;
        if (rows != before) segments = list_pieces(&w, &gather, rows, output->row_bytes);
        for (int32_t quad = 0; quad < output->quads; quad++) {
            if (are_made && layer->mask) {
                take_quad(&w, &lists, quad);
            } else {
                const int32_t left_out = list_quad(&w, &lists, quad, output->channels);
                silent += band == 0 ? left_out : 0;
            }
            int8_t weights[MOST_FEW_WORDS * 16];
            if (few) {
                few_weights(w.kept[0].weights, few, weights);
                w.kept[0] = (Kept){ lists.places, weights, few_words(few), 0 };
            }
            if (quad % 4 == 0) {
                const int32_t outputs = lists.rows * layer->block_outputs - quad * 4;
                const __mmask16 lanes = (__mmask16)(outputs < 16 ? (1 << outputs) - 1 : 0xffff);
                const Requantiser r = requantiser_of_16(layer, quad * 4, lanes);
                spread_out(&r, &w.table);
            }
            w.output_in_table = quad % 4 * 4;
            w.output = tensor_base(output, arena) + quad * output->plane_bytes + band * output->row_bytes;
            run_quad(&w, layer->block_outputs, segments);
            for (int32_t strip = 0; other.tensor && strip < gather.strips; strip++) {
                add_to_rows(&other, output, arena, quad, strip * gather.height + band, rows);
            }
            const int has_four = quad % 4 == 3 || quad + 1 == output->quads;
            if (ending.pool && has_four && band + rows == gather.height)
                avx512_pool_quads(ending.pool, tensors, arena, quad / 4 * 4, quad + 1);
        }
    }
    return 1 + silent;
}

#pragma clang attribute pop
#endif
