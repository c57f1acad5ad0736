/* Runs a compiled model on inputs made by a seeded generator and prints one hash of all outputs: the same on
 * every target, or the core is not portable. Linked by cross/embedded. */
#include ESPALIER_CHECK_MODEL
#include "espalier.h"

#include <stdio.h>

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static int8_t values[ESPALIER_MODEL_ARENA_BYTES];

/* Numerical Recipes' linear congruential generator. */
static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 24;
}

static uint32_t count(const EspalierTensor *tensor) {
    return (uint32_t)tensor->height * (uint32_t)tensor->width * (uint32_t)tensor->channels;
}

int main(void) {
    const EspalierModel *model = &ESPALIER_MODEL;
    const uint32_t inputs = count(&model->tensors[model->input]);
    const uint32_t outputs = count(&model->tensors[model->outputs[0]]);
    uint32_t state = 1, hash = 2166136261u; /* FNV-1a */
    for (int round = 0; round < 4; ++round) {
        EspalierResult result;
        for (uint32_t i = 0; i < inputs; ++i) values[i] = (int8_t)((int32_t)next(&state) - 128);
        int32_t status = espalier_set_input(model, arena, sizeof arena, values, inputs);
        if (status == ESPALIER_OK) status = espalier_run(model, arena, sizeof arena, &result);
        if (status == ESPALIER_OK) status = espalier_get_output(model, arena, 0, values, outputs);
        if (status != ESPALIER_OK) {
            puts(espalier_status_text(status));
            return 1;
        }
        for (uint32_t i = 0; i < outputs; ++i) hash = (hash ^ (uint8_t)values[i]) * 16777619u;
    }
    printf("%08lx\n", (unsigned long)hash);
    return 0;
}
