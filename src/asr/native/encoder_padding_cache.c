/* encoder_padding_cache.c - the kept silence: keys, values and states of a window
 * that is nothing but padding, per value of the padding. */
#include <string.h>
#include "encoder_internal.h"
#include "rehearse/base/alloc.h"

void enc_tail_free(enc_tail *t)
{
    if (!t)
        return;
    rh_free(t->kv);
    rh_free(t->states);
    rh_free(t);
}

static enc_tail *tail_alloc(const rh_enc_model *m, int tenths)
{
    size_t d = (size_t)m->hp.n_audio_state;
    enc_tail *t = rh_calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->tenths = tenths;
    t->kv = rh_alloc_aligned(2 * (size_t)m->hp.n_audio_layer * (size_t)enc_n_merged(m) * d, sizeof *t->kv);
    t->states = rh_alloc_aligned((size_t)m->hp.n_audio_ctx * d, sizeof *t->states);
    if (t->kv && t->states)
        return t;
    enc_tail_free(t);
    return NULL;
}

/* Runs a window of nothing but padding. */
static rh_status compute(rh_enc_model *m, enc_tail *t, int64_t deadline, rh_error *err)
{
    size_t ctx = (size_t)m->hp.n_audio_ctx, hops = 2 * ctx + 1;
    size_t n_mel = (size_t)m->hp.n_mels * hops;
    float *mel = rh_alloc_aligned(n_mel, sizeof *mel), *bias = rh_calloc(ctx, sizeof *bias);
    rh_status st = RH_OK;
    if (mel && bias) {
        for (size_t i = 0; i < n_mel; i++)
            mel[i] = i % hops == hops - 1 ? 0.0f : (float)t->tenths / 10.0f;
        enc_feed f = {.mel = mel, .bias = bias, .n_own = (int)ctx, .states = t->states, .averages = t->kv};
        st = enc_run(m, &f, deadline, err);
    } else {
        st = rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    }
    rh_free(mel);
    rh_free(bias);
    return st;
}

static rh_status tail_new(enc_tail **out, rh_enc_model *m, int tenths, int64_t deadline, rh_error *err)
{
    enc_tail *t = tail_alloc(m, tenths);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    if (!enc_tail_read(m, t)) {
        rh_status st = compute(m, t, deadline, err);
        if (st != RH_OK) {
            enc_tail_free(t);
            return st;
        }
        enc_tail_write(m, t);
    }
    *out = t;
    return RH_OK;
}

/* {lock} the tail of that padding, or NULL */
static enc_tail *find_tail(rh_enc_model *m, int tenths)
{
    for (int i = 0; i < MAX_TAILS; i++)
        if (m->tails[i] && m->tails[i]->tenths == tenths) {
            m->tails[i]->users++;
            m->tails[i]->used = ++m->runs;
            return m->tails[i];
        }
    return NULL;
}

/* {lock} a free place, or that of the least recently used; -1 when all are in use */
static int place_for_tail(rh_enc_model *m)
{
    int best = -1;
    for (int i = 0; i < MAX_TAILS; i++) {
        if (!m->tails[i])
            return i;
        if (m->tails[i]->users == 0 && (best < 0 || m->tails[i]->used < m->tails[best]->used))
            best = i;
    }
    return best;
}

/* Borrowed until enc_tail_done(). */
rh_status enc_tail_get(const enc_tail **out, rh_enc_model *m, int tenths, int64_t deadline, rh_error *err)
{
    pthread_mutex_lock(&m->lock);
    enc_tail *t = find_tail(m, tenths);
    pthread_mutex_unlock(&m->lock);
    if (t) {
        *out = t;
        return RH_OK;
    }
    rh_status st = tail_new(&t, m, tenths, deadline, err);
    if (st != RH_OK)
        return st;
    pthread_mutex_lock(&m->lock);
    enc_tail *other = find_tail(m, tenths); /* somebody was faster */
    int at = other ? -1 : place_for_tail(m);
    t->users = 1;
    t->used = ++m->runs;
    if (at >= 0) {
        enc_tail_free(m->tails[at]);
        m->tails[at] = t;
    }
    pthread_mutex_unlock(&m->lock);
    if (other)
        enc_tail_free(t);
    *out = other ? other : t;
    return RH_OK;
}

void enc_tail_done(rh_enc_model *m, const enc_tail *borrowed)
{
    bool kept = false;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < MAX_TAILS; i++)
        if (m->tails[i] == borrowed && borrowed) {
            m->tails[i]->users--;
            kept = true;
        }
    pthread_mutex_unlock(&m->lock);
    if (!kept)
        enc_tail_free((enc_tail *)(uintptr_t)borrowed);
}
