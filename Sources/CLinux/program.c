#ifdef __linux__

#include "program.h"
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* A pipe that holds a frame lets the program write on while the model runs; the kernel's default holds 64
 * KiB. */
#define PIPE_BYTES (1 << 20)

/* No longer than what a pipe that is ready takes without blocking (PIPE_BUF). */
#define CHUNK_BYTES 1024

/* Chunks at a time: a program that never stops talking does not keep the reaction. */
#define MOST_CHUNKS 64

static int spawn(EspalierProgram *program, int output, int errors) {
    char *arguments[] = { "/bin/sh", "-c", program->command, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t process;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn(&process, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (!error) program->process = process;
    return error;
}

/* Both pipes, or an errno and none. */
static int open_pipes(int *output, int *errors) {
    if (pipe2(output, O_CLOEXEC)) return errno;
    if (!pipe2(errors, O_CLOEXEC)) return 0;
    int error = errno;
    close(output[0]);
    close(output[1]);
    return error;
}

static void forget(EspalierProgram *program) {
    program->process = 0;
    program->descriptor = program->errors = -1;
    program->is_held = 0;
    program->line_bytes = 0;
    program->words[0] = 0;
}

int32_t espalier_program_start(EspalierProgram *program, const EspalierCamera *camera,
                               EspalierProblem *problem) {
    int output[2], errors[2];
    forget(program);
    signal(SIGCHLD, SIG_DFL); /* who ignores it hears of no exit status */
    int32_t kind = espalier_camera_command(camera, program->command, sizeof program->command, problem);
    if (kind) return kind;
    int error = open_pipes(output, errors);
    if (!error) {
        error = spawn(program, output[1], errors[1]);
        close(output[1]);
        close(errors[1]);
        if (error) {
            close(output[0]);
            close(errors[0]);
        }
    }
    if (error)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                                "the camera program \"%.200s\" cannot be started (%s)", program->command,
                                strerror(error));
    program->descriptor = output[0];
    program->errors = errors[0];
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(output[0], F_SETPIPE_SZ, PIPE_BYTES);
    fcntl(errors[0], F_SETFL, O_NONBLOCK);
    return 0;
}

int32_t espalier_program_read(EspalierProgram *program, uint8_t *bytes, uint32_t count) {
    ssize_t done;
    do done = read(program->descriptor, bytes, count);
    while (done < 0 && errno == EINTR);
    if (done > 0) return (int32_t)done;
    if (done == 0) return -EPIPE;
    return errno == EAGAIN ? 0 : -errno;
}

/* MARK: What it says */

/* The length of a well-formed UTF-8 character that is fit for a sentence; 0 for anything else (RFC 3629). */
static int32_t plain_length(const uint8_t *text, int32_t bytes) {
    uint8_t first = text[0];
    if (first >= 0x20 && first < 0x7F) return 1;
    int32_t length = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    if (first >= 0xF5 || !length || length > bytes) return 0;
    for (int32_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    if (first == 0xC2 && text[1] < 0xA0) return 0; /* control characters */
    if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] >= 0xA0)) return 0;
    if ((first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] >= 0x90)) return 0;
    return length;
}

/* The length of a terminal's escape sequence; 1 where it is none. */
static int32_t escape_length(const uint8_t *text, int32_t bytes) {
    int32_t length = 2;
    if (bytes < 2 || text[1] != '[') return 1;
    while (length < bytes && (text[length] < 0x40 || text[length] > 0x7E)) length++;
    return length < bytes ? length + 1 : length;
}

/* Makes the line that has ended the program's last words, if it says anything: plain text, single blanks. */
static void end_line(EspalierProgram *program) {
    char plain[ESPALIER_WORDS_BYTES];
    const uint8_t *line = (const uint8_t *)program->line;
    int32_t used = 0, length;
    for (int32_t i = 0; i < program->line_bytes; i += length) {
        if (line[i] == 0x1B) {
            length = escape_length(line + i, program->line_bytes - i);
        } else if ((length = plain_length(line + i, program->line_bytes - i)) > 0 && line[i] != ' ') {
            memcpy(plain + used, line + i, (size_t)length);
            used += length;
        } else {
            length = 1;
            if (used > 0 && plain[used - 1] != ' ') plain[used++] = ' ';
        }
    }
    while (used > 0 && (plain[used - 1] == ' ' || plain[used - 1] == '.')) used--;
    program->line_bytes = 0;
    if (used == 0) return;
    memcpy(program->words, plain, (size_t)used);
    program->words[used] = 0;
}

static void note(EspalierProgram *program, const char *bytes, ssize_t count) {
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r')
            end_line(program);
        else if (program->line_bytes < ESPALIER_WORDS_BYTES - 1) /* of a long line, the beginning */
            program->line[program->line_bytes++] = bytes[i];
    }
}

static int takes_words(void) {
    struct pollfd ours = { .fd = STDERR_FILENO, .events = POLLOUT };
    return poll(&ours, 1, 0) > 0; /* one that is closed takes all */
}

void espalier_program_listen(EspalierProgram *program) {
    char chunk[CHUNK_BYTES];
    for (int i = 0; i < MOST_CHUNKS && program->errors >= 0; i++) {
        program->is_held = !takes_words();
        if (program->is_held) return;
        ssize_t count = read(program->errors, chunk, sizeof chunk);
        if (count > 0) {
            note(program, chunk, count);
            espalier_write(STDERR_FILENO, chunk, count);
        } else if (count == 0) {
            close(program->errors);
            program->errors = -1;
        } else if (errno != EINTR) {
            return;
        }
    }
}

/* MARK: Its end */

static void nap(void) {
    struct timespec moment = { 0, 1000000 };
    nanosleep(&moment, NULL);
}

void espalier_program_describe_end(EspalierProgram *program, char *text, uint32_t bytes) {
    siginfo_t end = { .si_pid = 0 };
    /* Its output ends a moment before it does. It stays to be waited for: its group is still to be ended. */
    for (int i = 0; i < 100; i++) {
        if (waitid(P_PID, (id_t)program->process, &end, WEXITED | WNOHANG | WNOWAIT) || end.si_pid) break;
        nap();
    }
    espalier_program_listen(program);
    if (program->line_bytes > 0 && takes_words()) espalier_write(STDERR_FILENO, "\n", 1); /* ours follows */
    end_line(program);
    int length;
    if (end.si_pid == 0)
        length = snprintf(text, bytes, "it closed its output and went on");
    else if (end.si_code == CLD_EXITED)
        length = snprintf(text, bytes, "it ended with exit status %d", end.si_status);
    else
        length =
            snprintf(text, bytes, "it was ended by signal %d, %s", end.si_status, strsignal(end.si_status));
    if (program->words[0])
        snprintf(text + length, bytes - (uint32_t)length, " and last said: %s", program->words);
}

void espalier_program_stop(EspalierProgram *program) {
    if (program->descriptor >= 0) close(program->descriptor);
    program->descriptor = -1;
    if (program->process > 0) {
        kill(-program->process, SIGTERM);
        for (int i = 0; i < 500 && waitpid(program->process, NULL, WNOHANG) == 0; i++)
            nap(); /* half a second to end by itself */
        kill(-program->process, SIGKILL);
        waitpid(program->process, NULL, 0);
    }
    if (program->errors >= 0) {
        espalier_program_listen(program);
        if (program->errors >= 0) close(program->errors);
    }
    forget(program);
}

#endif
