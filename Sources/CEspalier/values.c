/* What the C API says of a model's outputs. In C: on 32-bit Arm, Embedded Swift takes a float made of an int32_t for
 * an allocation. */
#include "espalier.h"

const EspalierTensor *espalier_output(const EspalierModel *model, uint32_t index) {
    return index < model->output_count ? &model->tensors[model->outputs[index]] : 0;
}

float espalier_real_value(const EspalierTensor *tensor, int32_t stored) {
    return tensor->scale * (float)(stored - tensor->zero_point);
}

float espalier_real_score(const EspalierModel *model, int32_t score) {
    return espalier_real_value(&model->tensors[model->outputs[model->score_output]], score);
}
