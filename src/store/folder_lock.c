#include "rehearse/store/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/store/store.h"

enum { TRIES = 20, PAUSE_MS = 100 };

struct rh_folder_lock {
    int fd;
};

void rh_store_make_folder(const char *path)
{
    char dir[4096];
    if (snprintf(dir, sizeof dir, "%s", path) >= (int)sizeof dir)
        return;
    for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(dir, 0700); /* an error shows when the database is opened */
        *slash = '/';
    }
}

static void say_who(int fd, const char *who)
{
    char host[65] = "?", since[32], text[256];
    struct tm tm;
    time_t now = time(NULL);
    (void)gethostname(host, sizeof host - 1);
    strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", localtime_r(&now, &tm));
    int n = snprintf(text, sizeof text, "%.80s, process %ld on %s since %s\n", who, (long)getpid(), host, since);
    /* Without it the lock holds as well, only namelessly: on a full disk, say. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        (void)ftruncate(fd, 0);
}

static rh_status held(int fd, const char *dir, rh_error *err)
{
    char who[256];
    ssize_t n = pread(fd, who, sizeof who - 1, 0);
    who[n > 0 ? n : 0] = '\0';
    who[strcspn(who, "\n")] = '\0';
    for (char *c = who; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    return rh_fail(err, RH_ERR_LIMIT, "%.60s is in use by %.90s", dir, *who ? who : "another program");
}

rh_status rh_folder_lock_take(rh_folder_lock **out, const char *dir, const char *who, rh_error *err)
{
    char path[4096];
    rh_folder_lock *l = rh_calloc(1, sizeof *l);
    if (!l)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path) {
        rh_free(l);
        return rh_fail(err, RH_ERR_IO, "the path of the data folder is too long");
    }
    rh_store_make_folder(path);
    l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    rh_status st = l->fd >= 0 ? RH_OK : rh_fail(err, RH_ERR_IO, "%.100s can't be written: %s", path, strerror(errno));
    bool mine = false;
    for (int i = 0; st == RH_OK && !mine && i < TRIES; i++) {
        mine = flock(l->fd, LOCK_EX | LOCK_NB) == 0;
        if (!mine && errno != EWOULDBLOCK && errno != EINTR)
            st = rh_fail(err, RH_ERR_IO, "%.100s can't be locked: %s", path, strerror(errno));
        if (!mine && st == RH_OK)
            (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    if (st == RH_OK && !mine)
        st = held(l->fd, dir, err);
    if (st != RH_OK) {
        if (l->fd >= 0)
            close(l->fd);
        rh_free(l);
        return st;
    }
    say_who(l->fd, who);
    *out = l;
    return RH_OK;
}

void rh_folder_lock_release(rh_folder_lock *l)
{
    if (!l)
        return;
    (void)ftruncate(l->fd, 0); /* nobody has it; the file stays, for another may be waiting on it */
    close(l->fd);
    rh_free(l);
}
