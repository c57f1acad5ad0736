/* A model on a microcontroller: one picture classified, the verdict, a checksum of the output and what it cost printed.
 * The same file runs on the host, so that both can be compared. Built by cross/cortex-m; read README.md here to put the
 * core into a project of your own.
 *
 *     label 1 (person), score 0.512, output crc32 0d4a1009
 *     set_frame 1234 cycles, run 56789012 cycles
 */
#include ESPALIER_EXAMPLE_MODEL /* written by `espalier compile` */
#include "espalier.h"

#include <stdio.h>

enum { SIDE = 96 };

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static uint8_t picture[SIDE * SIDE];

/* A bright figure before a dark gradient; put a camera's frame here. */
static void draw(void) {
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int head = (x - 48) * (x - 48) + (y - 28) * (y - 28) < 120;
            int body = x > 34 && x < 62 && y > 40 && y < 92;
            picture[y * SIDE + x] = (uint8_t)(head || body ? 200 + (x ^ y) % 32 : 30 + y / 2 + x / 4);
        }
}

/* MARK: What it costs */

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

/* SysTick, which every Cortex-M has, counts the processor's cycles down from 2^24 - 1. Under emulation with
 * `-icount shift=0` an instruction takes a nanosecond, and this machine's clock is 25 MHz: 40 instructions a tick. */
static void start_counting(void) {
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0;
    SYST_CSR = 5;
}

static uint32_t count(void) { return (0xFFFFFFu - SYST_CVR) & 0xFFFFFFu; }

#else

static void start_counting(void) {}
static uint32_t count(void) { return 0; }

#endif

/* IEEE 802.3, as zlib's. */
static uint32_t crc32(const int8_t *bytes, uint32_t count) {
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

int main(void) {
    const EspalierModel *model = &ESPALIER_MODEL;
    const EspalierTensor *output = &model->tensors[model->outputs[0]];
    const uint32_t values = (uint32_t)output->height * (uint32_t)output->width * (uint32_t)output->channels;
    static int8_t scores[1024];
    EspalierFrame frame = {picture, ESPALIER_PIXELS_GRAY8, SIDE, SIDE, SIDE};
    EspalierResult result;
    draw();
    if (values > sizeof scores) {
        puts("The model's output is larger than this example's buffer.");
        return 1;
    }
    start_counting();
    int32_t status = espalier_set_frame(model, arena, sizeof arena, &frame);
    const uint32_t prepared = count();
    start_counting();
    if (status == ESPALIER_OK) status = espalier_run(model, arena, sizeof arena, &result);
    const uint32_t done = count();
    if (status == ESPALIER_OK) status = espalier_get_output(model, arena, 0, scores, values);
    if (status != ESPALIER_OK) {
        puts(espalier_status_text(status));
        return 1;
    }
    const char *label = model->labels && (uint32_t)result.class_index < model->label_count
                            ? model->labels[result.class_index]
                            : "-";
    printf("class %ld (%s), score %ld.%03ld, output crc32 %08lx\n", (long)result.class_index, label,
           (long)(result.permille / 1000), (long)(result.permille % 1000), (unsigned long)crc32(scores, values));
#ifdef ESPALIER_EMULATED
    printf("set_frame %lu instructions, run %lu instructions\n", (unsigned long)prepared * 40,
           (unsigned long)done * 40);
#elif defined(__ARM_ARCH_PROFILE)
    printf("set_frame %lu cycles, run %lu cycles\n", (unsigned long)prepared, (unsigned long)done);
#endif
    return 0;
}
