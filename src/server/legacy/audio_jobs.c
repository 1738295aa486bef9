/* audio_jobs.c - see audio_jobs.h. */
#include "audio_jobs.h"

#include <string.h>
#include "media_bytes.h"
#include "record.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"

enum { RATE = RH_ASR_RATE_HZ, FEED_PIECE = 10 * RATE };

/* Gives recognition what waits. {live_lock} is held. Returns the samples left
 * because recognition holds as much as it takes. */
static size_t feed_waiting(rh_stream *st)
{
    size_t fed = 0;
    pthread_mutex_lock(&st->waiting_lock);
    while (fed < st->n_waiting) {
        size_t n = st->n_waiting - fed < FEED_PIECE ? st->n_waiting - fed : FEED_PIECE;
        if (rh_listener_feed(st->live, st->waiting + fed, n, NULL) != RH_OK)
            break;
        fed += n;
    }
    if (fed)
        memmove(st->waiting, st->waiting + fed, (st->n_waiting - fed) * sizeof *st->waiting);
    st->n_waiting -= fed;
    size_t left = st->n_waiting;
    st->buffered_s = rh_listener_waiting_s(st->live);
    pthread_mutex_unlock(&st->waiting_lock);
    return left;
}

/* {live_lock} is held. */
static rh_status need_live(rh_stream *st, rh_error *err)
{
    return st->live ? RH_OK : rh_listener_new(&st->live, st->models, err);
}

double rh_stream_buffered_s(rh_stream *st)
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

static rh_status take_piece(rh_feed_job *j)
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

void rh_feed_run(rh_job *base, rh_worker *w)
{
    (void)w;
    rh_feed_job *j = (rh_feed_job *)base;
    rh_stream *st = j->stream;
    rh_status s = atomic_load(&st->cancel) ? RH_ERR_CANCELED : take_piece(j);
    /* While recognition runs, the piece waits beside it. */
    j->rest = RH_REST_VOICED;
    if (s == RH_OK && pthread_mutex_trylock(&st->live_lock) == 0) {
        s = need_live(st, &j->err);
        if (s == RH_OK) {
            size_t left = feed_waiting(st);
            j->ready = left > 0 || rh_listener_ready(st->live);
            j->rest = left > 0 ? RH_REST_VOICED : rh_listener_what_rests(st->live);
        }
        pthread_mutex_unlock(&st->live_lock);
    }
    j->buffered_s = rh_stream_buffered_s(st);
    j->err.code = s;
}

/* {live_lock} is held. What recognition could not hold at once is taken in turns. */
static rh_status recognise(rh_result_job *j)
{
    rh_listener *l = j->stream->live;
    for (;;) {
        size_t left = feed_waiting(j->stream);
        rh_status s = rh_listener_recognise(l, !left && j->part != RH_PART_SETTLED, &j->stream->cancel, &j->err);
        if (s == RH_AGAIN && left) /* full and nothing settled: take it as it is */
            s = rh_listener_recognise(l, true, &j->stream->cancel, &j->err);
        if (s < 0 || !left)
            return s < 0 ? s : RH_OK;
    }
}

/* {live_lock} is held. What was said since the last result that was sent; it belongs to the client's
 * session too. */
static rh_status measure(rh_result_job *j)
{
    rh_stream *st = j->stream;
    rh_analysis a = {0};
    double known = rh_listener_measured_s(st->live);
    if (!j->result)
        j->from_s = known;
    rh_status s = rh_listener_result(st->live, j->part, j->from_s, &a, &j->err);
    if (s != RH_OK)
        return s;
    json_decref(j->result);
    j->result = rh_analysis_json(&a);
    rh_analysis_done(&a);
    if (st->source)
        rh_sound_source_speech(st->source, rh_listener_said(st->live), known, rh_listener_measured_s(st->live));
    return j->result ? RH_OK : rh_fail(&j->err, RH_ERR_NOMEM, "out of memory");
}

void rh_result_run(rh_job *base, rh_worker *w)
{
    (void)w;
    rh_result_job *j = (rh_result_job *)base;
    rh_stream *st = j->stream;
    if (atomic_load(&st->cancel)) {
        j->err.code = RH_ERR_CANCELED;
        return;
    }
    int64_t from = rh_now_us();
    pthread_mutex_lock(&st->live_lock);
    j->err.code = need_live(st, &j->err);
    if (j->err.code == RH_OK)
        j->err.code = recognise(j);
    if (j->err.code == RH_OK)
        j->err.code = measure(j);
    if (st->live) {
        size_t left = feed_waiting(st); /* what came meanwhile */
        j->ready = left > 0 || rh_listener_ready(st->live);
        j->rest = left > 0 ? RH_REST_VOICED : rh_listener_what_rests(st->live);
    }
    pthread_mutex_unlock(&st->live_lock);
    j->buffered_s = rh_stream_buffered_s(st);
    j->took_us = rh_now_us() - from;
}
