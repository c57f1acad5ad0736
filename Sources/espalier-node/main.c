/* The firmware's memory and its start. Compiled by cross/build-node with the header of the model to bake in:
 *
 *     cc -DESPALIER_NODE_MODEL_HEADER='"person.h"' main.c libEspalierNode.a
 */
#include ESPALIER_NODE_MODEL_HEADER
#include "espalier.h"

/* The longest frame a camera of this board delivers: 640 x 480 RGB unless the build says otherwise. */
#ifndef ESPALIER_NODE_FRAME_BYTES
#define ESPALIER_NODE_FRAME_BYTES (640u * 480u * 3u)
#endif

int32_t espalier_node_main(const EspalierModel *model, int8_t *arena, uint32_t arena_bytes, uint8_t *frame,
                           uint32_t frame_bytes, int32_t argument_count, const char *const *arguments);

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static _Alignas(64) uint8_t frame[ESPALIER_NODE_FRAME_BYTES];

int main(int argument_count, char **arguments) {
    return espalier_node_main(&ESPALIER_MODEL, arena, sizeof arena, frame, sizeof frame, argument_count,
                              (const char *const *)arguments);
}
