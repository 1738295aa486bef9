/* kept_media.c - the sound of a session and its video, whole or a part of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "range.h"
#include "rehearse/base/alloc.h"
#include "rehearse/session/videos.h"
#include "sessions.h"

/* A range without an end gives at most OPEN_BYTES of a file: players ask on. */
enum { MAX_MEDIA_BYTES = 512 << 20, OPEN_BYTES = 16 << 20 };

/* A part of a file that has changed since is no use: then the whole is sent. */
static bool is_still(const rh_ask *a)
{
    return !a->if_range[0] || strcmp(a->if_range, a->etag) == 0 || strcmp(a->if_range, a->modified) == 0;
}

static rh_status read_part(rh_ask *a, int fd, uint64_t first, uint64_t n)
{
    size_t got = 0;
    a->body = rh_alloc(n + 1);
    if (!a->body)
        return rh_fail(&a->err, RH_ERR_NOMEM, "out of memory");
    while (got < n) {
        ssize_t k = pread(fd, a->body + got, n - got, (off_t)(first + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return rh_fail(&a->err, RH_ERR_IO, "what was kept of session \"%s\" cannot be read", a->id);
        got += (size_t)k;
    }
    a->n_body = n;
    return RH_OK;
}

static bool is_open(const char *range)
{
    const char *dash = strrchr(range, '-');
    return dash && !dash[1 + strspn(dash + 1, " \t")];
}

static rh_status send_media(rh_ask *a, int fd, const struct stat *st, const char *type)
{
    uint64_t size = (uint64_t)st->st_size, first = 0, n = size;
    struct tm tm;
    (void)snprintf(a->etag, sizeof a->etag, "\"%llx-%llx\"", (unsigned long long)size,
                   (unsigned long long)st->st_mtim.tv_sec * 1000000000ull + (unsigned long long)st->st_mtim.tv_nsec);
    (void)strftime(a->modified, sizeof a->modified, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&st->st_mtim.tv_sec, &tm));
    a->type = type;
    if (strstr(a->if_none_match, a->etag)) {
        a->status = 304;
        return RH_OK;
    }
    rh_range range = is_still(a) ? rh_range_read(a->range, size, &first, &n) : RH_RANGE_WHOLE;
    if (range == RH_RANGE_NONE) {
        (void)snprintf(a->content_range, sizeof a->content_range, "bytes */%llu", (unsigned long long)size);
        a->status = 416;
        return rh_fail(&a->err, RH_ERR_INVAL, "it has %llu bytes: Range must begin before its end",
                       (unsigned long long)size);
    }
    if (range == RH_RANGE_PART && is_open(a->range) && n > OPEN_BYTES)
        n = OPEN_BYTES;
    a->status = range == RH_RANGE_PART ? 206 : 200;
    if (range == RH_RANGE_PART)
        (void)snprintf(a->content_range, sizeof a->content_range, "bytes %llu-%llu/%llu", (unsigned long long)first,
                       (unsigned long long)(first + n - 1), (unsigned long long)size);
    return read_part(a, fd, first, n);
}

/* The file; -1 with an error. */
static int open_media(rh_ask *a, const json_t *session, struct stat *st)
{
    const char *file = json_string_value(json_object_get(session, "media"));
    char path[4096];
    if (!file || snprintf(path, sizeof path, "%s/%s", a->server->media_dir, file) >= (int)sizeof path) {
        (void)rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" was not kept", a->id);
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size <= MAX_MEDIA_BYTES)
        return fd;
    if (fd >= 0)
        close(fd);
    (void)rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" is gone", a->id);
    return -1;
}

rh_status rh_session_answer_media(rh_ask *a, const json_t *session)
{
    struct stat st;
    int fd = open_media(a, session, &st);
    if (fd < 0)
        return a->err.code;
    rh_status status = send_media(a, fd, &st, "audio/wav");
    close(fd);
    return status;
}

static rh_status open_video(rh_ask *a, const char *id, int part, int *fd, const char **type, struct stat *st)
{
    rh_status status = rh_videos_open(a->server->media_dir, id, part, fd, type, &a->err);
    if (status != RH_OK || (fstat(*fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size <= MAX_MEDIA_BYTES))
        return status;
    close(*fd);
    return rh_fail(&a->err, RH_ERR_NOTFOUND, "the video of session \"%s\" is gone", id);
}

rh_status rh_session_answer_video_of(rh_ask *a, const char *id)
{
    struct stat st;
    int fd = -1;
    const char *type = NULL;
    rh_status status = open_video(a, id, a->video_part, &fd, &type, &st);
    if (status != RH_OK)
        return status;
    status = send_media(a, fd, &st, type);
    close(fd);
    return status;
}

rh_status rh_session_answer_video(rh_ask *a)
{
    return rh_session_answer_video_of(a, a->id);
}

/* All of it; NULL when it has more than `most` bytes. */
static rh_status read_whole(rh_ask *a, int fd, const struct stat *st, size_t most, char **out, size_t *size)
{
    rh_status status = RH_OK;
    *size = (size_t)st->st_size;
    if (*size <= most) {
        status = read_part(a, fd, 0, *size);
        *out = a->body;
        a->body = NULL;
    }
    close(fd);
    return status;
}

rh_status rh_session_video_part(rh_ask *a, int part, size_t most, char **out, size_t *size)
{
    struct stat st;
    int fd = -1;
    const char *type = NULL;
    *out = NULL;
    *size = 0;
    rh_status status = open_video(a, a->id, part, &fd, &type, &st);
    return status == RH_OK ? read_whole(a, fd, &st, most, out, size) : status;
}

rh_status rh_session_sound(rh_ask *a, const json_t *session, size_t most, char **out, size_t *size)
{
    struct stat st;
    int fd = open_media(a, session, &st);
    *out = NULL;
    *size = 0;
    return fd < 0 ? a->err.code : read_whole(a, fd, &st, most, out, size);
}
