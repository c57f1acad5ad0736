#ifdef __linux__

#include "CLinux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
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

static int32_t output_error;

/* A reader that is gone, or does not read, is no reason to stop reacting; nor is a full disk, but that is said, once,
 * and the program does not end well. */
void espalier_print(const char *text, int32_t bytes) {
    struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };
    if (poll(&output, 1, 0) != 1 || !(output.revents & (POLLOUT | POLLNVAL))) return;
    int32_t error = espalier_write(STDOUT_FILENO, text, bytes);
    if (!error || error == EPIPE || output_error) return;
    output_error = error;
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "espalier: the standard output cannot be written (%s); free some space, or send it elsewhere.\n",
             strerror(error));
    espalier_complain(sentence);
}

int32_t espalier_print_status(void) { return output_error ? 1 : 0; }

#endif
