/* legacy_audio.c - the audio pieces and commands of one connection, in order.
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
#include "legacy_audio_jobs.h"
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

void rh_audio_forget(rh_legacy_socket *l)
{
    rh_audio_item *item = l->audio_head;
    if (item && l->feeding) /* the first one belongs to the job that decodes it */
        item = item->next;
    for (rh_audio_item *next; item; item = next) {
        next = item->next;
        item_free(item);
    }
    l->audio_head = NULL;
}

static rh_audio_item *pop(rh_legacy_socket *l)
{
    rh_audio_item *item = l->audio_head;
    l->audio_head = item->next;
    if (!l->audio_head)
        l->audio_tail = NULL;
    l->ws->work_bytes -= item->n_bytes;
    l->audio_at_us = rh_now_us(); /* while a reply is owed the client may wait for it */
    return item;
}

static rh_reply_part *part_of(rh_legacy_socket *l)
{
    rh_pending_reply *r = rh_pending_reply_find(l, l->audio_head->seq);
    return r ? &r->audio : NULL;
}

/* Answers the head item and drops it. */
static void answer_error(rh_legacy_socket *l, const char *msg)
{
    rh_reply_part *part = part_of(l);
    if (part)
        rh_reply_error(part, msg);
    item_free(pop(l));
}

/* The result that is ready answers the head item; without one, how much waits. */
static void answer(rh_legacy_socket *l, double buffered_s)
{
    rh_reply_part *part = part_of(l);
    if (part) {
        part->state = l->ready_result ? RH_REPLY_RESULT : RH_REPLY_BUFFERING;
        part->result = l->ready_result;
        part->buffered_s = buffered_s;
        l->server->count.n_audio_results += l->ready_result != NULL;
        l->ready_result = NULL;
    }
    item_free(pop(l));
}

static void result_done(rh_server *s, rh_job *base);

static bool submit_result(rh_legacy_socket *l, rh_legacy_part part, bool background)
{
    enum { LATE_US = 1000000 }; /* as partials of live sessions */
    rh_result_job j = {.job = {.run = rh_result_run, .done = result_done, .due_us = rh_now_us() + LATE_US},
                       .l = l,
                       .part = part,
                       .background = background,
                       .result = l->ready_result,
                       .from_s = l->ready_from_s};
    if (!rh_pool_start(l->server->speech, &j, sizeof j))
        return false;
    l->ready_result = NULL; /* not sent yet: the next one is to cover it */
    l->refs++;
    return true;
}

bool rh_audio_flush(rh_legacy_socket *l)
{
    return l->has_sound && rh_legacy_source_kept(l->source) && rh_legacy_source_waiting_s(l->source) > 0 &&
           !atomic_load(&l->server->cancel_all) && submit_result(l, RH_PART_ALL, true);
}

static bool start_result(rh_legacy_socket *l, rh_legacy_part part, bool background)
{
    if (!submit_result(l, part, background))
        return false;
    *(background ? &l->result_running : &l->audio_running) = true;
    return true;
}

/* Where all was reported nothing is left, but for what came meanwhile. */
static rh_legacy_rest rest_after(rh_legacy_socket *l, const rh_result_job *j)
{
    bool more = j->part == RH_PART_SETTLED || l->fed_beside;
    l->fed_beside = false;
    return more ? j->rest : RH_REST_NOTHING;
}

static void result_done(rh_server *s, rh_job *base)
{
    rh_result_job *j = (rh_result_job *)base;
    rh_legacy_socket *l = j->l;
    rh_histogram_add(&s->count.speech_latency, (double)j->took_us / 1e6);
    if (l->ws) {
        l->ready_result = j->result;
        l->ready_from_s = j->from_s;
        l->rest = rest_after(l, j);
        j->result = NULL;
    }
    if (l->ws && j->background) {
        l->result_running = false;
        rh_audio_release(l, j->buffered_s);
        bool waited_for = l->audio_head && l->audio_head->message.command != RH_COMMAND_NONE;
        if (j->due && j->err.code == RH_OK && !waited_for)
            (void)start_result(l, RH_PART_SETTLED, true);
    } else if (l->ws) {
        l->audio_running = false;
        if (j->err.code < 0)
            answer_error(l, j->err.msg);
        else
            answer(l, j->buffered_s);
    }
    if (l->ws) {
        rh_audio_schedule(l);
        rh_pending_replies_send(l);
    }
    json_decref(j->result);
    rh_legacy_unref(l);
    rh_free(j);
}

/* The head piece has been fed; decides what answers it. */
static void fed(rh_legacy_socket *l, const rh_feed_job *j)
{
    if (j->err.code != RH_OK) {
        answer_error(l, j->err.msg);
        return;
    }
    l->server->count.audio_s += (double)j->n_samples / RATE;
    l->piece_s = (double)j->n_samples / RATE;
    l->rest = j->rest;
    l->fed_beside |= l->result_running;
    if (l->audio_head->message.command != RH_COMMAND_NONE) {
        l->audio_head->message.audio.at = NULL; /* the command comes next */
        return;
    }
    bool live = l->wants_video && l->piece_s < NOT_LIVE_S;
    bool waits = !l->audio_head->next && (!l->audio_head->message.frame.at || l->piece_s >= SOON_S);
    if (j->due && !live && !l->result_running && start_result(l, RH_PART_SETTLED, false))
        return;
    bool runs = l->result_running || (j->due && live && start_result(l, RH_PART_SETTLED, true));
    if (runs && (waits || !l->wants_video)) {
        l->audio_running = l->head_waits = true;
        l->head_buffered_s = j->buffered_s;
        return;
    }
    answer(l, j->buffered_s);
}

/* The head waits for recognition no longer: it has ended, or another message came. */
void rh_audio_release(rh_legacy_socket *l, double buffered_s)
{
    if (!l->head_waits)
        return;
    l->audio_running = l->head_waits = false;
    answer(l, buffered_s);
}

/* What was said last, when the client has stopped sending. */
static void recognise_rest(rh_legacy_socket *l)
{
    if (l->audio_head || l->result_running || l->rest == RH_REST_NOTHING)
        return;
    double quiet = fmin(l->piece_s + QUIET_LATE_S, QUIET_MAX_S), voiced = l->piece_s + VOICED_LATE_S;
    double since = (double)(rh_now_us() - l->audio_at_us) / 1e6;
    if (since >= (l->rest == RH_REST_QUIET ? quiet : voiced))
        (void)start_result(l, RH_PART_WORDS, true);
}

static void feed_done(rh_server *s, rh_job *base)
{
    rh_feed_job *j = (rh_feed_job *)base;
    rh_legacy_socket *l = j->l;
    (void)s;
    l->audio_running = l->feeding = false;
    l->has_sound |= j->err.code == RH_OK;
    if (l->ws) {
        fed(l, j);
        rh_audio_schedule(l);
        rh_pending_replies_send(l);
    } else {
        item_free(j->item); /* a closed connection leaves the running item to its job */
        (void)rh_audio_flush(l);
    }
    rh_legacy_unref(l);
    rh_free(j);
}

static bool start_feed(rh_legacy_socket *l)
{
    rh_feed_job j = {.job = {.run = rh_feed_run, .done = feed_done}, .l = l, .item = l->audio_head};
    if (!rh_pool_start(l->server->media, &j, sizeof j))
        return false;
    l->refs++;
    l->audio_running = l->feeding = true;
    return true;
}

/* Nothing of this connection is being recognised. */
static void clear(rh_legacy_socket *l)
{
    if (l->has_sound)
        rh_legacy_source_clear(l->source);
    rh_resampler_free(l->resampler); /* its tail is forgotten too */
    l->resampler = NULL;
    json_decref(l->ready_result);
    l->ready_result = NULL;
    l->rest = RH_REST_NOTHING;
    rh_reply_part *part = part_of(l);
    if (part)
        part->state = RH_REPLY_CLEARED;
    item_free(pop(l));
}

void rh_audio_schedule(rh_legacy_socket *l)
{
    while (l->audio_head && !l->audio_running && l->server->models) {
        const rh_message *m = &l->audio_head->message;
        bool started = true;
        if (m->audio.at) {
            started = start_feed(l);
        } else if (l->result_running) {
            return; /* a command waits for it */
        } else if (m->command == RH_COMMAND_CLEAR) {
            clear(l);
        } else {
            started = start_result(l, RH_PART_ALL, false);
        }
        if (!started)
            answer_error(l, "too much audio at once: try again in a moment");
    }
    if (l->server->models)
        recognise_rest(l);
}

void rh_audio_enqueue(rh_legacy_socket *l, rh_message *m, uint64_t seq, size_t n_bytes)
{
    rh_audio_item *item = rh_calloc(1, sizeof *item);
    if (!item) {
        rh_reply_error(&rh_pending_reply_find(l, seq)->audio, "out of memory");
        rh_message_done(m);
        return;
    }
    *item = (rh_audio_item){.message = *m, .n_bytes = n_bytes, .seq = seq, .t_us = rh_now_us()};
    *m = (rh_message){0};
    if (l->audio_tail)
        l->audio_tail->next = item;
    else
        l->audio_head = item;
    l->audio_tail = item;
    l->ws->work_bytes += n_bytes;
    rh_audio_release(l, l->head_buffered_s);
    rh_audio_schedule(l);
}
