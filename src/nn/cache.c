#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* There while somebody is at work: found by the next one, its maker was killed. */
static bool marker_of(const char *dir, char *path)
{
    int n = snprintf(path, PATH_MAX, "%s/unfinished", dir);
    return n > 0 && n < PATH_MAX;
}

static void remove_networks(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot && strcmp(dot, ".blob") == 0)
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

int rh_nn_cache_enter(const char *dir)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/lock", dir);
    int lock = n > 0 && n < (int)sizeof path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (lock < 0)
        return -1;
    while (flock(lock, LOCK_EX) != 0)
        if (errno != EINTR) {
            close(lock);
            return -1;
        }
    int marker = -1;
    if (marker_of(dir, path)) {
        if (access(path, F_OK) == 0)
            remove_networks(dir);
        marker = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    }
    if (marker >= 0)
        close(marker);
    return lock;
}

void rh_nn_cache_leave(const char *dir, int lock)
{
    char path[PATH_MAX];
    if (lock < 0)
        return;
    if (marker_of(dir, path))
        (void)unlink(path);
    close(lock);
}
