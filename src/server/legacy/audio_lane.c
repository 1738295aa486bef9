/* audio_lane.c - the audio pieces and commands of one connection, in order.
 *
 * A piece is decoded and fed on the media pool (cheap), recognised on the
 * speech pool when a result is due. On /ws/audio the reply to that piece waits
 * for the result. On /ws/combined it would hold up video replies, so there
 * recognition runs beside and its result goes with the next reply; a message of
 * sound alone waits as long as no other comes (a client that reads each reply
 * before it goes on gets the result at once), and a piece of 3 s and more, which
 * is not live, always.
 * A client that stops sending has stopped speaking: what it said last is
 * recognised then, and goes with its next message of any kind. */
#include <math.h>
#include <string.h>
#include "audio_jobs.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

enum { RATE = RH_ASR_RATE_HZ, NOT_LIVE_S = 3, SOON_S = 1 };

/* So long after a piece was due no more will come: where it ended in a silence, and where it
 * ended in speech, which a slow network breaks off too. */
static const double QUIET_LATE_S = 0.6, VOICED_LATE_S = 1.0, QUIET_MAX_S = 1.1;

static void item_free(rh_audio_item *item)
{
    rh_message_done(&item->message);
    rh_free(item);
}

static rh_audio_item *pop(rh_ws *w)
{
    rh_audio_item *item = w->audio_head;
    w->audio_head = item->next;
    if (!w->audio_head)
        w->audio_tail = NULL;
    w->lane_bytes -= item->n_bytes;
    w->audio_at_us = rh_now_us(); /* while a reply is owed the client may wait for it */
    return item;
}

static rh_half *half_of(rh_ws *w)
{
    rh_slot *slot = rh_slot_find(w, w->audio_head->seq);
    return slot ? &slot->audio : NULL;
}

/* Answers the head item and drops it. */
static void answer_error(rh_ws *w, const char *msg)
{
    rh_half *half = half_of(w);
    if (half)
        rh_half_error(half, msg);
    item_free(pop(w));
}

/* The result that is ready answers the head item; without one, how much waits. */
static void answer(rh_ws *w, double buffered_s)
{
    rh_half *half = half_of(w);
    if (half) {
        half->state = w->ready_result ? RH_HALF_RESULT : RH_HALF_BUFFERING;
        half->result = w->ready_result;
        half->buffered_s = buffered_s;
        w->server->count.n_audio_results += w->ready_result != NULL;
        w->ready_result = NULL;
    }
    item_free(pop(w));
}

static void result_done(rh_server *s, rh_job *base);

bool rh_audio_flush(rh_stream *st)
{
    if (!st->source || rh_stream_buffered_s(st) <= 0 || atomic_load(&st->server->cancel_all))
        return false;
    rh_result_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = rh_result_run, .done = result_done};
    j->stream = st;
    j->part = RH_PART_ALL;
    if (rh_pool_submit(st->server->speech, &j->job) != RH_OK) {
        rh_free(j);
        return false;
    }
    st->refs++;
    return true;
}

static bool start_result(rh_ws *w, rh_listener_part part, bool background)
{
    rh_result_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = rh_result_run, .done = result_done, .conn = w->id};
    j->stream = w->stream;
    j->part = part;
    j->background = background;
    j->result = w->ready_result; /* not sent yet: the next one is to cover it */
    j->from_s = w->ready_from_s;
    if (rh_pool_submit(w->server->speech, &j->job) != RH_OK) {
        rh_free(j);
        return false;
    }
    w->stream->refs++;
    w->ready_result = NULL;
    if (background)
        w->result_running = true;
    else
        w->audio_running = true;
    return true;
}

/* Where all was reported nothing is left, but for what came meanwhile. */
static rh_listener_rest rest_after(rh_ws *w, const rh_result_job *j)
{
    bool more = j->part == RH_PART_SETTLED || w->fed_beside;
    w->fed_beside = false;
    return more ? j->rest : RH_REST_NOTHING;
}

static void result_done(rh_server *s, rh_job *base)
{
    rh_result_job *j = (rh_result_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    rh_ws *w = c ? c->ws : NULL;
    rh_histogram_add(&s->count.speech_latency, (double)j->took_us / 1e6);
    if (w) {
        w->ready_result = j->result;
        w->ready_from_s = j->from_s;
        w->rest = rest_after(w, j);
        j->result = NULL;
    }
    if (w && j->background) {
        w->result_running = false;
        rh_audio_release(w, j->buffered_s);
        bool waited_for = w->audio_head && w->audio_head->message.command != RH_COMMAND_NONE;
        if (j->ready && j->err.code == RH_OK && !waited_for)
            (void)start_result(w, RH_PART_SETTLED, true);
    } else if (w) {
        w->audio_running = false;
        if (j->err.code < 0)
            answer_error(w, j->err.msg);
        else
            answer(w, j->buffered_s);
    }
    if (w) {
        rh_audio_pump(w);
        rh_slots_flush(w);
    }
    json_decref(j->result);
    rh_stream_unref(j->stream);
    rh_free(j);
}

/* The head piece has been fed; decides what answers it. */
static void fed(rh_ws *w, const rh_feed_job *j)
{
    if (j->err.code != RH_OK) {
        answer_error(w, j->err.msg);
        return;
    }
    w->server->count.audio_s += (double)j->n_samples / RATE;
    w->piece_s = (double)j->n_samples / RATE;
    w->rest = j->rest;
    w->fed_beside |= w->result_running;
    if (w->audio_head->message.command != RH_COMMAND_NONE) {
        w->audio_head->message.audio.at = NULL; /* the command comes next */
        return;
    }
    bool live = w->kind->video && w->piece_s < NOT_LIVE_S;
    bool waits = !w->audio_head->next && (!w->audio_head->message.frame.at || w->piece_s >= SOON_S);
    if (j->ready && !live && !w->result_running && start_result(w, RH_PART_SETTLED, false))
        return;
    bool runs = w->result_running || (j->ready && live && start_result(w, RH_PART_SETTLED, true));
    if (runs && (waits || !w->kind->video)) {
        w->audio_running = w->head_waits = true;
        w->head_buffered_s = j->buffered_s;
        return;
    }
    answer(w, j->buffered_s);
}

/* The head waits for recognition no longer: it has ended, or another message came. */
void rh_audio_release(rh_ws *w, double buffered_s)
{
    if (!w->head_waits)
        return;
    w->audio_running = w->head_waits = false;
    answer(w, buffered_s);
}

/* What was said last, when the client has stopped sending. */
static void recognise_rest(rh_ws *w)
{
    if (w->audio_head || w->result_running || w->rest == RH_REST_NOTHING)
        return;
    double quiet = fmin(w->piece_s + QUIET_LATE_S, QUIET_MAX_S), voiced = w->piece_s + VOICED_LATE_S;
    double since = (double)(rh_now_us() - w->audio_at_us) / 1e6;
    if (since >= (w->rest == RH_REST_QUIET ? quiet : voiced))
        (void)start_result(w, RH_PART_WORDS, true);
}

static void feed_done(rh_server *s, rh_job *base)
{
    rh_feed_job *j = (rh_feed_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    if (c && c->ws) {
        c->ws->audio_running = c->ws->feeding = false;
        fed(c->ws, j);
        rh_audio_pump(c->ws);
        rh_slots_flush(c->ws);
    } else {
        item_free(j->item); /* a closed connection leaves the running item to its job */
        (void)rh_audio_flush(j->stream);
    }
    rh_stream_unref(j->stream);
    rh_free(j);
}

static bool start_feed(rh_ws *w)
{
    rh_feed_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = rh_feed_run, .done = feed_done, .conn = w->id};
    j->stream = w->stream;
    j->item = w->audio_head;
    if (rh_pool_submit(w->server->media, &j->job) != RH_OK) {
        rh_free(j);
        return false;
    }
    w->stream->refs++;
    w->audio_running = w->feeding = true;
    return true;
}

/* Nothing of this connection is being recognised: the locks are free. */
static void clear(rh_ws *w)
{
    rh_stream *st = w->stream;
    pthread_mutex_lock(&st->live_lock);
    if (st->source)
        rh_sound_source_forget(st->source, st->live ? rh_listener_measured_s(st->live) : 0);
    if (st->live)
        rh_listener_clear(st->live);
    pthread_mutex_lock(&st->waiting_lock);
    st->n_waiting = 0;
    st->buffered_s = 0;
    pthread_mutex_unlock(&st->waiting_lock);
    pthread_mutex_unlock(&st->live_lock);
    rh_resampler_free(st->resampler); /* its tail is forgotten too */
    st->resampler = NULL;
    st->rate_hz = 0;
    json_decref(w->ready_result);
    w->ready_result = NULL;
    w->rest = RH_REST_NOTHING;
    rh_half *half = half_of(w);
    if (half)
        half->state = RH_HALF_CLEARED;
    item_free(pop(w));
}

void rh_audio_pump(rh_ws *w)
{
    while (w->audio_head && !w->audio_running && w->stream) {
        const rh_message *m = &w->audio_head->message;
        bool started = true;
        if (m->audio.at) {
            started = start_feed(w);
        } else if (w->result_running) {
            return; /* a command waits for it */
        } else if (m->command == RH_COMMAND_CLEAR) {
            clear(w);
        } else {
            started = start_result(w, RH_PART_ALL, false);
        }
        if (!started)
            answer_error(w, "too much audio at once: try again in a moment");
    }
    if (w->stream)
        recognise_rest(w);
}

void rh_audio_take(rh_ws *w, rh_message *m, uint64_t seq, size_t n_bytes)
{
    rh_audio_item *item = rh_calloc(1, sizeof *item);
    if (!item) {
        rh_half_error(&rh_slot_find(w, seq)->audio, "out of memory");
        rh_message_done(m);
        return;
    }
    *item = (rh_audio_item){.message = *m, .n_bytes = n_bytes, .seq = seq, .t_us = rh_now_us()};
    *m = (rh_message){0};
    if (w->audio_tail)
        w->audio_tail->next = item;
    else
        w->audio_head = item;
    w->audio_tail = item;
    w->lane_bytes += n_bytes;
    rh_audio_release(w, w->head_buffered_s);
    rh_audio_pump(w);
}
