/* One inference, and nothing else: what a firmware with this model has done by its first result. Prints the milliseconds
 * since T0_NS (CLOCK_MONOTONIC, set by whoever started it) and the most memory it has held. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include ESPALIER_MODEL_HEADER
#include "espalier.h"

static _Alignas(ESPALIER_ARENA_ALIGNMENT) int8_t arena[ESPALIER_MODEL_ARENA_BYTES];
static uint8_t pixels[96 * 96 * 3];

int main(void) {
    EspalierFrame frame = { pixels, ESPALIER_PIXELS_RGB24, 96, 96, 96 * 3 };
    EspalierResult result;
    for (unsigned i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 31);
    if (espalier_set_frame(&ESPALIER_MODEL, arena, sizeof arena, &frame) != ESPALIER_OK) return 1;
    if (espalier_run(&ESPALIER_MODEL, arena, sizeof arena, &result) != ESPALIER_OK) return 1;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *start = getenv("T0_NS");
    const double ns = (double)now.tv_sec * 1e9 + (double)now.tv_nsec - (start ? atof(start) : 0);
    char line[128];
    long resident = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (!strncmp(line, "VmHWM:", 6)) resident = atol(line + 6);
    }
    printf("{\"firstMilliseconds\": %.3f, \"residentMiB\": %.3f, \"class\": %d}\n", ns / 1e6, (double)resident / 1024,
           (int)result.class_index);
    return 0;
}
