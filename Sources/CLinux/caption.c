#ifdef __linux__

#include "pictures.h"

#include <CFont.h>

enum { MARGIN = 3 };

static void set(EspalierPicture *picture, int32_t x, int32_t y, uint8_t value) {
    uint8_t *pixel = picture->pixels + ((int64_t)y * picture->width + x) * picture->channels;
    for (int32_t channel = 0; channel < picture->channels; channel++) pixel[channel] = value;
}

/* Light on a dark strip; two pixels a dot where the picture is wide enough to read it from afar. */
void espalier_picture_caption(EspalierPicture *picture, const char *text) {
    int32_t dot = picture->width >= 480 ? 2 : 1;
    int32_t top = picture->height - ESPALIER_FONT_HEIGHT * dot - 2 * MARGIN;
    if (top < 0) return;
    for (int32_t y = top; y < picture->height; y++)
        for (int32_t x = 0; x < picture->width; x++) set(picture, x, y, 0x16);
    for (int32_t place = 0; text[place]; place++) {
        int32_t left = MARGIN + place * ESPALIER_FONT_ADVANCE * dot;
        if (left + ESPALIER_FONT_WIDTH * dot > picture->width) return;
        for (int32_t y = 0; y < ESPALIER_FONT_HEIGHT * dot; y++)
            for (int32_t x = 0; x < ESPALIER_FONT_WIDTH * dot; x++)
                if (espalier_font_dot((unsigned char)text[place], x / dot, y / dot))
                    set(picture, left + x, top + MARGIN + y, 0xF2);
    }
}

#endif
