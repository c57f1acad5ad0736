/* The font of captions and annotated frames: ASCII, 5 x 8 dots a character. */
#ifndef CFONT_H
#define CFONT_H

#define ESPALIER_FONT_WIDTH 5
#define ESPALIER_FONT_HEIGHT 8

/* Dots from one character to the next, and from one line to the next. */
#define ESPALIER_FONT_ADVANCE 6
#define ESPALIER_FONT_LINE_ADVANCE 10

/* 1 where the dot at (column, row) of a character is set; "?" stands for what is not ASCII. */
int espalier_font_dot(unsigned char character, int column, int row);

#endif
