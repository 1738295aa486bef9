/* rest_uploads.c - POST /v1/sessions: a recording becomes a session.
 *
 * The reply comes at once with the id; the analysis runs on the pool for files,
 * and GET /v1/sessions/{id} says how far it is until the report is there. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "rehearse/alloc.h"
#include "rehearse/session.h"
#include "rehearse/store.h"
#include "rest_sessions.h"

enum { KEEP_FAILED = 32 }; /* failures remembered, so that the sender can read why */

struct rh_upload {
    rh_upload *next;
    rh_job job;
    char id[RH_SESSION_ID_MAX + 1], path[4096 + 128];
    char *client, *question, *kind, *language, *reference;
    bool keep, measuring;
    rh_buf bytes;
    size_t n_held;
    rh_coach *coach;
    rh_store *store;
    char media_dir[4096 + 16];
    atomic_bool *cancel;
    atomic_int permille; /* any thread */
    bool failed;
    rh_error err;
};

json_t *rh_upload_status(const rh_server *s, const char *id)
{
    for (const rh_upload *u = s->uploads; u; u = u->next)
        if (strcmp(u->id, id) == 0)
            return u->failed ? json_pack("{s:s, s:s, s:s}", "id", u->id, "state", "failed", "error", u->err.msg)
                             : json_pack("{s:s, s:s, s:f}", "id", u->id, "state", "analysing", "progress",
                                         atomic_load(&((rh_upload *)(uintptr_t)u)->permille) / 1000.0);
    return NULL;
}

static void forget(rh_upload *u)
{
    rh_buf_done(&u->bytes);
    rh_free(u->client);
    rh_free(u->question);
    rh_free(u->kind);
    rh_free(u->language);
    rh_free(u->reference);
    rh_free(u);
}

void rh_uploads_free(rh_server *s)
{
    while (s->uploads) {
        rh_upload *u = s->uploads;
        s->uploads = u->next;
        forget(u);
    }
}

/* Reading and faces are about two fifths of the work, recognition the rest. */
static void progressed(void *user, double done)
{
    rh_upload *u = user;
    double all = u->measuring ? 0.4 + 0.6 * done : 0.4 * done;
    atomic_store(&u->permille, (int)(1000 * all));
}

static rh_status write_file(const char *path, const rh_buf *bytes, rh_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t done = 0;
    while (fd >= 0 && done < bytes->len) {
        ssize_t n = write(fd, bytes->data + done, bytes->len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return fd >= 0 && done == bytes->len ? RH_OK
                                         : rh_fail(err, RH_ERR_IO, "the recording cannot be written: disk full?");
}

static void upload_run(rh_job *job, rh_worker *w)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    rh_session *session = NULL;
    json_t *report = NULL;
    (void)w;
    rh_session_options o = {.id = u->id, .client = u->client, .question = u->question, .kind = u->kind,
                            .language = u->language, .reference = u->reference, .spool_dir = u->media_dir,
                            .keep_media = u->keep, .recorded = true, .progress = progressed, .user = u};
    rh_status st = rh_session_new(&session, u->coach, u->store, &o, &u->err);
    if (st == RH_OK)
        st = write_file(u->path, &u->bytes, &u->err);
    rh_buf_done(&u->bytes);
    if (st == RH_OK)
        st = rh_session_recording(session, u->path, u->cancel, &u->err);
    u->measuring = true;
    if (st == RH_OK)
        st = rh_session_finish(session, u->cancel, &report, &u->err);
    json_decref(report);
    rh_session_free(session);
    (void)unlink(u->path);
    u->err.code = st;
    if (st != RH_OK && session) { /* leave nothing of what could not be analysed */
        char spool[4096 + 128];
        (void)snprintf(spool, sizeof spool, "%s/%s.pcm", u->media_dir, u->id);
        (void)unlink(spool);
        (void)rh_store_delete(u->store, u->id, NULL, NULL);
    }
}

static void drop_old_failures(rh_server *s)
{
    int n = 0;
    for (rh_upload **p = &s->uploads; *p;) {
        rh_upload *u = *p;
        if (u->failed && ++n > KEEP_FAILED) {
            *p = u->next;
            forget(u);
        } else {
            p = &u->next;
        }
    }
}

static void upload_done(rh_server *s, rh_job *job)
{
    rh_upload *u = (rh_upload *)((char *)job - offsetof(rh_upload, job));
    s->n_file_jobs--;
    s->count.n_files++;
    rh_upload_release(s, &u->n_held);
    if (u->err.code != RH_OK) {
        u->failed = true;
        drop_old_failures(s);
        return;
    }
    for (rh_upload **p = &s->uploads; *p; p = &(*p)->next)
        if (*p == u) {
            *p = u->next;
            break;
        }
    forget(u);
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

static char *text_field(rh_http *h, const char *name)
{
    const char *text = rh_form_text(h, name);
    return text && *text ? rh_strdup(text) : NULL;
}

static bool is_flag(const char *text)
{
    static const char *const flags[] = {"", "true", "false", "1", "0"};
    for (size_t i = 0; text && i < sizeof flags / sizeof *flags; i++)
        if (strcmp(text, flags[i]) == 0)
            return true;
    return !text;
}

static rh_upload *make_upload(rh_http *h, rh_field *f)
{
    rh_server *s = h->server;
    rh_upload *u = rh_calloc(1, sizeof *u);
    if (!u)
        return NULL;
    const char *keep = rh_form_text(h, "keep_media");
    make_id(u->id, sizeof u->id);
    (void)snprintf(u->media_dir, sizeof u->media_dir, "%s/media", s->o.config->data_dir);
    (void)snprintf(u->path, sizeof u->path, "%s/%s.upload", u->media_dir, u->id);
    u->job = (rh_job){.run = upload_run, .done = upload_done};
    u->client = text_field(h, "client");
    u->question = text_field(h, "question");
    u->kind = text_field(h, "kind");
    u->language = text_field(h, "language");
    u->reference = text_field(h, "reference_text");
    u->keep = keep && (strcmp(keep, "true") == 0 || strcmp(keep, "1") == 0);
    u->coach = s->coach;
    u->store = s->store;
    u->cancel = &s->cancel_all;
    u->bytes = f->value; /* from now on the job's */
    rh_buf_init(&f->value, 0);
    u->n_held = h->n_held;
    h->n_held = 0;
    return u;
}

void rh_sessions_upload(rh_http *h)
{
    rh_server *s = h->server;
    rh_field *f = rh_form_field(h, "file");
    if (!f) {
        rh_http_error_at(h, 422, "file", NULL, "field \"file\" is missing: send the recording as form field \"file\"");
        return;
    }
    if (f->value.len == 0) {
        rh_http_error_at(h, 400, "file", NULL, "the recording is empty: send an audio or video file");
        return;
    }
    if (!is_flag(rh_form_text(h, "keep_media"))) {
        rh_http_error_at(h, 400, "keep_media", NULL, "keep_media must be true or false");
        return;
    }
    rh_upload *u = s->n_file_jobs < RH_MAX_FILE_JOBS ? make_upload(h, f) : NULL;
    if (!u || rh_pool_submit(s->files, &u->job) != RH_OK) {
        if (u) {
            rh_upload_release(s, &u->n_held);
            forget(u);
        }
        rh_http_header(h, "retry-after", "5");
        rh_http_error(h, 429, "%d recordings already wait: try again in a moment", RH_MAX_FILE_JOBS);
        return;
    }
    s->n_file_jobs++;
    u->next = s->uploads;
    s->uploads = u;
    rh_http_json(h, 202, json_pack("{s:s, s:s, s:f}", "id", u->id, "state", "analysing", "progress", 0.0));
}
