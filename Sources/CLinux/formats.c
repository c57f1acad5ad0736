/* The pixel formats of cameras: their names in settings, in V4L2 and in the core. */
#ifdef __linux__

#include "formats.h"

#include <linux/videodev2.h>
#include <stddef.h>

static const struct {
    const char *name;
    uint32_t fourcc;
    int32_t pixels;
    int32_t row_bytes;  /* per pixel of the first plane */
    int32_t half_bytes; /* of the whole frame, per two pixels */
} formats[] = {
    [ESPALIER_FORMAT_GREY] = { "GREY", V4L2_PIX_FMT_GREY, ESPALIER_PIXELS_GRAY8, 1, 2 },
    [ESPALIER_FORMAT_YUYV] = { "YUYV", V4L2_PIX_FMT_YUYV, ESPALIER_PIXELS_YUYV, 2, 4 },
    [ESPALIER_FORMAT_UYVY] = { "UYVY", V4L2_PIX_FMT_UYVY, ESPALIER_PIXELS_UYVY, 2, 4 },
    [ESPALIER_FORMAT_NV12] = { "NV12", V4L2_PIX_FMT_NV12, ESPALIER_PIXELS_NV12, 1, 3 },
    [ESPALIER_FORMAT_YU12] = { "YU12", V4L2_PIX_FMT_YUV420, ESPALIER_PIXELS_YU12, 1, 3 },
    [ESPALIER_FORMAT_RGB24] = { "RGB24", V4L2_PIX_FMT_RGB24, ESPALIER_PIXELS_RGB24, 3, 6 },
    [ESPALIER_FORMAT_BGR24] = { "BGR24", V4L2_PIX_FMT_BGR24, ESPALIER_PIXELS_BGR24, 3, 6 },
    [ESPALIER_FORMAT_MJPEG] = { "MJPEG", V4L2_PIX_FMT_MJPEG, 0, 0, 0 },
};

#define FORMAT_COUNT ((int32_t)(sizeof formats / sizeof *formats))

/* Cheapest first: grey needs no colour, what is subsampled is read faster, MJPEG has to be decoded. */
const int32_t espalier_format_preference[FORMAT_PREFERENCES] = {
    ESPALIER_FORMAT_YUYV,  ESPALIER_FORMAT_UYVY,  ESPALIER_FORMAT_YU12, ESPALIER_FORMAT_NV12,
    ESPALIER_FORMAT_RGB24, ESPALIER_FORMAT_BGR24, ESPALIER_FORMAT_GREY, ESPALIER_FORMAT_MJPEG
};

const char *espalier_format_name(int32_t format) {
    return format > 0 && format < FORMAT_COUNT ? formats[format].name : NULL;
}

uint32_t espalier_format_fourcc(int32_t format) { return formats[format].fourcc; }

int32_t espalier_fourcc_format(uint32_t fourcc) {
    if (fourcc == V4L2_PIX_FMT_JPEG) return ESPALIER_FORMAT_MJPEG;
    for (int32_t format = 1; format < FORMAT_COUNT; format++)
        if (formats[format].fourcc == fourcc) return format;
    return 0;
}

int32_t espalier_format_pixels(int32_t format, int32_t width, int32_t height, int32_t *row_bytes,
                               uint32_t *bytes) {
    *row_bytes = formats[format].row_bytes * width;
    *bytes = (uint32_t)formats[format].half_bytes * (uint32_t)width * (uint32_t)height / 2;
    return formats[format].pixels;
}

#endif
