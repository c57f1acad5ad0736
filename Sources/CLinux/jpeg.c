#ifdef __linux__

#include "jpeg.h"

#if !defined(ESPALIER_WITHOUT_JPEG) && defined(__has_include)
#if __has_include(<jpeglib.h>)
#define HAS_JPEG
#endif
#endif

#ifdef HAS_JPEG

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

/* libjpeg's memory manager replaced by one that hands out a pool from its start on and takes nothing back: a
 * frame needs a few tens of kilobytes, and the next one starts anew. Baseline frames ask for no virtual
 * arrays. */
typedef struct Pool {
    struct jpeg_memory_mgr manager;
    uint8_t *bytes;
    size_t left;
} Pool;

typedef struct Failure {
    struct jpeg_error_mgr manager;
    jmp_buf place;
} Failure;

static void fail(j_common_ptr info) { longjmp(((Failure *)info->err)->place, 1); }

static void only_count(j_common_ptr info, int level) {
    if (level < 0) info->err->num_warnings++;
}

static void say_nothing(j_common_ptr info) { (void)info; }

static void *take(j_common_ptr info, int pool_id, size_t bytes) {
    Pool *pool = (Pool *)info->mem;
    (void)pool_id;
    bytes = (bytes + 63) & ~(size_t)63; /* libjpeg-turbo's vectors want rows aligned */
    if (bytes > pool->left) fail(info);
    void *place = pool->bytes;
    pool->bytes += bytes;
    pool->left -= bytes;
    return place;
}

static JSAMPARRAY take_samples(j_common_ptr info, int pool_id, JDIMENSION width, JDIMENSION rows) {
    JSAMPARRAY array = take(info, pool_id, rows * sizeof(JSAMPROW));
    for (JDIMENSION row = 0; row < rows; row++)
        array[row] = take(info, pool_id, width * sizeof(JSAMPLE) + 64);
    return array;
}

static JBLOCKARRAY take_blocks(j_common_ptr info, int pool_id, JDIMENSION width, JDIMENSION rows) {
    JBLOCKARRAY array = take(info, pool_id, rows * sizeof(JBLOCKROW));
    for (JDIMENSION row = 0; row < rows; row++) array[row] = take(info, pool_id, width * sizeof(JBLOCK));
    return array;
}

static jvirt_sarray_ptr no_samples(j_common_ptr info, int id, boolean zero, JDIMENSION width, JDIMENSION rows,
                                   JDIMENSION most) {
    (void)id, (void)zero, (void)width, (void)rows, (void)most;
    fail(info);
    return NULL;
}

static jvirt_barray_ptr no_blocks(j_common_ptr info, int id, boolean zero, JDIMENSION width, JDIMENSION rows,
                                  JDIMENSION most) {
    (void)id, (void)zero, (void)width, (void)rows, (void)most;
    fail(info);
    return NULL;
}

static void nothing(j_common_ptr info) { (void)info; }

static void keep_pool(j_common_ptr info, int pool_id) {
    (void)info;
    (void)pool_id;
}

int32_t espalier_jpeg_is_here(void) { return 1; }

/* Standard tables: UVC cameras leave the Huffman tables out of their frames; libjpeg-turbo brings them. */
int32_t espalier_jpeg_decode(EspalierPicture *picture, const uint8_t *bytes, uint32_t count,
                             uint8_t *pool_bytes, uint32_t pool_count) {
    static struct jpeg_decompress_struct info; /* made once: making it is what libjpeg allocates for */
    static Failure failure;
    static struct jpeg_memory_mgr *own;
    Pool pool = { .bytes = pool_bytes, .left = pool_count };
    uintptr_t skip = (64 - (uintptr_t)pool_bytes % 64) % 64;
    pool.bytes += skip;
    pool.left -= skip;
    if (!own) {
        info.err = jpeg_std_error(&failure.manager);
        failure.manager.error_exit = fail;
        failure.manager.emit_message = only_count;
        failure.manager.output_message = say_nothing;
        if (setjmp(failure.place)) return -1;
        jpeg_create_decompress(&info);
        own = info.mem;
    }
    pool.manager = *own;
    pool.manager.alloc_small = take;
    pool.manager.alloc_large = take;
    pool.manager.alloc_sarray = take_samples;
    pool.manager.alloc_barray = take_blocks;
    pool.manager.request_virt_sarray = no_samples;
    pool.manager.request_virt_barray = no_blocks;
    pool.manager.realize_virt_arrays = nothing;
    pool.manager.free_pool = keep_pool;
    pool.manager.self_destruct = nothing;
    volatile int32_t result = -1;
    info.mem = &pool.manager;
    if (!setjmp(failure.place)) {
        jpeg_mem_src(&info, bytes, count);
        jpeg_read_header(&info, TRUE);
        if (info.out_color_space != JCS_GRAYSCALE) info.out_color_space = JCS_RGB;
        info.dct_method = JDCT_ISLOW; /* what everybody's loaders take */
        jpeg_start_decompress(&info);
        picture->width = (int32_t)info.output_width;
        picture->height = (int32_t)info.output_height;
        picture->channels = info.output_components;
        size_t row = (size_t)info.output_width * (size_t)info.output_components;
        if (row * info.output_height <= picture->capacity) {
            while (info.output_scanline < info.output_height) {
                JSAMPROW place = picture->pixels + row * info.output_scanline;
                jpeg_read_scanlines(&info, &place, 1);
            }
            result = failure.manager.num_warnings > 0;
        }
    }
    jpeg_abort_decompress(&info);
    info.src = NULL; /* what lay in the pool */
    for (int i = 0; i < NUM_QUANT_TBLS; i++) info.quant_tbl_ptrs[i] = NULL;
    for (int i = 0; i < NUM_HUFF_TBLS; i++) info.dc_huff_tbl_ptrs[i] = info.ac_huff_tbl_ptrs[i] = NULL;
    info.mem = own;
    return result;
}

#else

int32_t espalier_jpeg_is_here(void) { return 0; }

int32_t espalier_jpeg_decode(EspalierPicture *picture, const uint8_t *bytes, uint32_t count, uint8_t *pool,
                             uint32_t pool_bytes) {
    (void)picture, (void)bytes, (void)count, (void)pool, (void)pool_bytes;
    return -1;
}

#endif
#endif
