/* MJPEG frames and JPEG files through libjpeg-turbo, where its header was found. */
#ifndef ESPALIER_JPEG_H
#define ESPALIER_JPEG_H

#include <stdint.h>
#include "pictures.h"

/* 1 where this program can decode JPEG. */
int32_t espalier_jpeg_is_here(void);

/* Decodes a frame into `picture->pixels`, grey or RGB. libjpeg's memory comes from `pool`. 0; 1 where
 * libjpeg had to fill in something, or to pass something over; -1 for one that is damaged, too large, or not
 * baseline. */
int32_t espalier_jpeg_decode(EspalierPicture *picture, const uint8_t *bytes, uint32_t count, uint8_t *pool,
                             uint32_t pool_bytes);

#endif
