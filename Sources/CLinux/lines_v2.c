/* libgpiod 2.x (Debian 13): the kernel's second interface, which debounces and numbers edges. */
#ifdef __linux__

#include <gpiod.h>

#ifndef GPIOD_LINE_BULK_MAX_LINES

#include "chips.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *espalier_line_library(void) { return gpiod_api_version(); }

void *chip_open(const char *path) { return gpiod_chip_open(path); }

void chip_close(void *chip) { gpiod_chip_close(chip); }

int32_t chip_describe(void *chip, char *label, uint32_t *line_count) {
    struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
    if (!info) return errno;
    copy_name(label, gpiod_chip_info_get_label(info));
    *line_count = (uint32_t)gpiod_chip_info_get_num_lines(info);
    gpiod_chip_info_free(info);
    return 0;
}

int32_t chip_line_state(void *chip, uint32_t offset, LineState *state) {
    struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
    if (!info) return errno;
    copy_name(state->name, gpiod_line_info_get_name(info));
    copy_name(state->consumer, gpiod_line_info_get_consumer(info));
    state->is_used = gpiod_line_info_is_used(info);
    gpiod_line_info_free(info);
    return 0;
}

static void configure(struct gpiod_line_settings *settings, const EspalierLine *line) {
    static const enum gpiod_line_bias biases[] = { GPIOD_LINE_BIAS_AS_IS, GPIOD_LINE_BIAS_DISABLED,
                                                   GPIOD_LINE_BIAS_PULL_UP, GPIOD_LINE_BIAS_PULL_DOWN };
    static const enum gpiod_line_drive drives[] = { GPIOD_LINE_DRIVE_PUSH_PULL, GPIOD_LINE_DRIVE_OPEN_DRAIN,
                                                    GPIOD_LINE_DRIVE_OPEN_SOURCE };
    gpiod_line_settings_set_active_low(settings, line->active_low != 0);
    gpiod_line_settings_set_bias(settings, biases[line->bias & 3]);
    if (line->drive > 0 && line->drive < 3) gpiod_line_settings_set_drive(settings, drives[line->drive]);
}

/* Takes `settings`. */
static int32_t request(EspalierPort *port, struct gpiod_line_settings *settings) {
    struct gpiod_line_config *lines = gpiod_line_config_new();
    struct gpiod_request_config *config = gpiod_request_config_new();
    int32_t error = 0;
    if (!lines || !config || gpiod_line_config_add_line_settings(lines, &port->offset, 1, settings))
        error = ENOMEM;
    if (!error) {
        gpiod_request_config_set_consumer(config, ESPALIER_CONSUMER);
        port->request = gpiod_chip_request_lines(port->chip, config, lines);
        if (!port->request) error = errno;
    }
    gpiod_request_config_free(config);
    gpiod_line_config_free(lines);
    gpiod_line_settings_free(settings);
    return error;
}

int32_t chip_request_input(EspalierPort *port, const EspalierLine *line, int64_t debounce_nanoseconds) {
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (!settings) return ENOMEM;
    configure(settings, line);
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
    uint64_t microseconds = (uint64_t)debounce_nanoseconds / 1000;
    port->debounced = (int64_t)microseconds * 1000;
    gpiod_line_settings_set_debounce_period_us(settings, microseconds);
    int32_t error = request(port, settings);
    if (error) return error;
    port->events = gpiod_edge_event_buffer_new(1);
    if (!port->events) return ENOMEM;
    port->descriptor = gpiod_line_request_get_fd(port->request);
    int mode = fcntl(port->descriptor, F_GETFL);
    if (mode < 0 || fcntl(port->descriptor, F_SETFL, mode | O_NONBLOCK) < 0) return errno;
    return 0;
}

int32_t chip_request_output(EspalierPort *port, const EspalierLine *line, int32_t high) {
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (!settings) return ENOMEM;
    configure(settings, line);
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
    gpiod_line_settings_set_output_value(settings,
                                         high ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
    return request(port, settings);
}

void chip_release(EspalierPort *port) {
    if (port->events) gpiod_edge_event_buffer_free(port->events);
    gpiod_line_request_release(port->request);
}

int32_t espalier_line_read(EspalierPort *port, EspalierEdge *edge) {
    int count = gpiod_line_request_read_edge_events(port->request, port->events, 1);
    if (count < 0) return errno == EAGAIN ? 0 : -errno;
    if (count == 0) return 0;
    struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(port->events, 0);
    uint32_t sequence = (uint32_t)gpiod_edge_event_get_line_seqno(event);
    /* A debounced edge is stamped when its level has lasted; it began before that. */
    edge->time = (int64_t)gpiod_edge_event_get_timestamp_ns(event) - port->debounced;
    edge->rising = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
    edge->lost = port->sequence ? sequence - port->sequence - 1 : 0;
    port->sequence = sequence;
    port->last_rising = edge->rising;
    return 1;
}

int32_t espalier_line_set(EspalierPort *port, int32_t high) {
    enum gpiod_line_value value = high ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    return gpiod_line_request_set_value(port->request, port->offset, value) ? errno : 0;
}

int32_t espalier_line_level(EspalierPort *port) {
    enum gpiod_line_value value = gpiod_line_request_get_value(port->request, port->offset);
    return value == GPIOD_LINE_VALUE_ERROR ? -errno : value == GPIOD_LINE_VALUE_ACTIVE;
}

#endif

#endif
