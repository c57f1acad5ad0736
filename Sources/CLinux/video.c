#ifdef __linux__

#include "video.h"
#include "formats.h"
#include "jpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPTURE V4L2_BUF_TYPE_VIDEO_CAPTURE

static int ask(int descriptor, unsigned long request, void *value) {
    int result;
    do result = ioctl(descriptor, request, value);
    while (result < 0 && errno == EINTR);
    return result;
}

/* MARK: Finding */

static int is_camera(int descriptor, struct v4l2_capability *capability) {
    if (ask(descriptor, VIDIOC_QUERYCAP, capability)) return 0;
    uint32_t can =
        capability->capabilities & V4L2_CAP_DEVICE_CAPS ? capability->device_caps : capability->capabilities;
    return (can & V4L2_CAP_VIDEO_CAPTURE) && (can & V4L2_CAP_STREAMING);
}

static int32_t open_path(const char *path, EspalierProblem *problem) {
    struct v4l2_capability capability;
    int descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) {
        const char *advice = errno == EACCES
                                 ? "allow this user to, for example with: sudo usermod -aG video $USER"
                                 : "plug the camera in, or name another; v4l2-ctl --list-devices lists them";
        espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "camera %s cannot be opened (%s); %s", path,
                         strerror(errno), advice);
        return -1;
    }
    if (is_camera(descriptor, &capability)) return descriptor;
    close(descriptor);
    espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                     "%s is no camera that streams; name another, v4l2-ctl --list-devices lists them", path);
    return -1;
}

int32_t espalier_video_find(const char *source, char *path, uint32_t path_bytes, EspalierProblem *problem) {
    snprintf(path, path_bytes, "%s", source);
    if (source[0] == '/') return open_path(source, problem);
    for (int number = 0; number < 64; number++) {
        struct v4l2_capability capability;
        snprintf(path, path_bytes, "/dev/video%d", number);
        int descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (descriptor < 0) continue;
        if (is_camera(descriptor, &capability) && !strcmp((const char *)capability.card, source))
            return descriptor;
        close(descriptor);
    }
    espalier_problem(
        problem, ESPALIER_PROBLEM_MACHINE,
        "no camera is called \"%s\"; plug it in, or name another, v4l2-ctl --list-devices lists them",
        source);
    return -1;
}

/* MARK: Format */

int32_t espalier_video_next_format(int32_t descriptor, uint32_t *next) {
    struct v4l2_fmtdesc offered = { .type = CAPTURE };
    for (offered.index = *next; !ask(descriptor, VIDIOC_ENUM_FMT, &offered); offered.index++) {
        int32_t format = espalier_fourcc_format(offered.pixelformat);
        *next = offered.index + 1;
        if (format) return format;
    }
    return 0;
}

static uint32_t offered_formats(int descriptor) {
    uint32_t next = 0, mask = 0;
    for (int32_t format; (format = espalier_video_next_format(descriptor, &next));) mask |= 1u << format;
    if (!espalier_jpeg_is_here()) mask &= ~(1u << ESPALIER_FORMAT_MJPEG);
    return mask;
}

static void name_formats(uint32_t mask, char *names, size_t bytes) {
    names[0] = 0;
    for (int32_t format = 1; espalier_format_name(format); format++)
        if (mask >> format & 1)
            snprintf(names + strlen(names), bytes - strlen(names), "%s%s", names[0] ? ", " : "",
                     espalier_format_name(format));
    if (!names[0])
        snprintf(names, bytes,
                 "none that this program reads; for a camera behind libcamera, pipe rpicam-vid");
}

static int32_t choose_format(const EspalierVideo *video, const EspalierCamera *camera, const char *path,
                             int32_t *format, EspalierProblem *problem) {
    uint32_t offered = offered_formats(video->descriptor);
    char names[160];
    *format = camera->format;
    for (int32_t i = 0; *format == ESPALIER_FORMAT_ANY && i < FORMAT_PREFERENCES; i++)
        if (offered >> espalier_format_preference[i] & 1) *format = espalier_format_preference[i];
    if (*format != ESPALIER_FORMAT_ANY && offered >> *format & 1) return 0;
    name_formats(offered, names, sizeof names);
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "camera %s does not offer %s; it offers %s",
                            path, *format ? espalier_format_name(*format) : "a known format", names);
}

static int is_full_range(const struct v4l2_pix_format *pixels) {
    uint32_t quantization = pixels->quantization;
    if (quantization == V4L2_QUANTIZATION_DEFAULT)
        quantization = V4L2_MAP_QUANTIZATION_DEFAULT(0, pixels->colorspace, pixels->ycbcr_enc);
    return quantization == V4L2_QUANTIZATION_FULL_RANGE;
}

/* True where the lines of a buffer are those of one picture, from top to bottom. */
static int is_whole_picture(const struct v4l2_pix_format *pixels) {
    switch (pixels->field) {
    case V4L2_FIELD_ANY:
    case V4L2_FIELD_NONE:
    case V4L2_FIELD_INTERLACED:
    case V4L2_FIELD_INTERLACED_TB:
    case V4L2_FIELD_INTERLACED_BT: return 1;
    default: return 0;
    }
}

static int32_t set_format(EspalierVideo *video, const EspalierCamera *camera, const char *path,
                          EspalierProblem *problem) {
    int32_t format, least_row, input = camera->input;
    int32_t kind = choose_format(video, camera, path, &format, problem);
    if (kind) return kind;
    if (input >= 0 && ask(video->descriptor, VIDIOC_S_INPUT, &input))
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "camera %s has no input %d (%s)", path,
                                input, strerror(errno));
    struct v4l2_format wanted = { .type = CAPTURE };
    wanted.fmt.pix.width = (uint32_t)camera->width;
    wanted.fmt.pix.height = (uint32_t)camera->height;
    wanted.fmt.pix.pixelformat = espalier_format_fourcc(format);
    wanted.fmt.pix.field = V4L2_FIELD_ANY;
    if (ask(video->descriptor, VIDIOC_S_FMT, &wanted))
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "camera %s refuses %dx%d %s (%s)%s", path,
                                camera->width, camera->height, espalier_format_name(format), strerror(errno),
                                errno == EBUSY ? "; another program uses it, stop that first" : "");
    struct v4l2_pix_format *pixels = &wanted.fmt.pix;
    if ((int32_t)pixels->width != camera->width || (int32_t)pixels->height != camera->height)
        return espalier_problem(
            problem, ESPALIER_PROBLEM_SETUP,
            "camera %s offers %ux%u instead of %dx%d; set width and height to a size it has", path,
            pixels->width, pixels->height, camera->width, camera->height);
    if (espalier_fourcc_format(pixels->pixelformat) != format)
        return espalier_problem(
            problem, ESPALIER_PROBLEM_SETUP,
            "camera %s gives another format than the %s it was asked for; set format to one it has at %dx%d",
            path, espalier_format_name(format), camera->width, camera->height);
    if (!is_whole_picture(pixels))
        return espalier_problem(
            problem, ESPALIER_PROBLEM_SETUP,
            "camera %s gives fields and no whole pictures at %dx%d; set width and height to a size "
            "it gives whole, or choose another input",
            path, camera->width, camera->height);
    video->format = format;
    video->width = camera->width;
    video->height = camera->height;
    video->pixel_format =
        espalier_format_pixels(format, video->width, video->height, &least_row, &video->frame_bytes);
    video->row_bytes = (int32_t)pixels->bytesperline > least_row ? (int32_t)pixels->bytesperline : least_row;
    if (video->pixel_format >= ESPALIER_PIXELS_YUYV && is_full_range(pixels))
        video->pixel_format |= ESPALIER_PIXELS_FULL_RANGE;
    if (least_row > 0)
        video->frame_bytes = video->frame_bytes / (uint32_t)least_row * (uint32_t)video->row_bytes;
    if (camera->millihertz > 0) { /* a wish: many drivers have rates of their own */
        struct v4l2_streamparm rate = { .type = CAPTURE };
        rate.parm.capture.timeperframe.numerator = 1000;
        rate.parm.capture.timeperframe.denominator = (uint32_t)camera->millihertz;
        ask(video->descriptor, VIDIOC_S_PARM, &rate);
    }
    return 0;
}

/* MARK: Stream */

static int start_stream(EspalierVideo *video, int32_t kept) {
    int32_t most = ESPALIER_MOST_BUFFERS, type = CAPTURE;
    struct v4l2_requestbuffers buffers = { .type = CAPTURE, .memory = V4L2_MEMORY_MMAP };
    buffers.count = (uint32_t)(kept + ESPALIER_SPARE_BUFFERS < most ? kept + ESPALIER_SPARE_BUFFERS : most);
    if (ask(video->descriptor, VIDIOC_REQBUFS, &buffers)) return errno;
    if (buffers.count < (uint32_t)kept + 2 || (int32_t)buffers.count > most) return ENOBUFS;
    for (uint32_t index = 0; index < buffers.count; index++) {
        struct v4l2_buffer buffer = { .index = index, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP };
        if (ask(video->descriptor, VIDIOC_QUERYBUF, &buffer)) return errno;
        void *start =
            mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, video->descriptor, buffer.m.offset);
        if (start == MAP_FAILED) return errno;
        video->starts[index] = start;
        video->lengths[index] = buffer.length;
        video->buffer_count++;
        if (buffer.length < video->frame_bytes) return EMSGSIZE;
        if (ask(video->descriptor, VIDIOC_QBUF, &buffer)) return errno;
    }
    return ask(video->descriptor, VIDIOC_STREAMON, &type) ? errno : 0;
}

int32_t espalier_video_open(EspalierVideo *video, const EspalierCamera *camera, int32_t kept,
                            EspalierProblem *problem) {
    char path[ESPALIER_SETUP_PATH_BYTES];
    memset(video, 0, sizeof *video);
    video->descriptor = espalier_video_find(camera->source, path, sizeof path, problem);
    if (video->descriptor < 0) return problem->kind;
    int32_t kind = set_format(video, camera, path, problem);
    if (!kind) {
        int error = start_stream(video, kept);
        if (!error) return 0;
        kind = espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "camera %s does not start (%s)%s", path,
                                strerror(error),
                                error == EBUSY ? "; another program uses it, stop that first" : "");
    }
    espalier_video_close(video);
    return kind;
}

int32_t espalier_video_take(EspalierVideo *video, EspalierVideoFrame *frame) {
    struct v4l2_buffer buffer = { .type = CAPTURE, .memory = V4L2_MEMORY_MMAP };
    if (ask(video->descriptor, VIDIOC_DQBUF, &buffer)) return errno == EAGAIN ? 0 : -errno;
    frame->buffer = (int32_t)buffer.index;
    frame->bytes = buffer.bytesused;
    frame->sequence = buffer.sequence;
    frame->time = (int64_t)buffer.timestamp.tv_sec * 1000000000 + (int64_t)buffer.timestamp.tv_usec * 1000;
    frame->is_damaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) || buffer.bytesused == 0
                        || buffer.bytesused < video->frame_bytes;
    return 1;
}

int32_t espalier_video_give_back(EspalierVideo *video, int32_t index) {
    struct v4l2_buffer buffer = { .index = (uint32_t)index, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP };
    return ask(video->descriptor, VIDIOC_QBUF, &buffer) ? errno : 0;
}

void espalier_video_close(EspalierVideo *video) {
    if (video->descriptor < 0) return;
    for (int32_t index = 0; index < video->buffer_count; index++)
        munmap(video->starts[index], video->lengths[index]);
    close(video->descriptor);
    memset(video, 0, sizeof *video);
    video->descriptor = -1;
}

#endif
