/* uploads.c - POST /v1/sessions: a recording becomes a session.
 *
 *   accepted -----> queued <-----> analysing -----> done
 *   (file and row     ^               |     \-----> failed, and why
 *    on the disk)     +--- a stop, a crash, a full disk
 *
 * The reply comes when the recording lies in the media folder and its row in the store, both
 * synced: from then on it is analysed whatever happens to this process. The analysis runs on
 * the pool for files; one that ends the process is begun RH_MAX_ATTEMPTS times, counted in the
 * store. GET /v1/sessions/{id} says how far it is. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/text.h"
#include "rehearse/session/videos.h"
#include "server/session_job.h"
#include "pasted.h"
#include "sessions.h"
#include "text_field.h"

static const int64_t RETRY_US = 20000000; /* after a failure that may pass, as of a full disk */

typedef enum { ACCEPTING, QUEUED, ANALYSING } upload_state;

struct rh_upload {
    rh_upload *next;
    rh_job job;
    upload_state state; /* loop thread only */
    int64_t not_before_us;
    char id[RH_SESSION_ID_MAX + 1], path[4096 + 128];
    json_t *meta;      /* client, question, ... */
    rh_incoming *file; /* ACCEPTING */
    rh_server *server;
    atomic_bool cancel;  /* any thread: the server ends, or it has been deleted */
    bool deleted;        /* loop thread only */
    bool measuring;      /* its job only */
    atomic_int permille; /* any thread */
    bool over;           /* set by the job: nothing is left to do */
    rh_error err;
};

static rh_upload *find(const rh_server *s, const char *id)
{
    rh_upload *u = s->uploads;
    while (u && strcmp(u->id, id) != 0)
        u = u->next;
    return u;
}

int rh_upload_permille(const rh_server *s, const char *id)
{
    rh_upload *u = find(s, id);
    return u && u->state != ACCEPTING ? atomic_load(&u->permille) : -1;
}

static void forget(rh_server *s, rh_upload *u)
{
    RH_LIST_REMOVE(rh_upload, s->uploads, u);
    rh_incoming_free(u->file);
    json_decref(u->meta);
    rh_free(u);
}

void rh_uploads_free(rh_server *s)
{
    while (s->uploads)
        forget(s, s->uploads);
}

void rh_uploads_cancel(rh_server *s)
{
    for (rh_upload *u = s->uploads; u; u = u->next)
        atomic_store(&u->cancel, true);
}

int rh_uploads_count(const rh_server *s)
{
    int n = 0;
    for (const rh_upload *u = s->uploads; u; u = u->next)
        n++;
    return n;
}

void rh_upload_deleted(rh_server *s, const char *id)
{
    rh_upload *u = find(s, id);
    if (!u)
        return;
    u->deleted = true;
    atomic_store(&u->cancel, true);
    if (u->state == QUEUED)
        forget(s, u);
}

/* ---- the analysis ---- */

/* Reading and faces are about two fifths of the work, recognition the rest. */
static void progressed(void *user, double done)
{
    rh_upload *u = user;
    double all = u->measuring ? 0.4 + 0.6 * done : 0.4 * done;
    atomic_store(&u->permille, (int)(1000 * all));
}

static rh_status analyse(rh_upload *u)
{
    rh_session *session = NULL;
    rh_session_options o = rh_session_options_of(u->server, u->id, u->meta, RH_SESSION_FILE);
    o.progress = progressed;
    o.user = u;
    u->measuring = false;
    rh_status st = rh_session_new(&session, u->server->models, u->server->store, &o, &u->err);
    if (st == RH_OK)
        st = rh_session_recording(session, u->path, &u->cancel, &u->err);
    rh_error why;
    if (st == RH_OK && json_is_true(json_object_get(u->meta, "keep_video")) &&
        rh_videos_take(u->server->media_dir, u->id, u->path, &why) != RH_OK)
        rh_log(RH_LOG_WARN, "recording %s: its video is not kept: %s", u->id, why.msg);
    u->measuring = true;
    if (st == RH_OK)
        st = rh_session_end(u->server, session, false, &u->cancel, &u->err);
    rh_session_free(session);
    return st;
}

/* The analysis failed. Whether it is tried again is written down where the next start reads it. */
static void give_up(rh_upload *u)
{
    const char *why = u->err.msg[0] ? u->err.msg : "the recording could not be analysed";
    u->over = rh_store_fail(u->server->store, u->id, why, &u->err) == RH_OK;
}

static void analyse_run(rh_job *job, rh_worker *w)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    int attempts = 0;
    (void)w;
    u->err = (rh_error){0};
    if (atomic_load(&u->cancel))
        return; /* as it is: queued */
    rh_status st = rh_session_attempt(u->server->store, u->id, true, &attempts, &u->err);
    if (st != RH_OK) {
        u->over = st == RH_ERR_NOTFOUND || st == RH_ERR_LIMIT; /* deleted, or tried for the last time */
    } else {
        st = analyse(u);
        bool stopped = st == RH_ERR_CANCELED || (st < 0 && atomic_load(&u->cancel));
        bool passes = st == RH_ERR_IO || st == RH_ERR_NOMEM;
        u->over = st == RH_OK;
        if (st == RH_OK)
            (void)unlink(u->path); /* the report is kept */
        else if (stopped || (passes && attempts < RH_MAX_ATTEMPTS))
            (void)rh_store_put_back(u->server->store, u->id, stopped, NULL);
        else
            give_up(u);
    }
    if (st != RH_OK && u->over)
        rh_store_remove_files(u->server->media_dir, u->id);
}

static void analyse_done(rh_server *s, rh_job *job)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    u->state = QUEUED;
    s->n_analyses--;
    s->count.n_files++;
    atomic_store(&u->permille, 0);
    if (u->err.code < 0)
        rh_log(RH_LOG_WARN, "recording %s: %s", u->id, u->err.msg);
    if (u->deleted)
        rh_store_remove_files(s->media_dir, u->id); /* what the analysis made after the deletion */
    if (u->deleted || u->over) {
        forget(s, u);
    } else {
        u->not_before_us = rh_now_us() + RETRY_US;
    }
    rh_uploads_schedule(s);
}

void rh_uploads_schedule(rh_server *s)
{
    int64_t now = rh_now_us();
    for (rh_upload *u = s->uploads; u && rh_ready(s) && s->n_analyses < s->n_file_threads; u = u->next) {
        if (u->state != QUEUED || now < u->not_before_us)
            continue;
        u->job = (rh_job){.run = analyse_run, .done = analyse_done};
        if (rh_pool_submit(s->files, &u->job) != RH_OK)
            return; /* tried again at the next tick */
        u->state = ANALYSING;
        s->n_analyses++;
    }
}

/* ---- taking them ---- */

static void accept_run(rh_job *job, rh_worker *w)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    (void)w;
    rh_status st = rh_incoming_keep(u->file, u->path, &u->err);
    if (st == RH_OK)
        st = rh_store_recording(u->server->store, u->id, rh_unix_time(), u->meta, strrchr(u->path, '/') + 1, &u->err);
    if (st != RH_OK)
        (void)unlink(u->path);
    u->err.code = st;
}

static void accept_done(rh_server *s, rh_job *job)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    rh_conn *c = rh_conn_find(s, job->conn);
    rh_http *h = c ? c->http : NULL;
    rh_incoming_free(u->file);
    u->file = NULL;
    if (u->err.code != RH_OK) {
        if (h)
            rh_http_error(h, 507, "%s", u->err.msg);
        forget(s, u);
        return;
    }
    u->state = QUEUED;
    if (h)
        rh_http_json(h, 202, json_pack("{s:s, s:s, s:f}", "id", u->id, "state", "queued", "progress", 0.0));
    rh_uploads_schedule(s);
}

static void make_id(char *id, size_t size)
{
    unsigned random = 0;
    struct tm tm;
    time_t now = time(NULL);
    char stamp[24];
    if (getrandom(&random, sizeof random, 0) < 0)
        random = (unsigned)now;
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    (void)snprintf(id, size, "%s-%08x", stamp, random);
}

static rh_upload *new_upload(rh_server *s, const char *id)
{
    rh_upload *u = rh_calloc(1, sizeof *u);
    if (!u)
        return NULL;
    (void)snprintf(u->id, sizeof u->id, "%s", id);
    (void)snprintf(u->path, sizeof u->path, "%s/%s.upload", s->media_dir, u->id);
    u->server = s;
    atomic_init(&u->cancel, false);
    atomic_init(&u->permille, 0);
    rh_upload **end = &s->uploads; /* first come, first served */
    while (*end)
        end = &(*end)->next;
    *end = u;
    return u;
}

void rh_upload_adopt(rh_server *s, const json_t *row)
{
    const char *id = json_string_value(json_object_get(row, "id"));
    rh_upload *u = find(s, id) ? NULL : new_upload(s, id);
    if (!u)
        return;
    u->meta = json_deep_copy(row);
    u->state = QUEUED;
}

static const char *const keeps[] = {"keep_media", "keep_video"};
enum { N_KEEPS = sizeof keeps / sizeof *keeps };

static bool is_flag(const char *text)
{
    static const char *const flags[] = {"", "true", "false", "1", "0"};
    for (size_t i = 0; text && i < sizeof flags / sizeof *flags; i++)
        if (strcmp(text, flags[i]) == 0)
            return true;
    return !text;
}

/* The last part of a path, without what can't be shown; nothing where nothing is left. */
static void put_file_name(json_t *meta, const char *path)
{
    const char *name = path;
    for (const char *s = path; *s; s++)
        if (*s == '/' || *s == '\\')
            name = s + 1;
    char *shown = rh_utf8_mended(name, strlen(name));
    size_t n = 0;
    for (const char *s = shown; s && *s; s++)
        if ((unsigned char)*s >= ' ' && *s != 0x7f)
            shown[n++] = *s;
    if (n > 0)
        json_object_set_new(meta, "file_name", json_stringn(shown, n));
    rh_free(shown);
}

/* job_ad, cv and key_terms of the form; false: replied what is wrong with one. */
static bool read_expected(rh_http *h, json_t *meta)
{
    static const char *const names[] = {"job_ad", "cv", "key_terms"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rh_error err;
        const char *text = rh_form_text(h, names[i]);
        json_t *value = NULL;
        if (!text || !*text)
            continue;
        rh_status st = i == 2 ? rh_key_terms_read(names[i], text, &value, &err)
                              : rh_pasted_check(names[i], text, strlen(text), &err);
        if (st != RH_OK) {
            rh_http_error_at(h, 400, names[i], NULL, "%s", err.msg);
            return false;
        }
        json_object_set_new(meta, names[i], value ? value : json_string(text));
    }
    return true;
}

/* The form's texts; false: replied what is wrong with one. */
static bool read_meta(rh_http *h, json_t *meta)
{
    static const char *const names[][2] = {{"client", "client"},
                                           {"question", "question"},
                                           {"kind", "kind"},
                                           {"language", "language"},
                                           {"reference_text", "reference"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rh_error err;
        const rh_field *f = rh_form_field(h, names[i][0]);
        const char *text = rh_form_text(h, names[i][0]);
        size_t n = !f ? 0 : f->file ? strlen(text) : f->value.len;
        if (!n)
            continue;
        if (rh_text_field_check(names[i][0], text, n, &err) != RH_OK) {
            rh_http_error_at(h, 400, names[i][0], NULL, "%s", err.msg);
            return false;
        }
        json_object_set_new(meta, names[i][1], json_stringn(text, n));
    }
    for (size_t i = 0; i < N_KEEPS; i++) {
        const char *keep = rh_form_text(h, keeps[i]);
        if (keep && (strcmp(keep, "true") == 0 || strcmp(keep, "1") == 0))
            json_object_set_new(meta, keeps[i], json_true());
    }
    json_object_set_new(meta, "source", json_string("upload"));
    put_file_name(meta, rh_form_field(h, "file")->filename);
    return read_expected(h, meta);
}

void rh_sessions_upload(rh_http *h)
{
    rh_server *s = h->server;
    rh_field *f = rh_form_field(h, "file");
    if (!f) {
        rh_http_error_at(h, 422, "file", NULL, "field \"file\" is missing: send the recording as form field \"file\"");
        return;
    }
    if (rh_field_size(f) == 0) {
        rh_http_error_at(h, 400, "file", NULL, "the recording is empty: send an audio or video file");
        return;
    }
    for (size_t i = 0; i < N_KEEPS; i++)
        if (!is_flag(rh_form_text(h, keeps[i]))) {
            rh_http_error_at(h, 400, keeps[i], NULL, "%s must be true or false", keeps[i]);
            return;
        }
    const char *language = rh_form_text(h, "language");
    char code[RH_ASR_LANG_LEN];
    rh_error err;
    if (language && *language &&
        rh_asr_model_language(s->models ? s->models->asr : NULL, language, code, &err) != RH_OK) {
        rh_http_error_at(h, 400, "language", NULL, "%s", err.msg);
        return;
    }
    if (rh_uploads_count(s) + s->n_file_jobs >= RH_MAX_FILE_JOBS) {
        rh_http_header(h, "retry-after", "5");
        rh_http_error(h, 429, "%d recordings already wait: try again in a moment", RH_MAX_FILE_JOBS);
        return;
    }
    json_t *meta = json_object();
    if (*h->who.name)
        json_object_set_new(meta, "person", json_string(h->who.name));
    if (!read_meta(h, meta)) {
        json_decref(meta);
        return;
    }
    char id[RH_SESSION_ID_MAX + 1];
    make_id(id, sizeof id);
    rh_upload *u = new_upload(s, id);
    if (!u) {
        json_decref(meta);
        rh_http_error(h, 503, "out of memory");
        return;
    }
    u->meta = meta;
    u->file = f->file; /* from now on the job's */
    f->file = NULL;
    u->job = (rh_job){.run = accept_run, .done = accept_done, .conn = h->id};
    if (rh_pool_submit(s->desk, &u->job) != RH_OK) {
        forget(s, u);
        rh_http_header(h, "retry-after", "5");
        rh_http_error(h, 429, "too many requests at once: try again in a moment");
    }
}
