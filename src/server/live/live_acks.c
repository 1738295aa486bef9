/* live_acks.c - what of a live session is on the disk, told to its client, and coming back to it after a
 * restart.
 *
 * A client that asked for it ("acks") keeps its sound until it is acknowledged. An event of such a session is told
 * once it is committed, so that nothing changes that a client has seen; while the store takes nothing it
 * is told at once, and not acknowledged. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "live_session_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/who/tokens.h"

/* ---- coming back ---- */

static rh_status hash_of(const char *token, char out[RH_TOKEN_HASH_LEN + 1], rh_error *err)
{
    return rh_sha256_hex(token, out) ? RH_OK : rh_fail(err, RH_ERR_UNSUPPORTED, "this system has no SHA-256");
}

/* Nothing changes of it from here on but by this server. */
static rh_status claim(rh_live_kept *k, const rh_live_session *p, rh_error *err)
{
    json_decref(k->kept);
    k->kept = NULL;
    rh_status st = rh_store_claim(p->server->store, p->id, -1, err);
    return st == RH_OK ? rh_store_held(p->server->store, p->id, &k->kept, err) : st;
}

static rh_status find_report(rh_live_kept *k, const rh_live_session *p, rh_error *err)
{
    json_t *whole = NULL;
    rh_status st = rh_store_get(p->server->store, p->id, &whole, err);
    k->report = json_incref(json_object_get(whole, "report"));
    k->length_s = rh_json_num(whole, "duration_s");
    json_decref(whole);
    return st;
}

rh_status rh_live_kept_find(rh_live_kept *out, const rh_live_session *p, rh_error *err)
{
    const char *resume = p->start.resume;
    rh_live_kept k = {.acks = p->start.acks};
    rh_status st = hash_of(p->token, k.hash, err);
    rh_error why = {0};
    rh_status held = st == RH_OK && p->server->store ? rh_store_held(p->server->store, p->id, &k.kept, &why) : RH_OK;
    if (held != RH_OK) {
        k.kept = NULL;
        if (resume && held != RH_ERR_NOTFOUND) /* what was acknowledged may be there: nothing begins in its place */
            st = rh_fail(err, RH_ERR_BUSY,
                         "what is kept of this session can't be read just now, try again in a moment: %.80s", why.msg);
    }
    if (st == RH_OK && k.kept) {
        const char *hash = rh_json_str(k.kept, "resume"), *state = rh_json_str(k.kept, "state");
        bool acks = json_is_true(json_object_get(k.kept, "acks"));
        bool knows = resume && strlen(hash) == RH_TOKEN_HASH_LEN && CRYPTO_memcmp(hash, k.hash, RH_TOKEN_HASH_LEN) == 0;
        k.acks |= acks;
        bool live = strcmp(state, "live") == 0, elsewhere = json_is_true(json_object_get(k.kept, "elsewhere"));
        k.over = acks && knows && strcmp(state, "done") == 0;
        if (strcmp(rh_json_str(k.kept, "person"), p->person) != 0) {
            k.over = false;
            st = rh_fail(err, RH_ERR_INVAL, "this session is another person's: choose another id");
        } else if (k.over)
            st = find_report(&k, p, err);
        else if (live && !knows && (acks || elsewhere || (resume && *hash))) /* older clients gave none */
            st = rh_fail(err, RH_ERR_INVAL,
                         "this session is another client's: go on with its resume token, or choose another id");
        else if (live)
            st = claim(&k, p, err);
    }
    *out = k;
    return st;
}

void rh_live_kept_done(rh_live_kept *k)
{
    json_decref(k->kept);
    json_decref(k->report);
    *k = (rh_live_kept){0};
}

static void adopt_event(rh_live_session *p, const json_t *event)
{
    char *text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(12));
    p->n_seq = (uint64_t)json_integer_value(json_object_get(event, "seq"));
    if (text)
        rh_live_session_keep(p, p->n_seq, text, strlen(text));
    free(text);
}

static void adopt_report(rh_live_session *p, json_t *report)
{
    json_t *event = json_pack("{s:I, s:s, s:O}", "seq", (json_int_t)p->n_seq + 1, "type", "report", "report", report);
    adopt_event(p, event);
    json_decref(event);
}

void rh_live_kept_adopt(rh_live_session *p, const rh_live_kept *k)
{
    const json_t *event;
    size_t i;
    p->acks = k->acks && p->server->store;
    json_array_foreach(json_object_get(k->kept, "told"), i, event)
        if (strcmp(rh_json_str(event, "type"), "report") != 0) /* is its session's, and comes last */
            adopt_event(p, event);
    /* Who says nothing about what they have has had it all. */
    p->next_seq = (p->start.has_last_seq && p->start.last_seq < p->n_seq ? p->start.last_seq : p->n_seq) + 1;
    if (k->over)
        adopt_report(p, k->report);
}

/* ---- acknowledging ---- */

typedef struct {
    rh_job job;
    char id[RH_SESSION_ID_MAX + 1];
} news;

static void news_done(rh_server *s, rh_job *base)
{
    news *n = (news *)base;
    rh_live_session *p = rh_live_session_find(s, n->id);
    if (p)
        rh_live_session_send_on(p);
    rh_free(n);
}

void rh_live_session_durable(void *live_session)
{
    const rh_live_session *p = live_session;
    news *n = rh_calloc(1, sizeof *n);
    if (!n)
        return; /* the next tick sees it */
    n->job.done = news_done;
    (void)snprintf(n->id, sizeof n->id, "%s", p->id);
    rh_job_finished(p->server, &n->job);
}

void rh_live_session_ack(rh_live_session *p, int64_t now_us)
{
    rh_ws *w = rh_live_session_socket(p);
    int64_t seq = w && p->tell_acks && p->session ? rh_session_durable_seq(p->session) : -1;
    if (seq < 0 || now_us - p->acked_at_us < RH_ACK_EVERY_MS * 1000)
        return;
    if (seq >= (int64_t)p->next_seq) /* not told yet */
        seq = (int64_t)p->next_seq - 1;
    int64_t us = p->state < RH_LIVE_ENDING ? rh_session_durable_us(p->session) : p->acked_us;
    if (us < 0 || (us <= p->acked_us && seq <= p->acked_seq))
        return;
    p->acked_us = us;
    p->acked_seq = seq;
    p->acked_at_us = now_us;
    (void)rh_ws_send_json(
        w, json_pack("{s:s, s:I, s:I}", "type", "ack", "audio_us", (json_int_t)us, "seq", (json_int_t)seq), 12);
}

bool rh_live_session_acknowledged(const rh_live_session *p)
{
    return p->acks && p->tell_acks;
}

static bool all_durable(const rh_live_session *p)
{
    return !p->audio_head && !p->jobs && rh_session_durable_seq(p->session) >= (int64_t)p->n_seq &&
           rh_session_durable_us(p->session) >= rh_session_audio_us(p->session);
}

void rh_live_session_drain(rh_live_session *p, int64_t now_us)
{
    const rh_server *s = p->server;
    rh_ws *w = rh_live_session_socket(p);
    if (!w || !rh_stopping(s) || !p->session || !rh_live_session_acknowledged(p) || p->state != RH_LIVE_RUNNING)
        return;
    if (!all_durable(p) && now_us - s->stop_since_us < (int64_t)RH_STOP_GRACE_S * 1000000)
        return;
    p->acked_at_us = 0;
    rh_live_session_ack(p, now_us);
    rh_ws_close(w, 1012);
}
