/* store_reserve.c - a file that only takes room.
 *
 * Deleting writes first (the log of the database), so on a full disk it would fail where it
 * is wanted most. Then this file goes, and comes back when there is room again. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "rehearse/base/clock.h"
#include "store_internal.h"

enum { AGAIN_US = 10000000, ROOM = 2 }; /* made when the disk has so many times its size */

static bool has_room(const char *path)
{
    char dir[4096];
    struct statvfs fs;
    (void)snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return statvfs(dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= (uint64_t)ROOM * RH_STORE_RESERVE_BYTES;
}

static bool make(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_blocks * 512 >= RH_STORE_RESERVE_BYTES)
        return true;
    if (!has_room(path))
        return false;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && posix_fallocate(fd, 0, RH_STORE_RESERVE_BYTES) == 0;
    if (fd >= 0)
        close(fd);
    if (!ok)
        (void)unlink(path);
    return ok;
}

void store_reserve_open(rh_store *s, const char *database_path)
{
    const char *slash = strrchr(database_path, '/');
    int n = slash ? snprintf(s->reserve, sizeof s->reserve, "%.*s/reserve", (int)(slash - database_path), database_path)
                  : -1;
    if (n < 0 || n >= (int)sizeof s->reserve)
        s->reserve[0] = '\0';
    else if (!make(s->reserve))
        s->reserve_at_us = rh_now_us() + AGAIN_US;
}

void store_reserve_keep(rh_store *s, int64_t now_us)
{
    if (s->reserve[0] && s->reserve_at_us && now_us >= s->reserve_at_us)
        s->reserve_at_us = make(s->reserve) ? 0 : now_us + AGAIN_US;
}

bool store_reserve_spend(rh_store *s)
{
    if (!s->reserve[0] || unlink(s->reserve) != 0)
        return false;
    s->reserve_at_us = rh_now_us() + AGAIN_US;
    return true;
}
