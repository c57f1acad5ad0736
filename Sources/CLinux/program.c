#ifdef __linux__

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* A pipe that holds a frame lets the program write on while the model runs; the kernel's default holds 64
 * KiB. */
#define PIPE_BYTES (1 << 20)

static int spawn(EspalierProgram *program, const char *command, int output) {
    char *arguments[] = { "/bin/sh", "-c", (char *)command, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t process;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
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

int32_t espalier_program_start(EspalierProgram *program, const char *command, EspalierProblem *problem) {
    int ends[2];
    program->process = 0;
    program->descriptor = -1;
    int error = pipe2(ends, O_CLOEXEC) ? errno : 0;
    if (!error) {
        error = spawn(program, command, ends[1]);
        close(ends[1]);
        if (error) close(ends[0]);
    }
    if (error)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE,
                                "the camera program \"%.200s\" cannot be started (%s)", command,
                                strerror(error));
    program->descriptor = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
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

void espalier_program_stop(EspalierProgram *program) {
    if (program->descriptor >= 0) close(program->descriptor);
    program->descriptor = -1;
    if (program->process <= 0) return;
    kill(-program->process, SIGTERM);
    for (int i = 0; i < 50 && waitpid(program->process, NULL, WNOHANG) == 0;
         i++) { /* half a second to end by itself */
        struct timespec moment = { 0, 10000000 };
        nanosleep(&moment, NULL);
    }
    kill(-program->process, SIGKILL);
    waitpid(program->process, NULL, 0);
    program->process = 0;
}

#endif
