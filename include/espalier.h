/* The C API of the Espalier core.
 *
 *     #include "person.h"                       // written by `espalier compile`
 *     #include "espalier.h"
 *
 *     ESPALIER_ALIGNED(ESPALIER_ARENA_ALIGNMENT) static int8_t arena[ESPALIER_PERSON_ARENA_BYTES];
 *
 *     EspalierFrame frame = { pixels, ESPALIER_PIXELS_RGB24, 640, 480, 640 * 3 };
 *     EspalierResult result;
 *     int32_t status = espalier_set_frame(&espalier_person, arena, sizeof arena, &frame);
 *     if (status == ESPALIER_OK) status = espalier_run(&espalier_person, arena, sizeof arena, &result);
 *     if (status != ESPALIER_OK) puts(espalier_status_text(status));
 *
 * No function here allocates, keeps state or calls the operating system. They write the arena and what their
 * pointers lead to, nothing else. Pointers must not be NULL.
 */
#ifndef ESPALIER_H
#define ESPALIER_H

#include <stdint.h>
#include "espalier_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Status codes: 0 is success. espalier_status_text() has a sentence for each. */
#define ESPALIER_OK 0
#define ESPALIER_ERROR_ABI 1         /* header and core have different ABI versions */
#define ESPALIER_ERROR_ARENA_SIZE 2  /* arena smaller than espalier_arena_size() */
#define ESPALIER_ERROR_ARENA_ALIGNMENT 3
#define ESPALIER_ERROR_OPERATION 4   /* the model has an operation this core was built without */
#define ESPALIER_ERROR_COUNT 5       /* values passed are not as many as the tensor has */
#define ESPALIER_ERROR_FRAME 6       /* no pixels, a side of 0, over 4,095 or odd, or rows that overlap */
#define ESPALIER_ERROR_PIXELS 7      /* unknown pixel format, or one the model's channels do not fit */
#define ESPALIER_ERROR_INDEX 8       /* no such output or row */
#define ESPALIER_ERROR_SCORES 9      /* no output of the model has scores */

/* EspalierFrame.pixel_format: what cameras deliver, laid out in one buffer as V4L2's formats of one plane are.
 * Y is luma, U is Cb, V is Cr. Where chroma is shared by two columns the width must be even, where it is shared by two
 * rows the height too: ESPALIER_ERROR_FRAME otherwise. Bytes after a row's last pixel are never looked at. */
#define ESPALIER_PIXELS_GRAY8 1  /* one byte a pixel, 0 ... 255 (V4L2: GREY) */
#define ESPALIER_PIXELS_RGB24 2  /* red, green, blue */
#define ESPALIER_PIXELS_BGR24 3  /* blue, green, red */
#define ESPALIER_PIXELS_YUYV 4   /* Y U Y V for two pixels of a row: even width */
#define ESPALIER_PIXELS_UYVY 5   /* U Y V Y for two pixels of a row: even width */
#define ESPALIER_PIXELS_NV12 6   /* `height` rows of Y, then height / 2 rows of U V pairs, each of row_bytes */
#define ESPALIER_PIXELS_YU12 7   /* `height` rows of Y, then height / 2 rows of U, then as many of V, the rows of U
                                    and V of row_bytes / 2 each: row_bytes must be even (I420) */

/* May be or-ed to the formats of Y, U and V, not to the others: Y, U and V are 0 ... 255, as JPEG has them. Without it
 * Y is 16 ... 235 and U and V are 16 ... 240, as video has them. */
#define ESPALIER_PIXELS_FULL_RANGE 0x100

/* A camera frame, owned by the caller. */
typedef struct EspalierFrame {
    const uint8_t *pixels;
    int32_t pixel_format;
    int32_t width;       /* pixels */
    int32_t height;
    int32_t row_bytes;   /* from a pixel to the one below it; of the first plane */
} EspalierFrame;

/* What one run found, from the model's score output. Without one (ESPALIER_SCORES_NONE) class_index is -1 and score is 0:
 * read the outputs. */
typedef struct EspalierResult {
    int32_t class_index; /* of the highest score; the first of equals */
    int32_t score;       /* its value as stored, -128 ... 127 */
    int32_t permille;    /* the score in thousandths, 0 ... 1000; -1: the model has none (ESPALIER_SCORES_LOGITS, NONE) */
    uint32_t layers_run;
    uint32_t blocks_kept;    /* 1x4 weight blocks the model stores, of */
    uint32_t blocks_pruned;  /* those cut by the compiler, and */
    uint32_t blocks_skipped; /* those of the kept ones that this input made unnecessary */
} EspalierResult;

/* Bytes of arena the model needs, exactly. */
uint32_t espalier_arena_size(const EspalierModel *model);

/* Copies `count` quantised values, in the order of the source model's input tensor, into the arena. */
int32_t espalier_set_input(const EspalierModel *model, int8_t *arena, uint32_t arena_bytes,
                           const int8_t *values, uint32_t count);

/* Crops a frame to the input's aspect ratio (centred), resizes, converts and quantises it into the arena. */
int32_t espalier_set_frame(const EspalierModel *model, int8_t *arena, uint32_t arena_bytes,
                           const EspalierFrame *frame);

/* Writes one row of a frame at full resolution, in the colours espalier_set_frame() sees: `rgb` takes 3 x width bytes
 * of red, green, blue; `grey` takes width bytes. ESPALIER_ERROR_INDEX for a row the frame does not have. */
int32_t espalier_frame_row(const EspalierFrame *frame, int32_t row, uint8_t *rgb);
int32_t espalier_frame_row_grey(const EspalierFrame *frame, int32_t row, uint8_t *grey);

/* Runs every layer. The input has to be set anew before each run: layers re-use its place. */
int32_t espalier_run(const EspalierModel *model, int8_t *arena, uint32_t arena_bytes, EspalierResult *result);

/* Copies output `index` of the last run, `count` values in the order of the source model's output tensor. */
int32_t espalier_get_output(const EspalierModel *model, const int8_t *arena, uint32_t index, int8_t *values,
                            uint32_t count);

/* Writes the scores of the last run in thousandths, 0 ... 1000, one for each of the score output's `count` channels. */
int32_t espalier_get_scores(const EspalierModel *model, const int8_t *arena, int32_t *permille, uint32_t count);

/* The tensor of output `index`: its shape, scale and zero point; NULL for an output the model does not have. Its name is
 * model->output_names[index]. */
const EspalierTensor *espalier_output(const EspalierModel *model, uint32_t index);

/* A stored value of a tensor as a real number. */
float espalier_real_value(const EspalierTensor *tensor, int32_t stored);

/* A stored value of the score output as a real number: a probability where it holds probabilities. */
float espalier_real_score(const EspalierModel *model, int32_t score);

/* A sentence for a status code; never NULL. */
const char *espalier_status_text(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
