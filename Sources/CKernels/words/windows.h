/* How pixel lanes without vectors divide their scratch: in plain C, as the compiler asks (scratch.c). */
#ifndef ESPALIER_WORDS_WINDOWS_H
#define ESPALIER_WORDS_WINDOWS_H

#include "../visits.h"

/* Bytes of a block in the windows of the pixels gathered at once, and of one pixel at most. */
enum { PIXELS_BYTES = 32, PIXEL_BYTES = 16 };

/* Where pictures are one pixel wide there is room for one at a time. */
INLINE int gathers_one(const EspalierTensor *output) { return output->width == 1; }

/* The windows, behind which lies a bit for each block whose input is not silent. */
INLINE int64_t windows_bytes(const EspalierLayer *layer, const EspalierTensor *output) {
    return (int64_t)layer->row_blocks * (gathers_one(output) ? PIXEL_BYTES : PIXELS_BYTES);
}

INLINE int64_t windows_room(const EspalierLayer *layer, const EspalierTensor *output) {
    return windows_bytes(layer, output) + (layer->skips_silence ? live_bytes(layer) : 0);
}

#endif
