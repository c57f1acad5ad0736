#ifdef __linux__

#include "CLinux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int32_t espalier_read(int32_t descriptor, void *bytes, intptr_t count) {
    char *next = bytes;
    while (count > 0) {
        ssize_t done = read(descriptor, next, count);
        if (done == 0) return ESPALIER_END;
        if (done < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        next += done;
        count -= done;
    }
    return 0;
}

int32_t espalier_write(int32_t descriptor, const void *bytes, intptr_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t done = send(descriptor, next, count, MSG_NOSIGNAL);
        if (done < 0 && errno == ENOTSOCK) done = write(descriptor, next, count);
        if (done < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        next += done;
        count -= done;
    }
    return 0;
}

int64_t espalier_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void espalier_complain(const char *text) { espalier_write(STDERR_FILENO, text, strlen(text)); }

#endif
