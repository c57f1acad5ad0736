/* Counts the heap calls a thread makes between two points of a test.
 *
 *     allocation_probe_begin();
 *     ... code that must not allocate ...
 *     AllocationCounts counts = allocation_probe_end();   // counts.allocations == 0
 *
 * Linking this target replaces the C library's allocation functions for the whole test program by ones that
 * count and pass on. Counters are per thread, so tests running at the same time do not disturb each other.
 * Works with glibc; elsewhere allocation_probe_works() is 0 and nothing is counted.
 */
#ifndef C_ALLOCATION_PROBE_H
#define C_ALLOCATION_PROBE_H

#include <stdint.h>

typedef struct AllocationCounts {
    uint64_t allocations; /* malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign */
    uint64_t frees;       /* free of anything but NULL */
} AllocationCounts;

/* 1 where heap calls can be counted. */
int allocation_probe_works(void);

/* Starts counting this thread's heap calls from zero. */
void allocation_probe_begin(void);

/* Stops counting and returns what was counted since the last allocation_probe_begin() of this thread. */
AllocationCounts allocation_probe_end(void);

#endif
