/* legacy_audio_jobs.c - see legacy_audio_jobs.h. */
#include "legacy_audio_jobs.h"

#include "server/media_bytes.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"

enum { RATE = RH_ASR_RATE_HZ };

static rh_status feed(rh_feed_job *j, const float *x, size_t n)
{
    rh_legacy_socket *l = j->l;
    j->n_samples = n;
    return rh_legacy_source_feed(l->source, x, n, rh_legacy_session_time(l->session, j->item->t_us), &j->err);
}

static rh_status resample(rh_feed_job *j, int rate_hz, const float *x, size_t n)
{
    rh_legacy_socket *l = j->l;
    const float *y = NULL;
    size_t n_y = 0;
    rh_status st = RH_OK;
    if (l->resampler && l->rate_hz != rate_hz) { /* the old rate's tail belongs to the sound */
        if (rh_resampler_feed(l->resampler, NULL, 0, &y, &n_y) == RH_OK)
            st = feed(j, y, n_y);
        rh_resampler_free(l->resampler);
        l->resampler = NULL;
    }
    l->rate_hz = rate_hz;
    if (st != RH_OK || rate_hz == RATE)
        return st == RH_OK ? feed(j, x, n) : st;
    if (!l->resampler)
        st = rh_resampler_new(&l->resampler, rate_hz, RATE, &j->err);
    if (st == RH_OK && n)
        st = rh_resampler_feed(l->resampler, x, n, &y, &n_y);
    return st == RH_OK && n ? feed(j, y, n_y) : st;
}

static rh_status take_piece(rh_feed_job *j)
{
    uint8_t *bytes, *spare = NULL;
    float *x = NULL;
    size_t n_bytes, n = 0;
    const rh_message *m = &j->item->message;
    rh_status st = rh_decode_media(m, m->audio, &bytes, &n_bytes, &spare, &j->err);
    if (st == RH_OK)
        st = rh_samples_from_bytes(bytes, n_bytes, &x, &n, &j->err);
    if (st == RH_OK)
        st = rh_legacy_session_source(j->l->session, &j->l->source, &j->l->faces, &j->err);
    if (st == RH_OK)
        st = resample(j, m->sample_rate_hz, x, n);
    rh_free(x);
    rh_free(spare);
    return st;
}

void rh_feed_run(rh_job *base, rh_worker *w)
{
    (void)w;
    rh_feed_job *j = (rh_feed_job *)base;
    j->rest = RH_REST_VOICED;
    j->err.code = atomic_load(&j->l->cancel) ? RH_ERR_CANCELED : take_piece(j);
    if (j->err.code != RH_OK)
        return;
    j->rest = rh_legacy_source_look(j->l->source, &j->due);
    j->buffered_s = rh_legacy_source_waiting_s(j->l->source);
}

/* What was said since the last result that was sent. */
static rh_status measure(rh_result_job *j)
{
    rh_analysis a = {0};
    if (!j->result)
        j->from_s = rh_legacy_source_measured_s(j->l->source);
    rh_status st = rh_legacy_source_result(j->l->source, j->part, j->from_s, &a, &j->err);
    if (st != RH_OK)
        return st;
    json_decref(j->result);
    j->result = rh_analysis_json(&a);
    rh_analysis_done(&a);
    return j->result ? RH_OK : rh_fail(&j->err, RH_ERR_NOMEM, "out of memory");
}

void rh_result_run(rh_job *base, rh_worker *w)
{
    (void)w;
    rh_result_job *j = (rh_result_job *)base;
    rh_legacy_socket *l = j->l;
    if (atomic_load(&l->cancel)) {
        j->err.code = RH_ERR_CANCELED;
        return;
    }
    int64_t from = rh_now_us();
    rh_status st = rh_legacy_session_source(l->session, &l->source, &l->faces, &j->err);
    bool there = st == RH_OK;
    if (there)
        st = rh_legacy_source_recognise(l->source, j->part, &l->cancel, &j->err);
    if (st >= 0)
        st = measure(j);
    j->err.code = st;
    if (there) {
        j->rest = rh_legacy_source_look(l->source, &j->due);
        j->buffered_s = rh_legacy_source_waiting_s(l->source);
    }
    j->took_us = rh_now_us() - from;
}
