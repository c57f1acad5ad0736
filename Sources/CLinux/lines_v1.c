/* libgpiod 1.x (Debian 12): one request a line; the kernel's first interface, which numbers no edges. */
#ifdef __linux__

#include <gpiod.h>

#ifdef GPIOD_LINE_BULK_MAX_LINES

#include "chips.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *espalier_line_library(void) { return gpiod_version_string(); }

void *chip_open(const char *path) { return gpiod_chip_open(path); }

void chip_close(void *chip) { gpiod_chip_close(chip); }

int32_t chip_describe(void *chip, char *label, uint32_t *line_count) {
    copy_name(label, gpiod_chip_label(chip));
    *line_count = gpiod_chip_num_lines(chip);
    return 0;
}

int32_t chip_line_state(void *chip, uint32_t offset, LineState *state) {
    struct gpiod_line *line = gpiod_chip_get_line(chip, offset);
    if (!line) return errno;
    copy_name(state->name, gpiod_line_name(line));
    copy_name(state->consumer, gpiod_line_consumer(line));
    state->is_used = gpiod_line_is_used(line);
    return 0;
}

static int flags(const EspalierLine *line) {
    int flags = 0;
    if (line->active_low) flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
    if (line->drive == ESPALIER_DRIVE_OPEN_DRAIN) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
    if (line->drive == ESPALIER_DRIVE_OPEN_SOURCE) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
    if (line->bias == ESPALIER_BIAS_DISABLED) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    if (line->bias == ESPALIER_BIAS_PULL_UP) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
    if (line->bias == ESPALIER_BIAS_PULL_DOWN) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
    return flags;
}

static int32_t request(EspalierPort *port, const EspalierLine *line, int type, int high) {
    struct gpiod_line *requested = gpiod_chip_get_line(port->chip, port->offset);
    if (!requested) return errno;
    struct gpiod_line_request_config config = { ESPALIER_CONSUMER, type, flags(line) };
    if (gpiod_line_request(requested, &config, high)) return errno;
    port->request = requested;
    return 0;
}

int32_t chip_request_input(EspalierPort *port, const EspalierLine *line, int64_t debounce_nanoseconds) {
    (void)debounce_nanoseconds; /* this interface has no debouncing */
    int32_t error = request(port, line, GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES, 0);
    if (error) return error;
    port->descriptor = gpiod_line_event_get_fd(port->request);
    int mode = fcntl(port->descriptor, F_GETFL);
    if (mode < 0 || fcntl(port->descriptor, F_SETFL, mode | O_NONBLOCK) < 0) return errno;
    return 0;
}

int32_t chip_request_output(EspalierPort *port, const EspalierLine *line, int32_t high) {
    return request(port, line, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, high);
}

void chip_release(EspalierPort *port) { gpiod_line_release(port->request); }

int32_t espalier_line_read(EspalierPort *port, EspalierEdge *edge) {
    struct gpiod_line_event event;
    if (gpiod_line_event_read_fd(port->descriptor, &event)) return errno == EAGAIN ? 0 : -errno;
    edge->time = (int64_t)event.ts.tv_sec * 1000000000 + event.ts.tv_nsec;
    edge->rising = event.event_type == GPIOD_LINE_EVENT_RISING_EDGE;
    /* The kernel drops edges without a word when its queue of 16 is full; two in one direction show it. */
    edge->lost = port->last_rising == edge->rising;
    port->last_rising = edge->rising;
    return 1;
}

int32_t espalier_line_set(EspalierPort *port, int32_t high) {
    return gpiod_line_set_value(port->request, high) ? errno : 0;
}

int32_t espalier_line_level(EspalierPort *port) {
    int level = gpiod_line_get_value(port->request);
    return level < 0 ? -errno : level;
}

#endif

#endif
