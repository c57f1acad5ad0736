/* Runs every kernel set of this processor over single layers and compares the arena, byte for byte, with
 * what the reference kernels leave: an exhaustive grid of small shapes, then RANDOM_LAYERS random ones from
 * SEED. Linked by cross/kernels-arm, which redirects the core's choice of a set to this file's. Exits with 1
 * at the first difference, with 2 where a set runs no layer at all. */
#include "espalier.h"
#include "layers.h"

#include <stdio.h>

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t expected[ARENA], arena[ARENA];
static const EspalierKernelSet *chosen;

const EspalierKernelSet *__wrap_espalier_kernels_best(void);
const EspalierKernelSet *__wrap_espalier_kernels_best(void) { return chosen; }

/* Layers run by each set's own kernels: by operation, convolutions in channel lanes as operation 0. */
static uint32_t layers, runs_of[8][ESPALIER_OPERATION_MEAN + 1];

static int32_t kind_of_layer(void) {
    return layer.operation == ESPALIER_OPERATION_CONVOLUTION && layer.kernel != ESPALIER_KERNEL_PIXEL_LANES
               ? 0
               : layer.operation;
}

static void run(int8_t *memory) {
    const EspalierModel model = {
        .abi_version = ESPALIER_ABI_VERSION, .arena_bytes = ARENA, .tensor_count = 3, .layer_count = 1,
        .output_count = 1, .tensors = tensors, .layers = &layer, .outputs = &output_index,
    };
    EspalierResult result;
    memcpy(memory, start, SCRATCH);
    const int32_t status = espalier_run(&model, memory, ARENA, &result);
    if (status == ESPALIER_OK) return;
    printf("%s\n", espalier_status_text(status));
    exit(1);
}

static void set_guard(void) { memset(arena + SCRATCH + layer.scratch_bytes, 0x5a, GUARD); }

static void expect_guard(void) {
    for (int32_t i = 0; i < GUARD; i++) {
        if (arena[SCRATCH + layer.scratch_bytes + i] == 0x5a) continue;
        printf("%s writes past its scratch in layer %lu\n", chosen->name, (unsigned long)layers);
        exit(1);
    }
}

/* What the set left is what the reference left. The scratch, last in the arena, is the kernels' own. */
static void expect_the_same(void) {
    expect_guard();
    if (!memcmp(arena, expected, SCRATCH)) return;
    int32_t at = 0;
    while (arena[at] == expected[at]) at++;
    printf("%s differs from the reference in layer %lu at byte %ld: operation %ld, %ld x %ld x %ld to %ld "
           "x %ld x "
           "%ld, kernel %ld, stride %ld, block outputs %ld, %s mask, rounds_once %ld, range %ld ... %ld\n",
           chosen->name, (unsigned long)layers, (long)at - tensors[2].offset, (long)layer.operation,
           (long)tensors[0].height, (long)tensors[0].width, (long)tensors[0].channels,
           (long)tensors[2].height, (long)tensors[2].width, (long)tensors[2].channels,
           (long)layer.kernel_width, (long)layer.stride_width, (long)layer.block_outputs,
           layer.mask ? "a" : "no", (long)layer.rounds_once, (long)layer.activation_min,
           (long)layer.activation_max);
    exit(1);
}

/* With lists of kept blocks made ahead, for the set chosen or for another one. */
static void run_with_places(int32_t places_of) {
    static uint16_t places[IS_SMALL ? 1 << 12 : 1 << 17];
    static uint32_t place_start[TABLE + 1];
    const EspalierLayer without = layer;
    if (espalier_list_places(places_of, &layer, tensors, 0, 0) > sizeof places / sizeof *places) exit(3);
    place_start[0] = UINT32_MAX;
    if (!espalier_list_places(places_of, &layer, tensors, places, place_start)) return;
    layer.places_of = places_of;
    layer.places = places;
    layer.place_start = place_start[0] == UINT32_MAX ? 0 : place_start;
    set_scratch(chosen->kernels, 0);
    set_guard();
    run(arena);
    expect_the_same();
    layer = without;
}

static void compare(void) {
    uint32_t last = 0;
    while (espalier_kernels_at(last + 1)) last++;
    chosen = espalier_kernels_at(last);
    run(expected);
    for (uint32_t set = 0; set < last; set++) {
        chosen = espalier_kernels_at(set);
        memcpy(arena, start, SCRATCH);
        set_scratch(chosen->kernels, 0);
        set_guard();
        runs_of[set][kind_of_layer()] += espalier_kernels_run(chosen, &layer, tensors, arena) != 0;
        run(arena);
        expect_the_same();
        for (int32_t of = 1; chosen->places && of <= ESPALIER_PLACES_NEON; of++) run_with_places(of);
        if (layers % 4 || !layer.scratch_bytes) continue;
        /* Too little: what does not decline stays within. */
        set_scratch(chosen->kernels, 1 + (int32_t)layers % layer.scratch_bytes);
        set_guard();
        run(arena);
        expect_the_same();
    }
    layers++;
}

static void small_grid(void) {
    static const int32_t together[4] = { 1, 2, 4, 16 };
    for (int32_t width = 1; width <= 14; width++) {
        for (int32_t stride = 1; stride <= 2; stride++) {
            for (int32_t kernel = 1; kernel <= 3; kernel += 2) {
                for (int32_t channels = 1; channels <= 9; channels++) {
                    for (int32_t k = 0; k < 4; k++) {
                        convolution(3, width, channels, between(1, 20), kernel, stride, kernel / 2,
                                    together[k], together[k] == 16 || channels % 2 ? 8 : 4);
                        compare();
                    }
                    depthwise(3, width, channels, kernel, stride);
                    compare();
                }
            }
            for (int32_t channels = 1; channels <= 9; channels++) {
                addition(2, width, channels);
                compare();
                mean(stride + 1, width, channels);
                compare();
                pool(4, width, channels, width < 3 ? 1 : 3, stride, width < 3 ? 0 : 1);
                compare();
                pool(stride + 1, stride + 1, channels, stride + 1, 1, 0);
                compare();
            }
        }
    }
}

static void winograd_grid(void) {
    for (int32_t size = 0; size < 12 * 12; size++) {
        for (int32_t pad = 0; pad <= 2; pad++) {
            winograd(size / 12 + 3 - pad, size % 12 + 3 - pad, between(1, 9), between(1, 20), pad);
            compare();
        }
    }
    for (int32_t k = 0; !IS_SMALL && k < 64; k++) {
        winograd(5, 9, between(217, 228), 16, 1);
        compare();
    }
}

/* More pixels than the widest tile has, in most cases more than a band. */
static void large_convolution(int32_t kernel, int32_t stride) {
    const int32_t height = between(8, 44), width = between(20, 60);
    convolution(height, width, between(1, 12), between(1, 6), kernel, stride, kernel / 2, 1 << between(0, 2),
                between(1, 8));
}

static void random_layer(void) {
    const int32_t height = between(1, MOST_ROWS), width = between(1, MOST_PIXELS);
    const int32_t channels = between(1, MOST_CHANNELS);
    const int32_t kernel = next() % 2 ? 3 : 1, stride = between(1, 2);
    switch (next() % 9) {
    case 8:
        winograd(height + 2, width + 2, channels, between(1, MOST_OUTPUTS - 6), between(0, 2));
        break;
    case 0: depthwise(height, width, channels, next() % 4 ? 3 : 5, stride); break;
    case 1: addition(height, width, channels); break;
    case 2: mean(height, width, channels); break;
    case 3: pool(height + 2, width + 2, channels, between(1, 3), stride, 0); break;
    case 4: case 5:
        convolution(height, width, channels, between(1, MOST_OUTPUTS), kernel, stride, kernel / 2, 16, 8);
        break;
    case 6:
        if (!IS_SMALL && next() % 4 == 0) {
            large_convolution(kernel, stride);
            break;
        } /* fall through */
    default:
        convolution(height, width, channels, between(1, MOST_CHANNELS), kernel, stride, kernel / 2,
                    1 << between(0, 2), between(0, 8));
    }
}

/* Says how many layers the set ran itself, and which of its kernels it did not; returns the number. */
static uint32_t report(const EspalierKernelSet *set, const uint32_t *runs) {
    const EspalierKernel kernels[] = {
        [0] = set->channel_lanes,
        [ESPALIER_OPERATION_CONVOLUTION] = set->pixel_lanes,
        [ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION] = set->depthwise_convolution,
        [ESPALIER_OPERATION_ADD] = set->add,
        [ESPALIER_OPERATION_MAX_POOL] = set->max_pool,
        [ESPALIER_OPERATION_AVERAGE_POOL] = set->average_pool,
        [ESPALIER_OPERATION_MEAN] = set->mean,
    };
    uint32_t all = 0;
    for (int kind = 0; kind <= ESPALIER_OPERATION_MEAN; kind++) all += runs[kind];
    printf("%s: equal to the reference, %lu of %lu layers run by its own kernels\n", set->name,
           (unsigned long)all, (unsigned long)layers);
    for (int kind = 0; kind <= ESPALIER_OPERATION_MEAN; kind++) {
        if (kernels[kind] && !runs[kind]) printf("    none by that of operation %d\n", kind);
    }
    return all;
}

int main(void) {
    state = SEED;
    small_grid();
    winograd_grid();
    for (uint32_t i = 0; i < RANDOM_LAYERS; i++) {
        random_layer();
        compare();
    }
    for (uint32_t set = 0; espalier_kernels_at(set + 1); set++) {
        if (!report(espalier_kernels_at(set), runs_of[set])) return 2;
    }
    return 0;
}
