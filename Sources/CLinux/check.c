#ifdef __linux__

#include "devices.h"
#include "CLinux.h"

#include <stdio.h>
#include <unistd.h>

static void print_line(const char *role, int index, const EspalierLine *line, EspalierPort *port) {
    char text[200];
    if (!port->request) return;
    int length = snprintf(text, sizeof text, "%s %d: %s on %s line %u, level %d%s\n", role, index,
                          line->name[0] ? line->name : "by offset", port->path, port->offset,
                          espalier_line_level(port), port->debounced ? ", debounced by the kernel" : "");
    espalier_print(text, length);
}

void espalier_print_check(const EspalierSetup *setup, EspalierDevices *devices, int32_t has_frame) {
    char text[480];
    for (int i = 0; i < setup->input_count; i++)
        print_line("input", i, &setup->inputs[i], &devices->inputs[i]);
    for (int i = 0; i < setup->output_count; i++)
        print_line("output", i, &setup->outputs[i], &devices->outputs[i]);
    int length =
        snprintf(text, sizeof text, "camera: %.200s, %dx%d, %s\n", setup->camera.source, setup->camera.width,
                 setup->camera.height, has_frame ? "frames come" : "no frame came");
    espalier_print(text, length);
}

#endif
