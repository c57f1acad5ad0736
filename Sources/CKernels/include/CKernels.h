/* Whole kernels in C with intrinsics, one set for each instruction set.
 *
 * A kernel runs one layer and gives the same bits as the reference kernel in Sources/EspalierCore/Kernels. A
 * set need not have a kernel for every operation, nor a kernel handle every layer: what it declines, the
 * reference kernel runs. No kernel allocates, keeps state or calls anything but memset, memcpy and memmove.
 */
#ifndef ESPALIER_CKERNELS_H
#define ESPALIER_CKERNELS_H

#include "espalier_model.h"

/* Runs a layer. Returns 1 + the stored 1x4 blocks that silent quads made unnecessary; 0, having written
 * nothing, where it declines. Writes the output's elements and, in whole quads, its unused lanes; no halo. */
typedef int32_t (*EspalierKernel)(const EspalierLayer *layer, const EspalierTensor *tensors, int8_t *arena);

/* What a convolution ends in (EspalierLayer.ends_with), each NULL where there is none. */
typedef struct EspalierEnding {
    const EspalierLayer *addition;
    const EspalierLayer *pool; /* AVERAGE_POOL or MEAN */
} EspalierEnding;

/* Runs a convolution and what it ends in, in one pass. As EspalierKernel otherwise. */
typedef int32_t (*EspalierEndingKernel)(const EspalierLayer *convolution, EspalierEnding ending,
                                        const EspalierTensor *tensors, int8_t *arena);

/* Kinds of kernels: those of one kind divide their scratch alike. Added up where any of several may run. */
#define ESPALIER_KERNELS_WORDS 1   /* portable, smlad */
#define ESPALIER_KERNELS_VECTORS 2 /* avx2 with and without VNNI, sse41 */
#define ESPALIER_KERNELS_AVX512VNNI 4
#define ESPALIER_KERNELS_NEON32 8
#define ESPALIER_KERNELS_NEON 16
#define ESPALIER_KERNELS_NEONDOT 32

/* The kernels of one instruction set; NULL where it has none for an operation. */
typedef struct EspalierKernelSet {
    const char *name; /* as `--isa` takes it */
    /* What stored activations are combined with by exclusive or: 0x80 for sets whose dot product takes
     * unsigned activations (x86: value + 128), else 0. Constants in flash are stored plain. */
    uint32_t flip;
    int32_t kernels; /* ESPALIER_KERNELS_..., 0: the reference kernels */
    int32_t places; /* the lists its pixel lanes take: ESPALIER_PLACES_..., 0: none */
    EspalierKernel channel_lanes; /* CONVOLUTION without weight zero point, by EspalierLayer.kernel */
    EspalierKernel pixel_lanes;
    EspalierKernel winograd; /* NULL: such layers run in channel lanes */
    EspalierEndingKernel ending_channel_lanes;
    EspalierEndingKernel ending_pixel_lanes;
    EspalierKernel depthwise_convolution;
    EspalierKernel add;
    EspalierKernel max_pool;
    EspalierKernel average_pool;
    EspalierKernel mean;
    /* Does `rounds` rounds of the set's dot product on registers and returns the multiply-accumulates done:
     * what a benchmark calls the machine's peak. */
    uint64_t (*exercise)(uint32_t rounds);
} EspalierKernelSet;

/* The best set this machine can run, found once. */
const EspalierKernelSet *espalier_kernels_best(void);

/* The sets this machine can run, best first: NULL past the last. The last one is the reference kernels. */
const EspalierKernelSet *espalier_kernels_at(uint32_t index);

/* Runs a layer with the set's kernel; 0 where there is none or it declines. */
int32_t espalier_kernels_run(const EspalierKernelSet *set, const EspalierLayer *layer,
                             const EspalierTensor *tensors, int8_t *arena);

/* Runs a layer and the `ends_with` layers behind it in the table, in one pass; 0 where there are none or the
 * set has no kernel for that. What a convolution gives before an addition is nowhere then. */
int32_t espalier_kernels_run_ending(const EspalierKernelSet *set, const EspalierLayer *convolution,
                                    const EspalierTensor *tensors, int8_t *arena);

/* The most bytes of scratch that kernels of some kinds write while they run a layer, on any machine. A kernel
 * that needs more than `scratch_bytes` declines the layer. */
uint32_t espalier_scratch_bytes(int32_t kernels, const EspalierLayer *layer, const EspalierTensor *tensors);

/* How kernels cut up a convolution, whatever its packing: what the compiler's cost model counts with. */
typedef struct EspalierTiling {
    int32_t fits_pixel_lanes;    /* the kernels of every set take its window and picture in pixel lanes */
    int32_t strips;              /* of rows, side by side, of narrow pictures in pixel lanes */
    int32_t winograd_blocks;     /* of 4 tiles of 4x4 outputs; 0: its window is not Winograd's */
    int32_t winograd_transforms; /* of each weight */
} EspalierTiling;

/* Asks for the window, the shape of the tensors and nothing else. */
EspalierTiling espalier_tiling(const EspalierLayer *layer, const EspalierTensor *tensors);

/* Lists EspalierLayer.places and place_start for the kernels of `places_of`, on any machine; returns how many
 * places there are, 0 for a layer that has none. `starts` stay as they were where one list is all rows'.
 * Either may be NULL: to be told how many. */
uint32_t espalier_list_places(int32_t places_of, const EspalierLayer *layer, const EspalierTensor *tensors,
                              uint16_t *places, uint32_t *starts);

/* Writes the zero point into a tensor's halo and into the unused lanes of its last quad: what kernels that
 * read it rely on. */
void espalier_clear_surroundings(const EspalierTensor *tensor, int8_t *arena, uint32_t flip);

#endif
