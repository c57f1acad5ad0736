/* The model contract: what the compiler writes and the core reads.
 *
 * Fixed-width fields only: no C enums, no bit-fields, pointers last. Structures have the same layout on
 * every target but for the width of a pointer; their sizes are asserted in Sources/CEspalier/contract.c and
 * again in Swift. Change a field and you change ESPALIER_ABI_VERSION.
 *
 * Words used here: a *quad* is four consecutive channels of one pixel (four bytes). Activations are stored
 * pack-4, [quads][rows][pixels][4], each tensor with a *halo* of zero points around it, so that a kernel's
 * window never leaves its tensor. A *block* is one output channel x one quad at one kernel tap (1x4 weights).
 */
#ifndef ESPALIER_MODEL_H
#define ESPALIER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#define ESPALIER_ABI_VERSION 7u

/* Alignment, in bytes, of the arena and of every tensor in it. */
#define ESPALIER_ARENA_ALIGNMENT 64u

/* Alignment in C and C++; first in a declaration, where both allow it:
 *
 *     ESPALIER_ALIGNED(ESPALIER_ARENA_ALIGNMENT) static int8_t arena[ESPALIER_PERSON_ARENA_BYTES]; */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define ESPALIER_ALIGNED(bytes) alignas(bytes)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define ESPALIER_ALIGNED(bytes) _Alignas(bytes)
#else
#define ESPALIER_ALIGNED(bytes) __attribute__((aligned(bytes)))
#endif

/* EspalierLayer.operation. Fully connected and grouped convolutions are convolutions here. */
#define ESPALIER_OPERATION_CONVOLUTION 1
#define ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION 2
#define ESPALIER_OPERATION_ADD 3
#define ESPALIER_OPERATION_MULTIPLY 4
#define ESPALIER_OPERATION_PAD 5
#define ESPALIER_OPERATION_MAX_POOL 6
#define ESPALIER_OPERATION_AVERAGE_POOL 7
#define ESPALIER_OPERATION_MEAN 8
#define ESPALIER_OPERATION_RESHAPE 9
#define ESPALIER_OPERATION_CONCATENATION 10
#define ESPALIER_OPERATION_SOFTMAX 11
#define ESPALIER_OPERATION_TABLE 12

/* EspalierLayer.kernel of a CONVOLUTION: which way its weights are packed, hence which kernels can run it.
 *
 * Pixel lanes: neighbouring pixels lie in a vector's lanes and a block's weights are broadcast to them; rows of
 * 1, 2 or 4 outputs. Channel lanes: 16 outputs lie in the lanes and a pixel's quad is broadcast to them.
 * Winograd: packed as for channel lanes, which sets without such a kernel run it in; 3x3, stride 1, not
 * dilated, every block kept. */
#define ESPALIER_KERNEL_PIXEL_LANES 1
#define ESPALIER_KERNEL_CHANNEL_LANES 2
#define ESPALIER_KERNEL_WINOGRAD 3

/* EspalierLayer.places_of: the kernels whose lists a layer holds. */
#define ESPALIER_PLACES_AVX512VNNI 1
#define ESPALIER_PLACES_NEONDOT 2
#define ESPALIER_PLACES_NEON 3

/* EspalierModel.scores: how the stored values of the score output become scores, one a class (channel), 0 ... 1. Where the
 * output has several cells (pixels), a class has the score of its best cell. */
#define ESPALIER_SCORES_PROBABILITIES 0u /* they are scores: probabilities, each class by itself or together 1 */
#define ESPALIER_SCORES_SIGMOID 1u       /* logits; each class by itself */
#define ESPALIER_SCORES_SOFTMAX 2u       /* logits; a cell's classes together 1; at most 4095 classes */
#define ESPALIER_SCORES_LOGITS 3u        /* the only output may have logits, and nobody has said how to read them: the
                                           highest is found, but there are no scores */
#define ESPALIER_SCORES_NONE 4u          /* no output is known to have scores: boxes, landmarks, measurements */

/* One activation tensor of shape [height, width, channels], or a constant operand. */
typedef struct EspalierTensor {
    int32_t height;
    int32_t width;
    int32_t channels;
    int32_t quads;       /* (channels + 3) / 4; unused lanes of the last quad hold the zero point */
    int32_t row_bytes;   /* from a pixel to the one below it */
    int32_t plane_bytes; /* from a quad to the next one of the same pixel */
    int32_t offset;      /* of quad 0 of pixel (0, 0), past the halo: in the arena, or in `data` */
    int32_t halo_top;    /* rows of zero points above, below; pixels to the left, to the right */
    int32_t halo_bottom;
    int32_t halo_left;
    int32_t halo_right;
    int32_t zero_point;  /* -128 ... 127 */
    float scale;         /* real value = scale * (stored value - zero_point) */
    int32_t reserved;
    const int8_t *data;  /* a constant, read-only; NULL for a tensor in the arena */
} EspalierTensor;

/* One step of the layer walk. Fields an operation does not use are zero. */
typedef struct EspalierLayer {
    int32_t operation;
    int32_t kernel;      /* ESPALIER_KERNEL_...: the orientation the planner chose; 0: none */
    int32_t output;      /* index into EspalierModel.tensors */
    int32_t input_count;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;     /* window's first row = output row * stride_height - pad_top; PAD: rows put above */
    int32_t pad_left;
    int32_t pad_front;   /* PAD: channels put before; CONCATENATION: axis (0 rows, 1 pixels, 2 channels) */
    int32_t pad_value;   /* PAD: the value put there */
    int32_t activation_min; /* -128 ... 127, both ends included */
    int32_t activation_max;
    int32_t weight_zero_point; /* 0 but in models converted from legacy uint8 */
    int32_t depth_multiplier;  /* DEPTHWISE: outputs per input channel */
    int32_t block_outputs;     /* CONVOLUTION: outputs sharing a mask row: 1, 2, 4 or 16 */
    int32_t row_blocks;        /* CONVOLUTION: bits in a mask row = kernel_height * kernel_width * quads */
    int32_t mask_words;        /* CONVOLUTION: 32-bit words in a mask row */
    int32_t left_shift;        /* ADD: 20; SOFTMAX: shift of the scaled difference */
    int32_t difference_min;    /* SOFTMAX: differences below this contribute nothing */
    int32_t blocks;            /* 1x4 blocks in the source layer, and those that are stored and visited */
    int32_t blocks_kept;
    int32_t rounding_origin;   /* AVERAGE_POOL: ties round away from it: 0; -128 in legacy uint8 models */
    int32_t rounds_once;       /* CONVOLUTION: 1 where TFLite rounds once, in FULLY_CONNECTED; else 0 */
    int32_t skips_silence;     /* CONVOLUTION, DEPTHWISE: 1 where looking for silent input quads pays */
    /* CONVOLUTION, DEPTHWISE: what int16 holds for any two adjacent weights: 2: their products with 0...255; 1: those
     * with -128...127, as no weight is -128; 0: neither for sure. */
    int32_t pairs_fit;
    /* CONVOLUTION, DEPTHWISE: 1 where each output is shifted right, if its multiplier is not 0, and int16 holds every
     * sum requantised, before the zero point is added. */
    int32_t results_fit;
    int32_t places_of;         /* CONVOLUTION: ESPALIER_PLACES_...: the kernels that `places` are for; 0: none */
    /* CONVOLUTION: offset in the arena of bytes that kernels may use while it runs, and how many: a kernel that
     * needs more leaves the layer to the reference kernel. */
    int32_t scratch;
    int32_t scratch_bytes;
    /* CONVOLUTION: how many of the layers right behind it may run with it in one pass: 0, 1 or 2. First an ADD with
     * `whole_factors`, whose output takes the place of the convolution's, or a pool, AVERAGE_POOL or MEAN, over the
     * whole picture; or the one and then the other. Each takes the result of the layer before it and writes its
     * output while the first still runs. */
    int32_t ends_with;
    const uint16_t *inputs;    /* [input_count] indices into EspalierModel.tensors */
    /* CONVOLUTION: bit b of row r is set where block b of the outputs [r * block_outputs ...] is kept, with
     * b = (kernel row * kernel_width + kernel column) * quads + quad. NULL: every block is kept.
     * A row of 16 outputs keeps all its blocks or none. A layer with a weight zero point keeps every block: its
     * correction sums the whole window. */
    const uint32_t *mask;      /* [rows][mask_words] */
    const uint32_t *row_start; /* [rows + 1] kept blocks stored before row r; NULL with a NULL mask */
    /* CONVOLUTION in pixel lanes: NULL, or lists of where the inputs of the kept blocks lie in a band of the input as
     * the kernels of `places_of` gather it (espalier_list_places): row r's from place_start[r] on, or one list for
     * all rows. Other kernels, and these where there are none, list them anew in each run. */
    const uint16_t *places;
    const uint32_t *place_start; /* [rows + 1], or NULL: one list */
    /* CONVOLUTION: the kept blocks, row by row in bit order, [block][block_outputs][4]; in unused lanes of a quad the
     * weight zero point.
     * DEPTHWISE: [output quads][kernel_height * kernel_width][4]. TABLE: [256], index = value + 128. */
    const int8_t *weights;
    /* The tables of a CONVOLUTION have an entry for every output of every row, those of a DEPTHWISE for every lane
     * of every quad: entries past the last output are 0 (`rounding`: 0.5), which gives the output's zero point. */
    const int32_t *bias;       /* CONVOLUTION, DEPTHWISE: with the constant part of both zero points added */
    const int32_t *weight_sum; /* CONVOLUTION, DEPTHWISE: sum of an output's weights, for kernels of biased arenas */
    /* CONVOLUTION, DEPTHWISE: [outputs]. ADD: both inputs, then the sum. MULTIPLY, MEAN, SOFTMAX: [1]. */
    const int32_t *multiplier; /* Q31 */
    const int8_t *shift;       /* powers of two, positive to the left; same counts as `multiplier` */
    /* NULL, or: requantisation in single precision is exact, the compiler has tried every value.
     * CONVOLUTION, DEPTHWISE: [outputs] what is added before rounding down (docs/requantisation.md). */
    const float *rounding;
    /* NULL, or: one float is the whole multiplier. CONVOLUTION, DEPTHWISE: [outputs], `rounding` goes with it. Unless
     * the layer rounds once or activation_min is the output's zero point at least, magnitudes are rounded. */
    const float *factor;
    /* NULL, or ADD: [4]: of stored inputs x and y, (x * [0] + y * [1] + [2]) >> [3], cut to the activation's range,
     * is what is stored, exactly: the compiler has tried all pairs. Factors are 0 ... 2^23 - 1, the shift is
     * 16 ... 23, and 32 bits hold every sum. */
    const int32_t *whole_factors;
} EspalierLayer;

/* A whole model: one constant object in flash. */
typedef struct EspalierModel {
    uint32_t abi_version;
    uint32_t arena_bytes; /* 192 of them behind the last tensor: kernels read rows in whole vectors */
    uint32_t flash_bytes; /* of everything this object points to, itself included, with 8-byte pointers */
    uint32_t label_count;
    uint64_t macs;        /* multiply-accumulates of the source model, and of the blocks that are kept */
    uint64_t macs_kept;
    uint32_t blocks;      /* 1x4 blocks of all convolutions, and those kept */
    uint32_t blocks_kept;
    uint32_t tensor_count;
    uint32_t layer_count;
    uint32_t input;       /* index into `tensors` */
    uint32_t output_count;
    uint32_t input_channels_first; /* 1: espalier_set_input() takes [channels, height, width] */
    uint32_t score_output; /* index into `outputs` of the output with the scores; 0 without one */
    uint32_t scores;       /* ESPALIER_SCORES_... */
    uint32_t reserved;
    const char *name;
    const EspalierTensor *tensors;
    const EspalierLayer *layers;
    const uint16_t *outputs;     /* [output_count] indices into `tensors` */
    const char *const *labels;   /* [label_count], or NULL */
    const int8_t *pixel_table;   /* [channels][256] stored value of a pixel; NULL: pixel - 128 */
    const char *const *output_names; /* [output_count], as in the source model; or NULL */
    /* PROBABILITIES, SIGMOID: [256] thousandths for each stored value + 128; NULL: (stored value + 128) / 256.
     * SOFTMAX: [256] e^-x for each distance below a cell's highest stored value, times 2^20. */
    const uint32_t *score_table;
} EspalierModel;

#endif
