/* The link: a firmware process on a simulated board.
 *
 * The firmware asks, the simulator answers; a byte stream each way (standard input and output of the
 * firmware). Every message is a fixed header, then `payload_bytes` bytes. Both ends run on one machine, so
 * numbers are in its byte order. Times are nanoseconds of simulated time.
 *
 *     firmware                                    simulator
 *     HELLO + EspalierLinkHello + labels    ->
 *                                           <-    HELLO + EspalierLinkSettings, or REFUSED
 *     WAIT until                            ->
 *                                           <-    WAIT: an edge, a frame, the deadline, or stop
 *     FRAME until, after                    ->
 *                                           <-    FRAME + EspalierLinkFrame + pixels, or none, or a failure
 *     WORK macs                             ->
 *                                           <-    WORK: the time when a board of this speed is done
 *     LINE level                            ->    (no reply: the firmware is not held up by signalling)
 *     RECORD + EspalierReactionRecord       ->    (no reply)
 */
#ifndef ESPALIER_LINK_H
#define ESPALIER_LINK_H

#include <stdint.h>
#include "espalier_reaction.h"

#define ESPALIER_LINK_VERSION 3u

/* EspalierLinkRequest.kind and EspalierLinkReply.kind */
#define ESPALIER_LINK_HELLO 1
#define ESPALIER_LINK_WAIT 2
#define ESPALIER_LINK_FRAME 3
#define ESPALIER_LINK_WORK 4
#define ESPALIER_LINK_LINE 5
#define ESPALIER_LINK_RECORD 6
#define ESPALIER_LINK_REFUSED 7 /* reply only: the simulator ends the session; it tells its user why */

/* EspalierLinkReply.event of WAIT */
#define ESPALIER_LINK_EVENT_EDGE 1
#define ESPALIER_LINK_EVENT_FRAME 2
#define ESPALIER_LINK_EVENT_DEADLINE 3
#define ESPALIER_LINK_EVENT_STOP 4
#define ESPALIER_LINK_EVENT_TROUBLE 8 /* something of the board's is being mended, */
#define ESPALIER_LINK_EVENT_WELL 9    /* or all of it is well again */

/* EspalierLinkReply.event of FRAME */
#define ESPALIER_LINK_EVENT_CAPTURED 5
#define ESPALIER_LINK_EVENT_NO_FRAME 6
#define ESPALIER_LINK_EVENT_CAMERA_FAILED 7

/* EspalierLinkRequest.after of WAIT: do not wake for frames. */
#define ESPALIER_LINK_NO_FRAMES INT64_MAX

/* EspalierLinkRequest.until of FRAME: the newest frame, whatever `after` says. */
#define ESPALIER_LINK_NEWEST INT64_MAX

/* A model's name, a line's name: this many bytes with the terminating zero. */
#define ESPALIER_LINK_NAME_BYTES 64

typedef struct EspalierLinkRequest {
    int32_t kind;
    int32_t line;           /* LINE: index of the output line */
    int64_t until;          /* WAIT: the deadline; FRAME: the time to be near, ESPALIER_LINK_NEWEST: the newest */
    int64_t after;          /* WAIT: wake for a frame with a higher sequence number than this; FRAME: one of those */
    uint64_t macs;          /* WORK: multiply-accumulates done */
    int32_t level;          /* LINE: 0 low, 1 high, for the reaction; the simulator knows what is active low */
    uint32_t payload_bytes;
} EspalierLinkRequest;

typedef struct EspalierLinkReply {
    int32_t kind;           /* of the request, or ESPALIER_LINK_REFUSED */
    int32_t event;
    int64_t time;           /* now */
    int64_t edge_time;      /* WAIT with an edge: its time stamp, */
    int32_t edge_line;      /* the index of its line, */
    int32_t edge_rising;    /* and its direction, for the reaction */
    uint32_t payload_bytes;
    uint32_t reserved;
} EspalierLinkReply;

/* Who the firmware is. The labels follow, each with a terminating zero. */
typedef struct EspalierLinkHello {
    uint32_t link_version;
    uint32_t model_abi_version;
    uint32_t reaction_abi_version;
    uint32_t label_count;
    uint64_t macs;
    uint64_t macs_kept;
    uint32_t frame_bytes;   /* the largest frame it has room for */
    uint32_t reserved;
    char model[ESPALIER_LINK_NAME_BYTES];
} EspalierLinkHello;

/* Where the firmware is: what to react to, and what the lines with these indices are called. */
typedef struct EspalierLinkSettings {
    EspalierReaction reaction;
    int32_t input_count;
    int32_t output_count;
    char inputs[ESPALIER_MOST_TRIGGERS][ESPALIER_LINK_NAME_BYTES];
    char outputs[ESPALIER_MOST_OUTPUTS][ESPALIER_LINK_NAME_BYTES];
} EspalierLinkSettings;

/* A frame; rows * row_bytes bytes of pixels follow. */
typedef struct EspalierLinkFrame {
    int64_t time;
    int64_t sequence;
    int32_t pixel_format;   /* ESPALIER_PIXELS_* */
    int32_t width;
    int32_t height;
    int32_t row_bytes;
} EspalierLinkFrame;

#endif
