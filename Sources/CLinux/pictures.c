#ifdef __linux__

#include "pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Hands out a pool from its start on; what is given back is free again with the next picture. */
typedef struct Pool {
    uint8_t *bytes;
    size_t left;
} Pool;

static png_voidp take(png_structp png, png_alloc_size_t bytes) {
    Pool *pool = png_get_mem_ptr(png);
    bytes = (bytes + 15) & ~(png_alloc_size_t)15;
    if (bytes > pool->left) return NULL;
    void *place = pool->bytes;
    pool->bytes += bytes;
    pool->left -= bytes;
    return place;
}

static void give_back(png_structp png, png_voidp place) {
    (void)png;
    (void)place;
}

/* libpng's way out of an error; the reason is left where the caller looks for it. */
typedef struct Failure {
    jmp_buf place;
    int error;
    char reason[80];
} Failure;

static void fail(png_structp png, png_const_charp reason) {
    Failure *failure = png_get_error_ptr(png);
    snprintf(failure->reason, sizeof failure->reason, "%s", reason);
    longjmp(failure->place, 1);
}

static void ignore(png_structp png, png_const_charp reason) {
    (void)png;
    (void)reason;
}

/* MARK: Writing */

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
    int descriptor = *(int *)png_get_io_ptr(png);
    while (count > 0) {
        ssize_t done = write(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            ((Failure *)png_get_error_ptr(png))->error = done < 0 ? errno : EIO;
            png_error(png, "not written");
        }
        bytes += done;
        count -= (size_t)done;
    }
}

static void flush(png_structp png) { (void)png; }

static int encode(const EspalierPicture *picture, int descriptor, Pool pool) {
    Failure failure = {.error = ENOMEM};
    png_structp png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &failure, fail, ignore, &pool, take, give_back);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) return ENOMEM;
    if (setjmp(failure.place)) return failure.error;
    png_set_write_fn(png, &descriptor, write_bytes, flush);
    png_set_IHDR(png, info, (png_uint_32)picture->width, (png_uint_32)picture->height, 8,
                 picture->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 1); /* a fifth of the time of the default, for a tenth more bytes */
    png_set_filter(png, 0, PNG_FILTER_SUB);
    png_write_info(png, info);
    size_t row = (size_t)picture->width * (size_t)picture->channels;
    for (int32_t y = 0; y < picture->height; y++) png_write_row(png, picture->pixels + (size_t)y * row);
    png_write_end(png, info);
    return 0;
}

int32_t espalier_picture_write(const EspalierPicture *picture, const char *path, uint8_t *pool, uint32_t pool_bytes) {
    char beside[320];
    if ((size_t)snprintf(beside, sizeof beside, "%s.part", path) >= sizeof beside) return ENAMETOOLONG;
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return errno;
    int error = encode(picture, descriptor, (Pool){pool, pool_bytes});
    if (!error && fsync(descriptor) && errno != EINVAL) error = errno;
    if (close(descriptor) && !error) error = errno;
    if (!error && rename(beside, path)) error = errno;
    if (error) unlink(beside);
    return error;
}

/* MARK: Reading */

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
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, failure, fail, ignore, &pool, take, give_back);
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
    if (row * (size_t)picture->height > picture->capacity) png_error(png, "it is larger than the setup's width and height");
    for (int32_t y = 0; y < picture->height; y++) png_read_row(png, picture->pixels + (size_t)y * row, NULL);
    return 0;
}

int32_t espalier_picture_read(EspalierPicture *picture, const char *path, uint8_t *pool, uint32_t pool_bytes,
                              EspalierProblem *problem) {
    Failure failure;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "picture %s cannot be opened (%s)", path,
                                strerror(errno));
    int failed = decode(picture, descriptor, (Pool){pool, pool_bytes}, &failure);
    close(descriptor);
    if (!failed) return 0;
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "picture %s cannot be read (%s); save it as a plain PNG", path,
                            failure.reason);
}

#endif
