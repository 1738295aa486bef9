/* resumable.c - see resumable.h.
 *
 *   POST -----> coming -----> whole: the session or transcription of the same id has begun
 *                 |  PATCH
 *                 +---------> gone: DELETE, or nothing came for RH_UPLOAD_KEPT_S
 *
 * The bytes of a PATCH go to the store in pieces while they come (incoming.h); its reply comes when all of them are kept.
 * Where a client goes in the middle, what had come is kept too. */
#include "resumable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "rehearse/store/uploads.h"
#include "server/background.h"
#include "server/compat/kept_transcriptions.h"
#include "sessions.h"
#include "upload_fields.h"

static const char PATH[] = "/v1/uploads", VERSION[] = "1.0.0", TYPE[] = "application/offset+octet-stream";

static int64_t largest(const rh_server *s)
{
    return (int64_t)s->o.config->max_upload_mb << 20;
}

static void header_number(rh_http *h, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    rh_http_header(h, name, text);
}

/* ---- what all requests have ---- */

static bool is_ours(const char *path)
{
    size_t n = sizeof PATH - 1;
    return strncmp(path, PATH, n) == 0 && (!path[n] || path[n] == '/');
}

void rh_upload_method(rh_http *h)
{
    const char *meant = rh_http_request_header(h, "x-http-method-override");
    if (is_ours(h->path) && meant && strcmp(h->method, "POST") == 0 &&
        (strcmp(meant, "PATCH") == 0 || strcmp(meant, "DELETE") == 0))
        (void)snprintf(h->method, sizeof h->method, "%s", meant);
}

void rh_upload_options(rh_http *h)
{
    if (!is_ours(h->path))
        return;
    rh_http_header(h, "tus-resumable", VERSION);
    rh_http_header(h, "tus-version", VERSION);
    rh_http_header(h, "tus-extension", "creation,expiration,termination");
    header_number(h, "tus-max-size", largest(h->server));
}

/* False: answered that the client speaks another version. */
static bool speaks(rh_http *h)
{
    const char *version = rh_http_request_header(h, "tus-resumable");
    rh_http_header(h, "tus-resumable", VERSION);
    rh_http_header(h, "cache-control", "no-store");
    if (version && strcmp(version, VERSION) == 0)
        return true;
    rh_http_header(h, "tus-version", VERSION);
    rh_http_error(h, 412, "send the header Tus-Resumable: %s", VERSION);
    return false;
}

/* A whole number of a header; -1: it is none. */
static int64_t number_of(rh_http *h, const char *name)
{
    const char *text = rh_http_request_header(h, name);
    size_t n = text ? strlen(text) : 0;
    if (n == 0 || n > 15 || strspn(text, "0123456789") != n)
        return -1;
    return strtoll(text, NULL, 10);
}

static void fail(rh_http *h, const rh_error *err)
{
    if (err->code == RH_ERR_INVAL)
        rh_http_error(h, 409, "%s", err->msg);
    else
        rh_http_fail_to_keep(h, err);
}

static rh_status row_of(rh_server *s, const char *id, const rh_person *who, json_t **row, rh_error *err)
{
    rh_status st = rh_store_upload(s->store, id, row, err);
    return st == RH_OK ? rh_person_finds(who, rh_json_str(*row, "person"), "upload", id, err) : st;
}

/* ---- jobs ---- */

typedef struct {
    rh_job job;
    rh_status (*work)(rh_server *s, rh_job *j, rh_error *err);
    void (*answer)(rh_http *h, rh_job *j);
    char id[RH_SESSION_ID_MAX + 1];
    rh_person who;
    int64_t length, expected; /* -1: any */
    json_t *data;             /* owned: of a new one */
    json_t *row;              /* owned: as it is kept */
    rh_error err;
} request;

static void request_run(rh_job *job, rh_worker *w)
{
    request *r = (request *)job;
    r->err.code = r->work(w->server, job, &r->err);
}

static void request_free(request *r)
{
    json_decref(r->data);
    json_decref(r->row);
    rh_free(r);
}

static void request_done(rh_server *s, rh_job *job)
{
    request *r = (request *)job;
    rh_conn *c = rh_conn_find(s, job->conn);
    if (c && c->http && r->err.code == RH_OK)
        r->answer(c->http, job);
    else if (c && c->http)
        fail(c->http, &r->err);
    request_free(r);
}

/* Takes `data`. */
static void ask(rh_http *h, request what)
{
    request *r = rh_calloc(1, sizeof *r);
    if (!r) {
        json_decref(what.data);
        rh_http_error(h, 503, "out of memory");
        return;
    }
    *r = what;
    r->job = (rh_job){.run = request_run, .done = request_done, .conn = h->id};
    r->who = h->who;
    if (!r->id[0])
        (void)snprintf(r->id, sizeof r->id, "%.*s", RH_SESSION_ID_MAX, h->route.param);
    if (rh_pool_submit(h->server->desk, &r->job) == RH_OK)
        return;
    request_free(r);
    rh_http_too_many(h, "1");
}

static void header_expires(rh_http *h, double unix_time)
{
    char text[64];
    time_t t = (time_t)unix_time;
    struct tm tm;
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
    rh_http_header(h, "upload-expires", text);
}

/* ---- POST ---- */

void rh_upload_wanted(rh_http *h)
{
    int64_t length = number_of(h, "upload-length"), most = largest(h->server);
    header_number(h, "tus-max-size", most);
    if (!speaks(h))
        return;
    if (length < 0)
        rh_http_error(h, 400, "send the header Upload-Length: the bytes of the recording");
    else if (length == 0)
        rh_http_error(h, 400, "the recording is empty: send an audio or video file");
    else if (length > most)
        rh_http_error(h, 413, "the upload is larger than %" PRId64 " MB", most >> 20);
    else if (!rh_recordings_full(h))
        rh_want_body(h, false, RH_MAX_INTERVIEW_BODY_BYTES);
}

static rh_status create(rh_server *s, rh_job *job, rh_error *err)
{
    request *r = (request *)job;
    int most = rh_store_is_shared(s->store) ? RH_MAX_UPLOADS : RH_MAX_FILE_JOBS;
    rh_upload_room room = {.most = RH_MAX_UPLOADS, .most_bytes = most * largest(s)};
    return rh_store_upload_new(s->store, r->id, r->length, RH_UPLOAD_KEPT_S, r->data, &room, err);
}

static void created(rh_http *h, rh_job *job)
{
    request *r = (request *)job;
    bool transcription = strcmp(rh_json_str(r->data, "for"), "transcription") == 0;
    char place[RH_SESSION_ID_MAX + 16], becomes[RH_SESSION_ID_MAX + 40];
    /* relative, so that it is right behind any proxy */
    (void)snprintf(place, sizeof place, "%s%s", h->path[strlen(h->path) - 1] == '/' ? "" : "uploads/", r->id);
    (void)snprintf(becomes, sizeof becomes, "/v1/%s/%s", transcription ? "audio/transcriptions" : "sessions", r->id);
    rh_http_header(h, "location", place);
    rh_http_header(h, "upload-offset", "0");
    header_expires(h, rh_unix_time() + RH_UPLOAD_KEPT_S);
    rh_http_json(h, 201, json_pack("{s:s, s:s}", "id", r->id, "becomes", becomes));
}

/* {for, wanted, person, metadata}; NULL: replied. */
static json_t *read_wanted(rh_http *h)
{
    const char *metadata = rh_http_request_header(h, "upload-metadata");
    if (!rh_upload_fields(h, metadata ? metadata : ""))
        return NULL;
    const char *what = rh_form_text(h, "for"), *file_name = rh_form_text(h, "filename");
    bool transcription = what && strcmp(what, "transcription") == 0;
    if (what && *what && !transcription && strcmp(what, "session") != 0) {
        rh_http_error_at(h, 400, "for", NULL, "for must be session or transcription");
        return NULL;
    }
    json_t *wanted = transcription ? rh_transcription_wanted(h) : rh_session_wanted(h, file_name ? file_name : "");
    return wanted ? json_pack("{s:s, s:o, s:s*, s:s*}", "for", transcription ? "transcription" : "session", "wanted",
                              wanted, "person", *h->who.name ? h->who.name : NULL, "metadata", metadata)
                  : NULL;
}

void rh_upload_new(rh_http *h)
{
    request r = {.work = create, .answer = created, .length = number_of(h, "upload-length"), .data = read_wanted(h)};
    if (!r.data)
        rh_http_error(h, 503, "out of memory"); /* where nothing was replied yet */
    else if (strcmp(rh_json_str(r.data, "for"), "transcription") == 0)
        rh_transcription_name(r.id, sizeof r.id);
    else
        rh_session_make_id(r.id, sizeof r.id);
    if (r.data)
        ask(h, r);
}

/* ---- HEAD, GET ---- */

static rh_status look(rh_server *s, rh_job *job, rh_error *err)
{
    request *r = (request *)job;
    rh_status st = row_of(s, r->id, &r->who, &r->row, err);
    int64_t kept = json_integer_value(json_object_get(r->row, "kept"));
    if (st == RH_OK && r->expected >= 0 && r->expected != kept)
        return rh_fail(err, RH_ERR_INVAL, "%" PRId64 " bytes are kept: go on from there, not from %" PRId64, kept,
                       r->expected);
    return st;
}

/* How much is kept, and until when. Whether it is whole. */
static bool header_state(rh_http *h, const json_t *row)
{
    int64_t kept = json_integer_value(json_object_get(row, "kept"));
    int64_t length = json_integer_value(json_object_get(row, "length"));
    header_number(h, "upload-offset", kept);
    if (kept < length)
        header_expires(h, rh_json_num(row, "expires"));
    return kept == length;
}

static void tell(rh_http *h, rh_job *job)
{
    const json_t *row = ((request *)job)->row;
    const char *metadata = rh_json_str(row, "metadata");
    bool whole = header_state(h, row);
    header_number(h, "upload-length", json_integer_value(json_object_get(row, "length")));
    if (*metadata)
        rh_http_header(h, "upload-metadata", metadata);
    rh_http_json(h, 200,
                 json_pack("{s:O, s:O, s:O, s:O, s:b}", "id", json_object_get(row, "id"), "for",
                           json_object_get(row, "for"), "length", json_object_get(row, "length"), "offset",
                           json_object_get(row, "kept"), "complete", whole));
}

void rh_upload_tell(rh_http *h)
{
    if (strcmp(h->method, "HEAD") == 0 && !speaks(h))
        return;
    ask(h, (request){.work = look, .answer = tell, .expected = -1});
}

/* ---- PATCH ---- */

typedef struct {
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1];
    rh_person who;
    bool known; /* it is there, and this person's */
    int64_t at;
} patch;

static rh_status take(void *user, const char *bytes, size_t n, rh_error *err)
{
    patch *p = user;
    const rh_server *s = p->server;
    json_t *row = NULL;
    rh_status st = p->known ? RH_OK : row_of(p->server, p->id, &p->who, &row, err);
    json_decref(row);
    p->known = st == RH_OK;
    for (size_t done = 0, k; done < n && st == RH_OK; done += k) {
        k = n - done < RH_SINK_PIECE_BYTES ? n - done : RH_SINK_PIECE_BYTES;
        st = rh_store_upload_add(s->store, s->media_dir, p->id, p->at, bytes + done, k, RH_UPLOAD_KEPT_S, err);
        p->at += st == RH_OK ? (int64_t)k : 0;
    }
    return st;
}

static void over(rh_server *s, void *user)
{
    rh_background_look(s, 0); /* it may have become a job, whether its client waits or not */
    rh_free(user);
}

void rh_upload_more_wanted(rh_http *h)
{
    int64_t at = number_of(h, "upload-offset");
    rh_server *s = h->server;
    if (!speaks(h))
        return;
    if (strncmp(h->content_type, TYPE, sizeof TYPE - 1) != 0)
        rh_http_error(h, 415, "Content-Type must be %s", TYPE);
    else if (at < 0)
        rh_http_error(h, 400, "send the header Upload-Offset: the bytes that were sent before");
    else if (h->content_length > largest(s))
        rh_http_error(h, 413, "the upload is larger than %d MB", s->o.config->max_upload_mb);
    else if (rh_stopping(s))
        (void)rh_refuse_unready(h);
    if (h->replied)
        return;
    patch *p = rh_calloc(1, sizeof *p);
    if (!p) {
        rh_http_error(h, 503, "out of memory");
        return;
    }
    *p = (patch){.server = s, .who = h->who, .at = at};
    (void)snprintf(p->id, sizeof p->id, "%.*s", RH_SESSION_ID_MAX, h->route.param);
    h->failed = fail;
    rh_want_stream(h, (size_t)largest(s), &(rh_incoming_sink){.take = take, .over = over, .user = p});
}

static void more_kept(rh_http *h, rh_job *job)
{
    (void)header_state(h, ((request *)job)->row);
    rh_http_reply(h, 204, NULL, "", 0);
}

void rh_upload_more(rh_http *h)
{
    ask(h, (request){.work = look,
                     .answer = more_kept,
                     .expected = number_of(h, "upload-offset") + (int64_t)rh_field_size(&h->fields[0])});
}

/* ---- DELETE ---- */

static rh_status erase(rh_server *s, rh_job *job, rh_error *err)
{
    request *r = (request *)job;
    rh_status st = row_of(s, r->id, &r->who, &r->row, err);
    return st == RH_OK ? rh_store_upload_delete(s->store, s->media_dir, r->id, err) : st;
}

static void erased(rh_http *h, rh_job *job)
{
    (void)job;
    rh_http_reply(h, 204, NULL, "", 0);
}

void rh_upload_delete(rh_http *h)
{
    if (speaks(h))
        ask(h, (request){.work = erase, .answer = erased});
}
