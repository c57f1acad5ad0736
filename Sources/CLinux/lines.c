/* Finding lines, and the errors of opening them. */
#ifdef __linux__

#include "chips.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* More chips than any board has. */
#define MOST_CHIPS 32

/* The candidates for a line, for its place and for the sentence if there is not exactly one. */
typedef struct Search {
    const EspalierLine *line;
    EspalierPlace *place;
    int found;
    int chips;       /* that exist, */
    int chips_meant; /* and that the setup names */
    int error;       /* of a chip that cannot be opened */
    char unopened[32];
    char candidates[200];
    char known[200];
} Search;

__attribute__((format(printf, 3, 4))) static void append(char *list, size_t bytes, const char *format, ...) {
    size_t used = strlen(list);
    va_list values;
    va_start(values, format);
    vsnprintf(list + used, bytes - used, format, values);
    va_end(values);
}

static int is_chip_meant(const char *wanted, const char *path, const char *label) {
    if (!wanted[0] || !strcmp(wanted, label) || !strcmp(wanted, path)) return 1;
    if (!strcmp(wanted, path + strlen("/dev/"))) return 1;
    struct stat one, other; /* a symbolic link in the setup */
    return wanted[0] == '/' && !stat(wanted, &one) && !stat(path, &other) && one.st_rdev == other.st_rdev;
}

static void note(Search *search, const char *path, const char *label, uint32_t offset,
                 const LineState *state) {
    append(search->candidates, sizeof search->candidates, "%s%s (%s) line %u", search->found ? ", " : "",
           path, label, offset);
    if (search->found++) return;
    EspalierPlace *place = search->place;
    snprintf(place->path, sizeof place->path, "%s", path);
    snprintf(place->label, sizeof place->label, "%s", label);
    snprintf(place->consumer, sizeof place->consumer, "%s", state->consumer);
    place->offset = offset;
    place->is_used = state->is_used;
}

static void search_chip(Search *search, const char *path) {
    char label[ESPALIER_SETUP_NAME_BYTES];
    uint32_t count;
    LineState state;
    search->chips++;
    void *chip = chip_open(path);
    if (!chip) {
        search->error = errno;
        snprintf(search->unopened, sizeof search->unopened, "%s", path);
        return;
    }
    if (!chip_describe(chip, label, &count)) {
        append(search->known, sizeof search->known, "%s%s (%s, %u lines)", search->known[0] ? ", " : "", path,
               label, count);
        const EspalierLine *line = search->line;
        if (is_chip_meant(line->chip, path, label)) {
            search->chips_meant++;
            for (uint32_t offset = 0; offset < count; offset++) {
                if (!line->name[0] && offset != (uint32_t)line->offset) continue;
                if (chip_line_state(chip, offset, &state)) continue;
                if (!line->name[0] || !strcmp(line->name, state.name))
                    note(search, path, label, offset, &state);
            }
        }
    }
    chip_close(chip);
}

/* Chips in the order of their numbers; links from one name to another are not followed, they would count
 * twice. */
static void search_chips(Search *search) {
    for (int number = 0, seen = 0; number < 1024 && seen < MOST_CHIPS; number++) {
        char path[32];
        struct stat status;
        snprintf(path, sizeof path, "/dev/gpiochip%d", number);
        if (lstat(path, &status) || !S_ISCHR(status.st_mode)) continue;
        seen++;
        search_chip(search, path);
    }
}

static void describe(const EspalierLine *line, char *text, size_t bytes) {
    if (line->name[0] && line->chip[0])
        snprintf(text, bytes, "line %s on %s", line->name, line->chip);
    else if (line->name[0])
        snprintf(text, bytes, "line %s", line->name);
    else
        snprintf(text, bytes, "line %d on %s", line->offset, line->chip);
}

int32_t espalier_line_find(const EspalierLine *line, EspalierPlace *place, EspalierProblem *problem) {
    Search search = { .line = line, .place = place };
    char text[160];
    describe(line, text, sizeof text);
    search_chips(&search);
    if (search.found == 1) return 0;
    if (search.found > 1)
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "%s is ambiguous: it could be %s; name the chip as well", text,
                                search.candidates);
    if (search.error)
        return espalier_problem(
            problem, ESPALIER_PROBLEM_MACHINE,
            "%s cannot be opened (%s) to look for %s; allow this user to, for example with: sudo "
            "usermod -aG gpio $USER",
            search.unopened, strerror(search.error), text);
    if (!search.chips)
        return espalier_problem(
            problem, ESPALIER_PROBLEM_MACHINE,
            "this machine has no GPIO chip, so no %s; load its driver, or try the setup with: "
            "espalier simulate",
            text);
    if (!search.chips_meant)
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "no GPIO chip is called %s; there are %s",
                                line->chip, search.known);
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                            "no chip has %s; there are %s, and gpioinfo lists their lines", text,
                            search.known);
}

static int32_t open_place(EspalierPort *port, const EspalierLine *line, EspalierPlace *place,
                          EspalierProblem *problem) {
    memset(port, 0, sizeof *port);
    port->descriptor = -1;
    port->last_rising = -1;
    int32_t kind = espalier_line_find(line, place, problem);
    if (kind) return kind;
    snprintf(port->path, sizeof port->path, "%s", place->path);
    port->offset = place->offset;
    port->chip = chip_open(place->path);
    if (port->chip) return 0;
    return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "%s cannot be opened (%s)", place->path,
                            strerror(errno));
}

static int32_t refuse(EspalierPort *port, const EspalierLine *line, const EspalierPlace *place, int32_t error,
                      EspalierProblem *problem) {
    char text[160];
    describe(line, text, sizeof text);
    espalier_line_close(port);
    if (error == EBUSY)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                                "%s (%s line %u) is in use by %s; stop that program first", text, place->path,
                                place->offset,
                                place->consumer[0] ? place->consumer : "the kernel or another program");
    return espalier_problem(
        problem, ESPALIER_PROBLEM_SETUP,
        "%s (%s line %u) was refused (%s); check its bias, drive and direction in the setup", text,
        place->path, place->offset, strerror(error));
}

int32_t espalier_line_open_input(EspalierPort *port, const EspalierLine *line, int64_t debounce_nanoseconds,
                                 EspalierProblem *problem) {
    EspalierPlace place;
    int32_t kind = open_place(port, line, &place, problem);
    if (kind) return kind;
    int32_t error = chip_request_input(port, line, debounce_nanoseconds);
    return error ? refuse(port, line, &place, error, problem) : 0;
}

int32_t espalier_line_open_output(EspalierPort *port, const EspalierLine *line, int32_t high,
                                  EspalierProblem *problem) {
    EspalierPlace place;
    int32_t kind = open_place(port, line, &place, problem);
    if (kind) return kind;
    int32_t error = chip_request_output(port, line, high);
    return error ? refuse(port, line, &place, error, problem) : 0;
}

int32_t espalier_is_same_chip(const EspalierPort *one, const EspalierPort *other) {
    return one->request && !strcmp(one->path, other->path);
}

void espalier_problem_chip_gone(EspalierProblem *problem, const EspalierPort *port) {
    espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                     "%s line %u no longer answers; its outputs cannot be set until the chip is back",
                     port->path, port->offset);
}

void espalier_line_close(EspalierPort *port) {
    if (port->request) chip_release(port);
    if (port->chip) chip_close(port->chip);
    memset(port, 0, sizeof *port);
    port->descriptor = -1;
}

#endif
