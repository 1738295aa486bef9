/* unfinished.c - sessions that the store has as running though nobody runs them. */
#include <stdio.h>
#include <string.h>
#include "practice.h"
#include "record.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"

typedef struct {
    rh_job job;
    json_t *ids;
} search_job;

typedef struct {
    rh_job job;
    char id[RH_SESSION_ID_MAX + 1];
    rh_error err;
} finish_job;

static rh_status finish_one(finish_job *j, rh_server *s)
{
    char spool[4096];
    json_t *kept = NULL, *report = NULL;
    rh_session *session = NULL;
    rh_status st = rh_store_get(s->store, j->id, &kept, &j->err);
    const json_t *meta = json_object_get(kept, "meta");
    const char *text[5], *keys[5] = {"client", "question", "kind", "language", "reference"};
    for (int i = 0; i < 5; i++)
        text[i] = json_string_value(json_object_get(meta, keys[i]));
    (void)snprintf(spool, sizeof spool, "%s/media", s->o.config->data_dir);
    rh_session_options o = {.id = j->id, .client = text[0], .question = text[1], .kind = text[2],
                            .language = text[3], .reference = text[4], .spool_dir = spool};
    if (st == RH_OK)
        st = rh_session_new(&session, s->coach, s->store, &o, &j->err);
    if (st == RH_OK && rh_session_length_s(session) <= 0)
        rh_session_discard(session);
    else if (st == RH_OK)
        st = rh_session_finish(session, &s->cancel_all, &report, &j->err);
    rh_session_free(session);
    json_decref(report);
    json_decref(kept);
    return st;
}

static void finish_run(rh_job *base, rh_worker *w)
{
    finish_job *j = (finish_job *)base;
    j->err.code = finish_one(j, w->server);
}

static void finish_done(rh_server *s, rh_job *base)
{
    finish_job *j = (finish_job *)base;
    (void)s;
    if (j->err.code < 0)
        rh_log(RH_LOG_WARN, "session %s, broken by a crash, gets no report: %s", j->id, j->err.msg);
    else
        rh_log(RH_LOG_INFO, "session %s, broken by a crash, has its report", j->id);
    rh_free(j);
}

static void search_run(rh_job *base, rh_worker *w)
{
    /* What began since this server started is its own, and runs. */
    (void)rh_store_unended(w->server->store, w->server->started, &((search_job *)base)->ids, NULL);
}

static void search_done(rh_server *s, rh_job *base)
{
    search_job *j = (search_job *)base;
    size_t i;
    json_t *id;
    json_array_foreach(j->ids, i, id)
    {
        const char *name = json_string_value(id);
        finish_job *f = rh_practice_runs(s, name) ? NULL : rh_calloc(1, sizeof *f);
        if (!f)
            continue;
        f->job = (rh_job){.run = finish_run, .done = finish_done};
        (void)snprintf(f->id, sizeof f->id, "%s", name);
        if (rh_pool_submit(s->reports, &f->job) != RH_OK)
            rh_free(f); /* many were broken: the rest at the next start */
    }
    json_decref(j->ids);
    rh_free(j);
}

void rh_unfinished_tick(rh_server *s, int64_t now_us)
{
    if (s->unfinished_sought || !rh_ready(s) ||
        now_us - s->started_us < (int64_t)RH_SESSION_RESUME_S * 1000000)
        return;
    search_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return;
    j->job = (rh_job){.run = search_run, .done = search_done};
    s->unfinished_sought = rh_pool_submit(s->media, &j->job) == RH_OK;
    if (!s->unfinished_sought)
        rh_free(j);
}
