#ifdef __linux__

#include "process.h"
#include "CLinux.h"
#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t is_stopping;

static struct {
    EspalierPort *port;
    int32_t safe_high;
} watched[ESPALIER_MOST_OUTPUTS];
static volatile sig_atomic_t watched_count;

static void ask_for_stop(int number) {
    (void)number;
    is_stopping = 1;
}

/* Setting a line is one ioctl: allowed here. Then the signal does what it would have done. */
static void make_safe(int number) {
    for (int i = 0; i < watched_count; i++) espalier_line_set(watched[i].port, watched[i].safe_high);
    raise(number);
}

void espalier_catch_signals(void) {
    static const int stops[] = { SIGTERM, SIGINT, SIGHUP };
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP };
    struct sigaction stop = { .sa_handler = ask_for_stop }, crash = { .sa_handler = make_safe };
    crash.sa_flags = (int)SA_RESETHAND;
    sigset_t
        mask; /* stop signals are let in while waiting only: one between a check and the wait is not missed */
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        sigaction(stops[i], &stop, NULL);
        sigaddset(&mask, stops[i]);
    }
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &crash, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &mask, NULL);
}

int32_t espalier_is_stopping(void) { return is_stopping; }

void espalier_watch_output(EspalierPort *port, int32_t safe_high) {
    if (watched_count >= ESPALIER_MOST_OUTPUTS) return;
    watched[watched_count].port = port;
    watched[watched_count].safe_high = safe_high;
    watched_count++;
}

void espalier_forget_outputs(void) { watched_count = 0; }

int32_t espalier_wait(const EspalierWaiting *waiting, int64_t until, uint32_t *ready, uint32_t *broken) {
    struct pollfd descriptors[ESPALIER_MOST_DESCRIPTORS];
    sigset_t none;
    sigemptyset(&none);
    for (int32_t i = 0; i < waiting->count; i++)
        descriptors[i] = (struct pollfd){ .fd = waiting->descriptors[i], .events = POLLIN };
    int64_t left = until - espalier_monotonic_nanoseconds();
    if (left < 0) left = 0;
    struct timespec time = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
    int count = ppoll(descriptors, (nfds_t)waiting->count, &time, &none);
    *ready = *broken = 0;
    for (int32_t i = 0; count > 0 && i < waiting->count; i++) {
        if (descriptors[i].fd < 0) continue;
        if (descriptors[i].revents & POLLIN) *ready |= 1u << i;
        if (descriptors[i].revents & (POLLERR | POLLHUP | POLLNVAL)) *broken |= 1u << i;
    }
    return is_stopping;
}

static void notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path) return;
    memcpy(address.sun_path, path, strlen(path));
    if (address.sun_path[0] == '@') address.sun_path[0] = 0; /* an abstract socket */
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
    close(descriptor);
}

void espalier_notify_ready(void) { notify("READY=1"); }
void espalier_notify_alive(void) { notify("WATCHDOG=1"); }
void espalier_notify_stopping(void) { notify("STOPPING=1"); }

int64_t espalier_watchdog_period(void) {
    const char *microseconds = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    if (!microseconds || (process && strtoll(process, NULL, 10) != getpid())) return 0;
    int64_t period = strtoll(microseconds, NULL, 10);
    return period > 0 && period < INT64_MAX / 1000 ? period * 1000 : 0;
}

#endif
