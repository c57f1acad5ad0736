/* Runs every kernel set of this processor over single layers and compares the arena, byte for byte, with
 * what the reference kernels leave: an exhaustive grid of small shapes, then random ones. Linked by
 * cross/kernels-arm, which redirects the core's choice of a set to this file's.
 *
 *     kernels RANDOM_LAYERS [SEED]       exits with 1 at the first difference, 2 where a set runs no layer
 * at all */
#include "CKernels.h"
#include "espalier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA = 1 << 18, TENSOR = 1 << 16, TABLE = 256, WEIGHTS = 1 << 17, WORDS = 1 << 13 };

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t start[ARENA], expected[ARENA], arena[ARENA];
static int8_t weights[WEIGHTS], shift[TABLE];
static int32_t bias[TABLE], weight_sum[TABLE], multiplier[TABLE];
static uint32_t mask[WORDS], row_start[TABLE];
static EspalierTensor tensors[3];
static EspalierLayer layer;
static const uint16_t inputs[2] = { 0, 1 }, output_index = 2;
static const EspalierKernelSet *chosen;
static uint32_t state;

const EspalierKernelSet *__wrap_espalier_kernels_best(void);
const EspalierKernelSet *__wrap_espalier_kernels_best(void) { return chosen; }

/* xorshift32 (Marsaglia 2003). */
static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static int32_t between(int32_t least, int32_t most) {
    return least + (int32_t)(next() % (uint32_t)(most - least + 1));
}

static EspalierTensor tensor(int32_t place, int32_t height, int32_t width, int32_t channels, int32_t halo) {
    EspalierTensor t
        = { .height = height, .width = width, .channels = channels, .quads = (channels + 3) / 4 };
    t.halo_top = t.halo_left = halo;
    t.halo_bottom = t.halo_right = halo;
    t.row_bytes = (width + 2 * halo) * 4;
    t.plane_bytes = t.row_bytes * (height + 2 * halo);
    t.offset = place * TENSOR + halo * (t.row_bytes + 4);
    t.zero_point = next() % 3 ? between(-128, 127) : -128;
    t.scale = 1;
    if (t.plane_bytes * t.quads > TENSOR) abort();
    return t;
}

/* Rubbish everywhere; the inputs' halos and unused lanes hold their zero points. */
static void fill_arena(void) {
    for (int32_t i = 0; i < ARENA; i++) start[i] = (int8_t)next();
    for (int32_t k = 0; k < layer.input_count; k++) espalier_clear_surroundings(&tensors[k], start, 0);
}

static void fill_tables(int32_t entries, int32_t used, int legal) {
    /* In one layer of four, results of an output or two that 16 bits do not hold. */
    const int32_t usual = between(-10, -4), wide = next() % 4 == 0;
    for (int32_t i = 0; i < entries; i++) {
        const int32_t most = wide && next() % 4 == 0 ? 1 << 28 : 20000;
        bias[i] = i < used ? between(-most, most) : 0;
        multiplier[i] = i < used ? between(1 << 30, 0x7fffffff) : 0;
        shift[i] = (int8_t)(i < used ? legal ? usual + between(-1, 1) : between(-31, 8) : 0);
        weight_sum[i] = 0;
    }
}

static void set_range(void) {
    const int32_t zero = tensors[2].zero_point;
    const uint32_t kind = next() % 3;
    layer.activation_min = kind == 1 ? zero : kind == 2 ? between(-128, zero) : -128;
    layer.activation_max = kind == 2 ? between(zero, 127) : 127;
}

static void begin(int32_t operation, int32_t input_count) {
    memset(&layer, 0, sizeof layer);
    layer.operation = operation;
    layer.output = output_index;
    layer.input_count = input_count;
    layer.inputs = inputs;
    layer.stride_height = layer.stride_width = layer.dilation_height = layer.dilation_width = 1;
    layer.bias = bias;
    layer.multiplier = multiplier;
    layer.shift = shift;
    layer.weight_sum = weight_sum;
    layer.weights = weights;
}

static void set_window(int32_t kernel, int32_t stride, int32_t pad) {
    layer.kernel_height = layer.kernel_width = kernel;
    layer.stride_height = layer.stride_width = stride;
    layer.pad_top = layer.pad_left = pad;
}

/* Weights of -128, which some sets decline, in one layer of eight. */
static void fill_weights(int32_t bytes) {
    if (bytes > WEIGHTS) abort();
    const int32_t least = next() % 8 ? -127 : -128;
    layer.pairs_fit = least == -127;
    for (int32_t i = 0; i < bytes; i++) weights[i] = (int8_t)between(least, 127);
}

/* together: 16 in channel lanes, 1, 2 or 4 in pixel lanes, with part/8 of the blocks kept (8: no mask). */
static void convolution(int32_t height, int32_t width, int32_t from, int32_t to, int32_t kernel,
                        int32_t stride, int32_t together, int32_t part) {
    begin(ESPALIER_OPERATION_CONVOLUTION, 1);
    const int32_t pad = kernel / 2;
    tensors[0] = tensor(0, height, width, from, pad);
    tensors[2] = tensor(2, (height - 1) / stride + 1, (width - 1) / stride + 1, to, (int32_t)(next() % 2));
    set_window(kernel, stride, pad);
    set_range();
    layer.kernel = together == 16 ? ESPALIER_KERNEL_CHANNEL_LANES : ESPALIER_KERNEL_PIXEL_LANES;
    layer.block_outputs = together;
    layer.row_blocks = kernel * kernel * tensors[0].quads;
    layer.mask_words = (layer.row_blocks + 31) / 32;
    layer.rounds_once = next() % 8 == 0;
    layer.skips_silence = next() % 2 == 0;
    layer.scratch = 3 * TENSOR;
    const int32_t rows = (to + together - 1) / together;
    int32_t stored = 0;
    memset(mask, 0, sizeof mask);
    for (int32_t row = 0; row < rows; row++) {
        row_start[row] = (uint32_t)stored;
        for (int32_t block = 0; block < layer.row_blocks; block++) {
            if (between(0, 7) >= part) continue;
            mask[row * layer.mask_words + block / 32] |= 1u << (block % 32);
            stored++;
        }
    }
    if (part < 8) {
        layer.mask = mask;
        layer.row_start = row_start;
    }
    fill_weights(stored * together * 4);
    fill_tables(rows * together, to, next() % 8 != 0);
    fill_arena();
    /* Every third layer has silent planes. */
    if (next() % 3) return;
    for (int32_t quad = 0; quad < tensors[0].quads; quad++) {
        int8_t *plane
            = start + tensors[0].offset - pad * (tensors[0].row_bytes + 4) + quad * tensors[0].plane_bytes;
        if (next() % 2) memset(plane, tensors[0].zero_point, (size_t)tensors[0].plane_bytes);
    }
}

static void depthwise(int32_t height, int32_t width, int32_t channels, int32_t kernel, int32_t stride) {
    begin(ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION, 1);
    tensors[0] = tensor(0, height, width, channels, kernel / 2);
    tensors[2]
        = tensor(2, (height - 1) / stride + 1, (width - 1) / stride + 1, channels, (int32_t)(next() % 2));
    set_window(kernel, stride, kernel / 2);
    set_range();
    layer.depth_multiplier = 1;
    fill_weights(tensors[0].quads * kernel * kernel * 4);
    fill_tables(tensors[0].quads * 4, channels, next() % 8 != 0);
    fill_arena();
}

static void addition(int32_t height, int32_t width, int32_t channels) {
    begin(ESPALIER_OPERATION_ADD, 2);
    for (int k = 0; k < 3; k++) tensors[k] = tensor(k, height, width, channels, (int32_t)(next() % 2));
    set_range();
    layer.left_shift = 20;
    fill_tables(3, 3, 1);
    const uint32_t half = next() % 4;
    for (int k = 0; k < 2; k++) {
        if (half & (1u << k)) multiplier[k] = 1 << 30;
        shift[k] = (int8_t)(half & (1u << k) ? 0 : between(-4, 0));
    }
    shift[2] = (int8_t)between(-19, -14);
    fill_arena();
}

static void pool(int32_t height, int32_t width, int32_t channels, int32_t kernel, int32_t stride,
                 int32_t pad) {
    begin(ESPALIER_OPERATION_AVERAGE_POOL, 1);
    tensors[0] = tensor(0, height, width, channels, (int32_t)(next() % 2));
    tensors[2] = tensor(2, (height + 2 * pad - kernel) / stride + 1,
                        (width + 2 * pad - kernel) / stride + 1, channels, 0);
    set_window(kernel, stride, pad);
    set_range();
    fill_arena();
}

static void mean(int32_t height, int32_t width, int32_t channels) {
    begin(ESPALIER_OPERATION_MEAN, 1);
    tensors[0] = tensor(0, height, width, channels, (int32_t)(next() % 2));
    tensors[2] = tensor(2, 1, 1, channels, 0);
    set_range();
    fill_tables(1, 1, 1);
    fill_arena();
}

static uint32_t layers, runs_of[8];

static void run(int8_t *memory) {
    const EspalierModel model = {
        .abi_version = ESPALIER_ABI_VERSION, .arena_bytes = ARENA, .tensor_count = 3, .layer_count = 1,
        .output_count = 1, .tensors = tensors, .layers = &layer, .outputs = &output_index,
    };
    EspalierResult result;
    memcpy(memory, start, ARENA);
    const int32_t status = espalier_run(&model, memory, ARENA, &result);
    if (status == ESPALIER_OK) return;
    printf("%s\n", espalier_status_text(status));
    exit(1);
}

static void compare(void) {
    uint32_t last = 0;
    while (espalier_kernels_at(last + 1)) last++;
    chosen = espalier_kernels_at(last);
    run(expected);
    for (uint32_t set = 0; set < last; set++) {
        chosen = espalier_kernels_at(set);
        memcpy(arena, start, ARENA);
        runs_of[set] += (uint32_t)espalier_kernels_run(chosen, &layer, tensors, arena);
        run(arena);
        /* The scratch, last in the arena, is the kernels' own. */
        if (!memcmp(arena, expected, 3 * TENSOR)) continue;
        int32_t at = 0;
        while (arena[at] == expected[at]) at++;
        printf(
            "%s differs from the reference in layer %lu at byte %ld: operation %ld, %ld x %ld x %ld to %ld "
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
    layers++;
}

static void small_grid(void) {
    static const int32_t together[4] = { 1, 2, 4, 16 };
    for (int32_t width = 1; width <= 14; width++) {
        for (int32_t stride = 1; stride <= 2; stride++) {
            for (int32_t kernel = 1; kernel <= 3; kernel += 2) {
                for (int32_t channels = 1; channels <= 9; channels++) {
                    for (int32_t k = 0; k < 4; k++) {
                        convolution(3, width, channels, between(1, 20), kernel, stride, together[k],
                                    together[k] == 16 || channels % 2 ? 8 : 4);
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
            }
        }
    }
}

/* More pixels than the widest tile has, in most cases more than a band. */
static void large_convolution(int32_t kernel, int32_t stride) {
    const int32_t height = between(8, 44), width = between(20, 60);
    convolution(height, width, between(1, 12), between(1, 6), kernel, stride, 1 << between(0, 2),
                between(1, 8));
}

static void random_layer(void) {
    const int32_t height = between(1, 18), width = between(1, 34), channels = between(1, 40);
    const int32_t kernel = next() % 2 ? 3 : 1, stride = between(1, 2);
    switch (next() % 8) {
    case 0: depthwise(height, width, channels, next() % 4 ? 3 : 5, stride); break;
    case 1: addition(height, width, channels); break;
    case 2: mean(height, width, channels); break;
    case 3: pool(height + 2, width + 2, channels, between(1, 3), stride, 0); break;
    case 4: case 5: convolution(height, width, channels, between(1, 70), kernel, stride, 16, 8); break;
    case 6:
        if (next() % 4 == 0) {
            large_convolution(kernel, stride);
            break;
        } /* fall through */
    default:
        convolution(height, width, channels, between(1, 40), kernel, stride, 1 << between(0, 2),
                    between(0, 8));
    }
}

int main(int argument_count, char **arguments) {
    const uint32_t wanted = argument_count > 1 ? (uint32_t)strtoul(arguments[1], 0, 10) : 1000;
    state = argument_count > 2 ? (uint32_t)strtoul(arguments[2], 0, 10) : 1;
    small_grid();
    for (uint32_t i = 0; i < wanted; i++) {
        random_layer();
        compare();
    }
    for (uint32_t set = 0; espalier_kernels_at(set + 1); set++) {
        printf("%s: equal to the reference, %lu of %lu layers run by its own kernels\n",
               espalier_kernels_at(set)->name, (unsigned long)runs_of[set], (unsigned long)layers);
        if (!runs_of[set]) return 2;
    }
    return 0;
}
