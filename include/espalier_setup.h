/* A setup: which lines, which camera and which folder a reaction uses on a real board.
 *
 * `espalier run` reads it from a board file and a reaction file; `cross/build` writes the same structure into a
 * header and bakes it into the firmware. Texts are fixed fields, so that the firmware's options can replace them.
 * The structures have the same layout on every target. Change a field and you change ESPALIER_SETUP_ABI_VERSION.
 */
#ifndef ESPALIER_SETUP_H
#define ESPALIER_SETUP_H

#include <stdint.h>
#include "espalier_reaction.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ESPALIER_SETUP_ABI_VERSION 2u

/* Bytes of a name, of a path or command, with the terminating zero. */
#define ESPALIER_SETUP_NAME_BYTES 64
#define ESPALIER_SETUP_PATH_BYTES 256

/* EspalierLine.bias */
#define ESPALIER_BIAS_AS_IS 0
#define ESPALIER_BIAS_DISABLED 1
#define ESPALIER_BIAS_PULL_UP 2
#define ESPALIER_BIAS_PULL_DOWN 3

/* EspalierLine.drive, of an output */
#define ESPALIER_DRIVE_PUSH_PULL 0
#define ESPALIER_DRIVE_OPEN_DRAIN 1
#define ESPALIER_DRIVE_OPEN_SOURCE 2

/* EspalierCamera.kind */
#define ESPALIER_CAMERA_V4L2 1     /* a device: `source` is its path, or its card's name */
#define ESPALIER_CAMERA_COMMAND 2  /* a program that writes raw frames to its standard output: `source` is
                                    * its command, with placeholders for what the other fields say: {width},
                                    * {height}, {fps}, {format}, {pix_fmt}, {fourcc} */
#define ESPALIER_CAMERA_PICTURES 3 /* a PNG or JPEG file, or a folder of them, shown in turn */

/* EspalierCamera.format: of a device or a command. */
#define ESPALIER_FORMAT_ANY 0 /* of a device: the first of these that it offers */
#define ESPALIER_FORMAT_GREY 1
#define ESPALIER_FORMAT_YUYV 2
#define ESPALIER_FORMAT_UYVY 3
#define ESPALIER_FORMAT_NV12 4
#define ESPALIER_FORMAT_YU12 5
#define ESPALIER_FORMAT_RGB24 6
#define ESPALIER_FORMAT_BGR24 7
#define ESPALIER_FORMAT_MJPEG 8

/* EspalierSnapshots.kinds: a bit set. */
#define ESPALIER_SNAPSHOT_CLEAN 1
#define ESPALIER_SNAPSHOT_ANNOTATED 2

/* EspalierSnapshots.occasion */
#define ESPALIER_SNAPSHOT_SIGNALS 1  /* after verdicts that set an output high */
#define ESPALIER_SNAPSHOT_VERDICTS 2 /* after every verdict */

/* A GPIO line. It is found by its name on any chip, or by its offset on a chip that is named. */
typedef struct EspalierLine {
    char chip[ESPALIER_SETUP_NAME_BYTES]; /* label, name (gpiochip0) or path of its chip; empty: any */
    char name[ESPALIER_SETUP_NAME_BYTES]; /* the line's name; empty: by offset */
    int32_t offset;                       /* counts where `name` is empty; `chip` must not be empty then */
    int32_t bias;                         /* ESPALIER_BIAS_* */
    int32_t drive;                        /* ESPALIER_DRIVE_* */
    int32_t active_low;                   /* 1: "high" in the reaction is a low level on the line */
} EspalierLine;

/* Where frames come from. */
typedef struct EspalierCamera {
    char source[ESPALIER_SETUP_PATH_BYTES];
    int32_t kind;              /* ESPALIER_CAMERA_* */
    int32_t format;            /* ESPALIER_FORMAT_* */
    int32_t width;             /* pixels */
    int32_t height;
    int32_t millihertz;        /* frames in a thousand seconds; 0: as the camera likes */
    int32_t ring_frames;       /* kept for pre-trigger, 1 ... 16 */
    int32_t input;             /* of a device with several inputs; -1: as it is */
    int32_t silence_milliseconds; /* without a frame, after which the camera is opened anew */
} EspalierCamera;

/* Pictures of what it saw. */
typedef struct EspalierSnapshots {
    char folder[ESPALIER_SETUP_PATH_BYTES]; /* empty: none */
    int32_t kinds;                          /* ESPALIER_SNAPSHOT_* */
    int32_t occasion;                       /* ESPALIER_SNAPSHOT_* */
    int32_t keep;                           /* pictures of each kind kept in the folder, 1 ... 1000 */
    int32_t reserved;
} EspalierSnapshots;

/* Line i of the reaction's triggers is inputs[i], line i of its outputs is outputs[i]. */
typedef struct EspalierSetup {
    uint32_t abi_version; /* ESPALIER_SETUP_ABI_VERSION */
    int32_t input_count;  /* 0 ... ESPALIER_MOST_TRIGGERS */
    int32_t output_count; /* 0 ... ESPALIER_MOST_OUTPUTS */
    int32_t reserved;
    char board[ESPALIER_SETUP_NAME_BYTES];
    EspalierLine inputs[ESPALIER_MOST_TRIGGERS];
    EspalierLine outputs[ESPALIER_MOST_OUTPUTS];
    EspalierCamera camera;
    EspalierCamera bare; /* what a camera that an option names starts from: the reaction's keys, no source */
    EspalierSnapshots snapshots;
    EspalierReaction reaction;
} EspalierSetup;

/* Enough for libpng and zlib to write or read any picture a camera has: zlib's deflate state takes 268 KB, a row of
 * 4,095 RGB pixels 12 KB, of which libpng wants a few. */
#define ESPALIER_PICTURE_POOL_BYTES (512u * 1024u)

/* What the devices of a setup need besides the kernel's own buffers. */
typedef struct EspalierSetupMemory {
    uint32_t slot_bytes;     /* a raw frame of a camera that is a program, */
    int32_t slot_count;      /* and how many: those kept, and the one that comes in */
    uint32_t decoded_bytes;  /* a frame that was PNG or JPEG, with a pool; 0: none */
    uint32_t snapshot_bytes; /* a picture being written, with a pool; 0: none */
} EspalierSetupMemory;

EspalierSetupMemory espalier_setup_memory(const EspalierSetup *setup);

/* All of it, in bytes: the firmware's static buffer. */
uint32_t espalier_setup_memory_bytes(const EspalierSetup *setup);

#ifdef __cplusplus
}
#endif

#endif
