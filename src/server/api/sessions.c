/* sessions.c - questions to the store. They wait for its thread, so they
 * run on the pool; the answer is made there too and only sent by the loop. */
#include "sessions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/interview/kept.h"
#include "server/live/live_session.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/report.h"
#include "rehearse/session/session.h"
#include "rehearse/session/videos.h"
#include "rehearse/store/store.h"
#include "rehearse/store/transcriptions.h"
#include "rehearse/store/uploads.h"
#include "server/background.h"
#include "server/llm_job.h"
#include "shares.h"
#include "server/session_job.h"

static rh_status list(rh_ask *a)
{
    json_t *rows = NULL;
    rh_store_whose of = rh_ask_whose(a);
    rh_status st = rh_ask_range(a);
    if (st == RH_OK)
        st = rh_store_attempts(a->server->store, &of, a->question, rh_ask_page_of(a), &rows, &a->err);
    if (st == RH_OK)
        rh_ask_json_exact(a, json_pack("{s:o}", "sessions", rows), RH_ASK_LIST_DIGITS);
    return st;
}

static rh_status export_all(rh_ask *a)
{
    json_t *all = NULL;
    rh_store_whose of = rh_ask_whose(a);
    of.client = NULL;
    rh_status st = rh_store_export(a->server->store, &of, &all, &a->err);
    if (st == RH_OK) {
        rh_ask_json(a, all);
        (void)snprintf(a->name, sizeof a->name, "rehearse-export.json");
    }
    return st;
}

static rh_status report_form(rh_ask *a, const json_t *session, json_t *report)
{
    char *text = NULL;
    if (strcmp(a->format, "json") == 0) {
        rh_ask_json(a, json_incref(report));
        return RH_OK;
    }
    if (strcmp(a->format, "html") == 0)
        return (a->sound || a->film) && !a->share ? rh_session_one_file(a, session, report)
                                                  : rh_ask_page(a, report, NULL);
    if (strcmp(a->format, "md") != 0) {
        a->param = "format";
        return rh_fail(&a->err, RH_ERR_INVAL, "format \"%s\" is not one of json, html, md (for PDF print the html)",
                       a->format);
    }
    rh_status st = rh_report_markdown(report, &text, &a->err);
    if (st == RH_OK)
        rh_ask_text(a, "text/markdown; charset=utf-8", text);
    return st;
}

/* With what is kept beside it. */
static void complete(rh_ask *a, const json_t *session, json_t *report)
{
    rh_llm_tell(a->server, report);
    if (json_is_string(json_object_get(session, "media")))
        json_object_set_new(report, "media", json_true());
    json_t *videos = rh_videos_list(a->server->media_dir, a->id);
    if (videos)
        json_object_set_new(report, "videos", videos);
    if (json_array_size(json_object_get(session, "notes")))
        json_object_set(report, "moment_notes", json_object_get(session, "notes"));
}

static rh_status report_of(rh_ask *a, const json_t *session)
{
    json_t *report = json_object_get(session, "report");
    if (!json_is_object(report))
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "session \"%s\" is not finished: there is no report yet", a->id);
    if (!a->share)
        complete(a, session, report);
    report = a->share ? rh_shared_report(session, a->share, a->server->media_dir) : json_incref(report);
    rh_status st = report_form(a, session, report);
    json_decref(report);
    return st;
}

static rh_status transcript_of(rh_ask *a, const json_t *session)
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
        rh_ask_json(a, json_pack("{s:o}", "segments", segments));
        return RH_OK;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(a->format, forms[i].format) != 0)
            continue;
        rh_status st = rh_transcript_text(segments, forms[i].form, &text, &a->err);
        if (st == RH_OK)
            rh_ask_text(a, forms[i].type, text);
        json_decref(segments);
        return st;
    }
    json_decref(segments);
    a->param = "format";
    return rh_fail(&a->err, RH_ERR_INVAL, "format \"%s\" is not one of json, txt, srt, vtt", a->format);
}

static rh_status whole(rh_ask *a, const json_t *session)
{
    if (a->share) {
        rh_ask_json(a, rh_shared_session(session, a->share, a->server->media_dir));
        return a->err.code;
    }
    rh_llm_tell(a->server, json_object_get(session, "report"));
    rh_ask_json(a, json_incref((json_t *)(uintptr_t)session)); /* its count is its only change */
    return a->err.code;
}

static rh_status delete_session(rh_ask *a)
{
    rh_status st = rh_store_erase(a->server->store, a->server->media_dir, a->id, &a->err);
    a->status = 204;
    return st == RH_ERR_NOTFOUND && a->ran ? RH_OK : st;
}

void rh_sessions_list(rh_http *h)
{
    rh_ask_start(h, list, NULL);
}

void rh_sessions_export(rh_http *h)
{
    rh_ask_start(h, export_all, NULL);
}

void rh_session_get(rh_http *h)
{
    rh_ask_start(h, NULL, whole);
}

static void forget_upload(rh_server *s, const rh_ask *a)
{
    if (a->err.code != RH_OK)
        return;
    rh_background_deleted(s, a->id);
    rh_llm_cancel(s, a->id);
}

void rh_session_delete(rh_http *h)
{
    bool ran = rh_live_session_discard(h->server, h->route.param, &h->who);
    rh_ask *a = rh_ask_new(h, delete_session, NULL);
    if (a) {
        a->ran = ran;
        a->then = forget_upload;
    }
    rh_ask_go(h, a);
}

void rh_session_report(rh_http *h)
{
    rh_ask_start(h, NULL, report_of);
}

void rh_session_transcript(rh_http *h)
{
    rh_ask_start(h, NULL, transcript_of);
}

static rh_status media_of(rh_ask *a, const json_t *session)
{
    if (a->share && !json_is_true(json_object_get(a->share, "sound")))
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "the sound of session \"%s\" is not shared with you", a->id);
    return rh_session_answer_media(a, session);
}

void rh_session_media(rh_http *h)
{
    rh_ask_start(h, NULL, media_of);
}

static rh_status video_of(rh_ask *a)
{
    if (a->share && !json_is_true(json_object_get(a->share, "video")))
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "the video of session \"%s\" is not shared with you", a->id);
    return rh_session_answer_video(a);
}

void rh_session_video(rh_http *h)
{
    rh_ask_start(h, video_of, NULL);
}

/* ---- tidying ---- */

typedef struct {
    rh_job job;
    rh_server *server;
    double expired, unused, told; /* sessions, files last touched before; ended before: who comes back does so sooner */
    double noted;                 /* rows of the audit from before */
    int n_deleted, n_transcriptions, n_uploads, n_swept;
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
            t->n_deleted += rh_store_erase(s->store, s->media_dir, json_string_value(id), NULL) == RH_OK;
    json_decref(ids);
    if (t->expired > 0) {
        (void)rh_store_interviews_expire(s->store, t->expired, NULL);
        (void)rh_store_transcriptions_expire(s->store, s->media_dir, t->expired, &t->n_transcriptions, NULL);
    }
    (void)rh_store_uploads_expire(s->store, s->media_dir, &t->n_uploads, NULL);
    (void)rh_store_told_forget(s->store, t->told, NULL);
    (void)rh_store_audit_forget(s->store, t->noted, NULL);
    (void)rh_store_sweep(s->store, s->media_dir, t->unused, &t->n_swept, NULL);
}

static void tidy_done(rh_server *s, rh_job *job)
{
    tidy_job *t = (tidy_job *)job;
    (void)s;
    if (t->n_deleted || t->n_transcriptions)
        rh_log(RH_LOG_INFO, "%d sessions and %d transcriptions past their retention were deleted", t->n_deleted,
               t->n_transcriptions);
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
                    .told = now - RH_SESSION_MAX_S,
                    .noted = now - s->o.config->audit_days * 86400.0,
                    .expired = days > 0 ? now - days * 86400.0 : 0,
                    .unused = s->started > old ? s->started - 1 : old}; /* what is older than this run nobody writes */
    if (rh_pool_submit(s->desk, &t->job) != RH_OK)
        rh_free(t);
}
