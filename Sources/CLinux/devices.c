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
    devices->program.descriptor = -1;
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
                            "%s has no picture to show (%s); put .png files there", folder->source,
                            strerror(error));
}

void espalier_problem_silent_camera(EspalierProblem *problem, const EspalierCamera *camera) {
    espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                     "camera %s has delivered no frame for %d ms; it is opened anew until it does",
                     camera->source, camera->silence_milliseconds);
}

void espalier_problem_camera_failed(EspalierProblem *problem, const EspalierCamera *camera, int32_t error) {
    const char *reason =
        camera->kind == ESPALIER_CAMERA_COMMAND && error == EPIPE ? "it ended" : strerror(error);
    espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                     "camera %s failed (%s); it is opened anew until it is back", camera->source, reason);
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

#endif
