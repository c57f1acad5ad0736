/* PNG and JPEG files through libpng and libjpeg, whose memory comes from a pool of the caller's: nothing is
 * allocated. */
#ifndef ESPALIER_PICTURES_H
#define ESPALIER_PICTURES_H

#include <stdint.h>
#include "espalier_setup.h"
#include "problem.h"

/* A picture, 8 bits a channel: 1 channel of grey or 3 of RGB, rows without gaps. */
typedef struct EspalierPicture {
    uint8_t *pixels;
    uint32_t capacity; /* bytes */
    int32_t width;
    int32_t height;
    int32_t channels;
} EspalierPicture;

/* Writes a picture beside `path` and renames it: the file is whole or not there. 0 or an errno. */
int32_t espalier_picture_write(const EspalierPicture *picture, const char *path, uint8_t *pool,
                               uint32_t pool_bytes);

/* Reads a PNG file of any kind, or a baseline JPEG, as grey or RGB (transparency is dropped, 16 bits become 8)
 * into `picture->pixels`. What the file holds decides, not its name. 0 or a problem. */
int32_t espalier_picture_read(EspalierPicture *picture, const char *path, uint8_t *pool, uint32_t pool_bytes,
                              EspalierProblem *problem);

/* Draws a strip with a text at the bottom of a picture; what does not fit is left out. */
void espalier_picture_caption(EspalierPicture *picture, const char *text);

/* True for the name of a picture: .png, .jpg or .jpeg in any case, not hidden. */
int32_t espalier_is_picture_name(const char *name);

/* The pictures of a folder; a path that is a file stands for that one file. Memory is allocated by opening
 * only. */
typedef struct EspalierFolder {
    void *entries; /* NULL: a file */
    char source[256];
    char last[256];
} EspalierFolder;

/* 0 or an errno. */
int32_t espalier_folder_open(EspalierFolder *folder, const char *source);

/* The path of the next file by name, after the last one the first again. 0 or an errno, ENOENT for a folder
 * without pictures. */
int32_t espalier_folder_next(EspalierFolder *folder, char *path, uint32_t path_bytes);

void espalier_folder_close(EspalierFolder *folder);

#endif
