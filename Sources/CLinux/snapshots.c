#ifdef __linux__

#include "snapshots.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A file's name without folder and ending: 20261124T121531-000017-person. Names sort by age. */
#define STEM_BYTES 64
#define ENDING ".png"
#define ANNOTATED "-annotated.png"

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
    /* The stems in the folder, oldest first, as a ring. Only the writer uses it. */
    char stems[ESPALIER_MOST_SNAPSHOTS + 1][STEM_BYTES];
    int32_t first, count;
} writer = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* MARK: Files */

static int path_of(char *path, size_t bytes, const char *stem, const char *ending) {
    return (size_t)snprintf(path, bytes, "%s/%s%s", writer.settings.folder, stem, ending) < bytes;
}

static void forget_oldest(void) {
    char path[352];
    const char *stem = writer.stems[writer.first];
    if (path_of(path, sizeof path, stem, ENDING)) unlink(path);
    if (path_of(path, sizeof path, stem, ANNOTATED)) unlink(path);
    writer.first = (writer.first + 1) % (ESPALIER_MOST_SNAPSHOTS + 1);
    writer.count--;
}

static void remember(const char *stem) {
    int32_t place = (writer.first + writer.count) % (ESPALIER_MOST_SNAPSHOTS + 1);
    snprintf(writer.stems[place], STEM_BYTES, "%s", stem);
    writer.count++;
    while (writer.count > writer.settings.keep) forget_oldest();
}

/* The stem of a file this writer wrote, in an earlier run; 0 for any other. */
static int stem_of(const char *name, char *stem) {
    static const char shape[] = "dddddddd-dddddd-dddddd-";
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (i == 8            ? name[i] != 'T'
            : shape[i] == 'd' ? !isdigit((unsigned char)name[i])
                              : name[i] != shape[i])
            return 0;
    size_t ending = strlen(ENDING);
    if (length > strlen(ANNOTATED) && !strcmp(name + length - strlen(ANNOTATED), ANNOTATED))
        ending = strlen(ANNOTATED);
    if (length <= ending || length - ending >= STEM_BYTES || strcmp(name + length - strlen(ENDING), ENDING))
        return 0;
    memcpy(stem, name, length - ending);
    stem[length - ending] = 0;
    return 1;
}

static int compare(const void *one, const void *other) { return strcmp(one, other); }

/* Takes stock of what earlier runs left, the newest ESPALIER_MOST_SNAPSHOTS of it. */
static int32_t take_stock(EspalierProblem *problem) {
    char stem[STEM_BYTES];
    DIR *folder = opendir(writer.settings.folder);
    if (!folder)
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "the snapshot folder %s cannot be read (%s); make it, or "
                                "name another",
                                writer.settings.folder, strerror(errno));
    writer.first = writer.count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!stem_of(entry->d_name, stem)) continue;
        if (bsearch(stem, writer.stems, (size_t)writer.count, STEM_BYTES, compare)) continue;
        if (writer.count == ESPALIER_MOST_SNAPSHOTS) {
            if (strcmp(stem, writer.stems[0]) < 0) continue;
            memcpy(writer.stems[0], stem, STEM_BYTES);
        } else {
            memcpy(writer.stems[writer.count++], stem, STEM_BYTES);
        }
        qsort(writer.stems, (size_t)writer.count, STEM_BYTES, compare);
    }
    closedir(folder);
    if (faccessat(AT_FDCWD, writer.settings.folder, W_OK | X_OK, AT_EACCESS) == 0) return 0;
    return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                            "the snapshot folder %s is not writable (%s); allow it, or name "
                            "another",
                            writer.settings.folder, strerror(errno));
}

/* MARK: The writer */

static int write_one(const char *ending) {
    char path[352];
    if (!path_of(path, sizeof path, writer.stem, ending)) return ENAMETOOLONG;
    return espalier_picture_write(&writer.picture, path, writer.pool, ESPALIER_PICTURE_POOL_BYTES);
}

static void write_picture(void) {
    int error = 0, written = 0;
    if (writer.settings.kinds & ESPALIER_SNAPSHOT_CLEAN) {
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
