/* background.c - see background.h. */
#include "background.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

static const rh_task_kind *const kinds[] = {&rh_recording_kind, &rh_transcription_kind};

static const rh_task_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->kind, name) == 0)
            return kinds[i];
    return NULL;
}

int rh_background_most(const rh_server *s)
{
    return rh_store_is_shared(s->store) ? RH_MAX_SHARED_JOBS : RH_MAX_FILE_JOBS;
}

void rh_background_look(rh_server *s, int wait_ms)
{
    int64_t at = rh_now_us() + wait_ms * (int64_t)1000;
    s->look_again |= s->looking; /* what is asked just now may not see it */
    if (at < s->look_at_us)
        s->look_at_us = at;
}

/* ---- one job ---- */

/* What is written down where whoever has the job next reads it. Whether it is over. */
static bool settle(rh_task *t, rh_status st)
{
    rh_store *store = t->server->store;
    bool stopped = st == RH_ERR_CANCELED || atomic_load(&t->cancel);
    bool passes = st == RH_ERR_IO || st == RH_ERR_UNAVAILABLE || st == RH_ERR_NOMEM;
    if (st == RH_OK)
        return true;
    if (stopped || (passes && t->claim.attempts < RH_JOB_ATTEMPTS))
        st = rh_store_job_put_back(store, &t->claim, stopped ? 0 : RH_RETRY_S, stopped, NULL);
    else
        return rh_store_job_fail(store, &t->claim, t->err.msg[0] ? t->err.msg : "it could not be done", NULL) == RH_OK;
    return st == RH_ERR_CANCELED; /* not ours any more */
}

static void task_run(rh_job *base, rh_worker *w)
{
    rh_task *t = (rh_task *)base;
    rh_status st = RH_ERR_CANCELED;
    (void)w;
    if (!atomic_load(&t->cancel))
        st = t->kind->run(t, &t->err);
    if (settle(t, st))
        t->kind->clean(t->server, t->claim.id);
    rh_store_release(t->server->store, t->claim.id);
    t->err.code = st;
}

static void let_go(rh_server *s, rh_task *t)
{
    if (t->running || t->beating)
        return;
    RH_LIST_REMOVE(rh_task, s->tasks, t);
    rh_store_job_clear(&t->claim);
    rh_free(t);
}

static void task_done(rh_server *s, rh_job *base)
{
    rh_task *t = (rh_task *)base;
    t->running = false;
    s->n_running--;
    s->count.n_files++;
    if (t->err.code < 0 && !atomic_load(&t->cancel))
        rh_log(RH_LOG_WARN, "%s %s: %s", t->claim.kind, t->claim.id, t->err.msg);
    rh_background_look(s, 0);
    let_go(s, t);
}

/* ---- it still works ---- */

typedef struct {
    rh_job job;
    rh_task *task; /* kept as long as it beats */
    rh_error err;
} beat_job;

static void beat_run(rh_job *base, rh_worker *w)
{
    beat_job *j = (beat_job *)base;
    (void)w;
    j->err.code =
        rh_store_job_beat(j->task->server->store, &j->task->claim, atomic_load(&j->task->permille) / 1000.0, &j->err);
}

static void beat_done(rh_server *s, rh_job *base)
{
    beat_job *j = (beat_job *)base;
    rh_task *t = j->task;
    t->beating = false;
    if (j->err.code == RH_ERR_CANCELED && t->running)
        atomic_store(&t->cancel, true);
    let_go(s, t);
    rh_free(j);
}

static void beat(rh_server *s, rh_task *t, int64_t now)
{
    beat_job j = {.job = {.run = beat_run, .done = beat_done}, .task = t};
    t->beat_at_us = now + RH_BEAT_MS * (int64_t)1000;
    t->beating = rh_pool_start(s->desk, &j, sizeof j);
}

/* ---- claiming ---- */

typedef struct {
    rh_job job;
    bool first;
    int n_waiting;
    rh_store_job claim; /* `kind` "" = nothing is due */
    rh_error err;
} claim_job;

static void claim_run(rh_job *base, rh_worker *w)
{
    claim_job *j = (claim_job *)base;
    rh_store *store = w->server->store;
    rh_status st = RH_OK;
    if (j->first && !rh_store_is_shared(store)) /* the folder is ours alone */
        st = rh_store_jobs_abandon(store, &j->err);
    if (st == RH_OK)
        st = rh_store_job_claim(store, &j->claim, &j->err);
    if (st == RH_ERR_LIMIT && kind_of(j->claim.kind))
        kind_of(j->claim.kind)->clean(w->server, j->claim.id);
    (void)rh_store_jobs_waiting(store, &j->n_waiting, NULL);
    j->err.code = st;
}

/* One that was lost and has come back meanwhile: what it was at has not ended yet. */
static bool is_here(const rh_server *s, const char *id)
{
    const rh_task *t = s->tasks;
    while (t && strcmp(t->claim.id, id) != 0)
        t = t->next;
    return t != NULL;
}

static void start(rh_server *s, claim_job *j)
{
    rh_task *t = rh_calloc(1, sizeof *t);
    const rh_task_kind *kind = kind_of(j->claim.kind);
    if (t && kind && !is_here(s, j->claim.id)) {
        t->job = (rh_job){.run = task_run, .done = task_done};
        t->server = s;
        t->kind = kind;
        t->claim = j->claim;
        t->beat_at_us = rh_now_us() + RH_BEAT_MS * (int64_t)1000;
        atomic_init(&t->cancel, rh_stopping(s));
        atomic_init(&t->permille, 0);
        if (rh_pool_submit(s->files, &t->job) == RH_OK) {
            t->running = true;
            t->next = s->tasks;
            s->tasks = t;
            return;
        }
    }
    rh_free(t); /* its lease runs out, and it is anybody's again */
    rh_store_job_clear(&j->claim);
    s->n_running--;
}

static void claim_done(rh_server *s, rh_job *base)
{
    claim_job *j = (claim_job *)base;
    rh_status st = j->err.code;
    s->looking = false;
    s->n_waiting = j->n_waiting >= 0 ? j->n_waiting : s->n_waiting;
    if (j->first && s->n_waiting)
        rh_log(RH_LOG_INFO, "%d recordings wait for their turn", s->n_waiting);
    if (st == RH_ERR_LIMIT)
        rh_log(RH_LOG_WARN, "%s %s: %s", j->claim.kind, j->claim.id, j->err.msg);
    if (st == RH_OK || st == RH_ERR_LIMIT || s->look_again)
        rh_background_look(s, 0);                                                            /* there may be more */
    else if (st != RH_AGAIN || rh_store_is_shared(s->store) || s->n_waiting >= s->n_running) /* some are due later */
        rh_background_look(s, RH_LOOK_MS);
    s->look_again = false;
    if (st == RH_OK) {
        start(s, j);
    } else {
        rh_store_job_clear(&j->claim);
        s->n_running--;
    }
    rh_free(j);
}

void rh_background_tick(rh_server *s, int64_t now)
{
    for (rh_task *t = s->tasks; t; t = t->next)
        if (t->running && !t->beating && now >= t->beat_at_us)
            beat(s, t, now);
    if (!rh_ready(s) || s->looking || now < s->look_at_us || s->n_running >= s->n_file_threads)
        return;
    claim_job j = {.job = {.run = claim_run, .done = claim_done}, .first = !s->looked, .n_waiting = -1};
    s->looking = rh_pool_start(s->desk, &j, sizeof j);
    if (!s->looking)
        return;
    s->looked = true;
    s->look_at_us = INT64_MAX;
    s->n_running++; /* or one that is about to */
}

/* ---- the end ---- */

void rh_background_deleted(rh_server *s, const char *id)
{
    for (rh_task *t = s->tasks; t; t = t->next)
        if (strcmp(t->claim.id, id) == 0)
            atomic_store(&t->cancel, true);
    rh_background_look(s, 0);
}

void rh_background_cancel(rh_server *s)
{
    for (rh_task *t = s->tasks; t; t = t->next)
        atomic_store(&t->cancel, true);
}

void rh_background_free(rh_server *s)
{
    while (s->tasks) {
        rh_task *t = s->tasks;
        t->running = t->beating = false;
        let_go(s, t);
    }
}
