/* videos.h - pictures and sound of live sessions as their clients' own recorders made them.
 *
 * A recorder writes one file from its beginning to its end; one that begins anew, after a reload
 * say, begins a new part. Pieces of a part are added in order as they come, so that what has come
 * is there whatever becomes of the client; at the session's end each part gets a length and an
 * index (remux.h), so that players can seek in it. Files lie in `dir` (rh_video_name), readable by
 * their owner only; they go with their session.
 * Threads: any; pieces of one part wait for each other. */
#ifndef RH_VIDEOS_H
#define RH_VIDEOS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_VIDEO_PARTS = 100 };

typedef struct {
    int part;         /* from 1 on */
    int64_t start_ms; /* of the session, where the part begins; its first piece decides */
    const char *type; /* "video/webm", "video/mp4", with parameters or without */
    uint64_t at;      /* bytes of the part before this piece */
    const void *bytes;
    size_t n;
} rh_video_piece;

/* True for a media type that is kept. */
bool rh_video_type_valid(const char *type);

/* Adds a piece; `held`: bytes of the part that are kept, also when it was refused. RH_ERR_INVAL
 * `at` is not where the part ends (go on from `held`); RH_ERR_LIMIT with it the session's parts
 * would have more than `most` bytes, or there are too many; RH_ERR_IO the disk. */
rh_status rh_videos_add(const char *dir, const char *id, const rh_video_piece *piece, uint64_t most, uint64_t *held,
                        rh_error *err);
/* [{"part", "start" (s), "type", "bytes"}], in order; owned by the caller. NULL: none, or out of memory. */
json_t *rh_videos_list(const char *dir, const char *id);
/* Opens a part for reading. RH_ERR_NOTFOUND. */
rh_status rh_videos_open(const char *dir, const char *id, int part, int *fd, const char **type, rh_error *err);
/* Parts that are not so yet become ones that can be sought in; what can't stays as it came. */
void rh_videos_finish(const char *dir, const char *id);
/* The recording `path` becomes the session's video. RH_ERR_UNSUPPORTED, RH_ERR_FORMAT it has no pictures, or is
 * neither WebM nor MP4; RH_ERR_IO. */
rh_status rh_videos_take(const char *dir, const char *id, const char *path, rh_error *err);
void rh_videos_remove(const char *dir, const char *id);

#endif
