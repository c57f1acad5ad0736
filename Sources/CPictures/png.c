#include "picture_files.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct Bytes {
    const uint8_t *next;
    size_t left;
} Bytes;

typedef struct Failure {
    EspalierPictureFile *file;
    jmp_buf place;
} Failure;

static void fail(png_structp png, png_const_charp message) {
    Failure *failure = png_get_error_ptr(png);
    snprintf(failure->file->problem, sizeof failure->file->problem, "%s", message);
    longjmp(failure->place, 1);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    Bytes *bytes = png_get_io_ptr(png);
    if (count > bytes->left) png_error(png, "it ends too early");
    memcpy(to, bytes->next, count);
    bytes->next += count;
    bytes->left -= count;
}

/* libpng does nothing to colours unless it is told to; what would tell it (gAMA, cHRM, sRGB, iCCP) is not even read. */
static void read_picture(png_structp png, png_infop info, EspalierPictureFile *file, uint8_t *pixels,
                         size_t capacity) {
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    file->width = (int32_t)png_get_image_width(png, info);
    file->height = (int32_t)png_get_image_height(png, info);
    file->channels = png_get_channels(png, info);
    if (!pixels) return;
    size_t row = png_get_rowbytes(png, info);
    if (row * (size_t)file->height > capacity) png_error(png, "it has more pixels than it said");
    for (int pass = 0; pass < passes; pass++)
        for (int32_t y = 0; y < file->height; y++) png_read_row(png, pixels + (size_t)y * row, NULL);
}

int32_t espalier_png_file(EspalierPictureFile *file, const uint8_t *bytes, size_t count, uint8_t *pixels,
                          size_t capacity) {
    Failure failure = { .file = file };
    Bytes source = { bytes, count };
    memset(file, 0, sizeof *file);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        snprintf(file->problem, sizeof file->problem, "out of memory");
        png_destroy_read_struct(&png, NULL, NULL);
        return -1;
    }
    volatile int32_t result = -1;
    if (!setjmp(failure.place)) {
        png_set_read_fn(png, &source, read_bytes);
        read_picture(png, info, file, pixels, capacity);
        result = 0;
    }
    png_destroy_read_struct(&png, &info, NULL);
    return result;
}
