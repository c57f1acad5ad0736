#ifndef ESPALIER_FORMATS_H
#define ESPALIER_FORMATS_H

#include "video.h"

#define FORMAT_PREFERENCES 8

/* The order in which a camera's formats are tried where the setup names none. */
extern const int32_t espalier_format_preference[FORMAT_PREFERENCES];

/* V4L2's code of an ESPALIER_FORMAT_*, and back; 0 for a code that is none. */
uint32_t espalier_format_fourcc(int32_t format);
int32_t espalier_fourcc_format(uint32_t fourcc);

#endif
