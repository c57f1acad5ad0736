/* One line of JSON for each reaction, and one for the whole run. Times are nanoseconds of CLOCK_MONOTONIC;
 * what does not exist is null. */
#ifdef __linux__

#include "CLinux.h"
#include "process.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Line {
    char *text;
    int32_t bytes;
    int32_t used; /* goes beyond `bytes` where the line does not fit */
} Line;

__attribute__((format(printf, 2, 3))) static void add(Line *line, const char *format, ...) {
    va_list values;
    int32_t left = line->used < line->bytes ? line->bytes - line->used : 0;
    va_start(values, format);
    line->used += vsnprintf(line->text + line->bytes - left, (size_t)left, format, values);
    va_end(values);
}

static void add_time(Line *line, const char *key, int64_t value, int64_t none) {
    if (value == none)
        add(line, ",\"%s\":null", key);
    else
        add(line, ",\"%s\":%" PRId64, key, value);
}

static void add_permille(Line *line, const char *key, int has_value, int32_t permille) {
    uint32_t size = permille < 0 ? 0u - (uint32_t)permille : (uint32_t)permille;
    if (!has_value)
        add(line, ",\"%s\":null", key);
    else
        add(line, ",\"%s\":%s%" PRIu32 ".%03" PRIu32, key, permille < 0 ? "-" : "", size / 1000, size % 1000);
}

/* The model's labels are UTF-8. */
static void add_text(Line *line, const char *key, const char *text) {
    if (!text) {
        add(line, ",\"%s\":null", key);
        return;
    }
    add(line, ",\"%s\":\"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            add(line, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            add(line, "\\u%04x", (unsigned char)*text);
        else
            add(line, "%c", *text);
    }
    add(line, "\"");
}

static const char *outcome_name(int32_t outcome) {
    static const char *const names[] = {
        [ESPALIER_OUTCOME_VERDICT] = "verdict",
        [ESPALIER_OUTCOME_COOLDOWN] = "cooldown",
        [ESPALIER_OUTCOME_BUSY] = "busy",
        [ESPALIER_OUTCOME_NO_FRAME] = "no_frame",
        [ESPALIER_OUTCOME_FRAME_TOO_OLD] = "frame_too_old",
        [ESPALIER_OUTCOME_CAMERA_FAILED] = "camera_failed",
        [ESPALIER_OUTCOME_CLASSIFIER_FAILED] = "classifier_failed",
        [ESPALIER_OUTCOME_STOPPED] = "stopped",
        [ESPALIER_OUTCOME_HOLD_OFF] = "hold_off",
    };
    return outcome > 0 && outcome <= ESPALIER_OUTCOME_HOLD_OFF ? names[outcome] : "unknown";
}

int32_t espalier_record_line(const EspalierReactionRecord *record, const char *label, char *text,
                             int32_t bytes) {
    Line line = { text, bytes, 0 };
    int has_verdict = record->outcome == ESPALIER_OUTCOME_VERDICT;
    add(&line, "{\"trigger\":%" PRId64 ",\"input\":%" PRId32 ",\"outcome\":\"%s\",\"edge_ns\":%" PRId64,
        record->trigger, record->trigger_index, outcome_name(record->outcome), record->edge_time);
    add_time(&line, "frame_ns", record->frame_time, ESPALIER_TIME_NONE);
    add_time(&line, "frame", record->frame_sequence, -1);
    add_time(&line, "run_ns", record->run_time, ESPALIER_TIME_NONE);
    add_time(&line, "verdict_ns", record->verdict_time, ESPALIER_TIME_NONE);
    add_time(&line, "signal_ns", record->signal_time, ESPALIER_TIME_NONE);
    add_time(&line, "class", record->class_index, -1);
    add_text(&line, "label", has_verdict ? label : NULL);
    add_permille(&line, "score", has_verdict, record->permille);
    add_permille(&line, "group_score", has_verdict, record->group_permille);
    add(&line, ",\"frames\":%" PRId32 ",\"votes\":%" PRId32 ",\"outputs\":[", record->frames, record->votes);
    const char *separator = "";
    for (int32_t output = 0; output < ESPALIER_MOST_OUTPUTS; output++)
        if (record->signalled >> output & 1) {
            add(&line, "%s%" PRId32, separator, output);
            separator = ",";
        }
    add(&line, "],\"blocks_kept\":%" PRIu32 ",\"blocks_pruned\":%" PRIu32 ",\"blocks_skipped\":%" PRIu32,
        record->blocks_kept, record->blocks_pruned, record->blocks_skipped);
    add_time(&line, "inference_ns", record->real_inference_nanoseconds, 0);
    add_time(&line, "edge_to_signal_ns", record->real_edge_to_signal_nanoseconds, 0);
    add(&line, "}\n");
    return line.used < line.bytes ? line.used : 0;
}

void espalier_print_record(const EspalierReactionRecord *record, const char *label) {
    char text[2048];
    espalier_print(text, espalier_record_line(record, label, text, sizeof text));
}

void espalier_print_summary(const EspalierSummary *summary, EspalierSnapshotCounters snapshots) {
    static const char *const names[] = {
        "triggers",   "verdicts",      "signals",        "cooldown",        "busy",
        "hold_off",   "no_frame",      "frame_too_old",  "camera_failed",   "classifier_failed",
        "stopped",    "line_failures", "bounces",        "stuck",           "missed_beats",
        "lost_edges", "chip_restarts", "dropped_frames", "camera_restarts",
    };
    _Static_assert(sizeof names / sizeof *names == sizeof *summary / sizeof(int64_t),
                   "a name for each counter");
    char text[1024];
    Line line = { text, sizeof text, 0 };
    int64_t values[sizeof names / sizeof *names];
    memcpy(values, summary, sizeof values);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add(&line, "%s\"%s\":%" PRId64, i ? "," : "{\"summary\":{", names[i], values[i]);
    add(&line,
        ",\"snapshots_written\":%" PRIu32 ",\"snapshots_skipped\":%" PRIu32 ",\"snapshots_failed\":%" PRIu32
        "}}\n",
        snapshots.written, snapshots.skipped, snapshots.failed);
    espalier_print(text, line.used);
}

#endif
