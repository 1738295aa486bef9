/* sessions.c - questions to the store. They wait for its thread, so they
 * run on the pool; the answer is made there too and only sent by the loop. */
#include "sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "server/interview/kept.h"
#include "server/live/live_session.h"
#include "range.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/report.h"
#include "rehearse/session/session.h"
#include "rehearse/store/store.h"
#include "server/session_job.h"
#include "server/status_map.h"

enum { DEFAULT_LIST = 50, MAX_MEDIA_BYTES = 256 << 20 };

typedef struct ask ask;

struct ask {
    rh_job job;
    rh_status (*answer)(ask *a);                              /* from the store */
    rh_status (*answer_about)(ask *a, const json_t *session); /* or from one session of it */
    rh_server *server;
    const char *web_dir;
    char id[RH_SESSION_ID_MAX + 1], client[64], format[16];
    char range[128], if_range[64], if_none_match[64]; /* of a GET for media */
    int limit;
    double before;
    bool verbatim; /* a transcript with fillers and disfluencies */
    int permille;  /* how far the analysis of a recording is; -1 = none runs */
    bool ran;      /* the session to be deleted was running and is on its way out by itself */
    /* the answer */
    int status;
    const char *type;
    char *body;
    size_t n_body;
    char name[RH_SESSION_ID_MAX + 16];              /* of the file for the browser; "" = none */
    char nonce[40];                                 /* of a report's scripts */
    char etag[40], modified[40], content_range[80]; /* of media; "" = none */
    const char *param;                              /* the query parameter at fault; NULL = none */
    rh_error err;
};

static void answer_json(ask *a, json_t *take)
{
    a->body = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(take);
    a->type = "application/json";
    a->status = 200;
    a->n_body = a->body ? strlen(a->body) : 0;
    if (!a->body)
        (void)rh_fail(&a->err, RH_ERR_NOMEM, "out of memory");
}

static void answer_text(ask *a, const char *type, char *take)
{
    a->body = take;
    a->n_body = strlen(take);
    a->type = type;
    a->status = 200;
}

static rh_status list(ask *a)
{
    json_t *rows = NULL;
    a->param = !a->limit ? "limit" : !isfinite(a->before) ? "before" : NULL;
    if (!a->limit)
        return rh_fail(&a->err, RH_ERR_INVAL, "limit must be a whole number from 1 to %d", RH_STORE_LIST_MAX);
    if (a->param)
        return rh_fail(&a->err, RH_ERR_INVAL, "before must be a Unix time in seconds");
    rh_status st =
        rh_store_list(a->server->store, a->client[0] ? a->client : NULL, a->limit, a->before, &rows, &a->err);
    if (st == RH_OK)
        answer_json(a, json_pack("{s:o}", "sessions", rows));
    return st;
}

static rh_status export_all(ask *a)
{
    json_t *all = json_array(), *interviews = NULL;
    double before = 0;
    size_t n = RH_STORE_LIST_MAX, i;
    rh_status st = RH_OK;
    while (st == RH_OK && n == RH_STORE_LIST_MAX) {
        json_t *rows = NULL, *row, *session;
        st = rh_store_list(a->server->store, NULL, RH_STORE_LIST_MAX, before, &rows, &a->err);
        n = json_array_size(rows);
        json_array_foreach(rows, i, row) {
            before = json_number_value(json_object_get(row, "created"));
            if (rh_store_get(a->server->store, json_string_value(json_object_get(row, "id")), &session, NULL) == RH_OK)
                json_array_append_new(all, session);
        }
        json_decref(rows);
    }
    if (st == RH_OK)
        st = rh_interviews_export(a->server->store, &interviews, &a->err);
    if (st == RH_OK) {
        answer_json(a, json_pack("{s:O, s:O}", "sessions", all, "interviews", interviews));
        (void)snprintf(a->name, sizeof a->name, "rehearse-export.json");
    }
    json_decref(interviews);
    json_decref(all);
    return st;
}

static void make_nonce(char *out, size_t cap)
{
    unsigned char random[16] = {0};
    (void)getrandom(random, sizeof random, 0);
    for (size_t i = 0; i < sizeof random && 2 * i + 2 < cap; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", random[i]);
}

static rh_status report_of(ask *a, const json_t *session)
{
    json_t *report = json_object_get(session, "report");
    char *text = NULL;
    if (!json_is_object(report))
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "session \"%s\" is not finished: there is no report yet", a->id);
    if (json_is_string(json_object_get(session, "media")))
        json_object_set_new(report, "media", json_true());
    if (strcmp(a->format, "json") == 0) {
        answer_json(a, json_incref(report));
        return RH_OK;
    }
    bool html = strcmp(a->format, "html") == 0;
    if (html)
        make_nonce(a->nonce, sizeof a->nonce);
    if (!html && strcmp(a->format, "md") != 0) {
        a->param = "format";
        return rh_fail(&a->err, RH_ERR_INVAL, "format \"%s\" is not one of json, html, md (for PDF print the html)",
                       a->format);
    }
    if (html && !a->web_dir)
        return rh_fail(&a->err, RH_ERR_UNSUPPORTED, "the page's folder is not there: ask for json or md");
    rh_status st = html ? rh_report_html(report, a->web_dir, a->nonce, &text, &a->err)
                        : rh_report_markdown(report, &text, &a->err);
    if (st == RH_OK)
        answer_text(a, html ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8", text);
    return st;
}

static rh_status transcript_of(ask *a, const json_t *session)
{
    static const struct {
        const char *format, *type;
        rh_transcript_form form;
    } forms[] = {{"txt", "text/plain; charset=utf-8", RH_TRANSCRIPT_TXT},
                 {"srt", "application/x-subrip; charset=utf-8", RH_TRANSCRIPT_SRT},
                 {"vtt", "text/vtt; charset=utf-8", RH_TRANSCRIPT_VTT}};
    json_t *segments = a->verbatim ? rh_verbatim_segments(session) : json_incref(json_object_get(session, "segments"));
    char *text = NULL;
    if (strcmp(a->format, "json") == 0) {
        answer_json(a, json_pack("{s:o}", "segments", segments));
        return RH_OK;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(a->format, forms[i].format) != 0)
            continue;
        rh_status st = rh_transcript_text(segments, forms[i].form, &text, &a->err);
        if (st == RH_OK)
            answer_text(a, forms[i].type, text);
        json_decref(segments);
        return st;
    }
    json_decref(segments);
    a->param = "format";
    return rh_fail(&a->err, RH_ERR_INVAL, "format \"%s\" is not one of json, txt, srt, vtt", a->format);
}

/* A part of a file that has changed since is no use: then the whole is sent. */
static bool is_still(const ask *a)
{
    return !a->if_range[0] || strcmp(a->if_range, a->etag) == 0 || strcmp(a->if_range, a->modified) == 0;
}

static rh_status read_part(ask *a, int fd, uint64_t first, uint64_t n)
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
            return rh_fail(&a->err, RH_ERR_IO, "the sound of session \"%s\" cannot be read", a->id);
        got += (size_t)k;
    }
    a->n_body = n;
    return RH_OK;
}

static rh_status send_media(ask *a, int fd, const struct stat *st)
{
    uint64_t size = (uint64_t)st->st_size, first = 0, n = size;
    struct tm tm;
    (void)snprintf(a->etag, sizeof a->etag, "\"%llx-%llx\"", (unsigned long long)size,
                   (unsigned long long)st->st_mtim.tv_sec * 1000000000ull + (unsigned long long)st->st_mtim.tv_nsec);
    (void)strftime(a->modified, sizeof a->modified, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&st->st_mtim.tv_sec, &tm));
    a->type = "audio/wav";
    if (strstr(a->if_none_match, a->etag)) {
        a->status = 304;
        return RH_OK;
    }
    rh_range range = is_still(a) ? rh_range_read(a->range, size, &first, &n) : RH_RANGE_WHOLE;
    if (range == RH_RANGE_NONE) {
        (void)snprintf(a->content_range, sizeof a->content_range, "bytes */%llu", (unsigned long long)size);
        a->status = 416;
        return rh_fail(&a->err, RH_ERR_INVAL, "the sound has %llu bytes: Range must begin before its end",
                       (unsigned long long)size);
    }
    a->status = range == RH_RANGE_PART ? 206 : 200;
    if (range == RH_RANGE_PART)
        (void)snprintf(a->content_range, sizeof a->content_range, "bytes %llu-%llu/%llu", (unsigned long long)first,
                       (unsigned long long)(first + n - 1), (unsigned long long)size);
    return read_part(a, fd, first, n);
}

static rh_status media_of(ask *a, const json_t *session)
{
    const char *file = json_string_value(json_object_get(session, "media"));
    char path[4096];
    struct stat st;
    if (!file || snprintf(path, sizeof path, "%s/%s", a->server->media_dir, file) >= (int)sizeof path)
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" was not kept", a->id);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_MEDIA_BYTES) {
        if (fd >= 0)
            close(fd);
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" is gone", a->id);
    }
    rh_status status = send_media(a, fd, &st);
    close(fd);
    return status;
}

rh_status rh_session_delete_kept(const rh_server *s, const char *id, rh_error *err)
{
    rh_status st = rh_store_delete(s->store, id, NULL, err);
    if (st == RH_OK)
        rh_session_remove_files(s, id);
    return st;
}

static bool is_waiting(const json_t *session)
{
    const char *state = json_string_value(json_object_get(session, "state"));
    return state && (strcmp(state, "queued") == 0 || strcmp(state, "analysing") == 0);
}

static rh_status whole(ask *a, const json_t *session)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)session); /* jansson's counts are its only change */
    if (is_waiting(session))
        json_object_set_new(copy, "progress", json_real(a->permille > 0 ? a->permille / 1000.0 : 0));
    answer_json(a, copy);
    return a->err.code;
}

static rh_status delete_session(ask *a)
{
    rh_status st = rh_session_delete_kept(a->server, a->id, &a->err);
    a->status = 204;
    return st == RH_ERR_NOTFOUND && a->ran ? RH_OK : st;
}

static void ask_run(rh_job *job, rh_worker *w)
{
    ask *a = (ask *)job;
    json_t *session = NULL;
    rh_status st;
    (void)w;
    if (a->answer) {
        st = a->answer(a);
    } else {
        st = rh_store_get(a->server->store, a->id, &session, &a->err);
        if (st == RH_OK)
            st = a->answer_about(a, session);
        json_decref(session);
    }
    a->err.code = st;
}

static void add_headers(rh_http *h, const ask *a)
{
    char value[128];
    rh_http_header(h, "cache-control", "no-store");
    if (a->name[0]) {
        (void)snprintf(value, sizeof value, "attachment; filename=\"%s\"", a->name);
        rh_http_header(h, "content-disposition", value);
    }
    if (a->type && strncmp(a->type, "text/html", 9) == 0) {
        char policy[256]; /* nothing runs, loads or frames it but what the report brings along */
        (void)snprintf(policy, sizeof policy,
                       "default-src 'none'; script-src 'nonce-%s'; style-src 'unsafe-inline'; "
                       "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                       a->nonce);
        rh_http_header(h, "content-security-policy", policy);
        rh_http_header(h, "referrer-policy", "no-referrer");
    }
    if (a->etag[0]) {
        rh_http_header(h, "accept-ranges", "bytes");
        rh_http_header(h, "etag", a->etag);
        rh_http_header(h, "last-modified", a->modified);
    }
    if (a->content_range[0])
        rh_http_header(h, "content-range", a->content_range);
}

static void ask_done(rh_server *s, rh_job *job)
{
    ask *a = (ask *)job;
    rh_conn *c = rh_conn_find(s, job->conn);
    if (a->answer == delete_session && a->err.code == RH_OK)
        rh_upload_deleted(s, a->id);
    if (c && c->http) {
        add_headers(c->http, a);
        if (a->err.code != RH_OK)
            rh_http_error_at(c->http, a->status == 416 ? 416 : rh_status_http(a->err.code), a->param, NULL, "%s",
                             a->err.msg);
        else
            rh_http_reply(c->http, a->status, a->status == 304 ? NULL : a->type, a->body ? a->body : "", a->n_body);
    }
    free(a->body);
    rh_free(a);
}

static void ask_store(rh_http *h, rh_status (*answer)(ask *), rh_status (*answer_about)(ask *, const json_t *))
{
    rh_server *s = h->server;
    ask *a = rh_calloc(1, sizeof *a);
    if (!a) {
        rh_http_error(h, 503, "out of memory");
        return;
    }
    double limit = DEFAULT_LIST;
    a->job = (rh_job){.run = ask_run, .done = ask_done, .conn = h->id};
    a->answer = answer;
    a->answer_about = answer_about;
    a->ran = answer == delete_session && rh_live_session_discard(s, h->route.param);
    a->permille = rh_upload_permille(s, h->route.param);
    a->server = s;
    a->web_dir = rh_site_dir(s->site);
    (void)snprintf(a->id, sizeof a->id, "%.*s", RH_SESSION_ID_MAX, h->route.param);
    (void)snprintf(a->format, sizeof a->format, "%s", strstr(h->accept, "text/html") ? "html" : "json");
    (void)rh_query(h, "format", a->format, sizeof a->format);
    (void)rh_query(h, "client", a->client, sizeof a->client);
    char verbatim[8] = "";
    a->verbatim = rh_query(h, "verbatim", verbatim, sizeof verbatim) && strcmp(verbatim, "0") != 0;
    if (strcmp(h->method, "GET") == 0) { /* a Range means nothing in others */
        rh_copy_header(h->net, a->range, sizeof a->range, "range");
        rh_copy_header(h->net, a->if_range, sizeof a->if_range, "if-range");
        rh_copy_header(h->net, a->if_none_match, sizeof a->if_none_match, "if-none-match");
    }
    rh_query_value(h, "limit", &limit);
    rh_query_value(h, "before", &a->before);
    a->limit = limit >= 1 && limit <= RH_STORE_LIST_MAX && limit == floor(limit) ? (int)limit : 0;
    if (rh_pool_submit(s->desk, &a->job) != RH_OK) {
        rh_free(a);
        rh_http_header(h, "retry-after", "1");
        rh_http_error(h, 429, "too many requests at once: try again in a moment");
    }
}

void rh_sessions_list(rh_http *h)
{
    ask_store(h, list, NULL);
}

void rh_sessions_export(rh_http *h)
{
    ask_store(h, export_all, NULL);
}

void rh_session_get(rh_http *h)
{
    ask_store(h, NULL, whole);
}

void rh_session_delete(rh_http *h)
{
    ask_store(h, delete_session, NULL);
}

void rh_session_report(rh_http *h)
{
    ask_store(h, NULL, report_of);
}

void rh_session_transcript(rh_http *h)
{
    ask_store(h, NULL, transcript_of);
}

void rh_session_media(rh_http *h)
{
    ask_store(h, NULL, media_of);
}

/* ---- tidying ---- */

typedef struct {
    rh_job job;
    rh_server *server;
    double expired, unused; /* sessions, files last touched before */
    int n_deleted, n_swept;
} tidy_job;

static void tidy_run(rh_job *job, rh_worker *w)
{
    tidy_job *t = (tidy_job *)job;
    json_t *ids = NULL, *id;
    const rh_server *s = t->server;
    size_t i;
    (void)w;
    if (t->expired > 0 && rh_store_older(s->store, t->expired, &ids, NULL) == RH_OK)
        json_array_foreach(ids, i, id)
            t->n_deleted += rh_session_delete_kept(s, json_string_value(id), NULL) == RH_OK;
    json_decref(ids);
    if (t->expired > 0)
        (void)rh_store_interviews_expire(s->store, t->expired, NULL);
    (void)rh_store_sweep(s->store, s->media_dir, t->unused, &t->n_swept, NULL);
}

static void tidy_done(rh_server *s, rh_job *job)
{
    tidy_job *t = (tidy_job *)job;
    (void)s;
    if (t->n_deleted)
        rh_log(RH_LOG_INFO, "%d sessions past their retention were deleted", t->n_deleted);
    if (t->n_swept)
        rh_log(RH_LOG_INFO, "%d files of sessions that are gone were removed", t->n_swept);
    rh_free(t);
}

void rh_sessions_tidy(rh_server *s)
{
    int days = s->o.config->retention_days;
    double now = rh_unix_time(), old = now - 2 * RH_SESSION_MAX_S; /* no session is so long */
    tidy_job *t = rh_calloc(1, sizeof *t);
    if (!t)
        return;
    *t = (tidy_job){.job = {.run = tidy_run, .done = tidy_done},
                    .server = s,
                    .expired = days > 0 ? now - days * 86400.0 : 0,
                    .unused = s->started > old ? s->started - 1 : old}; /* what is older than this run nobody writes */
    if (rh_pool_submit(s->desk, &t->job) != RH_OK)
        rh_free(t);
}
