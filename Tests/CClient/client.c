/* The C API as firmware sees it: a model of one convolution, written by hand as the compiler would write it,
 * is run and every status code is provoked.
 *
 * The model looks at a 2 x 2 grey picture. Output 0 is the mean of the four pixels, output 1 a quarter of
 * (upper row less lower row), nothing below zero; both as pixel - 128. */
#include "CClient.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "espalier.h"

#define TO_TEXT(value) #value
#define LINE_TEXT(line) TO_TEXT(line)
#define CHECK(condition) \
    if (!(condition)) return "client.c:" LINE_TEXT(__LINE__) ": " #condition

enum { ARENA_BYTES = 128 };

static const EspalierTensor tensors[] = {
    {.height = 2, .width = 2, .channels = 1, .quads = 1, .row_bytes = 8, .plane_bytes = 16, .offset = 0,
     .zero_point = -128, .scale = 1.0f / 255.0f},
    {.height = 1, .width = 1, .channels = 2, .quads = 1, .row_bytes = 4, .plane_bytes = 4, .offset = 64,
     .zero_point = -128, .scale = 1.0f / 256.0f},
};

static const uint16_t inputs[] = {0};
static const uint16_t outputs[] = {1};
static const int8_t weights[2 * 4 * 4] = {
    1, 0, 0, 0, 1, 0, 0, 0, 1,  0, 0, 0, 1,  0, 0, 0, /* mean */
    1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, /* upper row less lower row */
};
static const int32_t bias[] = {4 * 128, 0};             /* less zero point x sum of weights */
static const int32_t multiplier[] = {1 << 30, 1 << 30}; /* 1/2 x 2^-1 */
static const int8_t shift[] = {-1, -1};

#define CONVOLUTION                                                                                  \
    {.operation = ESPALIER_OPERATION_CONVOLUTION, .output = 1, .input_count = 1, .kernel_height = 2, \
     .kernel_width = 2, .stride_height = 1, .stride_width = 1, .dilation_height = 1,                 \
     .dilation_width = 1, .activation_min = -128, .activation_max = 127, .block_outputs = 1,         \
     .row_blocks = 4, .mask_words = 1, .blocks = 8, .blocks_kept = 8, .inputs = inputs,              \
     .weights = weights, .bias = bias, .multiplier = multiplier, .shift = shift}

static const EspalierLayer layers[] = {CONVOLUTION};
static const EspalierLayer unknown_layers[] = {
    {.operation = 99, .output = 1, .input_count = 1, .inputs = inputs},
};
static const char *const labels[] = {"bright", "lit from above"};

#define MODEL(version, layer_list, score_rule)                                                       \
    {.abi_version = version, .arena_bytes = ARENA_BYTES, .label_count = 2, .macs = 8, .macs_kept = 8, \
     .blocks = 8, .blocks_kept = 8, .tensor_count = 2, .layer_count = 1, .input = 0,                 \
     .output_count = 1, .scores = score_rule, .name = "client", .tensors = tensors, .layers = layer_list,                  \
     .outputs = outputs, .labels = labels}

static const EspalierModel model = MODEL(ESPALIER_ABI_VERSION, layers, ESPALIER_SCORES_PROBABILITIES);
static const EspalierModel scoreless_model = MODEL(ESPALIER_ABI_VERSION, layers, ESPALIER_SCORES_NONE);
static const EspalierModel other_abi_model = MODEL(ESPALIER_ABI_VERSION + 1, layers, 0);
static const EspalierModel unknown_operation_model = MODEL(ESPALIER_ABI_VERSION, unknown_layers, 0);

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ARENA_BYTES + 1];

static EspalierFrame frame_of(const uint8_t *pixels) {
    EspalierFrame frame = {pixels, ESPALIER_PIXELS_GRAY8, 2, 2, 2};
    return frame;
}

static const char *runs_frames_and_values(void) {
    const uint8_t lit_from_above[] = {250, 250, 0, 0};
    const uint8_t even[] = {10, 20, 30, 40};
    const int8_t values[] = {10 - 128, 20 - 128, 30 - 128, 40 - 128};
    EspalierResult result;
    int8_t scores[2];
    int32_t permille[2];

    CHECK(espalier_arena_size(&model) == ARENA_BYTES);

    EspalierFrame frame = frame_of(lit_from_above);
    CHECK(espalier_set_frame(&model, arena, ARENA_BYTES, &frame) == ESPALIER_OK);
    CHECK(espalier_run(&model, arena, ARENA_BYTES, &result) == ESPALIER_OK);
    CHECK(result.class_index == 0 && result.score == 125 - 128); /* the first of equals */
    CHECK(espalier_get_output(&model, arena, 0, scores, 2) == ESPALIER_OK);
    CHECK(scores[0] == 125 - 128 && scores[1] == 125 - 128);

    frame = frame_of(even);
    CHECK(espalier_set_frame(&model, arena, ARENA_BYTES, &frame) == ESPALIER_OK);
    CHECK(espalier_run(&model, arena, ARENA_BYTES, &result) == ESPALIER_OK);
    CHECK(result.class_index == 0 && result.score == 25 - 128);
    CHECK(result.layers_run == 1 && result.blocks_kept == 8);
    CHECK(result.blocks_pruned == 0 && result.blocks_skipped == 0);
    CHECK(espalier_real_score(&model, result.score) == 25.0f / 256.0f);
    CHECK(result.permille == 98); /* 25 / 256 */
    CHECK(espalier_get_scores(&model, arena, permille, 2) == ESPALIER_OK);
    CHECK(permille[0] == 98 && permille[1] == 0);
    CHECK(espalier_output(&model, 0) == &tensors[1] && espalier_output(&model, 1) == NULL);
    CHECK(espalier_real_value(espalier_output(&model, 0), 0) == 0.5f);
    CHECK(strcmp(model.labels[result.class_index], "bright") == 0);
    CHECK(espalier_get_output(&model, arena, 0, scores, 2) == ESPALIER_OK);
    CHECK(scores[0] == 25 - 128 && scores[1] == -128);

    CHECK(espalier_set_input(&model, arena, ARENA_BYTES, values, 4) == ESPALIER_OK);
    CHECK(espalier_run(&model, arena, ARENA_BYTES, &result) == ESPALIER_OK);
    CHECK(result.class_index == 0 && result.score == 25 - 128);
    return NULL;
}

static const char *refuses_models_and_arenas(void) {
    const int8_t values[4] = {0};
    EspalierResult result;
    CHECK(espalier_run(&other_abi_model, arena, ARENA_BYTES, &result) == ESPALIER_ERROR_ABI);
    CHECK(espalier_set_input(&other_abi_model, arena, ARENA_BYTES, values, 4) == ESPALIER_ERROR_ABI);
    CHECK(espalier_run(&unknown_operation_model, arena, ARENA_BYTES, &result) == ESPALIER_ERROR_OPERATION);
    CHECK(espalier_run(&model, arena, ARENA_BYTES - 1, &result) == ESPALIER_ERROR_ARENA_SIZE);
    CHECK(espalier_set_input(&model, arena, 0, values, 4) == ESPALIER_ERROR_ARENA_SIZE);
    CHECK(espalier_run(&model, arena + 1, ARENA_BYTES, &result) == ESPALIER_ERROR_ARENA_ALIGNMENT);
    return NULL;
}

static const char *refuses_values_and_outputs(void) {
    int8_t values[4] = {0};
    int32_t permille[2];
    EspalierResult result;
    CHECK(espalier_set_input(&model, arena, ARENA_BYTES, values, 3) == ESPALIER_ERROR_COUNT);
    CHECK(espalier_set_input(&model, arena, ARENA_BYTES, NULL, 4) == ESPALIER_ERROR_COUNT);
    CHECK(espalier_get_output(&model, arena, 0, values, 4) == ESPALIER_ERROR_COUNT);
    CHECK(espalier_get_output(&model, arena, 1, values, 2) == ESPALIER_ERROR_INDEX);
    CHECK(espalier_get_output(&model, arena, UINT32_MAX, values, 2) == ESPALIER_ERROR_INDEX);
    CHECK(espalier_get_scores(&model, arena, permille, 1) == ESPALIER_ERROR_COUNT);
    CHECK(espalier_get_scores(&scoreless_model, arena, permille, 2) == ESPALIER_ERROR_SCORES);
    CHECK(espalier_run(&scoreless_model, arena, ARENA_BYTES, &result) == ESPALIER_OK);
    CHECK(result.class_index == -1 && result.score == 0 && result.permille == -1);
    return NULL;
}

static int32_t status_of(EspalierFrame frame) {
    return espalier_set_frame(&model, arena, ARENA_BYTES, &frame);
}

static const char *refuses_frames(void) {
    const uint8_t pixels[4] = {0};
    EspalierFrame frame = frame_of(NULL);
    CHECK(status_of(frame) == ESPALIER_ERROR_FRAME);
    frame = frame_of(pixels);
    frame.width = 0;
    CHECK(status_of(frame) == ESPALIER_ERROR_FRAME);
    frame = frame_of(pixels);
    frame.height = 4096;
    CHECK(status_of(frame) == ESPALIER_ERROR_FRAME);
    frame = frame_of(pixels);
    frame.row_bytes = 1;
    CHECK(status_of(frame) == ESPALIER_ERROR_FRAME);
    frame = frame_of(pixels);
    frame.pixel_format = 8;
    CHECK(status_of(frame) == ESPALIER_ERROR_PIXELS);
    return NULL;
}

static const char *explains_every_status(void) {
    const char *unknown = espalier_status_text(ESPALIER_ERROR_SCORES + 1);
    CHECK(unknown != NULL && strcmp(unknown, espalier_status_text(-1)) == 0);
    for (int32_t status = ESPALIER_OK; status <= ESPALIER_ERROR_SCORES; status++) {
        const char *text = espalier_status_text(status);
        CHECK(text != NULL && text[0] >= 'A' && text[0] <= 'Z' && text[strlen(text) - 1] == '.');
        CHECK(strcmp(text, unknown) != 0);
        for (int32_t other = ESPALIER_OK; other < status; other++) {
            CHECK(strcmp(text, espalier_status_text(other)) != 0);
        }
    }
    return NULL;
}

const char *client_first_failure(void) {
    const char *(*const checks[])(void) = {
        runs_frames_and_values, refuses_models_and_arenas, refuses_values_and_outputs, refuses_frames,
        explains_every_status,
    };
    for (size_t index = 0; index < sizeof checks / sizeof checks[0]; index++) {
        const char *failure = checks[index]();
        if (failure != NULL) return failure;
    }
    return NULL;
}
