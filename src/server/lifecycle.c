/* lifecycle.c - the server's states: loading the models, running, stopping, gone. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "background.h"
#include "http.h"
#include "llm_job.h"
#include "server/live/live_session.h"
#include "session_recovery.h"
#include "server/legacy/legacy.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "server/api/sessions.h"
#include "ws.h"

static const int64_t TIDY_EVERY_US = 3600LL * 1000000;

/* Tells all work that nobody waits for it any more. */
static void cancel_all(rh_server *s)
{
    atomic_store(&s->cancel_all, true);
    for (int i = 0; s->conns && i < s->n_conns; i++) {
        const rh_conn *c = &s->conns[i];
        if (c->http && c->http->cancel)
            atomic_store(c->http->cancel, true);
    }
    rh_legacy_cancel(s);
    rh_background_cancel(s);
    rh_llm_cancel(s, NULL);
}

/* Waits for the thread that loads the models, at most `wait_s` seconds; false: it still runs.
 * The one place that joins it. */
static bool join_loader(rh_server *s, int wait_s)
{
    struct timespec until;
    if (!s->has_loader)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_s;
    if (wait_s < 0 ? pthread_join(s->loader, NULL) : pthread_timedjoin_np(s->loader, NULL, &until))
        return false;
    s->has_loader = false;
    return true;
}

/* The end of all work. Jobs that have not run yet run now, told that nobody waits; what `done`
 * functions want to add is refused, for the pools are closed before the first thread is joined. */
static void end_work(rh_server *s)
{
    rh_pool *const pools[] = {s->media, s->quick, s->speech, s->files, s->reports, s->desk, s->disk, s->asks};
    cancel_all(s);
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        rh_pool_close(pools[i]);
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        rh_pool_join(pools[i]);
    rh_jobs_collect(s);
}

bool rh_server_free(rh_server *s)
{
    if (!s)
        return true;
    s->state = RH_SERVER_CLOSING;
    atomic_store(&s->cancel_load, true);
    rh_net_stop_listening(s->net); /* nobody would answer any more */
    end_work(s);
    bool loaded = join_loader(s, RH_STOP_LOADING_S);
    if (loaded)
        rh_jobs_collect(s); /* its models, to be freed below */
    if (loaded)
        rh_net_free(s->net); /* closes what is open */
    rh_live_sessions_free(s);
    rh_legacy_sessions_free(s);
    rh_background_free(s);
    size_t n_lost = rh_store_close(s->store);
    if (n_lost)
        rh_log(RH_LOG_ERROR, "the data folder could not be written: %zu entries of running sessions are lost", n_lost);
    s->store = NULL;
    rh_folder_lock_release(s->folder);
    if (!loaded)
        return false;       /* its thread uses what is left */
    rh_pool_free(s->media); /* closing connections may have asked them, and were refused */
    rh_pool_free(s->quick);
    rh_pool_free(s->speech);
    rh_pool_free(s->files);
    rh_pool_free(s->reports);
    rh_pool_free(s->desk);
    rh_pool_free(s->disk);
    rh_llm_close(s);
    rh_oidc_free(s->oidc);
    rh_watch_stop(s);
    rh_model_set_free(s->models);
    rh_site_free(s->site);
    pthread_mutex_destroy(&s->done_lock);
    rh_free(s->conns);
    rh_free(s);
    return true;
}

/* ---- loading the models beside the running loop ---- */

typedef struct {
    rh_job job;
    rh_server *server;
    rh_model_set *models;
    rh_error err;
} load_job;

static void loaded(rh_server *s, rh_job *base)
{
    load_job *j = (load_job *)base;
    (void)join_loader(s, -1); /* it has nothing left to do */
    s->models = j->models;
    if (!j->models && !rh_stopping(s)) {
        s->load_error = j->err;
        rh_server_stop(s);
    }
    if (j->models && s->state == RH_SERVER_LOADING) {
        s->state = RH_SERVER_RUNNING;
        const rh_asr_model *m = s->models->asr;
        if (m) {
            rh_asr_model_info i = rh_asr_model_describe(m);
            rh_log(RH_LOG_INFO, "speech: whisper %s on %s, engine %s, %d threads", i.size, i.device, i.engine,
                   i.n_threads);
        }
        rh_log(RH_LOG_INFO, "faces: %s; ready after %.1f s", s->models->faces ? "on cpu" : "off",
               (double)(rh_now_us() - s->started_us) / 1e6);
    }
    rh_free(j);
}

static void *load(void *arg)
{
    load_job *j = arg;
    rh_server *s = j->server;
    rh_model_set_options o = s->o.models;
    o.cancel = &s->cancel_load;
    if (rh_model_set_load(&j->models, &o, &j->err) != RH_OK)
        j->models = NULL;
    /* Two clients at once must not wait for the second set of networks; more than a few would delay
     * the start of a large machine. What fails here fails again, and is told, when it is needed. */
    int n = s->n_cpus < 4 ? s->n_cpus : 4;
    for (int i = 1; i <= n && j->models && j->models->faces && !atomic_load(&s->cancel_load); i++)
        (void)rh_face_model_prepare(j->models->faces, i, NULL);
    rh_job_finished(s, &j->job);
    return NULL;
}

static rh_status start_loading(rh_server *s, rh_error *err)
{
    load_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    j->job.done = loaded;
    j->server = s;
    int e = pthread_create(&s->loader, NULL, load, j);
    if (e) {
        rh_free(j);
        return rh_fail(err, RH_ERR_NOMEM, "cannot start a thread: %s", strerror(e));
    }
    s->has_loader = true;
    return RH_OK;
}

/* ---- run and stop ---- */

void rh_server_stop(rh_server *s)
{
    atomic_fetch_add(&s->stop_calls, 1);
    rh_net_wake(s->net);
}

static void begin_stop(rh_server *s)
{
    bool was_loading = s->state == RH_SERVER_LOADING;
    s->state = RH_SERVER_STOPPING;
    s->stop_since_us = s->owed_at_us = rh_now_us();
    atomic_store(&s->cancel_load, true);
    rh_background_cancel(s);
    rh_net_drain(s->net);
    for (int i = 0; i < s->n_conns; i++) {
        rh_ws *w = s->conns[i].ws;
        if (w && was_loading && w->kind->give_up)
            w->kind->give_up(w); /* they waited for models that will never be there */
        if (w && !rh_ws_promised(w))
            rh_ws_close(w, 1001);
    }
}

static bool owes(const rh_server *s)
{
    for (int i = 0; i < s->n_conns; i++) {
        const rh_ws *w = s->conns[i].ws;
        const rh_http *h = s->conns[i].http;
        if ((w && rh_ws_owes(w)) || (h && h->body_done))
            return true;
    }
    return rh_legacy_sessions_busy(s) || rh_live_sessions_busy(s) || rh_net_owes(s->net);
}

/* Whether there is something worth waiting for. A client that does not finish its request, or
 * does not answer the close of its socket, has RH_STOP_CLOSE_S for it. */
static bool busy(rh_server *s)
{
    int64_t now = rh_now_us();
    if (owes(s)) {
        s->owed_at_us = now;
        return true;
    }
    if (!rh_net_idle(s->net))
        return now - s->owed_at_us < (int64_t)RH_STOP_CLOSE_S * 1000000;
    return false;
}

void rh_server_tick(rh_server *s, int64_t now)
{
    for (int i = 0; i < s->n_conns; i++)
        if (s->conns[i].ws)
            rh_ws_tick(s->conns[i].ws, now);
    rh_live_sessions_tick(s, now);
    rh_legacy_sessions_tick(s, now);
    rh_session_recovery_tick(s, now);
    rh_background_tick(s, now);
    if (now >= s->tidy_at_us) {
        s->tidy_at_us = now + TIDY_EVERY_US;
        rh_sessions_tidy(s);
    }
    if (!rh_stopping(s) && rh_watch_changed(s)) {
        rh_log(RH_LOG_INFO, "a watched file changed: starting anew");
        s->reload = true;
        rh_server_stop(s);
    }
}

rh_status rh_server_run(rh_server *s, rh_error *err)
{
    rh_status st = start_loading(s, err);
    if (st != RH_OK)
        return st;
    for (;;) {
        if (rh_net_turn(s->net) != RH_OK)
            return rh_fail(err, RH_ERR_IO, "the event loop failed");
        int calls = atomic_load(&s->stop_calls);
        if (calls && s->state < RH_SERVER_STOPPING)
            begin_stop(s);
        if (s->state != RH_SERVER_STOPPING)
            continue;
        double stopping_s = (double)(rh_now_us() - s->stop_since_us) / 1e6;
        if (stopping_s > RH_STOP_GRACE_S && !atomic_load(&s->cancel_all))
            cancel_all(s); /* whoever still waits is told so */
        if (!busy(s) || calls > 1 + (int)s->reload || stopping_s > RH_STOP_GRACE_S + RH_STOP_CLOSE_S)
            break;
    }
    if (s->load_error.code) {
        *err = s->load_error;
        return err->code;
    }
    return s->reload ? RH_AGAIN : RH_OK;
}
