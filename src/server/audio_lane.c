/* audio_lane.c - the audio pieces and commands of one connection, in order.
 *
 * A piece is decoded and fed on the media pool (cheap), recognised on the
 * speech pool when a result is due. On /ws/audio the reply to that piece waits
 * for the result. On /ws/combined it would hold up video replies, so there
 * recognition runs beside and its result goes with the next reply; only a piece
 * of 3 s and more, which is not live, waits. */
#include <string.h>
#include "media_bytes.h"
#include "record.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "ws.h"

enum { RATE = RH_ASR_RATE_HZ, NOT_LIVE_S = 3, FEED_PIECE = 10 * RATE };

typedef struct {
    rh_job job;
    rh_stream *stream;
    rh_audio_item *item;
    size_t n_samples; /* at 16 kHz */
    double buffered_s;
    bool ready;
    rh_error err;
} feed_job;

typedef struct {
    rh_job job;
    rh_stream *stream;
    bool all, background;
    json_t *result;
    double buffered_s;
    bool ready; /* again */
    int64_t took_us;
    rh_error err;
} result_job;

/* ---- on pool threads ---- */

/* Gives recognition what waits. {live_lock} is held. Returns the samples left
 * because recognition holds as much as it takes. */
static size_t feed_waiting(rh_stream *st)
{
    size_t fed = 0;
    pthread_mutex_lock(&st->waiting_lock);
    while (fed < st->n_waiting) {
        size_t n = st->n_waiting - fed < FEED_PIECE ? st->n_waiting - fed : FEED_PIECE;
        if (rh_live_audio_feed(st->live, st->waiting + fed, n, NULL) != RH_OK)
            break;
        fed += n;
    }
    if (fed)
        memmove(st->waiting, st->waiting + fed, (st->n_waiting - fed) * sizeof *st->waiting);
    st->n_waiting -= fed;
    size_t left = st->n_waiting;
    st->buffered_s = rh_live_audio_buffered_s(st->live);
    pthread_mutex_unlock(&st->waiting_lock);
    return left;
}

/* Results that have words belong to the client's session too. {live_lock} is held. */
static void told(void *user, const rh_speech_input *in, const char *text, double from_s)
{
    rh_stream *st = user;
    if (st->source)
        rh_sound_source_speech(st->source, in, text, from_s);
}

/* {live_lock} is held. */
static rh_status need_live(rh_stream *st, rh_error *err)
{
    rh_status s = st->live ? RH_OK : rh_live_audio_new(&st->live, st->coach, err);
    if (s == RH_OK)
        rh_live_audio_listen(st->live, told, st);
    return s;
}

static double buffered(rh_stream *st)
{
    pthread_mutex_lock(&st->waiting_lock);
    double s = st->buffered_s + (double)st->n_waiting / RATE;
    pthread_mutex_unlock(&st->waiting_lock);
    return s;
}

static rh_status keep(rh_stream *st, const float *x, size_t n, rh_error *err)
{
    rh_status s = RH_OK;
    pthread_mutex_lock(&st->waiting_lock);
    size_t need = st->n_waiting + n;
    if (need > (size_t)RH_MAX_WAITING_AUDIO_S * RATE) {
        s = rh_fail(err, RH_ERR_LIMIT, "more than %d s of audio wait to be recognised; this piece was "
                    "not taken: send slower", RH_MAX_WAITING_AUDIO_S);
    } else if (need > st->cap_waiting) {
        size_t cap = need + need / 2;
        float *p = rh_realloc(st->waiting, cap * sizeof *p);
        if (p) {
            st->waiting = p;
            st->cap_waiting = cap;
        } else {
            s = rh_fail(err, RH_ERR_NOMEM, "out of memory");
        }
    }
    if (s == RH_OK && n)
        memcpy(st->waiting + st->n_waiting, x, n * sizeof *x);
    if (s == RH_OK)
        st->n_waiting = need;
    pthread_mutex_unlock(&st->waiting_lock);
    if (s == RH_OK && n && st->source)
        rh_sound_source_sound(st->source, x, n, rh_record_time(st->record, st->arrived_us));
    return s;
}

static rh_status resample(rh_stream *st, int rate_hz, const float *x, size_t n, size_t *n_kept,
                          rh_error *err)
{
    const float *y;
    rh_status s = RH_OK;
    *n_kept = n;
    if (rate_hz == RATE && (!st->resampler || st->rate_hz == RATE))
        return keep(st, x, n, err);
    if (st->resampler && st->rate_hz != rate_hz) { /* the old rate's tail belongs to the sound */
        size_t n_tail = 0;
        if (rh_resampler_feed(st->resampler, NULL, 0, &y, &n_tail) == RH_OK)
            s = keep(st, y, n_tail, err);
        rh_resampler_free(st->resampler);
        st->resampler = NULL;
        st->rate_hz = 0;
        if (s == RH_OK && rate_hz == RATE)
            return keep(st, x, n, err);
    }
    if (s == RH_OK && !st->resampler)
        s = rh_resampler_new(&st->resampler, rate_hz, RATE, err);
    st->rate_hz = rate_hz;
    if (s == RH_OK && n)
        s = rh_resampler_feed(st->resampler, x, n, &y, n_kept);
    return s == RH_OK && n ? keep(st, y, *n_kept, err) : s;
}

static rh_status take_piece(feed_job *j)
{
    uint8_t *bytes, *spare = NULL;
    float *x = NULL;
    size_t n_bytes, n = 0;
    const rh_message *m = &j->item->message;
    rh_status s = rh_decode_media(m, m->audio, &bytes, &n_bytes, &spare, &j->err);
    if (s == RH_OK)
        s = rh_samples_from_bytes(bytes, n_bytes, &x, &n, &j->err);
    if (s == RH_OK && !j->stream->source) /* only feed jobs make it, results only read it */
        j->stream->source = rh_record_source(j->stream->record);
    j->stream->arrived_us = j->item->t_us;
    if (s == RH_OK)
        s = resample(j->stream, m->sample_rate_hz, x, n, &j->n_samples, &j->err);
    rh_free(x);
    rh_free(spare);
    return s;
}

static void feed_run(rh_job *base, rh_worker *w)
{
    (void)w;
    feed_job *j = (feed_job *)base;
    rh_stream *st = j->stream;
    rh_status s = atomic_load(&st->cancel) ? RH_ERR_CANCELED : take_piece(j);
    /* While recognition runs, the piece waits beside it. */
    if (s == RH_OK && pthread_mutex_trylock(&st->live_lock) == 0) {
        s = need_live(st, &j->err);
        if (s == RH_OK) {
            size_t left = feed_waiting(st);
            j->ready = left > 0 || rh_live_audio_ready(st->live);
        }
        pthread_mutex_unlock(&st->live_lock);
    }
    j->buffered_s = buffered(st);
    j->err.code = s;
}

/* {live_lock} is held. What recognition could not hold at once is taken in turns. */
static rh_status recognise(result_job *j)
{
    rh_stream *st = j->stream;
    rh_status s = need_live(st, &j->err);
    while (s == RH_OK) {
        size_t left = feed_waiting(st);
        json_t *r = NULL;
        s = rh_live_audio_result(st->live, j->all && !left, &st->cancel, &r, &j->err);
        if (s == RH_AGAIN && left) /* full and nothing settled: take it as it is */
            s = rh_live_audio_result(st->live, true, &st->cancel, &r, &j->err);
        j->result = rh_merge_results(j->result, r);
        if (!left)
            break;
    }
    return s;
}

static void result_run(rh_job *base, rh_worker *w)
{
    (void)w;
    result_job *j = (result_job *)base;
    rh_stream *st = j->stream;
    if (atomic_load(&st->cancel)) {
        j->err.code = RH_ERR_CANCELED;
        return;
    }
    int64_t from = rh_now_us();
    pthread_mutex_lock(&st->live_lock);
    j->err.code = recognise(j);
    if (st->live) {
        size_t left = feed_waiting(st); /* what came meanwhile */
        j->ready = left > 0 || rh_live_audio_ready(st->live);
    }
    pthread_mutex_unlock(&st->live_lock);
    j->buffered_s = buffered(st);
    j->took_us = rh_now_us() - from;
}

/* ---- on the loop thread ---- */

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

static void answer_result(rh_ws *w, json_t *take, double buffered_s)
{
    rh_half *half = half_of(w);
    json_t *all = rh_merge_results(w->ready_result, take);
    w->ready_result = NULL;
    if (half) {
        half->state = all ? RH_HALF_RESULT : RH_HALF_BUFFERING;
        half->result = all;
        half->buffered_s = buffered_s;
        w->server->count.n_audio_results += all != NULL;
    } else {
        json_decref(all);
    }
    item_free(pop(w));
}

static void result_done(rh_server *s, rh_job *base);

bool rh_audio_flush(rh_stream *st)
{
    if (!st->source || buffered(st) <= 0 || atomic_load(&st->server->cancel_all))
        return false;
    result_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = result_run, .done = result_done};
    j->stream = st;
    j->all = true;
    if (rh_pool_submit(st->server->speech, &j->job) != RH_OK) {
        rh_free(j);
        return false;
    }
    st->refs++;
    return true;
}

static bool start_result(rh_ws *w, bool all, bool background)
{
    result_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = result_run, .done = result_done, .conn = w->id};
    j->stream = w->stream;
    j->all = all;
    j->background = background;
    if (rh_pool_submit(w->server->speech, &j->job) != RH_OK) {
        rh_free(j);
        return false;
    }
    w->stream->refs++;
    if (background)
        w->result_running = true;
    else
        w->audio_running = true;
    return true;
}

static void result_done(rh_server *s, rh_job *base)
{
    result_job *j = (result_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    rh_ws *w = c ? c->ws : NULL;
    rh_histogram_add(&s->count.speech_latency, (double)j->took_us / 1e6);
    if (w && j->background) {
        w->result_running = false;
        w->ready_result = rh_merge_results(w->ready_result, j->result);
        j->result = NULL;
        bool waited_for = w->audio_head && w->audio_head->message.command != RH_COMMAND_NONE;
        if (j->ready && j->err.code == RH_OK && !waited_for)
            (void)start_result(w, false, true);
    } else if (w) {
        w->audio_running = false;
        if (j->err.code < 0)
            answer_error(w, j->err.msg);
        else
            answer_result(w, json_incref(j->result), j->buffered_s);
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
static void fed(rh_ws *w, const feed_job *j)
{
    if (j->err.code != RH_OK) {
        answer_error(w, j->err.msg);
        return;
    }
    w->server->count.audio_s += (double)j->n_samples / RATE;
    if (w->audio_head->message.command != RH_COMMAND_NONE) {
        w->audio_head->message.audio.at = NULL; /* the command comes next */
        return;
    }
    bool live = w->kind == RH_WS_COMBINED && j->n_samples < (size_t)NOT_LIVE_S * RATE;
    if (j->ready && !live && !w->result_running && start_result(w, false, false))
        return;
    if (j->ready && live && !w->result_running)
        (void)start_result(w, false, true);
    answer_result(w, NULL, j->buffered_s);
}

static void feed_done(rh_server *s, rh_job *base)
{
    feed_job *j = (feed_job *)base;
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
    feed_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return false;
    j->job = (rh_job){.run = feed_run, .done = feed_done, .conn = w->id};
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
        rh_sound_source_forget(st->source, st->live ? rh_live_audio_reported_s(st->live) : 0);
    if (st->live)
        rh_live_audio_clear(st->live);
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
            started = start_result(w, true, false);
        }
        if (!started)
            answer_error(w, "too much audio at once: try again in a moment");
    }
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
    rh_audio_pump(w);
}
