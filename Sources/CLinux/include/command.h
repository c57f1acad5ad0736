/* A camera's command is a template: the settings stand in it once, as placeholders. */
#ifndef ESPALIER_COMMAND_H
#define ESPALIER_COMMAND_H

#include <stdint.h>
#include "espalier_setup.h"
#include "problem.h"

/* A template of ESPALIER_SETUP_PATH_BYTES with every placeholder filled in. */
#define ESPALIER_COMMAND_BYTES 512

/* The placeholders, for sentences and help. */
#define ESPALIER_PLACEHOLDERS "{width}, {height}, {fps}, {format}, {pix_fmt}, {fourcc}"

/* Fills in the placeholders of a camera's command. `{word}` is one, unless a `$` stands before it: a shell's
 * variable. `{{word}}` becomes `{word}`. All other braces are the command's own. 0, or a problem for a
 * placeholder that is not known, or that has no value. */
int32_t espalier_camera_command(const EspalierCamera *camera, char *command, uint32_t bytes,
                                EspalierProblem *problem);

/* True where a camera's `key` ("width", "height", "fps", "format") cannot be changed by changing the setting:
 * it is a program, and its command has no placeholder for it. */
int32_t espalier_camera_is_fixed(const EspalierCamera *camera, const char *key);

#endif
