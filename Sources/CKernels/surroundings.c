#include <stddef.h>

#include "CKernels.h"

void espalier_clear_surroundings(const EspalierTensor *tensor, int8_t *arena, uint32_t flip) {
    const int zero = (tensor->zero_point ^ (int32_t)flip) & 0xff;
    const int32_t row = tensor->row_bytes;
    const int32_t left = tensor->halo_left * 4, used = tensor->width * 4, gap = row - used;
    if (tensor->halo_top | tensor->halo_bottom | gap) {
        int8_t *plane = arena + tensor->offset - tensor->halo_top * row - left;
        for (int32_t quad = 0; quad < tensor->quads; quad++, plane += tensor->plane_bytes) {
            /* The right halo of a row and the left one of the next are neighbours. */
            int8_t *next = plane;
            int32_t bytes = tensor->halo_top * row + left;
            for (int32_t y = 0; y < tensor->height; y++) {
                if (bytes == 8) {
                    const uint64_t word = (uint64_t)zero * 0x0101010101010101u;
                    __builtin_memcpy(next, &word, 8);
                } else if (bytes) {
                    __builtin_memset(next, zero, (size_t)bytes);
                }
                next += bytes + used;
                bytes = gap;
            }
            __builtin_memset(next, zero, (size_t)(gap - left + tensor->halo_bottom * row));
        }
    }
    const int32_t lanes = tensor->channels & 3;
    if (!lanes) return;
    int8_t *plane = arena + tensor->offset + (tensor->quads - 1) * tensor->plane_bytes;
    for (int32_t y = 0; y < tensor->height; y++) {
        for (int32_t x = 0; x < tensor->width; x++) {
            for (int32_t lane = lanes; lane < 4; lane++) plane[y * row + x * 4 + lane] = (int8_t)zero;
        }
    }
}
