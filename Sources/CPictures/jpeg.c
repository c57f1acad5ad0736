#include "picture_files.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

typedef struct Failure {
    struct jpeg_error_mgr manager;
    EspalierPictureFile *file;
    jmp_buf place;
} Failure;

_Static_assert(JMSG_LENGTH_MAX <= sizeof((EspalierPictureFile){ 0 }.problem), "libjpeg's messages do not fit");

static void fail(j_common_ptr info) {
    Failure *failure = (Failure *)info->err;
    info->err->format_message(info, failure->file->problem);
    longjmp(failure->place, 1);
}

static void say_nothing(j_common_ptr info) { (void)info; }

/* libjpeg goes on after damage, with grey where pixels are missing. What it says of odd but whole files passes. */
static void judge(j_common_ptr info, int level) {
    if (level >= 0) return; /* no warning */
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION: fail(info);
    }
}

/* As scanners and Photoshop write it: 255 is no ink. */
static void print_to_screen(uint8_t *rgb, const uint8_t *cmyk, uint32_t width) {
    for (uint32_t x = 0; x < width; x++, rgb += 3, cmyk += 4)
        for (int i = 0; i < 3; i++) {
            int ink = (255 - cmyk[i]) * cmyk[3] + 128;
            ink = (ink + (ink >> 8)) >> 8;
            int light = cmyk[3] - ink;
            rgb[i] = (uint8_t)(light < 0 ? 0 : light);
        }
}

static void read_picture(struct jpeg_decompress_struct *info, EspalierPictureFile *file, const uint8_t *bytes,
                         size_t count, uint8_t *pixels, size_t capacity) {
    jpeg_mem_src(info, bytes, count);
    jpeg_read_header(info, TRUE);
    int printed = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    int grey = info->jpeg_color_space == JCS_GRAYSCALE;
    info->out_color_space = printed ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    file->width = (int32_t)info->image_width;
    file->height = (int32_t)info->image_height;
    file->channels = grey ? 1 : 3;
    if (!pixels) return;
    size_t row = (size_t)info->image_width * (size_t)file->channels;
    if (row * info->image_height > capacity) ERREXIT(info, JERR_IMAGE_TOO_BIG);
    jpeg_start_decompress(info);
    JSAMPROW inks = NULL;
    if (printed)
        inks = info->mem->alloc_large((j_common_ptr)info, JPOOL_IMAGE, (size_t)info->output_width * 4);
    while (info->output_scanline < info->output_height) {
        uint8_t *to = pixels + row * info->output_scanline;
        JSAMPROW place = printed ? inks : to;
        jpeg_read_scanlines(info, &place, 1);
        if (printed) print_to_screen(to, inks, info->output_width);
    }
    jpeg_finish_decompress(info); /* reads on to the end, and finds it missing */
}

int32_t espalier_jpeg_file(EspalierPictureFile *file, const uint8_t *bytes, size_t count, uint8_t *pixels,
                           size_t capacity) {
    struct jpeg_decompress_struct info;
    Failure failure = { .file = file };
    memset(file, 0, sizeof *file);
    memset(&info, 0, sizeof info); /* jpeg_destroy looks at it even where creating it failed */
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = fail;
    failure.manager.emit_message = judge;
    failure.manager.output_message = say_nothing;
    volatile int32_t result = -1;
    if (!setjmp(failure.place)) {
        jpeg_create_decompress(&info);
        read_picture(&info, file, bytes, count, pixels, capacity);
        result = 0;
    }
    jpeg_destroy_decompress(&info);
    return result;
}
