/* The pictures of a folder, in the order of their names, and round again. */
#ifdef __linux__

#include "pictures.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

int32_t espalier_is_picture_name(const char *name) {
    const char *end = strrchr(name, '.');
    if (!end || end == name || name[0] == '.') return 0;
    return !strcasecmp(end, ".png") || !strcasecmp(end, ".jpg") || !strcasecmp(end, ".jpeg");
}

int32_t espalier_folder_open(EspalierFolder *folder, const char *source) {
    struct stat status;
    memset(folder, 0, sizeof *folder);
    snprintf(folder->source, sizeof folder->source, "%s", source);
    if (stat(source, &status)) return errno;
    if (!S_ISDIR(status.st_mode)) return 0;
    folder->entries = opendir(source);
    return folder->entries ? 0 : errno;
}

/* The first name after `after`; 0 when there is none. The folder may change between calls. */
static int find_next(DIR *entries, const char *after, char *name, size_t bytes) {
    int found = 0;
    rewinddir(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!espalier_is_picture_name(entry->d_name) || strcmp(entry->d_name, after) <= 0) continue;
        if (found && strcmp(entry->d_name, name) >= 0) continue;
        snprintf(name, bytes, "%s", entry->d_name);
        found = 1;
    }
    return found;
}

int32_t espalier_folder_next(EspalierFolder *folder, char *path, uint32_t path_bytes) {
    char name[sizeof folder->last];
    if (!folder->entries) {
        snprintf(path, path_bytes, "%s", folder->source);
        return 0;
    }
    if (!find_next(folder->entries, folder->last, name, sizeof name)
        && !find_next(folder->entries, "", name, sizeof name))
        return ENOENT;
    memcpy(folder->last, name, sizeof name);
    return (size_t)snprintf(path, path_bytes, "%s/%s", folder->source, name) < path_bytes ? 0 : ENAMETOOLONG;
}

void espalier_folder_close(EspalierFolder *folder) {
    if (folder->entries) closedir(folder->entries);
    folder->entries = NULL;
}

#endif
