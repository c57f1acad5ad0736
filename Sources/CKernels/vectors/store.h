/* Stores of x86's narrow vectors. */
#ifndef ESPALIER_VECTORS_STORE_H
#define ESPALIER_VECTORS_STORE_H

#include <immintrin.h>

/* Stores up to four pixels of a quad. */
INLINE void store_four(__m128i x, int8_t *output, int pixels) {
    if (pixels == 4) _mm_storeu_si128((__m128i *)output, x);
    if (pixels == 2 || pixels == 3) _mm_storel_epi64((__m128i *)output, x);
    if (pixels == 3 || pixels == 1) {
        const int32_t word = pixels == 3 ? _mm_extract_epi32(x, 2) : _mm_cvtsi128_si32(x);
        __builtin_memcpy(output + (pixels - 1) * 4, &word, 4);
    }
}

#endif
