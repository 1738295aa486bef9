/* lifecycle.c - the server's states: loading the models, running, stopping, gone. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "http.h"
#include "practice.h"
#include "record.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rest_sessions.h"
#include "ws.h"

enum { TICK_US = 250000 };
static const int64_t EXPIRE_EVERY_US = 3600LL * 1000000;

/* Tells all work that nobody waits for it any more. */
static void cancel_all(rh_server *s)
{
    atomic_store(&s->cancel_all, true);
    for (int i = 0; s->conns && i < s->n_conns; i++) {
        const rh_conn *c = &s->conns[i];
        if (c->http && c->http->cancel)
            atomic_store(c->http->cancel, true);
        if (c->ws && c->ws->stream)
            atomic_store(&c->ws->stream->cancel, true);
    }
    rh_streams_cancel(s);
}

void rh_server_free(rh_server *s)
{
    if (!s)
        return;
    cancel_all(s);
    if (s->loading)
        pthread_join(s->loader, NULL);
    rh_pool_free(s->media);
    rh_pool_free(s->speech);
    rh_pool_free(s->files);
    rh_pool_free(s->reports);
    if (s->lws) {
        rh_jobs_collect(s);
        lws_context_destroy(s->lws); /* closes what is open */
    }
    rh_practices_free(s);
    rh_records_free(s);
    rh_uploads_free(s);
    rh_store_close(s->store);
    for (int i = 0; i < s->n_listen; i++)
        if (s->listen_fds[i] >= 0)
            close(s->listen_fds[i]);
    rh_watch_stop(s);
    rh_coach_free(s->coach);
    rh_site_free(s->site);
    pthread_mutex_destroy(&s->done_lock);
    rh_free(s->conns);
    rh_free(s);
}

/* ---- loading the models beside the running loop ---- */

typedef struct {
    rh_job job;
    rh_server *server;
    rh_coach *coach;
    rh_error err;
} load_job;

static void loaded(rh_server *s, rh_job *base)
{
    load_job *j = (load_job *)base;
    pthread_join(s->loader, NULL);
    s->loading = false;
    if (!j->coach) {
        s->load_failed = true;
        s->load_error = j->err;
        rh_server_stop(s);
    } else {
        s->coach = j->coach;
        const rh_asr_model *m = rh_coach_asr(s->coach);
        if (m) {
            rh_asr_model_info i = rh_asr_model_describe(m);
            rh_log(RH_LOG_INFO, "speech: whisper %s on %s, engine %s, %d threads", i.size, i.device,
                   i.engine, i.n_threads);
        }
        rh_log(RH_LOG_INFO, "faces: %s; ready after %.1f s", rh_coach_faces(s->coach) ? "on cpu" : "off",
               (double)(rh_now_us() - s->started_us) / 1e6);
    }
    rh_free(j);
}

static void *load(void *arg)
{
    load_job *j = arg;
    if (rh_coach_load(&j->coach, &j->server->o.coach, &j->err) != RH_OK)
        j->coach = NULL;
    /* Two clients at once must not wait for the second set of networks; more than a few would delay
     * the start of a large machine. What fails here fails again, and is told, when it is needed. */
    int n = j->server->n_cpus < 4 ? j->server->n_cpus : 4;
    if (j->coach && rh_coach_faces(j->coach))
        (void)rh_face_model_prepare(rh_coach_faces(j->coach), n, NULL);
    rh_job_finished(j->server, &j->job);
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
    s->loading = true;
    return RH_OK;
}

/* ---- run and stop ---- */

void rh_server_stop(rh_server *s)
{
    atomic_fetch_add(&s->stop_calls, 1);
    lws_cancel_service(s->lws);
}

static void begin_stop(rh_server *s)
{
    s->stopping = true;
    s->stop_by_us = rh_now_us() + (int64_t)RH_STOP_GRACE_S * 1000000;
    for (int i = 0; i < s->n_listen; i++)
        lws_set_timeout(s->listeners[i], PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    for (int i = 0; i < s->n_conns; i++)
        if (s->conns[i].ws)
            rh_ws_close(s->conns[i].ws, 1001);
}

static bool busy(const rh_server *s)
{
    for (int i = 0; i < s->n_conns; i++)
        if (s->conns[i].ws || s->conns[i].http)
            return true;
    return rh_records_busy(s);
}

/* What the loop does between events, four times a second. */
static void tick(lws_sorted_usec_list_t *sul)
{
    rh_server *s = lws_container_of(sul, rh_server, tick);
    int64_t now = rh_now_us();
    for (int i = 0; i < s->n_conns; i++) {
        if (s->conns[i].ws)
            rh_ws_tick(s->conns[i].ws, now);
        if (s->conns[i].http)
            rh_http_tick(s->conns[i].http);
    }
    rh_practices_tick(s, now);
    rh_records_tick(s, now);
    rh_unfinished_tick(s, now);
    if (now >= s->expire_at_us) {
        s->expire_at_us = now + EXPIRE_EVERY_US;
        rh_sessions_expire(s);
    }
    if (!s->stopping && rh_watch_changed(s)) {
        rh_log(RH_LOG_INFO, "a watched file changed: starting anew");
        s->reload = true;
        rh_server_stop(s);
    }
    lws_sul_schedule(s->lws, 0, &s->tick, tick, TICK_US);
}

rh_status rh_server_run(rh_server *s, rh_error *err)
{
    rh_status st = start_loading(s, err);
    if (st != RH_OK)
        return st;
    lws_sul_schedule(s->lws, 0, &s->tick, tick, TICK_US);
    for (;; s->n_turns++) {
        if (lws_service(s->lws, 0) < 0)
            return rh_fail(err, RH_ERR_IO, "the event loop failed");
        int calls = atomic_load(&s->stop_calls);
        if (calls && !s->stopping)
            begin_stop(s);
        if (s->stopping && (!busy(s) || calls > 1 + (int)s->reload || rh_now_us() > s->stop_by_us))
            break;
    }
    lws_sul_cancel(&s->tick);
    if (s->load_failed) {
        *err = s->load_error;
        return err->code;
    }
    return s->reload ? RH_AGAIN : RH_OK;
}
