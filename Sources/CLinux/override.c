#ifdef __linux__

#include "override.h"
#include "video.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int32_t refuse(EspalierProblem *problem, const char *option, const char *value, const char *advice) {
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "%s is \"%.120s\"; %s", option, value, advice);
}

static int copy(char *target, size_t bytes, const char *text) {
    return (size_t)snprintf(target, bytes, "%s", text) < bytes && text[0];
}

/* NAME, CHIP:NAME or CHIP:OFFSET. A chip's path has no colon, its label may: the last one counts. */
static int parse_line(EspalierLine *line, char *text) {
    char *name = strrchr(text, ':');
    line->chip[0] = line->name[0] = 0;
    if (!name) return copy(line->name, sizeof line->name, text);
    *name++ = 0;
    if (!copy(line->chip, sizeof line->chip, text)) return 0;
    if (!name[strspn(name, "0123456789")] && name[0] && strlen(name) < 6) {
        line->offset = atoi(name);
        return 1;
    }
    return copy(line->name, sizeof line->name, name);
}

static int32_t override_line(EspalierLine *lines, int32_t count, const char *option, const char *value,
                             EspalierProblem *problem) {
    char text[ESPALIER_SETUP_NAME_BYTES * 2 + 8];
    const char *equals = strchr(value, '=');
    long index = equals ? strtol(value, NULL, 10) : 0;
    if (index < 0 || index >= count)
        return refuse(problem, option, value, "the setup has no such line; give the number of one it has");
    if (!copy(text, sizeof text, equals ? equals + 1 : value) || !parse_line(&lines[index], text))
        return refuse(problem, option, value, "give NAME, CHIP:NAME or CHIP:OFFSET");
    return 0;
}

static int32_t override_camera(EspalierCamera *camera, const char *value, EspalierProblem *problem) {
    struct stat status;
    const char *source = value;
    size_t length = strlen(value);
    camera->kind = ESPALIER_CAMERA_V4L2;
    if (!strncmp(value, "pipe:", 5)) {
        camera->kind = ESPALIER_CAMERA_COMMAND;
        source = value + 5;
    } else if ((length > 4 && !strcmp(value + length - 4, ".png"))
               || (!stat(value, &status) && S_ISDIR(status.st_mode))) {
        camera->kind = ESPALIER_CAMERA_PICTURES;
    }
    if (copy(camera->source, sizeof camera->source, source)) return 0;
    return refuse(problem, "--camera", value, "give a source of up to 255 bytes");
}

static int32_t override_format(EspalierCamera *camera, const char *value, EspalierProblem *problem) {
    for (int32_t format = 1; espalier_format_name(format); format++) {
        if (strcasecmp(value, espalier_format_name(format))) continue;
        camera->format = format;
        return 0;
    }
    return refuse(problem, "--format", value,
                  "choose among GREY, YUYV, UYVY, NV12, YU12, RGB24, BGR24, MJPEG");
}

static int32_t override_size(EspalierCamera *camera, const char *value, EspalierProblem *problem) {
    int width, height, end = 0;
    if (sscanf(value, "%4dx%4d%n", &width, &height, &end) != 2 || value[end] || width < 1 || height < 1
        || width > 4095 || height > 4095)
        return refuse(problem, "--size", value, "give WIDTHxHEIGHT, such as 640x480");
    camera->width = width;
    camera->height = height;
    return 0;
}

static int32_t override_number(const char *option, const char *value, double least, double most,
                               double *number, EspalierProblem *problem) {
    char *end, advice[80];
    *number = strtod(value, &end);
    if (end != value && !*end && *number >= least && *number <= most) return 0;
    snprintf(advice, sizeof advice, "give a number from %g to %g", least, most);
    return refuse(problem, option, value, advice);
}

static void set_thresholds(EspalierReaction *reaction, double threshold) {
    int32_t permille = (int32_t)(threshold * 1000 + 0.5);
    for (int32_t i = 0; i < reaction->output_count; i++) {
        EspalierOutput *output = &reaction->outputs[i];
        output->threshold_high_permille = permille;
        if (output->threshold_low_permille > permille) output->threshold_low_permille = permille;
    }
}

int32_t espalier_setup_override(EspalierSetup *setup, const char *option, const char *value,
                                EspalierProblem *problem) {
    double number;
    if (!strcmp(option, "--input"))
        return override_line(setup->inputs, setup->input_count, option, value, problem);
    if (!strcmp(option, "--output"))
        return override_line(setup->outputs, setup->output_count, option, value, problem);
    if (!strcmp(option, "--camera")) return override_camera(&setup->camera, value, problem);
    if (!strcmp(option, "--format")) return override_format(&setup->camera, value, problem);
    if (!strcmp(option, "--size")) return override_size(&setup->camera, value, problem);
    if (!strcmp(option, "--fps")) {
        int32_t kind = override_number(option, value, 0.001, 1000, &number, problem);
        if (!kind) setup->camera.millihertz = (int32_t)(number * 1000 + 0.5);
        return kind;
    }
    if (!strcmp(option, "--threshold")) {
        int32_t kind = override_number(option, value, 0, 1, &number, problem);
        if (!kind) set_thresholds(&setup->reaction, number);
        return kind;
    }
    if (!strcmp(option, "--snapshots")) {
        if (setup->snapshots.keep < 1) setup->snapshots.keep = 100;
        if (!setup->snapshots.kinds)
            setup->snapshots.kinds = ESPALIER_SNAPSHOT_CLEAN | ESPALIER_SNAPSHOT_ANNOTATED;
        if (!setup->snapshots.occasion) setup->snapshots.occasion = ESPALIER_SNAPSHOT_SIGNALS;
        if (copy(setup->snapshots.folder, sizeof setup->snapshots.folder, value)) return 0;
        return refuse(problem, option, value, "give a folder's path of up to 255 bytes");
    }
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "%s is no option; --help lists them", option);
}

#endif
