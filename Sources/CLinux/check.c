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

void espalier_look_at(EspalierLook *look, const EspalierFrame *frame) {
    uint8_t row[4096];
    look->width = frame->width;
    look->height = frame->height;
    if (look->frames <= 1) {
        look->least = 255;
        look->most = 0;
    }
    for (int32_t y = 0; y < frame->height && frame->width <= (int32_t)sizeof row; y++) {
        if (espalier_frame_row_grey(frame, y, row) != ESPALIER_OK) return;
        for (int32_t x = 0; x < frame->width; x++) {
            if (row[x] < look->least) look->least = row[x];
            if (row[x] > look->most) look->most = row[x];
        }
    }
}

void espalier_problem_few_frames(EspalierDevices *devices, const EspalierCamera *camera,
                                 const EspalierLook *look) {
    if (look->frames == 0) {
        espalier_problem_silent_camera(devices, camera, look->damaged);
        return;
    }
    char name[ESPALIER_CAMERA_NAME_BYTES];
    espalier_name_camera(devices, camera, name, sizeof name);
    espalier_problem(
        &devices->problem, ESPALIER_PROBLEM_MACHINE,
        "camera %s has delivered %d frame%s and then no other for %d ms; it should deliver them all "
        "the time",
        name, look->frames, look->frames == 1 ? "" : "s", camera->silence_milliseconds);
}

void espalier_describe_look(const EspalierDevices *devices, const EspalierCamera *camera,
                            const EspalierLook *look, char *text, uint32_t bytes) {
    char rate[64] = "", wanted[40] = "";
    char source[200];
    espalier_name_camera(devices, camera, source, sizeof source);
    if (camera->millihertz > 0) snprintf(wanted, sizeof wanted, ", %g wanted", camera->millihertz / 1000.0);
    if (look->frames > 1 && look->last > look->first)
        snprintf(rate, sizeof rate, ", %.1f a second%s",
                 (double)(look->frames - 1) * 1e9 / (double)(look->last - look->first), wanted);
    snprintf(text, bytes, "%s: %d frame%s of %dx%d %s%s", source, look->frames, look->frames == 1 ? "" : "s",
             look->width, look->height, look->format ? espalier_format_name(look->format) : "pixels", rate);
}

void espalier_note_look(const EspalierCamera *camera, const EspalierLook *look, char *text, uint32_t bytes) {
    text[0] = 0;
    if (look->frames == 0) return;
    if (look->is_untold)
        snprintf(text, bytes,
                 "the program makes no pauses between frames, so nothing tells whether they have %dx%d "
                 "pixels; look at a "
                 "snapshot",
                 camera->width, camera->height);
    else if (look->least == look->most)
        snprintf(text, bytes, "every pixel has brightness %d: a lens cap, darkness, or no picture",
                 look->least);
    else if (camera->kind == ESPALIER_CAMERA_PICTURES
             && (look->width != camera->width || look->height != camera->height))
        snprintf(text, bytes,
                 "pictures have their own size; [camera] width and height, %dx%d, are the most they may have",
                 camera->width, camera->height);
}

void espalier_print_check(const EspalierSetup *setup, EspalierDevices *devices, const EspalierLook *look) {
    char text[480], line[520];
    for (int i = 0; i < setup->input_count; i++)
        print_line("input", i, &setup->inputs[i], &devices->inputs[i]);
    for (int i = 0; i < setup->output_count; i++)
        print_line("output", i, &setup->outputs[i], &devices->outputs[i]);
    if (!look) return;
    espalier_describe_look(devices, &setup->camera, look, text, sizeof text);
    int length = snprintf(line, sizeof line, "camera: %s\n", text);
    espalier_print(line, length);
    espalier_note_look(&setup->camera, look, text, sizeof text);
    if (!text[0]) return;
    length = snprintf(line, sizeof line, "note: %s\n", text);
    espalier_print(line, length);
}

#endif
