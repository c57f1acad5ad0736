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

/* What a convolution ends in: layers that follow it in the table and take its result, each NULL where there
 * is none. The addition's output lies where the convolution's does; the pool is over the whole picture. */
typedef struct EspalierEnding {
    const EspalierLayer *addition;
    const EspalierLayer *pool; /* AVERAGE_POOL or MEAN */
} EspalierEnding;

/* Runs a convolution and what it ends in, in one pass. As EspalierKernel otherwise. */
typedef int32_t (*EspalierEndingKernel)(const EspalierLayer *convolution, EspalierEnding ending,
                                        const EspalierTensor *tensors, int8_t *arena);

/* The kernels of one instruction set; NULL where it has none for an operation. */
typedef struct EspalierKernelSet {
    const char *name; /* as `--isa` takes it */
    /* What stored activations are combined with by exclusive or: 0x80 for sets whose dot product takes
     * unsigned activations (x86: value + 128), else 0. Constants in flash are stored plain. */
    uint32_t flip;
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

/* Runs a convolution and what it ends in among the `behind` layers behind it in the table, in one pass; 0
 * where it ends in nothing or the set has no kernel for that. `layers`: how many that was. What a convolution
 * gives before an addition is nowhere then. */
int32_t espalier_kernels_run_ending(const EspalierKernelSet *set, const EspalierLayer *convolution,
                                    uint32_t behind, const EspalierTensor *tensors, int8_t *arena,
                                    uint32_t *layers);

/* Lists EspalierLayer.places and place_start for the kernels of `places_of`, on any machine; returns how many
 * places there are, 0 for a layer that has none. `starts` stay as they were where one list is all rows'.
 * Either may be NULL: to be told how many. */
uint32_t espalier_list_places(int32_t places_of, const EspalierLayer *layer, const EspalierTensor *tensors,
                              uint16_t *places, uint32_t *starts);

/* Writes the zero point into a tensor's halo and into the unused lanes of its last quad: what kernels that
 * read it rely on. */
void espalier_clear_surroundings(const EspalierTensor *tensor, int8_t *arena, uint32_t flip);

#endif
