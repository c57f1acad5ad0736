#ifdef __linux__

#include "pictures.h"

#ifndef ESPALIER_WITHOUT_PICTURES

#include "jpeg.h"
#include "png_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_bytes(png_structp png, png_bytep bytes, size_t count) {
    int descriptor = *(int *)png_get_io_ptr(png);
    while (count > 0) {
        ssize_t done = read(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) png_error(png, done < 0 ? strerror(errno) : "it ends too early");
        bytes += done;
        count -= (size_t)done;
    }
}

static int decode(EspalierPicture *picture, int descriptor, Pool pool, Failure *failure) {
    png_structp png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, failure, fail, ignore, &pool, take, give_back);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    snprintf(failure->reason, sizeof failure->reason, "the pool for it is too small");
    if (!info || setjmp(failure->place)) return 1;
    png_set_user_limits(png, 4095, 4095);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_read_fn(png, &descriptor, read_bytes);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) png_error(png, "it is interlaced");
    png_read_update_info(png, info);
    picture->width = (int32_t)png_get_image_width(png, info);
    picture->height = (int32_t)png_get_image_height(png, info);
    picture->channels = png_get_channels(png, info);
    size_t row = png_get_rowbytes(png, info);
    if (row * (size_t)picture->height > picture->capacity)
        png_error(png, "it is larger than the setup's width and height");
    for (int32_t y = 0; y < picture->height; y++) png_read_row(png, picture->pixels + (size_t)y * row, NULL);
    return 0;
}

/* Mapped and not read: a file may be longer than any buffer here. 0 or a reason. */
static const char *decode_jpeg(EspalierPicture *picture, int descriptor, uint8_t *pool, uint32_t pool_bytes) {
    struct stat status;
    if (!espalier_jpeg_is_here()) return "this program was built without JPEG";
    if (fstat(descriptor, &status) || status.st_size > INT32_MAX) return "it is no file, or too long";
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) return strerror(errno);
    int32_t result = espalier_jpeg_decode(picture, bytes, (uint32_t)status.st_size, pool, pool_bytes);
    munmap(bytes, (size_t)status.st_size);
    if (result == 0) return NULL;
    if (result > 0) return "it is damaged or cut short";
    size_t size = (size_t)picture->width * (size_t)picture->height * (size_t)picture->channels;
    return picture->width > 0 && size > picture->capacity ? "it is larger than the setup's width and height"
                                                          : "it is damaged, or a progressive or CMYK JPEG";
}

int32_t espalier_picture_read(EspalierPicture *picture, const char *path, uint8_t *pool, uint32_t pool_bytes,
                              EspalierProblem *problem) {
    Failure failure;
    uint8_t head[3] = { 0 };
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "picture %s cannot be opened (%s)", path,
                                strerror(errno));
    picture->width = picture->height = picture->channels = 0;
    const char *reason = NULL;
    if (pread(descriptor, head, sizeof head, 0) == sizeof head && !memcmp(head, "\xFF\xD8\xFF", 3))
        reason = decode_jpeg(picture, descriptor, pool, pool_bytes);
    else if (decode(picture, descriptor, (Pool){ pool, pool_bytes }, &failure))
        reason = failure.reason;
    close(descriptor);
    if (!reason) return 0;
    const char *remedy = strstr(reason, "larger than") ? "make it smaller, or raise [camera] width and height"
                                                       : "save it as a plain PNG";
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "picture %s cannot be read (%s); %s", path,
                            reason, remedy);
}

#else

int32_t espalier_picture_read(EspalierPicture *picture, const char *path, uint8_t *pool, uint32_t pool_bytes,
                              EspalierProblem *problem) {
    (void)picture, (void)pool, (void)pool_bytes;
    return espalier_problem(
        problem, ESPALIER_PROBLEM_SETUP,
        "picture %s cannot be read: this firmware was built for another kind of camera; build it with "
        "cross/build for this one",
        path);
}

#endif
#endif
