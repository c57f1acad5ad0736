#ifdef __linux__

#include "devices.h"
#include "CLinux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The order and the sizes are those of espalier_setup_memory_bytes(). */
int32_t espalier_devices_prepare(EspalierDevices *devices, const EspalierSetup *setup, uint8_t *memory,
                                 uint32_t bytes, EspalierProblem *problem) {
    EspalierSetupMemory need = espalier_setup_memory(setup);
    uint32_t total = espalier_setup_memory_bytes(setup);
    memset(devices, 0, sizeof *devices);
    for (int i = 0; i < ESPALIER_MOST_TRIGGERS; i++) devices->inputs[i].descriptor = -1;
    for (int i = 0; i < ESPALIER_MOST_OUTPUTS; i++) devices->outputs[i].descriptor = -1;
    devices->video.descriptor = -1;
    devices->program.descriptor = devices->program.errors = -1;
    if (total > bytes)
        return espalier_problem(
            problem, ESPALIER_PROBLEM_SETUP,
            "this camera needs %u bytes of memory and the firmware has %u; build it anew for frames of "
            "%dx%d",
            total, bytes, setup->camera.width, setup->camera.height);
    devices->slots = memory;
    devices->slot_bytes = need.slot_bytes;
    devices->slot_count = need.slot_count;
    memory += (size_t)need.slot_bytes * (size_t)need.slot_count;
    devices->decoded.pixels = memory;
    devices->decoded.capacity = need.decoded_bytes;
    memory += need.decoded_bytes;
    devices->pool = need.decoded_bytes ? memory : NULL;
    if (need.decoded_bytes) memory += ESPALIER_PICTURE_POOL_BYTES;
    devices->snapshot = need.snapshot_bytes ? memory : NULL;
    devices->snapshot_bytes = need.snapshot_bytes;
    devices->snapshot_pool = memory + need.snapshot_bytes;
    return 0;
}

int32_t espalier_folder_read(EspalierFolder *folder, EspalierPicture *picture, uint8_t *pool,
                             EspalierProblem *problem) {
    char path[600];
    int32_t error = espalier_folder_next(folder, path, sizeof path);
    if (!error) return espalier_picture_read(picture, path, pool, ESPALIER_PICTURE_POOL_BYTES, problem);
    return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                            "%s has no picture to show (%s); put .png or .jpg files there", folder->source,
                            strerror(error));
}

void espalier_name_camera(const EspalierDevices *devices, const EspalierCamera *camera, char *name,
                          uint32_t bytes) {
    int is_program = camera->kind == ESPALIER_CAMERA_COMMAND && devices->program.command[0];
    const char *source = is_program ? devices->program.command : camera->source;
    size_t length = strlen(source), place = bytes - 4;
    snprintf(name, bytes, "%s", source);
    for (char *next = name; *next; next++)
        if ((unsigned char)*next < ' ' || *next == 0x7F) *next = ' '; /* a command may have lines */
    if (length < bytes) return;
    while (place > 0 && ((unsigned char)name[place] & 0xC0) == 0x80) place--; /* whole letters of UTF-8 */
    memcpy(name + place, "...", 4);
}

/* What is done about it; or is to be done, where somebody looks whether all is well. */
static const char *remedy(const EspalierDevices *devices, const char *done) {
    return devices->is_look ? "see that it works by itself, or correct [camera]" : done;
}

void espalier_problem_silent_camera(EspalierDevices *devices, const EspalierCamera *camera, int64_t damaged) {
    char name[ESPALIER_CAMERA_NAME_BYTES], unused[64] = "";
    const char *words = devices->program.words;
    espalier_name_camera(devices, camera, name, sizeof name);
    if (damaged > 0)
        snprintf(unused, sizeof unused, " that could be used (%lld came damaged or cut short)",
                 (long long)damaged);
    espalier_problem(&devices->problem, ESPALIER_PROBLEM_MACHINE,
                     "camera %s has delivered no frame for %d ms%s%s%s; %s", name,
                     camera->silence_milliseconds, unused, words[0] ? "; it last said: " : "", words,
                     remedy(devices, "it is opened anew until it does"));
}

void espalier_problem_camera_failed(EspalierDevices *devices, const EspalierCamera *camera, int32_t error) {
    char name[ESPALIER_CAMERA_NAME_BYTES];
    espalier_name_camera(devices, camera, name, sizeof name);
    espalier_problem(&devices->problem, ESPALIER_PROBLEM_MACHINE, "camera %s failed (%s); %s", name,
                     strerror(error), remedy(devices, "it is opened anew until a frame comes"));
}

/* "320x240 yu12" and the bytes of such a frame. */
static uint32_t name_frames(const EspalierCamera *camera, char *text, size_t bytes) {
    int32_t row;
    uint32_t frame;
    espalier_format_pixels(camera->format, camera->width, camera->height, &row, &frame);
    snprintf(text, bytes, "%dx%d %s", camera->width, camera->height, espalier_format_word(camera->format));
    return frame;
}

static void name_guess(const EspalierGuess *guess, char *text, size_t bytes) {
    if (guess->count == 1)
        snprintf(text, bytes, "one of %dx%d %s", guess->width, guess->height,
                 espalier_format_word(guess->format));
    else
        snprintf(text, bytes, "%d of %dx%d %s", guess->count, guess->width, guess->height,
                 espalier_format_word(guess->format));
}

void espalier_problem_program_ended(EspalierDevices *devices, const EspalierCamera *camera, int32_t error,
                                    int64_t written) {
    if (error != EPIPE) {
        espalier_problem_camera_failed(devices, camera, error);
        return;
    }
    char name[ESPALIER_CAMERA_NAME_BYTES], end[ESPALIER_WORDS_BYTES + 64], frames[32], guessed[40],
        size[160] = "";
    EspalierGuess guess;
    espalier_name_camera(devices, camera, name, sizeof name);
    espalier_program_describe_end(&devices->program, end, sizeof end);
    uint32_t frame = name_frames(camera, frames, sizeof frames);
    int is_known = espalier_guess_frames(written, camera, written % frame ? INT32_MAX : 1, &guess);
    if (is_known) name_guess(&guess, guessed, sizeof guessed);
    if (written % frame)
        snprintf(size, sizeof size, "; its %lld bytes are no whole frames of %s%s%s", (long long)written,
                 frames, is_known ? ", but " : "", is_known ? guessed : "");
    else if (written > frame && is_known)
        snprintf(size, sizeof size, "; its %lld bytes are %lld frames of %s, or %s", (long long)written,
                 (long long)(written / frame), frames, guessed);
    espalier_problem(&devices->problem, ESPALIER_PROBLEM_MACHINE, "camera %s failed (%s%s); %s", name, end,
                     size, remedy(devices, "it is started again until a frame comes"));
}

void espalier_problem_other_frames(EspalierDevices *devices, const EspalierCamera *camera, int64_t bytes) {
    char name[ESPALIER_CAMERA_NAME_BYTES], frames[32], guessed[40];
    EspalierGuess guess;
    espalier_name_camera(devices, camera, name, sizeof name);
    uint32_t frame = name_frames(camera, frames, sizeof frames);
    int is_known = espalier_guess_frames(bytes, camera, 1, &guess);
    if (is_known) name_guess(&guess, guessed, sizeof guessed);
    espalier_problem(&devices->problem, ESPALIER_PROBLEM_MACHINE,
                     "camera %s failed (it writes %lld bytes at a time%s%s, and a frame of %s has %u); "
                     "correct [camera] width, "
                     "height and format, or the command",
                     name, (long long)bytes, is_known ? ", as for " : "", is_known ? guessed : "", frames,
                     frame);
}

void espalier_problem_several_frames(EspalierDevices *devices, const EspalierCamera *camera, int64_t bytes) {
    char name[ESPALIER_CAMERA_NAME_BYTES], frames[32], guessed[40] = "one of another size";
    EspalierGuess guess;
    espalier_name_camera(devices, camera, name, sizeof name);
    uint32_t frame = name_frames(camera, frames, sizeof frames);
    if (espalier_guess_frames(bytes, camera, 1, &guess)) name_guess(&guess, guessed, sizeof guessed);
    espalier_problem(
        &devices->problem, ESPALIER_PROBLEM_MACHINE,
        "camera %s writes %lld frames of %s at a time; if it is %s, correct [camera] width, height and "
        "format",
        name, (long long)(bytes / frame), frames, guessed);
}

void espalier_problem_undecoded(EspalierDevices *devices, const EspalierCamera *camera) {
    espalier_problem(
        &devices->problem, ESPALIER_PROBLEM_MACHINE,
        "camera %s has delivered a frame that is no JPEG picture of %dx%d; such frames are left out",
        camera->source, camera->width, camera->height);
}

void espalier_problem_snapshot(EspalierProblem *problem, const EspalierSnapshots *snapshots, int32_t error) {
    espalier_problem(
        problem, ESPALIER_PROBLEM_MACHINE,
        "snapshots cannot be written to %s (%s); those that fail are counted, the reaction goes on",
        snapshots->folder, strerror(error));
}

void espalier_say(const EspalierProblem *problem) {
    char text[ESPALIER_SENTENCE_BYTES + 16];
    snprintf(text, sizeof text, "espalier: %s.\n", problem->sentence);
    espalier_complain(text);
}

void espalier_say_once(const EspalierProblem *problem, EspalierProblem *said) {
    if (strcmp(problem->sentence, said->sentence)) espalier_say(problem);
    *said = *problem;
}

#endif
