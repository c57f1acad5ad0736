/* A V4L2 camera: opened, streaming into buffers that the kernel shares with us (mmap).
 *
 * Source: the Linux kernel's "Video for Linux API", chapters 3 (input/output) and 7 (function reference).
 * Nothing here allocates.
 */
#ifndef ESPALIER_VIDEO_H
#define ESPALIER_VIDEO_H

#include <stdint.h>
#include "espalier.h"
#include "espalier_setup.h"
#include "problem.h"

#define ESPALIER_MOST_BUFFERS 24

/* Buffers the driver has besides those that are kept: one it fills, one that waits, one in between. */
#define ESPALIER_SPARE_BUFFERS 3

/* A camera that streams. `descriptor` is -1 for one that does not. */
typedef struct EspalierVideo {
    int32_t descriptor;
    int32_t buffer_count;
    int32_t pixel_format; /* ESPALIER_PIXELS_*; 0: MJPEG */
    int32_t width;
    int32_t height;
    int32_t row_bytes;
    uint32_t frame_bytes; /* of a whole frame; 0: each frame has its own size */
    int32_t format;       /* ESPALIER_FORMAT_*, the one chosen */
    uint8_t *starts[ESPALIER_MOST_BUFFERS];
    uint32_t lengths[ESPALIER_MOST_BUFFERS];
} EspalierVideo;

/* A filled buffer. */
typedef struct EspalierVideoFrame {
    int64_t time; /* CLOCK_MONOTONIC, as the driver stamps it */
    int64_t
        sequence; /* the driver's, from 0, which counts the frames it had to drop too; it may wrap at 2^32 */
    int32_t buffer;
    uint32_t bytes;
    int32_t is_damaged; /* the driver says so, or the frame is too short */
} EspalierVideoFrame;

/* Opens a camera and starts its stream with `kept` + ESPALIER_SPARE_BUFFERS buffers. 0 or a problem, after
 * which nothing is left open. */
int32_t espalier_video_open(EspalierVideo *video, const EspalierCamera *camera, int32_t kept,
                            EspalierProblem *problem);

/* The next filled buffer: 1; 0 for none yet; or a negative errno. */
int32_t espalier_video_take(EspalierVideo *video, EspalierVideoFrame *frame);

/* Lets the driver fill a buffer again: 0 or an errno. */
int32_t espalier_video_give_back(EspalierVideo *video, int32_t buffer);

/* Stops the stream. Fine for a camera that is not open. */
void espalier_video_close(EspalierVideo *video);

/* The next of a device's formats this program reads, from index *next on: its ESPALIER_FORMAT_*, or 0 at the
 * end. */
int32_t espalier_video_next_format(int32_t descriptor, uint32_t *next);

/* Opens the device a setup names, without touching its stream: a descriptor, or -1 with a problem. */
int32_t espalier_video_find(const char *source, char *path, uint32_t path_bytes, EspalierProblem *problem);

/* "YUYV" for ESPALIER_FORMAT_YUYV; NULL for what is none. */
const char *espalier_format_name(int32_t format);

/* "yuyv", as settings have it; "any" for what is none. */
const char *espalier_format_word(int32_t format);

/* ffmpeg's name of a format, "yuyv422"; and V4L2's code, four letters and a zero. Precondition: it is one. */
const char *espalier_format_pix_fmt(int32_t format);
void espalier_format_code(int32_t format, char *code);

/* What so many bytes could be instead of a camera's frames. */
typedef struct EspalierGuess {
    int32_t width;
    int32_t height;
    int32_t format;
    int32_t count; /* of frames */
} EspalierGuess;

/* 1 where bytes are at most so many whole frames of a size that cameras have, or of another format: `guess`
 * says which, and is never the camera's own size and format. */
int32_t espalier_guess_frames(int64_t bytes, const EspalierCamera *camera, int32_t most,
                              EspalierGuess *guess);

/* What a format's pixels are for the core, ESPALIER_PIXELS_*, 0 for MJPEG; and how long a frame's rows and
 * the frame are at least. */
int32_t espalier_format_pixels(int32_t format, int32_t width, int32_t height, int32_t *row_bytes,
                               uint32_t *bytes);

#endif
