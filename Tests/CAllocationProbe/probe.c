/* malloc and its family over glibc's own __libc_ entry points, with a counter per thread.
 *
 * A program's own definitions come before those of the C library for every shared object it loads, the Swift
 * runtime included; that is why this sees the runtime's allocations and `--wrap=malloc` does not. */
#include "CAllocationProbe.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* No allocation may hide in reaching a thread-local variable: initial-exec needs no call. */
static _Thread_local int counting __attribute__((tls_model("initial-exec")));
static _Thread_local AllocationCounts counts __attribute__((tls_model("initial-exec")));

void allocation_probe_begin(void) {
    counts = (AllocationCounts){0, 0};
    counting = 1;
}

AllocationCounts allocation_probe_end(void) {
    counting = 0;
    return counts;
}

#ifdef __GLIBC__

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

int allocation_probe_works(void) { return 1; }

static inline void count_allocation(void) {
    if (counting) counts.allocations += 1;
}

void *malloc(size_t size) {
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    count_allocation();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    count_allocation();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count_allocation();
    if (alignment == 0 || alignment % sizeof(void *) != 0) return EINVAL;
    if ((alignment & (alignment - 1)) != 0) return EINVAL;
    void *aligned = __libc_memalign(alignment, size);
    if (aligned == NULL) return ENOMEM;
    *memory = aligned;
    return 0;
}

void free(void *memory) {
    if (counting && memory != NULL) counts.frees += 1;
    __libc_free(memory);
}

#else

int allocation_probe_works(void) { return 0; }

#endif
