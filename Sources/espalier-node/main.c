/* The firmware's memory and its start. Compiled by cross/build with the model to bake in, and with the setup of a
 * board and a reaction; without one the firmware runs on the simulated board only.
 *
 *     cc -DESPALIER_NODE_MODEL_HEADER='"person.h"' -DESPALIER_NODE_SETUP_HEADER='"setup.h"' main.c libEspalierNode.a
 */
#include ESPALIER_NODE_MODEL_HEADER
#include "espalier.h"
#include "espalier_setup.h"

#ifdef ESPALIER_NODE_SETUP_HEADER
#include ESPALIER_NODE_SETUP_HEADER
#else
#define ESPALIER_SETUP_MEMORY_BYTES 0
static const EspalierSetup espalier_setup = {0};
#endif

/* Room for a simulated camera's longest frame, and for another camera that an option names. Pages that are never touched
 * cost nothing. */
#ifndef ESPALIER_NODE_FRAME_BYTES
#define ESPALIER_NODE_FRAME_BYTES (4u << 20)
#endif

#if ESPALIER_SETUP_MEMORY_BYTES > ESPALIER_NODE_FRAME_BYTES
#define MEMORY_BYTES ESPALIER_SETUP_MEMORY_BYTES
#else
#define MEMORY_BYTES ESPALIER_NODE_FRAME_BYTES
#endif

int32_t espalier_node_main(const EspalierModel *model, int8_t *arena, uint32_t arena_bytes, EspalierSetup *setup,
                           uint8_t *memory, uint32_t memory_bytes, int32_t argument_count,
                           const char *const *arguments);

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static _Alignas(64) uint8_t memory[MEMORY_BYTES];

int main(int argument_count, char **arguments) {
    static EspalierSetup setup; /* a copy: options change it */
    setup = espalier_setup;
    return espalier_node_main(&ESPALIER_MODEL, arena, sizeof arena, &setup, memory, sizeof memory, argument_count,
                              (const char *const *)arguments);
}
