/* PNG and JPEG files into 8-bit pixels, for the host tools: libpng and libjpeg leave their errors by longjmp, which
 * must not cross Swift. Pixels are as stored: no gamma, no colour profile, no orientation is applied. */
#ifndef ESPALIER_PICTURE_FILES_H
#define ESPALIER_PICTURE_FILES_H

#include <stddef.h>
#include <stdint.h>

typedef struct EspalierPictureFile {
    int32_t width;
    int32_t height;
    int32_t channels;  /* of the pixels delivered: 1 grey, 3 red, green, blue */
    char problem[200]; /* the library's words; empty after success */
} EspalierPictureFile;

/* Read the header, and the pixels where `pixels` is not NULL: [height][width][channels], `capacity` bytes at least.
 * Return 0, or -1 with `problem` set.
 *
 * PNG: palettes become colours, alpha is dropped, 16 bits become the upper 8, interlaced files the same picture.
 * JPEG: the library's default transform and upsampling; CMYK becomes RGB without a profile. Damage that the library
 * only warns of is an error. */
int32_t espalier_png_file(EspalierPictureFile *file, const uint8_t *bytes, size_t count, uint8_t *pixels,
                          size_t capacity);
int32_t espalier_jpeg_file(EspalierPictureFile *file, const uint8_t *bytes, size_t count, uint8_t *pixels,
                           size_t capacity);

#endif
