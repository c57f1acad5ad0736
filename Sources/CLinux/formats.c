/* The pixel formats of cameras: their names in settings, in V4L2 and in the core. */
#ifdef __linux__

#include "formats.h"

#include <linux/videodev2.h>
#include <stddef.h>

static const struct {
    const char *name;
    const char *word;    /* in settings */
    const char *pix_fmt; /* of ffmpeg */
    uint32_t fourcc;
    int32_t pixels;
    int32_t row_bytes;  /* per pixel of the first plane */
    int32_t half_bytes; /* of the whole frame, per two pixels */
} formats[] = {
    [ESPALIER_FORMAT_GREY] = { "GREY", "grey", "gray", V4L2_PIX_FMT_GREY, ESPALIER_PIXELS_GRAY8, 1, 2 },
    [ESPALIER_FORMAT_YUYV] = { "YUYV", "yuyv", "yuyv422", V4L2_PIX_FMT_YUYV, ESPALIER_PIXELS_YUYV, 2, 4 },
    [ESPALIER_FORMAT_UYVY] = { "UYVY", "uyvy", "uyvy422", V4L2_PIX_FMT_UYVY, ESPALIER_PIXELS_UYVY, 2, 4 },
    [ESPALIER_FORMAT_NV12] = { "NV12", "nv12", "nv12", V4L2_PIX_FMT_NV12, ESPALIER_PIXELS_NV12, 1, 3 },
    [ESPALIER_FORMAT_YU12] = { "YU12", "yu12", "yuv420p", V4L2_PIX_FMT_YUV420, ESPALIER_PIXELS_YU12, 1, 3 },
    [ESPALIER_FORMAT_RGB24] = { "RGB24", "rgb24", "rgb24", V4L2_PIX_FMT_RGB24, ESPALIER_PIXELS_RGB24, 3, 6 },
    [ESPALIER_FORMAT_BGR24] = { "BGR24", "bgr24", "bgr24", V4L2_PIX_FMT_BGR24, ESPALIER_PIXELS_BGR24, 3, 6 },
    [ESPALIER_FORMAT_MJPEG] = { "MJPEG", "mjpeg", "mjpeg", V4L2_PIX_FMT_MJPEG, 0, 0, 0 },
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

const char *espalier_format_word(int32_t format) {
    return espalier_format_name(format) ? formats[format].word : "any";
}

const char *espalier_format_pix_fmt(int32_t format) { return formats[format].pix_fmt; }

void espalier_format_code(int32_t format, char *code) {
    for (int i = 0; i < 4; i++) code[i] = (char)(formats[format].fourcc >> (8 * i));
    code[4] = 0;
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

/* Sizes that cameras have, the largest first. */
static const struct {
    int16_t width, height;
} usual_sizes[] = {
    { 3840, 2160 }, { 2592, 1944 }, { 2304, 1296 }, { 2048, 1536 }, { 2028, 1520 }, { 1920, 1080 },
    { 1640, 1232 }, { 1600, 1200 }, { 1536, 864 },  { 1456, 1088 }, { 1296, 972 },  { 1280, 1024 },
    { 1280, 960 },  { 1280, 800 },  { 1280, 720 },  { 1024, 768 },  { 1024, 576 },  { 960, 720 },
    { 960, 540 },   { 864, 480 },   { 848, 480 },   { 800, 600 },   { 768, 576 },   { 720, 576 },
    { 720, 480 },   { 640, 480 },   { 640, 400 },   { 640, 360 },   { 480, 360 },   { 480, 270 },
    { 424, 240 },   { 352, 288 },   { 320, 240 },   { 320, 180 },   { 176, 144 },   { 160, 120 },
    { 96, 96 },
};

static int explains(EspalierGuess *guess, int64_t bytes, int32_t format, int32_t width, int32_t height) {
    int32_t row;
    uint32_t frame;
    espalier_format_pixels(format, width, height, &row, &frame);
    if (!frame || bytes % frame || bytes / frame > INT32_MAX) return 0;
    *guess = (EspalierGuess){
        .width = width, .height = height, .format = format, .count = (int32_t)(bytes / frame)
    };
    return 1;
}

static int explains_size(EspalierGuess *guess, int64_t bytes, int32_t format, const EspalierCamera *camera,
                         int most) {
    for (size_t i = 0; i < sizeof usual_sizes / sizeof *usual_sizes; i++) {
        int32_t width = usual_sizes[i].width, height = usual_sizes[i].height;
        if (width == camera->width && height == camera->height && format == camera->format) continue;
        if (explains(guess, bytes, format, width, height) && guess->count <= most) return 1;
    }
    return 0;
}

int32_t espalier_guess_frames(int64_t bytes, const EspalierCamera *camera, int32_t most,
                              EspalierGuess *guess) {
    if (bytes <= 0) return 0;
    if (explains_size(guess, bytes, camera->format, camera, most)) return 1;
    if (explains(guess, bytes, camera->format, camera->height, camera->width) && guess->count <= most
        && camera->width != camera->height)
        return 1;
    for (int32_t format = 1; format < ESPALIER_FORMAT_MJPEG; format++)
        if (format != camera->format && explains(guess, bytes, format, camera->width, camera->height)
            && guess->count <= most)
            return 1;
    for (int32_t format = 1; format < ESPALIER_FORMAT_MJPEG; format++)
        if (format != camera->format && explains_size(guess, bytes, format, camera, most)) return 1;
    return 0;
}

#endif
