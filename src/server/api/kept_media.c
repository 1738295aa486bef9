/* kept_media.c - the sound of a session and its video, whole or a part of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "range.h"
#include "rehearse/base/alloc.h"
#include "rehearse/session/videos.h"
#include "rehearse/store/media.h"
#include "sessions.h"

/* A range without an end gives at most OPEN_BYTES of a file: players ask on. */
enum { MAX_MEDIA_BYTES = 512 << 20, OPEN_BYTES = 16 << 20 };

/* A part of a file that has changed since is no use: then the whole is sent. */
static bool is_still(const rh_ask *a)
{
    return !a->if_range[0] || strcmp(a->if_range, a->etag) == 0 || strcmp(a->if_range, a->modified) == 0;
}

/* What is sent: kept sound by its name, or a video that is open. */
typedef struct {
    const char *name; /* NULL: it is `fd` */
    int fd;
    rh_media_info info;
} source;

static rh_status gone(rh_ask *a)
{
    return rh_fail(&a->err, RH_ERR_IO, "what was kept of session \"%s\" cannot be read", a->id);
}

static rh_status read_part(rh_ask *a, const source *from, uint64_t first, uint64_t n)
{
    size_t got = 0;
    a->body = rh_alloc(n + 1);
    if (!a->body)
        return rh_fail(&a->err, RH_ERR_NOMEM, "out of memory");
    if (from->name &&
        rh_media_read(a->server->store, a->server->media_dir, from->name, first, a->body, n, NULL) != RH_OK)
        return gone(a);
    while (!from->name && got < n) {
        ssize_t k = pread(from->fd, a->body + got, n - got, (off_t)(first + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return gone(a);
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

static rh_status send_media(rh_ask *a, const source *from, const char *type)
{
    uint64_t size = from->info.size, first = 0, n = size;
    time_t since = (time_t)from->info.modified;
    struct tm tm;
    (void)snprintf(a->etag, sizeof a->etag, "\"%llx-%llx\"", (unsigned long long)size,
                   (unsigned long long)(from->info.modified * 1e6));
    (void)strftime(a->modified, sizeof a->modified, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&since, &tm));
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
    return read_part(a, from, first, n);
}

static rh_status find_sound(rh_ask *a, const json_t *session, source *out)
{
    *out = (source){.name = json_string_value(json_object_get(session, "media")), .fd = -1};
    if (!out->name)
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" was not kept", a->id);
    rh_status st = rh_media_look(a->server->store, a->server->media_dir, out->name, &out->info, &a->err);
    if (st == RH_ERR_NOTFOUND || (st == RH_OK && out->info.size > MAX_MEDIA_BYTES))
        st = rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" is gone", a->id);
    return st;
}

rh_status rh_session_answer_media(rh_ask *a, const json_t *session)
{
    source sound;
    rh_status st = find_sound(a, session, &sound);
    return st == RH_OK ? send_media(a, &sound, "audio/wav") : st;
}

static rh_status open_video(rh_ask *a, const char *id, int part, source *out, const char **type)
{
    struct stat st;
    *out = (source){.fd = -1};
    rh_status status = rh_videos_open(a->server->media_dir, id, part, &out->fd, type, &a->err);
    if (status != RH_OK)
        return status;
    if (fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_MEDIA_BYTES) {
        out->info.size = (uint64_t)st.st_size;
        out->info.modified = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
        return RH_OK;
    }
    close(out->fd);
    return rh_fail(&a->err, RH_ERR_NOTFOUND, "the video of session \"%s\" is gone", id);
}

rh_status rh_session_answer_video_of(rh_ask *a, const char *id)
{
    source video;
    const char *type = NULL;
    rh_status st = open_video(a, id, a->video_part, &video, &type);
    if (st != RH_OK)
        return st;
    st = send_media(a, &video, type);
    close(video.fd);
    return st;
}

rh_status rh_session_answer_video(rh_ask *a)
{
    return rh_session_answer_video_of(a, a->id);
}

/* All of it; NULL when it has more than `most` bytes. */
static rh_status read_whole(rh_ask *a, const source *from, size_t most, char **out, size_t *size)
{
    rh_status st = RH_OK;
    *size = (size_t)from->info.size;
    if (*size <= most) {
        st = read_part(a, from, 0, *size);
        *out = a->body;
        a->body = NULL;
    }
    return st;
}

rh_status rh_session_video_part(rh_ask *a, int part, size_t most, char **out, size_t *size)
{
    source video;
    const char *type = NULL;
    *out = NULL;
    *size = 0;
    rh_status st = open_video(a, a->id, part, &video, &type);
    if (st != RH_OK)
        return st;
    st = read_whole(a, &video, most, out, size);
    close(video.fd);
    return st;
}

rh_status rh_session_sound(rh_ask *a, const json_t *session, size_t most, char **out, size_t *size)
{
    source sound;
    rh_status st = find_sound(a, session, &sound);
    *out = NULL;
    *size = 0;
    return st == RH_OK ? read_whole(a, &sound, most, out, size) : st;
}
