#include "video.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/session/session.h"
#include "rehearse/session/videos.h"
#include "server/live/live_session.h"

typedef struct {
    rh_job job;
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1], type[64];
    rh_buf body;
    size_t n_held; /* counted in server.upload_bytes */
    rh_video_piece piece;
    uint64_t kept;
    rh_error err;
} piece_job;

static void piece_run(rh_job *base, rh_worker *w)
{
    piece_job *j = (piece_job *)base;
    (void)w;
    uint64_t most = (uint64_t)j->server->o.config->max_video_mb << 20;
    j->err.code = rh_videos_add(j->server->media_dir, j->id, &j->piece, most, &j->kept, &j->err);
}

static json_t *answer_of(const piece_job *j)
{
    json_t *a = json_pack("{s:i, s:I}", "part", j->piece.part, "bytes", (json_int_t)j->kept);
    if (a && j->err.code != RH_OK)
        json_object_set_new(a, "detail", json_string(j->err.msg));
    return a;
}

static void piece_done(rh_server *s, rh_job *base)
{
    piece_job *j = (piece_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    rh_upload_release(s, &j->n_held);
    if (c && c->http && (j->err.code == RH_OK || j->err.code == RH_ERR_INVAL))
        rh_http_json(c->http, j->err.code == RH_OK ? 200 : 409, answer_of(j));
    else if (c && c->http)
        rh_http_fail_to_keep(c->http, &j->err);
    rh_buf_done(&j->body);
    rh_free(j);
}

void rh_want_video_piece(rh_http *h)
{
    rh_want_body(h, false, RH_VIDEO_PIECE_BYTES);
}

/* The numbers of the query; false: replied what is wrong with one. */
static bool read_query(rh_http *h, piece_job *j)
{
    double part = 1, at = 0, start = 0;
    rh_query_value(h, "part", &part);
    rh_query_value(h, "at", &at);
    rh_query_value(h, "start", &start);
    const char *wrong = !(part >= 1 && part <= RH_VIDEO_PARTS && part == floor(part)) ? "part"
                        : !(at >= 0 && at < 1e12 && at == floor(at))                  ? "at"
                        : !(start >= 0 && start <= RH_SESSION_MAX_S)                  ? "start"
                                                                                      : NULL;
    if (wrong)
        rh_http_error_at(h, 400, wrong, NULL,
                         "part must be a whole number from 1 to %d, at the bytes of the part before this piece, start "
                         "its second of the session",
                         RH_VIDEO_PARTS);
    j->piece = (rh_video_piece){.part = (int)part, .start_ms = (int64_t)(start * 1000), .at = (uint64_t)at};
    return !wrong;
}

static bool may_come(rh_http *h)
{
    rh_server *s = h->server;
    if (!rh_live_session_runs(s, h->route.param, &h->who))
        rh_http_error(h, 404, "no session \"%.64s\" is running: pieces of a video come while it does", h->route.param);
    else if (!rh_live_session_keeps_video(s, h->route.param))
        rh_http_error(h, 409, "this session was not started with \"keep_video\": true");
    else if (!rh_video_type_valid(h->content_type))
        rh_http_error(h, 415, "Content-Type must be video/webm or video/mp4");
    else if (!h->body.len)
        rh_http_error(h, 400, "the piece is empty: send the bytes that the recorder gave");
    else
        return true;
    return false;
}

void rh_session_video_piece(rh_http *h)
{
    rh_server *s = h->server;
    if (!may_come(h))
        return;
    piece_job *j = rh_calloc(1, sizeof *j);
    if (!j) {
        rh_http_error(h, 503, "out of memory");
        return;
    }
    if (!read_query(h, j)) {
        rh_free(j);
        return;
    }
    j->job = (rh_job){.run = piece_run, .done = piece_done, .conn = h->id};
    j->server = s;
    (void)snprintf(j->id, sizeof j->id, "%s", h->route.param);
    (void)snprintf(j->type, sizeof j->type, "%s", h->content_type);
    j->body = h->body;
    rh_buf_init(&h->body, 0);
    j->n_held = h->n_held;
    h->n_held = 0;
    j->piece.type = j->type;
    j->piece.bytes = j->body.data;
    j->piece.n = j->body.len;
    if (rh_pool_submit(s->disk, &j->job) != RH_OK) {
        j->job.conn = 0;
        piece_done(s, &j->job);
        rh_http_header(h, "retry-after", "1");
        rh_http_error(h, 429, "too many pieces at once: try again in a moment");
    }
}
