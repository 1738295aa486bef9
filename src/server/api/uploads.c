/* uploads.c - POST /v1/sessions: a recording becomes a session.
 *
 *   accepted -----> queued <-----> analysing -----> done
 *   (file and row     ^               |     \-----> failed, and why
 *    on the disk)     +--- a stop, a crash, a full disk
 *
 * The reply comes when the recording lies in the media folder and its row in the store with that of its job, all
 * synced: from then on it is analysed whatever happens to this process (recordings.c, background.h). GET
 * /v1/sessions/{id} says how far it is. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/text.h"
#include "server/background.h"
#include "acceptance.h"
#include "pasted.h"
#include "sessions.h"
#include "text_field.h"

static rh_status keep_session(rh_server *s, const char *id, const json_t *meta, rh_error *err)
{
    return rh_store_recording(s->store, id, rh_unix_time(), meta, rh_background_most(s), err);
}

static json_t *tell_queued(const char *id, const json_t *meta)
{
    (void)meta;
    return json_pack("{s:s, s:s, s:f}", "id", id, "state", "queued", "progress", 0.0);
}

void rh_session_make_id(char *id, size_t size)
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
static bool read_meta(rh_http *h, const char *file_name, json_t *meta)
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
    put_file_name(meta, file_name);
    return read_expected(h, meta);
}

json_t *rh_session_wanted(rh_http *h, const char *file_name)
{
    const rh_server *s = h->server;
    for (size_t i = 0; i < N_KEEPS; i++)
        if (!is_flag(rh_form_text(h, keeps[i]))) {
            rh_http_error_at(h, 400, keeps[i], NULL, "%s must be true or false", keeps[i]);
            return NULL;
        }
    const char *language = rh_form_text(h, "language");
    char code[RH_ASR_LANG_LEN];
    rh_error err;
    if (language && *language &&
        rh_asr_model_language(s->models ? s->models->asr : NULL, language, code, &err) != RH_OK) {
        rh_http_error_at(h, 400, "language", NULL, "%s", err.msg);
        return NULL;
    }
    json_t *meta = json_object();
    if (*h->who.name)
        json_object_set_new(meta, "person", json_string(h->who.name));
    if (read_meta(h, file_name, meta))
        return meta;
    json_decref(meta);
    return NULL;
}

bool rh_recordings_full(rh_http *h)
{
    const rh_server *s = h->server;
    if (s->n_waiting + s->n_file_jobs < rh_background_most(s))
        return false;
    rh_http_header(h, "retry-after", "5");
    rh_http_error(h, 429, "%d recordings already wait: try again in a moment", rh_background_most(s));
    return true;
}

void rh_sessions_upload(rh_http *h)
{
    rh_field *f = rh_form_field(h, "file");
    if (!f) {
        rh_http_error_at(h, 422, "file", NULL, "field \"file\" is missing: send the recording as form field \"file\"");
        return;
    }
    if (rh_field_size(f) == 0) {
        rh_http_error_at(h, 400, "file", NULL, "the recording is empty: send an audio or video file");
        return;
    }
    static const rh_acceptance session = {.keep = keep_session, .told = tell_queued};
    json_t *meta = rh_session_wanted(h, f->filename);
    if (meta && rh_recordings_full(h)) {
        json_decref(meta);
        return;
    }
    char id[RH_SESSION_ID_MAX + 1];
    rh_session_make_id(id, sizeof id);
    rh_accept(h, f, id, meta, &session);
}
