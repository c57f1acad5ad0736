/* Sets a compiled model's input twice and runs it after as many of them as the argument says: the
 * instructions of two such programs differ by one inference exactly. Prints a hash of the last outputs.
 * Linked by cross/count-arm.
 *
 *     count RUNS [LAYERS]       of the model's first LAYERS layers */
#include ESPALIER_COUNT_MODEL
#include "espalier.h"

#include <stdio.h>
#include <stdlib.h>

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static int8_t values[ESPALIER_MODEL_ARENA_BYTES];

static uint32_t count(const EspalierTensor *tensor) {
    return (uint32_t)tensor->height * (uint32_t)tensor->width * (uint32_t)tensor->channels;
}

int main(int argument_count, char **arguments) {
    EspalierModel copy = ESPALIER_MODEL;
    const EspalierModel *const model = &copy;
    const int runs = argument_count > 1 ? atoi(arguments[1]) : 1;
    const uint32_t inputs = count(&model->tensors[model->input]);
    const uint32_t outputs = count(&model->tensors[model->outputs[0]]);
    uint32_t state = 1, hash = 2166136261u; /* FNV-1a */
    EspalierResult result;
    if (argument_count > 2) copy.layer_count = (uint32_t)atoi(arguments[2]);
    for (uint32_t i = 0; i < inputs; ++i) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes */
        values[i] = (int8_t)((int32_t)(state >> 24) - 128);
    }
    for (int i = 0; i < 2; ++i) {
        int32_t status = espalier_set_input(model, arena, sizeof arena, values, inputs);
        if (status == ESPALIER_OK && i < runs) status = espalier_run(model, arena, sizeof arena, &result);
        if (status != ESPALIER_OK) return 1;
    }
    if (espalier_get_output(model, arena, 0, values, outputs) != ESPALIER_OK) return 1;
    for (uint32_t i = 0; i < outputs; ++i) hash = (hash ^ (uint8_t)values[i]) * 16777619u;
    if (runs == 2) printf("outputs %08lx\n", (unsigned long)hash);
    return 0;
}
