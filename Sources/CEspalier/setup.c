#include "espalier_setup.h"

/* Every part is aligned to 64 bytes, and so is the next. */
static uint32_t aligned(uint64_t bytes) {
    bytes = (bytes + 63) & ~(uint64_t)63;
    return bytes > UINT32_MAX ? UINT32_MAX & ~63u : (uint32_t)bytes;
}

/* Bytes of two pixels of a raw format. */
static uint32_t pair_bytes(int32_t format) {
    switch (format) {
    case ESPALIER_FORMAT_GREY: return 2;
    case ESPALIER_FORMAT_NV12:
    case ESPALIER_FORMAT_YU12: return 3;
    case ESPALIER_FORMAT_YUYV:
    case ESPALIER_FORMAT_UYVY: return 4;
    default: return 6;
    }
}

EspalierSetupMemory espalier_setup_memory(const EspalierSetup *setup) {
    const EspalierCamera *camera = &setup->camera;
    EspalierSetupMemory need = { 0, 0, 0, 0 };
    uint32_t picture = aligned((uint64_t)(uint32_t)camera->width * (uint32_t)camera->height * 3u);
    int may_decode = camera->format == ESPALIER_FORMAT_MJPEG || camera->format == ESPALIER_FORMAT_ANY;
    if (camera->kind == ESPALIER_CAMERA_COMMAND) {
        uint64_t pixels = (uint64_t)(uint32_t)camera->width * (uint32_t)camera->height;
        need.slot_bytes = aligned(pixels * pair_bytes(camera->format) / 2);
        need.slot_count = camera->ring_frames + 1;
    }
    if (camera->kind == ESPALIER_CAMERA_PICTURES || (camera->kind == ESPALIER_CAMERA_V4L2 && may_decode))
        need.decoded_bytes = picture;
    if (setup->snapshots.folder[0]) need.snapshot_bytes = picture;
    return need;
}

uint32_t espalier_setup_memory_bytes(const EspalierSetup *setup) {
    EspalierSetupMemory need = espalier_setup_memory(setup);
    uint64_t bytes = (uint64_t)need.slot_bytes * (uint32_t)need.slot_count;
    if (need.decoded_bytes) bytes += need.decoded_bytes + ESPALIER_PICTURE_POOL_BYTES;
    if (need.snapshot_bytes) bytes += need.snapshot_bytes + ESPALIER_PICTURE_POOL_BYTES;
    return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}
