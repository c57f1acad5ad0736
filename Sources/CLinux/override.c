#ifdef __linux__

#include "override.h"
#include "command.h"
#include "pictures.h"
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
    line->offset = 0;
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
    size_t digits = strspn(value, "0123456789");
    int is_numbered = digits > 0 && digits < 4 && value[digits] == '=';
    int index = is_numbered ? atoi(value) : 0;
    if (count == 0)
        return refuse(problem, option, value,
                      "the reaction has no such line, its triggers are periods; leave the option out");
    if (index >= count)
        return refuse(problem, option, value,
                      "the setup has no such line; give the number of one it has, from 0");
    if (!copy(text, sizeof text, is_numbered ? value + digits + 1 : value)
        || !parse_line(&lines[index], text))
        return refuse(problem, option, value, "give NAME, CHIP:NAME or CHIP:OFFSET");
    return 0;
}

/* Instead of the setup's camera, and of all that was said of that one only. */
static int32_t override_camera(EspalierSetup *setup, const char *value, EspalierProblem *problem) {
    EspalierCamera *camera = &setup->camera;
    struct stat status;
    const char *source = value;
    const char *slash = strrchr(value, '/');
    *camera = setup->bare;
    camera->kind = ESPALIER_CAMERA_V4L2;
    if (!strncmp(value, "pipe:", 5)) {
        camera->kind = ESPALIER_CAMERA_COMMAND;
        source = value + 5;
    } else if (espalier_is_picture_name(slash ? slash + 1 : value)
               || (!stat(value, &status) && S_ISDIR(status.st_mode))) {
        camera->kind = ESPALIER_CAMERA_PICTURES;
        camera->format = ESPALIER_FORMAT_ANY;
    }
    if (camera->kind != ESPALIER_CAMERA_V4L2) camera->input = -1;
    if (copy(camera->source, sizeof camera->source, source)) return 0;
    return refuse(problem, "--camera", value, "give a source of up to 255 bytes");
}

/* For an option that would change what a command without its placeholder does not hear of. */
static int32_t refuse_fixed(EspalierProblem *problem, const char *option, const char *value,
                            const char *placeholder, const char *now) {
    return espalier_problem(
        problem, ESPALIER_PROBLEM_SETUP,
        "%s is \"%.40s\", but the camera's command has no %s and is for %s; put the placeholder into "
        "[camera] command, or give the command with --camera 'pipe:...'",
        option, value, placeholder, now);
}

static int32_t override_format(EspalierCamera *camera, int is_new, const char *value,
                               EspalierProblem *problem) {
    if (!strcasecmp(value, "any")) {
        camera->format = ESPALIER_FORMAT_ANY;
        return 0;
    }
    for (int32_t format = 1; espalier_format_name(format); format++) {
        if (strcasecmp(value, espalier_format_name(format))) continue;
        if (!is_new && format != camera->format && espalier_camera_is_fixed(camera, "format"))
            return refuse_fixed(problem, "--format", value, "{format}", espalier_format_name(camera->format));
        camera->format = format;
        return 0;
    }
    return refuse(problem, "--format", value,
                  "choose among ANY, GREY, YUYV, UYVY, NV12, YU12, RGB24, BGR24, MJPEG");
}

static int32_t override_size(EspalierCamera *camera, int is_new, const char *value,
                             EspalierProblem *problem) {
    int width, height, end = 0;
    char now[24];
    if (sscanf(value, "%4dx%4d%n", &width, &height, &end) != 2 || value[end] || width < 1 || height < 1
        || width > 4095 || height > 4095)
        return refuse(problem, "--size", value, "give WIDTHxHEIGHT, such as 640x480");
    snprintf(now, sizeof now, "%dx%d", camera->width, camera->height);
    if (!is_new && width != camera->width && espalier_camera_is_fixed(camera, "width"))
        return refuse_fixed(problem, "--size", value, "{width}", now);
    if (!is_new && height != camera->height && espalier_camera_is_fixed(camera, "height"))
        return refuse_fixed(problem, "--size", value, "{height}", now);
    camera->width = width;
    camera->height = height;
    return 0;
}

static int32_t override_number(const char *option, const char *value, double least, double most,
                               double *number, EspalierProblem *problem) {
    char *end, advice[80];
    *number = strtod(value, &end);
    if (end != value && !*end && *number >= least && *number <= most) return 0;
    int length = snprintf(advice, sizeof advice, "give a number from %g to %g", least, most);
    /* A share in per cent, or a rate in thousandths. */
    const double meant = most == 1 ? *number / 100 : *number / 1000;
    if (end != value && !*end && *number >= 2 * most && meant <= most)
        snprintf(advice + length, sizeof advice - (size_t)length, " (%g?)", meant);
    return refuse(problem, option, value, advice);
}

static int32_t override_rate(EspalierCamera *camera, int is_new, const char *value,
                             EspalierProblem *problem) {
    double rate;
    char now[24];
    int32_t kind = override_number("--fps", value, 0, 1000, &rate, problem);
    if (!kind && rate > 0 && rate < 0.01)
        kind = refuse(problem, "--fps", value, "give 0, as the camera likes, or a number from 0.01 to 1000");
    if (kind) return kind;
    int32_t millihertz = (int32_t)(rate * 1000 + 0.5);
    snprintf(now, sizeof now, "%g", camera->millihertz / 1000.0);
    if (!is_new && millihertz != camera->millihertz && espalier_camera_is_fixed(camera, "fps"))
        return refuse_fixed(problem, "--fps", value, "{fps}", now);
    camera->millihertz = millihertz;
    return 0;
}

static int32_t override_thresholds(EspalierReaction *reaction, const char *value, EspalierProblem *problem) {
    double threshold;
    int32_t kind = override_number("--threshold", value, 0, 1, &threshold, problem);
    if (kind) return kind;
    int32_t permille = (int32_t)(threshold * 1000 + 0.5);
    if (threshold > 0 && permille == 0) permille = 1; /* 0 is reached by every score */
    for (int32_t i = 0; i < reaction->output_count; i++) {
        EspalierOutput *output = &reaction->outputs[i];
        const int32_t is_one = output->threshold_low_permille == output->threshold_high_permille;
        output->threshold_high_permille = permille;
        if (is_one || output->threshold_low_permille > permille) output->threshold_low_permille = permille;
    }
    return 0;
}

static int32_t override_snapshots(EspalierSnapshots *snapshots, const char *value, EspalierProblem *problem) {
    if (snapshots->keep < 1) snapshots->keep = 100;
    if (!snapshots->kinds) snapshots->kinds = ESPALIER_SNAPSHOT_CLEAN | ESPALIER_SNAPSHOT_ANNOTATED;
    if (!snapshots->occasion) snapshots->occasion = ESPALIER_SNAPSHOT_SIGNALS;
    if (copy(snapshots->folder, sizeof snapshots->folder, value)) return 0;
    return refuse(problem, "--snapshots", value, "give a folder's path of up to 255 bytes");
}

/* Where the value of an option with one value goes. */
static const char **place_of(EspalierOverrides *overrides, const char *option) {
    if (!strcmp(option, "--camera")) return &overrides->camera;
    if (!strcmp(option, "--format")) return &overrides->format;
    if (!strcmp(option, "--size")) return &overrides->size;
    if (!strcmp(option, "--fps")) return &overrides->fps;
    if (!strcmp(option, "--threshold")) return &overrides->threshold;
    if (!strcmp(option, "--snapshots")) return &overrides->snapshots;
    return NULL;
}

int32_t espalier_override_exists(const char *option) {
    EspalierOverrides none;
    return !strcmp(option, "--input") || !strcmp(option, "--output") || place_of(&none, option);
}

int32_t espalier_override_note(EspalierOverrides *overrides, const char *option, const char *value,
                               EspalierProblem *problem) {
    const char **place = place_of(overrides, option);
    int is_input = !strcmp(option, "--input");
    if (place) {
        *place = value;
        return 0;
    }
    if (!is_input && strcmp(option, "--output"))
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "%s is no option; --help lists them",
                                option);
    int32_t *count = is_input ? &overrides->input_count : &overrides->output_count;
    if (*count == 2 * ESPALIER_MOST_TRIGGERS)
        return refuse(problem, option, value, "that is one too many; give each line once");
    (is_input ? overrides->inputs : overrides->outputs)[(*count)++] = value;
    return 0;
}

/* A command that an option gave is not the file's. */
static int32_t check(const EspalierSetup *setup, const EspalierOverrides *overrides,
                     EspalierProblem *problem) {
    char rest[ESPALIER_SENTENCE_BYTES];
    int32_t kind = espalier_setup_check(setup, problem);
    if (!kind || !overrides->camera || !problem->key || strcmp(problem->key, "command")) return kind;
    snprintf(rest, sizeof rest, "%s", problem->sentence + problem->subject_bytes);
    return espalier_problem(problem, kind, "--camera %.460s", rest);
}

int32_t espalier_setup_override(EspalierSetup *setup, const EspalierOverrides *overrides,
                                EspalierProblem *problem) {
    EspalierCamera *camera = &setup->camera;
    int is_new = overrides->camera != NULL;
    int32_t kind = 0;
    if (overrides->dry_run) setup->reaction.dry_run = 1;
    for (int32_t i = 0; i < overrides->input_count && !kind; i++)
        kind = override_line(setup->inputs, setup->input_count, "--input", overrides->inputs[i], problem);
    for (int32_t i = 0; i < overrides->output_count && !kind; i++)
        kind = override_line(setup->outputs, setup->output_count, "--output", overrides->outputs[i], problem);
    if (!kind && is_new) kind = override_camera(setup, overrides->camera, problem);
    if (!kind && overrides->format) kind = override_format(camera, is_new, overrides->format, problem);
    if (!kind && overrides->size) kind = override_size(camera, is_new, overrides->size, problem);
    if (!kind && overrides->fps) kind = override_rate(camera, is_new, overrides->fps, problem);
    if (!kind && overrides->threshold)
        kind = override_thresholds(&setup->reaction, overrides->threshold, problem);
    if (!kind && overrides->snapshots)
        kind = override_snapshots(&setup->snapshots, overrides->snapshots, problem);
    return kind ? kind : check(setup, overrides, problem);
}

#endif
