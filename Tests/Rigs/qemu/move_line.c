/* Moves a line of gpio-sim up and down, evenly in time: move_line PULL_FILE COUNT MICROSECONDS
 *
 * A move that comes late puts off the later ones: gpio-sim makes one edge of moves that are too close. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    long count = atol(arguments[2]), pause = atol(arguments[3]);
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long i = 0; i < count; i++) {
        const char *level = i % 2 ? "pull-down" : "pull-up";
        int file = open(arguments[1], O_WRONLY);
        if (file < 0 || write(file, level, strlen(level)) < 0) return 1;
        close(file);
        next.tv_nsec += pause * 1000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long late = (now.tv_sec - next.tv_sec) * 1000000 + (now.tv_nsec - next.tv_nsec) / 1000;
        if (late > pause / 2) next = now;
    }
    return 0;
}
