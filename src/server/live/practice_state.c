/* practice_state.c - live sessions by id, what is told to their sockets, their end. */
#include "practice_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "server/ws.h"

rh_practice *rh_practice_find(rh_server *s, const char *id)
{
    rh_practice *p = s->practices;
    while (p && (p->ended || strcmp(p->id, id) != 0))
        p = p->next;
    return p;
}

bool rh_practice_runs(rh_server *s, const char *id)
{
    return rh_practice_find(s, id) != NULL;
}

rh_ws *rh_practice_socket(rh_practice *p)
{
    rh_conn *c = rh_conn_find(p->server, p->conn);
    return c ? c->ws : NULL;
}

void rh_practice_say(rh_ws *w, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    if (text)
        (void)rh_ws_say(w, text, strlen(text));
    free(text);
    json_decref(take);
}

void rh_practice_error(rh_ws *w, const char *msg)
{
    json_t *text = json_string(msg);
    w->server->count.n_errors++;
    rh_practice_say(w, json_pack("{s:s, s:o}", "type", "error", "detail", text ? text : json_string("bad message")));
}

void rh_practice_refuse(rh_ws *w, const char *msg, int code)
{
    rh_practice_error(w, msg);
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

/* Kept events are numbered, so that a client that comes back can say what it has. */
static void keep_event(rh_practice *p, const char *text, size_t n)
{
    char head[40];
    int n_head = snprintf(head, sizeof head, "{\"seq\":%llu,", (unsigned long long)++p->n_seq);
    rh_event *e = rh_alloc(sizeof *e + (size_t)n_head + n);
    if (!e)
        return;
    *e = (rh_event){.seq = p->n_seq, .n = (size_t)n_head + n - 1};
    memcpy(e->text, head, (size_t)n_head);
    memcpy(e->text + n_head, text + 1, n - 1);
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

void rh_practice_send_from(rh_practice *p, rh_ws *w, uint64_t seq)
{
    p->next_seq = seq;
    for (rh_event *e = p->events; e; e = e->next)
        if (e->seq >= seq && rh_ws_say(w, e->text, e->n) == RH_OK)
            p->next_seq = e->seq + 1;
}

void rh_practice_deliver(rh_practice *p, const char *text, size_t n, bool keep)
{
    rh_ws *w = rh_practice_socket(p);
    if (keep && n > 2) {
        keep_event(p, text, n);
        if (w && p->last_event && p->next_seq == p->n_seq)
            rh_practice_send_from(p, w, p->n_seq);
        return;
    }
    /* What will be said again in a second is not queued for a client that lags. */
    if (w && w->out.len - w->n_out_sent < RH_MAX_OUT_BYTES / 2)
        (void)rh_ws_say(w, text, n);
}

void rh_practice_ready(rh_practice *p, bool resumed)
{
    rh_ws *w = rh_practice_socket(p);
    if (!w)
        return;
    rh_practice_say(w, json_pack("{s:s, s:s, s:s, s:I, s:b, s:i}", "type", "ready", "session", p->id, "resume", p->token,
                     "audio_us", (json_int_t)rh_session_audio_us(p->session), "resumed", (int)resumed,
                     "resume_for_s", RH_SESSION_RESUME_S));
    rh_practice_send_from(p, w, p->next_seq);
}

void rh_practice_fault(rh_practice *p, const rh_error *err, int close_code)
{
    rh_ws *w = rh_practice_socket(p);
    if (w && close_code)
        rh_practice_refuse(w, err->msg, close_code);
    else if (w)
        rh_practice_error(w, err->msg);
}

void rh_practice_over(rh_practice *p, int close_code)
{
    rh_ws *w = rh_practice_socket(p);
    p->ended = true;
    if (w) {
        w->practice = NULL;
        w->lane_bytes = 0;
        rh_ws_hold_back(w);
        rh_ws_close(w, close_code);
    }
    p->conn = 0;
}

static void destroy(rh_practice *p)
{
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
    rh_free(p);
}

void rh_practice_release(rh_practice *p)
{
    if (!p->ended || p->n_jobs)
        return;
    for (rh_practice **at = &p->server->practices; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    destroy(p);
}

void rh_practices_free(rh_server *s)
{
    while (s->practices) {
        rh_practice *next = s->practices->next;
        if (s->practices->discard && s->practices->session && !s->practices->ended)
            (void)rh_session_discard(s->practices->session, NULL); /* promised, and no job could do it any more */
        destroy(s->practices);
        s->practices = next;
    }
}
