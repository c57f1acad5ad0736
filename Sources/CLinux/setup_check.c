/* Whether a setup fits itself, once files and options have been laid over each other. */
#ifdef __linux__

#include "command.h"
#include "devices.h"
#include "override.h"

#include <stdio.h>
#include <string.h>

/* MARK: The camera */

static int32_t check_even(const EspalierCamera *camera, EspalierProblem *problem) {
    int32_t format = camera->format;
    int halves_rows = format == ESPALIER_FORMAT_NV12 || format == ESPALIER_FORMAT_YU12;
    int halves_pixels = halves_rows || format == ESPALIER_FORMAT_YUYV || format == ESPALIER_FORMAT_UYVY;
    const char *key = halves_pixels && camera->width % 2  ? "width"
                      : halves_rows && camera->height % 2 ? "height"
                                                          : NULL;
    if (!key) return 0;
    return espalier_problem_of(problem, "[camera]", key,
                               "is %d, but the format shares colours in pairs; make it even",
                               key[0] == 'w' ? camera->width : camera->height);
}

int32_t espalier_camera_check(const EspalierCamera *camera, EspalierProblem *problem) {
    char command[ESPALIER_COMMAND_BYTES];
    int is_program = camera->kind == ESPALIER_CAMERA_COMMAND;
    int is_pictures = camera->kind == ESPALIER_CAMERA_PICTURES;
    if (camera->kind < ESPALIER_CAMERA_V4L2 || camera->kind > ESPALIER_CAMERA_PICTURES || !camera->source[0])
        return espalier_problem_of(problem, "[camera]", "",
                                   "names no source of frames, and the board has no camera; give one of "
                                   "device, command and pictures, or "
                                   "--camera");
    if (is_program && (camera->format == ESPALIER_FORMAT_ANY || camera->format == ESPALIER_FORMAT_MJPEG))
        return espalier_problem_of(
            problem, "[camera]", "format",
            "has to name the raw format that the command writes; give for example format = "
            "\"yu12\", or --format yu12");
    if (is_pictures && camera->format != ESPALIER_FORMAT_ANY)
        return espalier_problem_of(problem, "[camera]", "format", "cannot go with pictures; leave it out");
    if ((is_program || is_pictures) && camera->input != -1)
        return espalier_problem_of(problem, "[camera]", "input", "is for a device; leave it out");
    int32_t kind = check_even(camera, problem);
    if (!kind && is_program) kind = espalier_camera_command(camera, command, sizeof command, problem);
    return kind;
}

static int32_t check_pretrigger(const EspalierSetup *setup, EspalierProblem *problem) {
    int64_t wanted = setup->reaction.pretrigger_nanoseconds;
    const EspalierCamera *camera = &setup->camera;
    if (wanted <= 0) return 0;
    if (camera->millihertz <= 0)
        return espalier_problem_of(
            problem, "[frames]", "pretrigger_ms",
            "needs a camera of known frame rate; give [camera] fps, or no pretrigger_ms");
    /* The newest frame may just have come: n frames reach back n - 1 periods. */
    int64_t held = (int64_t)(camera->ring_frames - 1) * 1000000000000 / camera->millihertz;
    if (held >= wanted) return 0;
    return espalier_problem_of(
        problem, "[frames]", "pretrigger_ms",
        "is %lld, but %d frames at %g fps reach back %lld ms; raise [camera] ring, at most 16, or lower fps",
        (long long)(wanted / 1000000), camera->ring_frames, camera->millihertz / 1000.0,
        (long long)(held / 1000000));
}

/* Frames that come more rarely than somebody waits for one, or than the camera is given up. */
static int32_t check_frame_times(const EspalierSetup *setup, EspalierProblem *problem) {
    const EspalierCamera *camera = &setup->camera;
    const EspalierReaction *reaction = &setup->reaction;
    if (camera->millihertz <= 0) return 0;
    const double rate = camera->millihertz / 1000.0;
    const int64_t period = 1000000000000 / camera->millihertz;
    const int64_t patience = reaction->frame_age_nanoseconds + reaction->deadline_nanoseconds;
    if (patience < period)
        return espalier_problem_of(
            problem, "[frames]", "deadline_ms",
            "and frame_age_ms are %lld ms together, but a frame comes every %lld ms at %g fps, so that some "
            "edges would find none; give a deadline_ms of at least %lld",
            (long long)(patience / 1000000), (long long)(period / 1000000), rate,
            (long long)((period - reaction->frame_age_nanoseconds + 999999) / 1000000));
    const int64_t silence = espalier_nanoseconds(camera->silence_milliseconds);
    if (silence > 0 && silence <= period)
        return espalier_problem_of(
            problem, "[camera]", "silence_ms",
            "is %d, but a frame comes every %lld ms at %g fps; make it longer, or raise fps",
            camera->silence_milliseconds, (long long)(period / 1000000), rate);
    return 0;
}

/* MARK: Lines */

static int is_blank(const EspalierLine *line) { return !line->name[0] && !line->chip[0]; }

/* A chip's name is its path without the folder. */
static const char *plain_chip(const EspalierLine *line) {
    return strncmp(line->chip, "/dev/", 5) ? line->chip : line->chip + 5;
}

int32_t espalier_lines_are_same(const EspalierLine *one, const EspalierLine *other) {
    int is_any_chip = (!one->chip[0] || !other->chip[0]) && one->name[0];
    return !is_blank(one) && !strcmp(one->name, other->name) && one->offset == other->offset
           && (is_any_chip || !strcmp(plain_chip(one), plain_chip(other)));
}

static void name_line(const EspalierLine *line, char *text, size_t bytes) {
    if (line->name[0])
        snprintf(text, bytes, "%s%s%s", line->chip, line->chip[0] ? ":" : "", line->name);
    else
        snprintf(text, bytes, "%s:%d", line->chip, line->offset);
}

/* The first of several lines that is the same as this one; -1: none. */
static int find(const EspalierLine *lines, int count, const EspalierLine *line) {
    for (int i = 0; i < count; i++)
        if (espalier_lines_are_same(&lines[i], line)) return i;
    return -1;
}

static int32_t check_each_line(const EspalierSetup *setup, EspalierProblem *problem) {
    char name[2 * ESPALIER_SETUP_NAME_BYTES];
    for (int i = 0; i < setup->input_count; i++) {
        const EspalierLine *line = &setup->inputs[i];
        if (is_blank(line))
            return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                    "trigger input %d has no line; give [[trigger]] line, or --input %d=LINE",
                                    i, i);
        int other = find(setup->inputs, i, line);
        if (other < 0) continue;
        name_line(line, name, sizeof name);
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "trigger inputs %d and %d are both line %s; give each a line of its own",
                                other, i, name);
    }
    for (int i = 0; i < setup->output_count; i++) {
        const EspalierLine *line = &setup->outputs[i];
        if (is_blank(line)) {
            if (setup->reaction.dry_run) continue; /* none is ever set */
            return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                    "output %d has no line; give [[output]] line, or --output %d=LINE", i, i);
        }
        name_line(line, name, sizeof name);
        if (find(setup->inputs, setup->input_count, line) >= 0)
            return espalier_problem(
                problem, ESPALIER_PROBLEM_SETUP,
                "output %d is line %s, which is a trigger's too; give the output a line of its own", i, name);
        int other = find(setup->outputs, i, line);
        if (other >= 0)
            return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                    "outputs %d and %d are both line %s; give each a line of its own", other,
                                    i, name);
    }
    return 0;
}

/* The files know better where their lines stand. */
static int32_t check_lines(const EspalierSetup *setup, EspalierProblem *problem) {
    int32_t kind = check_each_line(setup, problem);
    if (kind) problem->table = "lines";
    return kind;
}

int32_t espalier_setup_check(const EspalierSetup *setup, EspalierProblem *problem) {
    int32_t kind = check_lines(setup, problem);
    if (!kind) kind = espalier_camera_check(&setup->camera, problem);
    if (!kind) kind = check_pretrigger(setup, problem);
    if (!kind) kind = check_frame_times(setup, problem);
    return kind;
}

#endif
