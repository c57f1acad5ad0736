#ifdef __linux__

#include "command.h"
#include "video.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Placeholder and the setting it is made of. */
static const struct {
    const char *name;
    const char *key;
} placeholders[] = {
    { "width", "width" },   { "height", "height" },  { "fps", "fps" },
    { "format", "format" }, { "pix_fmt", "format" }, { "fourcc", "format" },
};

#define PLACEHOLDER_COUNT (sizeof placeholders / sizeof *placeholders)

/* The length of the word after a brace, if a brace follows; else 0. */
static size_t word_length(const char *text) {
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_') length++;
    return isalpha((unsigned char)text[0]) && text[length] == '}' ? length : 0;
}

static int find(const char *word, size_t length) {
    for (size_t i = 0; i < PLACEHOLDER_COUNT; i++)
        if (strlen(placeholders[i].name) == length && !strncmp(placeholders[i].name, word, length))
            return (int)i;
    return -1;
}

/* The length of "{ width }", which is no placeholder and was meant to be one; else 0. */
static size_t spaced_length(const char *text) {
    size_t start = 1 + strspn(text + 1, " "), end = start;
    while (isalnum((unsigned char)text[end]) || text[end] == '_') end++;
    size_t length = end + strspn(text + end, " ");
    return text[length] == '}' && find(text + start, end - start) >= 0 ? length + 1 : 0;
}

/* What stands at `text`: how long it is, and which placeholder it is; -1: none, copy `*copied` bytes from
 * `*from`; -2: one that is not known. */
static int next_part(const char *text, size_t *length, const char **from, size_t *copied) {
    size_t word;
    *from = text;
    *length = *copied = text[0] == '$' && text[1] == '{' ? 2 : 1;
    if (text[0] != '{') return -1;
    if (text[1] == '{' && (word = word_length(text + 2)) && text[word + 3] == '}') {
        *length = word + 4;
        *from = text + 1;
        *copied = word + 2;
        return -1;
    }
    if ((word = word_length(text + 1))) {
        *length = *copied = word + 2;
        int found = find(text + 1, word);
        return found >= 0 ? found : -2;
    }
    if ((word = spaced_length(text))) {
        *length = *copied = word;
        return -2;
    }
    return -1;
}

static void write_rate(int32_t millihertz, char *text, size_t bytes) {
    int length = snprintf(text, bytes, "%d.%03d", millihertz / 1000, millihertz % 1000);
    while (text[length - 1] == '0') text[--length] = 0;
    if (text[length - 1] == '.') text[--length] = 0;
}

static int32_t write_value(const EspalierCamera *camera, int index, char *text, size_t bytes,
                           EspalierProblem *problem) {
    const char *name = placeholders[index].name;
    int32_t format = camera->format;
    if (!strcmp(placeholders[index].key, "format") && !espalier_format_name(format))
        return espalier_problem_of(problem, "[camera]", "command",
                                   "has {%s}, but there is no format; give [camera] format", name);
    if (!strcmp(name, "fps") && camera->millihertz <= 0)
        return espalier_problem_of(problem, "[camera]", "command",
                                   "has {fps}, but fps is 0; give [camera] fps a rate above 0");
    switch (index) {
    case 0: snprintf(text, bytes, "%d", camera->width); break;
    case 1: snprintf(text, bytes, "%d", camera->height); break;
    case 2: write_rate(camera->millihertz, text, bytes); break;
    case 3: snprintf(text, bytes, "%s", espalier_format_word(format)); break;
    case 4: snprintf(text, bytes, "%s", espalier_format_pix_fmt(format)); break;
    default: espalier_format_code(format, text);
    }
    return 0;
}

int32_t espalier_camera_command(const EspalierCamera *camera, char *command, uint32_t bytes,
                                EspalierProblem *problem) {
    size_t used = 0, length, copied;
    char value[16];
    const char *from;
    for (const char *text = camera->source; *text; text += length) {
        int found = next_part(text, &length, &from, &copied);
        if (found == -2)
            return espalier_problem_of(
                problem, "[camera]", "command",
                "has %.*s, which is no placeholder; choose among " ESPALIER_PLACEHOLDERS
                ", and write {{...}} for braces of the command's own",
                (int)(length < 40 ? length : 40), text);
        if (found >= 0) {
            int32_t kind = write_value(camera, found, value, sizeof value, problem);
            if (kind) return kind;
            from = value;
            copied = strlen(value);
        }
        if (used + copied >= bytes)
            return espalier_problem_of(problem, "[camera]", "command",
                                       "is too long with its placeholders filled in; put it into a script");
        memcpy(command + used, from, copied);
        used += copied;
    }
    command[used] = 0;
    return 0;
}

int32_t espalier_camera_is_fixed(const EspalierCamera *camera, const char *key) {
    size_t length, copied;
    const char *from;
    if (camera->kind != ESPALIER_CAMERA_COMMAND) return 0;
    if (!strcmp(key, "format") && camera->format == ESPALIER_FORMAT_ANY) return 0; /* nobody has said yet */
    if (!strcmp(key, "fps") && camera->millihertz <= 0) return 0;
    for (const char *text = camera->source; *text; text += length) {
        int found = next_part(text, &length, &from, &copied);
        if (found >= 0 && !strcmp(placeholders[found].key, key)) return 0;
    }
    return 1;
}

#endif
