/* session_recovery.c - see session_recovery.h. */
#include "session_recovery.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/live/live_session.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "session_job.h"

static const int64_t SEARCH_EVERY_US = 10000000;

typedef struct {
    rh_job job;
    json_t *ids;
} search_job;

typedef struct rh_recovery {
    rh_job job;
    struct rh_recovery *next; /* loop thread */
    char id[RH_SESSION_ID_MAX + 1];
    int64_t epoch;
    bool begun; /* it is this server's to finish */
    rh_error err;
} finish_job;

static rh_status finish_one(finish_job *j, rh_server *s)
{
    json_t *kept = NULL;
    rh_session *session = NULL;
    int attempts = 0;
    rh_status st = rh_store_claim(s->store, j->id, j->epoch, &j->err); /* of several servers one does it */
    j->begun = st == RH_OK;
    if (st == RH_OK)
        st = rh_store_get(s->store, j->id, &kept, &j->err);
    rh_session_options o = rh_session_options_of(s, j->id, json_object_get(kept, "meta"), RH_SESSION_RECOVERED);
    if (st == RH_OK)
        st = rh_session_attempt(s->store, j->id, &attempts, &j->err);
    if (st == RH_OK)
        st = rh_session_new(&session, s->models, s->store, &o, &j->err);
    if (st == RH_OK)
        st = rh_session_end(s, session, rh_session_length_s(session) <= 0, &s->cancel_all, &j->err);
    if (st == RH_ERR_CANCELED)
        (void)rh_store_put_back(s->store, j->id, true, NULL);
    if (!session && j->begun)
        rh_store_release(s->store, j->id);
    rh_session_free(session);
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
    RH_LIST_REMOVE(finish_job, s->recoveries, j);
    if (!j->begun)
        rh_log(RH_LOG_DEBUG, "session %s is finished by another server", j->id);
    else if (j->err.code == RH_ERR_CANCELED)
        rh_log(RH_LOG_INFO, "session %s gets its report at the next start", j->id);
    else if (j->err.code < 0)
        rh_log(RH_LOG_WARN, "session %s, which had not ended, gets no report: %s", j->id, j->err.msg);
    else
        rh_log(RH_LOG_INFO, "session %s, which had not ended, has its report", j->id);
    rh_free(j);
}

bool rh_session_is_recovered(const rh_server *s, const char *id)
{
    const finish_job *j = s->recoveries;
    while (j && strcmp(j->id, id) != 0)
        j = j->next;
    return j != NULL;
}

static void search_run(rh_job *base, rh_worker *w)
{
    (void)rh_store_unowned(w->server->store, RH_SESSION_RESUME_S, &((search_job *)base)->ids, NULL);
}

static void search_done(rh_server *s, rh_job *base)
{
    static const rh_person everybody = {.role = RH_ROLE_OWNER};
    search_job *j = (search_job *)base;
    size_t i;
    json_t *row;
    json_array_foreach(j->ids, i, row) {
        const char *name = json_string_value(json_object_get(row, "id"));
        bool runs = rh_live_session_runs(s, name, &everybody) || rh_session_is_recovered(s, name);
        finish_job *f = runs ? NULL : rh_calloc(1, sizeof *f);
        if (!f)
            continue;
        f->job.run = finish_run;
        f->job.done = finish_done;
        (void)snprintf(f->id, sizeof f->id, "%s", name);
        f->epoch = json_integer_value(json_object_get(row, "epoch"));
        if (rh_pool_submit(s->reports, &f->job) != RH_OK) { /* many were broken: the rest at the next start */
            rh_free(f);
            continue;
        }
        f->next = s->recoveries;
        s->recoveries = f;
    }
    json_decref(j->ids);
    rh_free(j);
}

static bool search(rh_server *s, void (*run)(rh_job *, rh_worker *), void (*done)(rh_server *, rh_job *))
{
    search_job j = {.job = {.run = run, .done = done}};
    return rh_pool_start(s->desk, &j, sizeof j);
}

void rh_session_recovery_tick(rh_server *s, int64_t now_us)
{
    if (!rh_ready(s))
        return;
    if (now_us >= s->sessions_sought_us && now_us - s->started_us >= (int64_t)RH_SESSION_RESUME_S * 1000000 &&
        search(s, search_run, search_done)) /* a folder is this server's alone: once will do */
        s->sessions_sought_us = rh_store_is_shared(s->store) ? now_us + SEARCH_EVERY_US : INT64_MAX;
}
