/* encoder.c - see native/encoder.h. */
#include <math.h>
#include <string.h>
#include "finite_internal.h"
#include "asr/phone_head.h"
#include "encoder_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

enum {
    AFTER_SPEECH = 15, /* positions computed behind the sound, at least: 0.3 s */
    BASE_STATE = 512,
};

/* Positions of silence the decoder sees behind those. With too few it says short
 * sentences twice. By word error rates base needs 64 and tiny 256; the other
 * sizes, which were not at hand, get as many (docs/performance.md). */
static size_t tail_states(const rh_enc_model *m)
{
    return m->hp.n_audio_state == BASE_STATE ? 64 : 256;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

rh_status rh_enc_state_new(rh_enc_state **out, rh_enc_model *m, rh_error *err)
{
    size_t ctx = (size_t)m->hp.n_audio_ctx, d = (size_t)m->hp.n_audio_state;
    rh_enc_state *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    s->model = m;
    s->mel = rh_alloc_aligned((size_t)m->hp.n_mels * (2 * ctx + 1), sizeof *s->mel);
    s->bias = rh_alloc_aligned(ctx + (size_t)enc_n_merged(m), sizeof *s->bias);
    s->states = rh_alloc_aligned(ctx * d, sizeof *s->states);
    if (m->head)
        s->sums = rh_alloc_aligned(ctx * ENC_NET_SUMS, sizeof *s->sums);
    if (!s->mel || !s->bias || !s->states || (m->head && !s->sums)) {
        rh_enc_state_free(s);
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    }
    enc_count_state(m);
    s->counted = true;
    *out = s;
    return RH_OK;
}

void rh_enc_state_free(rh_enc_state *s)
{
    if (!s)
        return;
    if (s->counted) {
        pthread_mutex_lock(&s->model->lock);
        s->model->n_states--;
        pthread_mutex_unlock(&s->model->lock);
    }
    rh_free(s->mel);
    rh_free(s->bias);
    rh_free(s->states);
    rh_free(s->sums);
    rh_free(s);
}

/* Scores of own keys get 0, of merged ones the logarithm of their number. */
static void fill_bias(const rh_enc_model *m, float *bias, int n_own, int n_kept)
{
    int last = m->hp.n_audio_ctx % MERGE ? m->hp.n_audio_ctx % MERGE : MERGE;
    for (int i = 0; i < n_own; i++)
        bias[i] = 0.0f;
    for (int i = 0; i < n_kept; i++)
        bias[n_own + i] = logf((float)(i == n_kept - 1 ? last : MERGE));
}

/* Spectrogram of the window's first n_own positions; returns the value of its
 * padding. Hop 3000 of a full window is the convolution's padding, not sound. */
static float fill_mel(rh_enc_state *s, const rh_enc_window *w, size_t n_hops, int n_own)
{
    const rh_enc_model *m = s->model;
    size_t width = 2 * (size_t)n_own + 1, sound = min_size(n_hops, width);
    float max = rh_log_mel_raw(m->mel, w->samples, w->n, w->first_hop, sound, s->mel, width);
    if (w->max)
        max = *w->max;
    float padding = rh_log_mel_normal(-10.0f, max);
    rh_log_mel_normalise(m->mel, s->mel, width, sound, max);
    for (size_t b = 0; b < (size_t)m->hp.n_mels; b++) {
        for (size_t t = sound; t < width; t++)
            s->mel[b * width + t] = padding;
        if (n_own == m->hp.n_audio_ctx)
            s->mel[b * width + width - 1] = 0.0f;
    }
    return padding;
}

static int positions_to_compute(const rh_enc_model *m, size_t n_hops, bool whole)
{
    int ctx = m->hp.n_audio_ctx;
    int n = ((int)(n_hops + 1) / 2 + AFTER_SPEECH + MERGE - 1) / MERGE * MERGE;
    return whole || m->full_window || n > ctx ? ctx : n;
}

static rh_status add_silence(rh_enc_state *s, int n_own, const enc_tail *t, rh_enc_output *out, rh_error *err)
{
    const rh_enc_model *m = s->model;
    size_t d = (size_t)m->hp.n_audio_state, own = (size_t)n_own;
    if (!rh_all_finite(s->states, own * d))
        return rh_fail(err, RH_ERR_FORMAT,
                       "the encoder's output is no number: the speech model is "
                       "damaged");
    size_t more = t ? min_size(tail_states(m), (size_t)m->hp.n_audio_ctx - own) : 0;
    if (more)
        memcpy(s->states + own * d, t->states + own * d, more * d * sizeof(float));
    out->states = s->states;
    out->sums = s->sums;
    out->n_own = n_own;
    out->n_pos = (int)(own + more);
    return RH_OK;
}

rh_status rh_enc_run(rh_enc_state *s, const rh_enc_window *w, rh_enc_output *out, rh_error *err)
{
    rh_enc_model *m = s->model;
    int64_t start = rh_now_us();
    size_t n_hops = min_size(w->n_hops, 2 * (size_t)m->hp.n_audio_ctx);
    enc_feed f = {.mel = s->mel,
                  .bias = s->bias,
                  .states = s->states,
                  .sums = s->sums,
                  .n_own = positions_to_compute(m, n_hops, w->whole)};
    float padding = fill_mel(s, w, n_hops, f.n_own);
    rh_status st = RH_OK;
    if (f.n_own < m->hp.n_audio_ctx) {
        st = enc_tail_get(&f.silence, m, (int)lrintf(padding * 10.0f), w->deadline_us, err);
        f.n_kept = enc_n_merged(m) - f.n_own / MERGE;
    }
    if (st != RH_OK)
        return st;
    fill_bias(m, s->bias, f.n_own, f.n_kept);
    st = enc_run(m, &f, w->deadline_us, err);
    if (st == RH_OK)
        st = add_silence(s, f.n_own, f.silence, out, err);
    if (f.silence)
        enc_tail_done(m, f.silence);
    out->n_speech = (int)(n_hops + 1) / 2;
    out->wall_us = rh_now_us() - start;
    return st;
}

rh_status rh_enc_pool(const rh_enc_state *s, const rh_enc_output *of, float pooled[2 * VOICE_HEARD], rh_error *err)
{
    float presence[RH_ENC_WINDOW_HOPS / 2];
    if (!s->model->head)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "how somebody speaks is heard by the multilingual base model alone");
    phone_head_presence(of->states, (size_t)of->n_speech, presence);
    return voice_head_pool(s->model->head, of->sums, ENC_NET_SUMS, presence, (size_t)of->n_speech, pooled)
               ? RH_OK
               : rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
}
