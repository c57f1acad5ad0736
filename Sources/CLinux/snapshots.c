#ifdef __linux__

#include "snapshots.h"
#include "CLinux.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A file's name without folder and ending: 20261124T121531-000017-person. Names sort by age. */
#define STEM_BYTES 64
#define ENDING ".png"
#define ANNOTATED "-annotated.png"

/* What may be removed from the folder: the stems this writer wrote, now or in an earlier run, oldest first, a line each.
 * A stem is added before its pictures are written. */
#define LIST ".espalier-snapshots"
#define LIST_OPENING "# Written by espalier: the snapshots it may remove, oldest first.\n"

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_running, is_busy, is_stopping;
    EspalierSnapshots settings;
    EspalierSnapshotCounters counters;
    EspalierPicture picture;
    uint8_t *pool;
    char stem[STEM_BYTES];
    char caption[128];
    /* The stems on the list whose pictures are in the folder, oldest first, as a ring. Only the writer uses it. */
    char stems[ESPALIER_MOST_SNAPSHOTS + 1][STEM_BYTES];
    int32_t first, count;
    int32_t added; /* lines since the list was last written anew */
} writer = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* MARK: Files */

static int path_of(char *path, size_t bytes, const char *stem, const char *ending) {
    return (size_t)snprintf(path, bytes, "%s/%s%s", writer.settings.folder, stem, ending) < bytes;
}

static int is_there(const char *stem, const char *ending) {
    char path[352];
    return path_of(path, sizeof path, stem, ending) && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void remove_picture(const char *stem, const char *ending) {
    char path[352];
    if (path_of(path, sizeof path, stem, ending)) unlink(path);
}

static const char *stem_at(int32_t index) {
    return writer.stems[(writer.first + index) % (ESPALIER_MOST_SNAPSHOTS + 1)];
}

static void drop_oldest(void) {
    writer.first = (writer.first + 1) % (ESPALIER_MOST_SNAPSHOTS + 1);
    writer.count--;
}

static void forget_oldest(void) {
    remove_picture(stem_at(0), ENDING);
    remove_picture(stem_at(0), ANNOTATED);
    drop_oldest();
}

static void append(const char *stem) {
    if (writer.count > ESPALIER_MOST_SNAPSHOTS) drop_oldest();
    int32_t place = (writer.first + writer.count) % (ESPALIER_MOST_SNAPSHOTS + 1);
    snprintf(writer.stems[place], STEM_BYTES, "%s", stem);
    writer.count++;
}

static void remember(const char *stem) {
    append(stem);
    while (writer.count > writer.settings.keep) forget_oldest();
}

/* MARK: The list */

static int write_line(int descriptor, const char *stem) {
    char line[STEM_BYTES + 1];
    return espalier_write(descriptor, line, snprintf(line, sizeof line, "%s\n", stem));
}

/* The first error of syncing and closing, or this one. */
static int close_whole(int descriptor, int error) {
    if (!error && fsync(descriptor) && errno != EINVAL) error = errno;
    if (close(descriptor) && !error) error = errno;
    return error;
}

/* Writes the list anew, whole or not at all. 0 or an errno. */
static int write_list(void) {
    char path[352], beside[352];
    if (!path_of(path, sizeof path, LIST, "") || !path_of(beside, sizeof beside, LIST, ".part"))
        return ENAMETOOLONG;
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return errno;
    int error = espalier_write(descriptor, LIST_OPENING, sizeof LIST_OPENING - 1);
    for (int32_t i = 0; i < writer.count && !error; i++) error = write_line(descriptor, stem_at(i));
    error = close_whole(descriptor, error);
    if (!error && rename(beside, path)) error = errno;
    if (error) unlink(beside);
    writer.added = 0;
    return error;
}

/* Adds a stem whose pictures are about to be written. 0 or an errno. */
static int add_to_list(const char *stem) {
    char path[352];
    if (writer.added >= ESPALIER_MOST_SNAPSHOTS) {
        int error = write_list();
        if (error) return error;
    }
    if (!path_of(path, sizeof path, LIST, "")) return ENAMETOOLONG;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0) return errno;
    off_t end = lseek(descriptor, 0, SEEK_END);
    int error = write_line(descriptor, stem);
    if (error && ftruncate(descriptor, end)) error = errno; /* no half line for the next to be appended to */
    writer.added++;
    return close_whole(descriptor, error);
}

/* Whether a line is a file's name without folder: what is not is nobody's list. */
static int is_stem(const char *line) { return *line && *line != '.' && !strchr(line, '/'); }

/* Takes stock of what earlier runs left, the newest ESPALIER_MOST_SNAPSHOTS of it: what is on the list and in the folder.
 * Other files there are not this writer's, whatever they are called. */
static int32_t take_stock(EspalierProblem *problem) {
    char path[352], line[128];
    const char *folder = writer.settings.folder;
    writer.first = writer.count = 0;
    if (faccessat(AT_FDCWD, folder, R_OK | W_OK | X_OK, AT_EACCESS))
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "the snapshot folder %s cannot be written to (%s); make it, allow it, or name another",
                                folder, strerror(errno));
    if (!path_of(path, sizeof path, LIST, ""))
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP, "the snapshot folder's path is too long; shorten it");
    FILE *list = fopen(path, "re");
    if (list && fgets(line, sizeof line, list) && strcmp(line, LIST_OPENING)) {
        fclose(list);
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "%s is no list of snapshots; remove it, or name another folder", path);
    }
    while (list && fgets(line, sizeof line, list)) {
        size_t length = strlen(line);
        if (!length || line[length - 1] != '\n' || length > STEM_BYTES) continue; /* cut short */
        line[length - 1] = 0;
        if (!is_stem(line)) continue;
        remove_picture(line, ENDING ".part");
        remove_picture(line, ANNOTATED ".part");
        if (is_there(line, ENDING) || is_there(line, ANNOTATED)) append(line);
    }
    if (list) fclose(list);
    int error = write_list();
    if (!error) return 0;
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                            "%s cannot be written (%s); free some space, or name another snapshot folder", path,
                            strerror(error));
}

/* MARK: The writer */

static int write_one(const char *ending) {
    char path[352];
    if (!path_of(path, sizeof path, writer.stem, ending)) return ENAMETOOLONG;
    return espalier_picture_write(&writer.picture, path, writer.pool, ESPALIER_PICTURE_POOL_BYTES);
}

static void write_picture(void) {
    /* After a clock went back, or somebody else's: what is there is neither replaced nor listed. */
    int is_taken = is_there(writer.stem, ENDING) || is_there(writer.stem, ANNOTATED);
    int error = is_taken ? EEXIST : add_to_list(writer.stem), written = 0;
    if (writer.settings.kinds & ESPALIER_SNAPSHOT_CLEAN && !error) {
        error = write_one(ENDING);
        written = !error;
    }
    if (writer.settings.kinds & ESPALIER_SNAPSHOT_ANNOTATED && !error) {
        espalier_picture_caption(&writer.picture, writer.caption);
        error = write_one(ANNOTATED);
        written |= !error;
    }
    if (written) remember(writer.stem); /* what could not be written must not push out what was */
    pthread_mutex_lock(&writer.lock);
    writer.counters.error = error;
    if (error)
        writer.counters.failed++;
    else
        writer.counters.written++;
    pthread_mutex_unlock(&writer.lock);
}

static void *work(void *unused) {
    pthread_mutex_lock(&writer.lock);
    while (1) {
        while (!writer.is_busy && !writer.is_stopping) pthread_cond_wait(&writer.changed, &writer.lock);
        if (!writer.is_busy) break;
        pthread_mutex_unlock(&writer.lock);
        write_picture();
        pthread_mutex_lock(&writer.lock);
        writer.is_busy = 0;
        pthread_cond_broadcast(&writer.changed);
    }
    writer.is_running = 0;
    pthread_cond_broadcast(&writer.changed);
    pthread_mutex_unlock(&writer.lock);
    return unused;
}

int32_t espalier_snapshots_apart(const EspalierSetup *setup, EspalierProblem *problem) {
    struct stat folder, frames;
    if (setup->camera.kind != ESPALIER_CAMERA_PICTURES || stat(setup->snapshots.folder, &folder) ||
        stat(setup->camera.source, &frames) || folder.st_dev != frames.st_dev || folder.st_ino != frames.st_ino)
        return 0;
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                            "the camera's pictures are read from the snapshot folder %s; name another for snapshots",
                            setup->snapshots.folder);
}

int32_t espalier_snapshots_start(const EspalierSnapshots *settings, uint8_t *pixels, uint32_t pixel_bytes,
                                 uint8_t *pool, EspalierProblem *problem) {
#ifdef ESPALIER_WITHOUT_SNAPSHOTS
    (void)pixels, (void)pixel_bytes, (void)pool, (void)take_stock, (void)work;
    return espalier_problem(
        problem, ESPALIER_PROBLEM_SETUP,
        "no snapshots to %s: this firmware was built without them; build it with cross/build for a "
        "reaction that has a folder",
        settings->folder);
#else
    writer.settings = *settings;
    writer.picture.pixels = pixels;
    writer.picture.capacity = pixel_bytes;
    writer.pool = pool;
    writer.is_busy = writer.is_stopping = 0;
    memset(&writer.counters, 0, sizeof writer.counters);
    int32_t kind = take_stock(problem);
    if (kind) return kind;
    sigset_t all, before; /* signals are for the thread that waits for edges */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer.thread, NULL, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return espalier_problem(problem, ESPALIER_PROBLEM_MACHINE, "no thread for snapshots (%s)",
                                strerror(error));
    writer.is_running = 1;
    return 0;
#endif
}

EspalierPicture *espalier_snapshots_begin(void) {
    if (!writer.is_running) return NULL;
    pthread_mutex_lock(&writer.lock);
    int is_busy = writer.is_busy;
    if (is_busy) writer.counters.skipped++;
    pthread_mutex_unlock(&writer.lock);
    return is_busy ? NULL : &writer.picture;
}

/* What is safe in a file's name on any system. */
static void copy_name(char *target, size_t bytes, const char *name) {
    size_t i = 0;
    for (; name[i] && i + 1 < bytes; i++) target[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
    target[i] = 0;
}

void espalier_snapshots_end(const EspalierReactionRecord *record, const char *label) {
    char name[32], when[24];
    struct tm parts;
    time_t now = time(NULL);
    gmtime_r(&now, &parts);
    copy_name(name, sizeof name, label ? label : "verdict");
    pthread_mutex_lock(&writer.lock);
    size_t used = strftime(writer.stem, STEM_BYTES, "%Y%m%dT%H%M%S", &parts);
    snprintf(writer.stem + used, STEM_BYTES - used, "-%06d-%s", (int)(record->trigger % 1000000), name);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%SZ", &parts);
    int32_t permille = record->group_permille < 0 ? 0 : record->group_permille;
    snprintf(writer.caption, sizeof writer.caption, "%s %d.%03d %s %s", label ? label : "", permille / 1000,
             permille % 1000, record->signalled ? "signal" : "-", when);
    writer.is_busy = 1;
    pthread_cond_broadcast(&writer.changed);
    pthread_mutex_unlock(&writer.lock);
}

void espalier_snapshots_cancel(void) {
    pthread_mutex_lock(&writer.lock);
    writer.counters.skipped++;
    pthread_mutex_unlock(&writer.lock);
}

EspalierSnapshotCounters espalier_snapshots_counters(void) {
    pthread_mutex_lock(&writer.lock);
    EspalierSnapshotCounters counters = writer.counters;
    pthread_mutex_unlock(&writer.lock);
    return counters;
}

void espalier_snapshots_stop(void) {
    struct timespec end;
    if (!writer.is_running) return;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 2;
    pthread_mutex_lock(&writer.lock);
    writer.is_stopping = 1;
    pthread_cond_broadcast(&writer.changed);
    int error = 0;
    while (writer.is_running && !error) error = pthread_cond_timedwait(&writer.changed, &writer.lock, &end);
    int is_done = !writer.is_running;
    pthread_mutex_unlock(&writer.lock);
    if (is_done) pthread_join(writer.thread, NULL);
}

#endif
