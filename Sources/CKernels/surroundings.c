#include "CKernels.h"

typedef struct Bytes16 {
    uint64_t low, high;
} Bytes16;

/* A few bytes to a few rows: calling memset, as compilers like to, would cost more than the work. */
static __attribute__((no_builtin("memset"))) void fill(int8_t *to, uint64_t word, int32_t bytes) {
    if (bytes >= 16) {
        const Bytes16 words = { word, word };
#pragma clang loop vectorize(disable) unroll(disable)
        for (int32_t i = 0; i < bytes - 16; i += 16) __builtin_memcpy(to + i, &words, 16);
        __builtin_memcpy(to + bytes - 16, &words, 16);
    } else if (bytes >= 8) {
        __builtin_memcpy(to, &word, 8);
        __builtin_memcpy(to + bytes - 8, &word, 8);
    } else {
        for (int32_t i = 0; i < bytes; i++) to[i] = (int8_t)word;
    }
}

__attribute__((no_builtin("memset"))) void espalier_clear_surroundings(const EspalierTensor *tensor,
                                                                       int8_t *arena, uint32_t flip) {
    const uint64_t zero = (((uint32_t)tensor->zero_point ^ flip) & 0xff) * 0x0101010101010101u;
    const int32_t row = tensor->row_bytes;
    const int32_t left = tensor->halo_left * 4, used = tensor->width * 4, gap = row - used;
    if (tensor->halo_top | tensor->halo_bottom | gap) {
        int8_t *plane = arena + tensor->offset - tensor->halo_top * row - left;
        for (int32_t quad = 0; quad < tensor->quads; quad++, plane += tensor->plane_bytes) {
            /* The right halo of a row and the left one of the next are neighbours. */
            int8_t *next = plane;
            const int32_t first = tensor->halo_top * row + left;
            fill(next, zero, first);
            next += first + used;
            if (gap == 4) {
                for (int32_t y = 1; y < tensor->height; y++, next += row) __builtin_memcpy(next, &zero, 4);
            } else if (gap == 8) {
                for (int32_t y = 1; y < tensor->height; y++, next += row) __builtin_memcpy(next, &zero, 8);
            } else if (gap) {
                for (int32_t y = 1; y < tensor->height; y++, next += row) fill(next, zero, gap);
            } else {
                next += (tensor->height - 1) * row;
            }
            fill(next, zero, gap - left + tensor->halo_bottom * row);
        }
    }
    const int32_t lanes = tensor->channels & 3;
    if (!lanes) return;
    /* The first `lanes` bytes of each quad stay; the cores' byte order is little-endian throughout. */
    const uint32_t stay = (1u << (8 * lanes)) - 1, fill_up = (uint32_t)zero & ~stay;
    int8_t *plane = arena + tensor->offset + (tensor->quads - 1) * tensor->plane_bytes;
    for (int32_t y = 0; y < tensor->height; y++, plane += row) {
        for (int32_t x = 0; x < used; x += 4) {
            uint32_t quad;
            __builtin_memcpy(&quad, plane + x, 4);
            quad = (quad & stay) | fill_up;
            __builtin_memcpy(plane + x, &quad, 4);
        }
    }
}
