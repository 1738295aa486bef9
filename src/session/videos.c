#include "rehearse/session/videos.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/file.h"
#include "rehearse/base/random.h"
#include "rehearse/media/remux.h"
#include "rehearse/store/store.h"

static const struct {
    const char *type, *ending;
} kinds[] = {{"video/webm", "webm"}, {"video/mp4", "mp4"}};
enum { N_KINDS = sizeof kinds / sizeof *kinds, MAX_PATH = 4096, NAME_SIZE = RH_SESSION_ID_MAX + 40 };

typedef struct {
    rh_video_name as;
    int kind;
    uint64_t n;
    char name[NAME_SIZE];
} found;

static int kind_of_type(const char *type)
{
    for (int k = 0; k < N_KINDS; k++) {
        size_t n = strlen(kinds[k].type);
        if (strncmp(type, kinds[k].type, n) == 0 && (!type[n] || type[n] == ';' || type[n] == ' '))
            return k;
    }
    return -1;
}

bool rh_video_type_valid(const char *type)
{
    return kind_of_type(type) >= 0;
}

static int by_part(const void *a, const void *b)
{
    return ((const found *)a)->as.part - ((const found *)b)->as.part;
}

/* The session's parts, in order; at most RH_VIDEO_PARTS. */
static int find(const char *dir, const char *id, found *out)
{
    DIR *d = dir ? opendir(dir) : NULL;
    int n = 0;
    for (struct dirent *e; d && n < RH_VIDEO_PARTS && (e = readdir(d));) {
        struct stat st;
        if (!rh_video_name_read(&out[n].as, e->d_name) || strcmp(out[n].as.id, id) != 0 ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        (void)snprintf(out[n].name, sizeof out[n].name, "%s", e->d_name);
        out[n].kind = strcmp(out[n].as.ending, kinds[1].ending) == 0;
        out[n++].n = (uint64_t)st.st_size;
    }
    if (d)
        closedir(d);
    qsort(out, (size_t)n, sizeof *out, by_part);
    return n;
}

static rh_status disk_fault(rh_error *err, int why)
{
    return rh_fail(err, RH_ERR_IO, "the video can't be kept: %s", why == ENOSPC ? "the disk is full" : strerror(why));
}

/* All of it or nothing: what a full disk took of it is cut off again. */
static rh_status append(int fd, const rh_video_piece *piece, rh_error *err)
{
    if (rh_file_write(fd, piece->bytes, piece->n, (off_t)piece->at) == RH_OK)
        return RH_OK;
    rh_status st = disk_fault(err, errno);
    (void)!ftruncate(fd, (off_t)piece->at);
    return st;
}

static rh_status add_to(const char *path, const rh_video_piece *piece, uint64_t *held, rh_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;
    if (fd < 0 || flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0) {
        rh_status failed = disk_fault(err, errno);
        if (fd >= 0)
            close(fd);
        return failed;
    }
    *held = (uint64_t)st.st_size;
    rh_status status = *held == piece->at ? append(fd, piece, err)
                                          : rh_fail(err, RH_ERR_INVAL,
                                                    "part %d has %" PRIu64 " bytes, this piece begins at %" PRIu64
                                                    ": go on where it ends",
                                                    piece->part, *held, piece->at);
    if (status == RH_OK)
        *held += piece->n;
    close(fd);
    return status;
}

rh_status rh_videos_add(const char *dir, const char *id, const rh_video_piece *piece, uint64_t most, uint64_t *held,
                        rh_error *err)
{
    found parts[RH_VIDEO_PARTS];
    const found *mine = NULL;
    char path[MAX_PATH];
    uint64_t all = 0;
    int n = find(dir, id, parts);
    for (int i = 0; i < n; i++) {
        all += parts[i].n;
        mine = parts[i].as.part == piece->part ? &parts[i] : mine;
    }
    *held = mine ? mine->n : 0;
    if (all + piece->n > most)
        return rh_fail(err, RH_ERR_LIMIT, "the session's video has more than %" PRIu64 " MB", most >> 20);
    if (!mine && n == RH_VIDEO_PARTS)
        return rh_fail(err, RH_ERR_LIMIT, "the session's video has more than %d parts", RH_VIDEO_PARTS);
    if (mine)
        (void)snprintf(path, sizeof path, "%s/%s", dir, mine->name);
    else
        (void)snprintf(path, sizeof path, "%s/%d-%" PRId64 "-%s.%s", dir, piece->part, piece->start_ms, id,
                       kinds[kind_of_type(piece->type)].ending);
    if (!mine && piece->at > 0)
        return rh_fail(err, RH_ERR_INVAL, "part %d has not begun: its first piece comes first", piece->part);
    if (!mine)
        (void)mkdir(dir, 0700); /* an error shows at the next line */
    return add_to(path, piece, held, err);
}

json_t *rh_videos_list(const char *dir, const char *id)
{
    found parts[RH_VIDEO_PARTS];
    int n = find(dir, id, parts);
    json_t *list = n ? json_array() : NULL;
    for (int i = 0; i < n && list; i++)
        json_array_append_new(list, json_pack("{s:i, s:f, s:s, s:I}", "part", parts[i].as.part, "start",
                                              (double)parts[i].as.start_ms / 1000, "type", kinds[parts[i].kind].type,
                                              "bytes", (json_int_t)parts[i].n));
    return list;
}

rh_status rh_videos_open(const char *dir, const char *id, int part, int *fd, const char **type, rh_error *err)
{
    found parts[RH_VIDEO_PARTS];
    int n = find(dir, id, parts);
    for (int i = 0; i < n; i++) {
        char path[MAX_PATH];
        if (parts[i].as.part != part)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, parts[i].name);
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        *type = kinds[parts[i].kind].type;
        if (*fd >= 0)
            return RH_OK;
    }
    return rh_fail(err, RH_ERR_NOTFOUND, "session \"%s\" has no part %d of a video", id, part);
}

/* <dir>/<any>.part, which is swept should this be the end. */
static void scratch_path(const char *dir, char *out, size_t size)
{
    char name[17];
    (void)rh_random_hex(name, 8);
    (void)snprintf(out, size, "%s/%s.part", dir, name);
}

void rh_videos_finish(const char *dir, const char *id)
{
    found parts[RH_VIDEO_PARTS];
    int n = find(dir, id, parts);
    for (int i = 0; i < n; i++) {
        char from[MAX_PATH], to[MAX_PATH];
        const char *type = NULL;
        (void)snprintf(from, sizeof from, "%s/%s", dir, parts[i].name);
        scratch_path(dir, to, sizeof to);
        if (rh_remux(from, to, &type, NULL) != RH_OK)
            continue;
        if (strcmp(type, kinds[parts[i].kind].type) != 0 || chmod(to, 0600) != 0 || rename(to, from) != 0)
            (void)unlink(to);
    }
}

rh_status rh_videos_take(const char *dir, const char *id, const char *path, rh_error *err)
{
    char made[MAX_PATH], to[MAX_PATH];
    const char *type = NULL;
    scratch_path(dir, made, sizeof made);
    rh_status st = rh_remux(path, made, &type, err);
    if (st != RH_OK)
        return st;
    (void)snprintf(to, sizeof to, "%s/1-0-%s.%s", dir, id, kinds[kind_of_type(type)].ending);
    if (chmod(made, 0600) == 0 && rename(made, to) == 0)
        return RH_OK;
    st = disk_fault(err, errno);
    (void)unlink(made);
    return st;
}

void rh_videos_remove(const char *dir, const char *id)
{
    found parts[RH_VIDEO_PARTS];
    char path[MAX_PATH];
    for (int n = find(dir, id, parts), i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, parts[i].name);
        (void)unlink(path);
    }
}
