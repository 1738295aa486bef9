/* live_session.c - live sessions by id, what is told to their sockets, their end. */
#include "live_session_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "server/ws.h"

rh_live_session *rh_live_session_find(rh_server *s, const char *id)
{
    rh_live_session *p = s->live_sessions;
    while (p && (p->state == RH_LIVE_ENDED || strcmp(p->id, id) != 0))
        p = p->next;
    return p;
}

bool rh_live_session_runs(rh_server *s, const char *id, const rh_person *who)
{
    const rh_live_session *p = rh_live_session_find(s, id);
    return p && rh_person_may(who, p->person);
}

bool rh_live_session_keeps_video(rh_server *s, const char *id)
{
    const rh_live_session *p = rh_live_session_find(s, id);
    return p && p->state == RH_LIVE_RUNNING && p->start.keep_video;
}

rh_ws *rh_live_session_socket(rh_live_session *p)
{
    rh_conn *c = rh_conn_find(p->server, p->conn);
    return c ? c->ws : NULL;
}

void rh_live_session_go_on(rh_live_session *p, rh_live_state to)
{
    if (to > p->state)
        p->state = to;
}

static void send_json(rh_ws *w, json_t *take)
{
    (void)rh_ws_send_json(w, take, 12);
}

void rh_live_session_error(rh_ws *w, const char *msg)
{
    json_t *text = json_string(msg);
    w->server->count.n_errors++;
    send_json(w, json_pack("{s:s, s:o}", "type", "error", "detail", text ? text : json_string("bad message")));
}

void rh_live_session_refuse(rh_ws *w, const char *msg, int code)
{
    rh_live_session_error(w, msg);
    rh_ws_close(w, code);
}

void rh_media_item_free(rh_media_item *item)
{
    if (!item)
        return;
    rh_free(item->raw);
    rh_free(item->x);
    rh_free(item);
}

void rh_live_session_keep(rh_live_session *p, uint64_t seq, const char *text, size_t n)
{
    rh_event *e = rh_alloc(sizeof *e + n);
    if (!e)
        return;
    *e = (rh_event){.seq = seq, .n = n};
    memcpy(e->text, text, n);
    if (p->last_event)
        p->last_event->next = e;
    else
        p->events = e;
    p->last_event = e;
    if (++p->n_events > RH_MAX_EVENTS) {
        rh_event *old = p->events;
        p->events = old->next;
        p->n_events--;
        rh_free(old);
    }
}

/* The last event that may be told: once it is committed, or while the store takes nothing. */
static uint64_t sendable(const rh_live_session *p)
{
    if (p->lost)
        return 0;
    if (!p->acks || !p->session || p->state == RH_LIVE_ENDED || rh_store_health(p->server->store, NULL) != RH_OK)
        return p->n_seq;
    int64_t durable = rh_session_durable_seq(p->session);
    return durable < 0 ? 0 : (uint64_t)durable;
}

void rh_live_session_send_on(rh_live_session *p)
{
    rh_ws *w = rh_live_session_socket(p);
    uint64_t last = w ? sendable(p) : 0;
    for (const rh_event *e = p->events; e && e->seq <= last; e = e->next) {
        if (e->seq < p->next_seq)
            continue;
        if (rh_ws_send(w, e->text, e->n) != RH_OK)
            return;
        p->next_seq = e->seq + 1;
    }
}

void rh_live_session_deliver(rh_live_session *p, const char *text, size_t n, uint64_t seq)
{
    rh_ws *w = rh_live_session_socket(p);
    if (seq) {
        p->n_seq = seq;
        rh_live_session_keep(p, seq, text, n);
        rh_live_session_send_on(p);
        return;
    }
    /* What will be said again in a second is not queued for a client that lags. */
    if (w && w->out.len - w->n_out_sent < RH_MAX_OUT_BYTES / 2)
        (void)rh_ws_send(w, text, n);
}

void rh_live_session_ready(rh_live_session *p, bool resumed, int64_t audio_us)
{
    rh_ws *w = rh_live_session_socket(p);
    if (!w)
        return;
    json_t *ready =
        json_pack("{s:s, s:s, s:s, s:I, s:b, s:i}", "type", "ready", "session", p->id, "resume", p->token, "audio_us",
                  (json_int_t)audio_us, "resumed", (int)resumed, "resume_for_s", RH_SESSION_RESUME_S);
    if (p->tell_acks)
        (void)json_object_update_new(ready, json_pack("{s:b, s:I}", "acks", (int)p->acks, "seq", (json_int_t)p->n_seq));
    send_json(w, ready);
    p->acked_us = p->acked_seq = -1;
    rh_live_session_send_on(p);
}

void rh_live_session_fault(rh_live_session *p, const rh_error *err, int close_code)
{
    rh_ws *w = rh_live_session_socket(p);
    if (w && close_code)
        rh_live_session_refuse(w, err->msg, close_code);
    else if (w)
        rh_live_session_error(w, err->msg);
}

void rh_live_session_over(rh_live_session *p, int close_code)
{
    rh_ws *w = rh_live_session_socket(p);
    rh_live_session_go_on(p, RH_LIVE_ENDED);
    rh_live_session_send_on(p);
    if (w) {
        w->state = NULL;
        w->work_bytes = 0;
        rh_ws_hold_back(w);
        rh_ws_close(w, close_code);
    }
    p->conn = 0;
}

bool rh_live_session_stands(const rh_live_session *p, rh_standing standing)
{
    rh_store *store = p->server->store;
    return p->session && store && rh_store_is_shared(store) && rh_store_standing(store, p->id) == standing;
}

void rh_live_session_lose(rh_live_session *p)
{
    rh_log(RH_LOG_INFO, "session %s goes on at another server", p->id);
    p->lost = true;
    rh_live_session_over(p, 1012);
}

bool rh_live_session_leaves(rh_server *s, const char *id)
{
    const rh_live_session *p = s->live_sessions;
    while (p && !(p->lost && strcmp(p->id, id) == 0))
        p = p->next;
    return p != NULL;
}

static void destroy(rh_live_session *p)
{
    if (p->lost && p->session)
        rh_session_leave(p->session);
    while (p->audio_head) {
        rh_media_item *next = p->audio_head->next;
        rh_media_item_free(p->audio_head);
        p->audio_head = next;
    }
    rh_media_item_free(p->frame);
    while (p->events) {
        rh_event *next = p->events->next;
        rh_free(p->events);
        p->events = next;
    }
    rh_resampler_free(p->resampler);
    rh_session_free(p->session);
    json_decref(p->first);
    pthread_mutex_destroy(&p->recognising);
    rh_free(p);
}

void rh_live_session_release(rh_live_session *p)
{
    if (p->state != RH_LIVE_ENDED || p->jobs)
        return;
    RH_LIST_REMOVE(rh_live_session, p->server->live_sessions, p);
    destroy(p);
}

void rh_live_sessions_free(rh_server *s)
{
    while (s->live_sessions) {
        rh_live_session *next = s->live_sessions->next;
        if (s->live_sessions->discard && s->live_sessions->session && s->live_sessions->state != RH_LIVE_ENDED)
            (void)rh_session_discard(s->live_sessions->session, NULL); /* promised, and no job could do it any more */
        destroy(s->live_sessions);
        s->live_sessions = next;
    }
}
