/* encoder_run.c - chooses where a window runs, and runs it. */
#include <string.h>
#include "encoder_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/nn/nn.h"

int enc_n_merged(const rh_enc_model *m)
{
    return (m->hp.n_audio_ctx + MERGE - 1) / MERGE;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* Keys and values of silence for the positions that are not computed. */
static const float *kept(const rh_enc_model *m, const enc_feed *f)
{
    size_t first = (size_t)(enc_n_merged(m) - f->n_kept);
    return f->silence ? f->silence->kv + first * (size_t)m->hp.n_audio_state : NULL;
}

static size_t kept_stride(const rh_enc_model *m)
{
    return (size_t)enc_n_merged(m) * (size_t)m->hp.n_audio_state;
}

static rh_status set_inputs(const rh_enc_model *m, rh_nn_request *r, const enc_feed *f, float *pool, rh_error *err)
{
    int64_t d = m->hp.n_audio_state;
    static float nothing[1];
    rh_nn_tensor t = {.type = RH_NN_F32, .n_dims = 3, .dims = {1, m->hp.n_mels, 2 * f->n_own + 1}, .data = f->mel};
    rh_status st = rh_nn_set_input(r, RH_ENC_IN_MEL, &t, err);
    t.dims[1] = f->n_own;
    t.dims[2] = d;
    t.data = m->pos;
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_POS, &t, err);
    t = (rh_nn_tensor){.type = RH_NN_F32, .n_dims = 4, .dims = {1, 1, 1, f->n_own + f->n_kept}, .data = f->bias};
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_BIAS, &t, err);
    t = (rh_nn_tensor){.type = RH_NN_F32,
                       .n_dims = 3,
                       .dims = {1, pool ? enc_n_merged(m) : 0, f->n_own},
                       .data = pool ? pool : nothing};
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_POOL, &t, err);
    for (int i = 0; st == RH_OK && i < 2 * m->hp.n_audio_layer; i++) {
        const float *kv = f->n_kept ? kept(m, f) + (size_t)i * kept_stride(m) : nothing;
        t = (rh_nn_tensor){.type = RH_NN_F32, .n_dims = 3, .dims = {1, f->n_kept, d}, .data = (void *)(uintptr_t)kv};
        st = rh_nn_set_input(r, RH_ENC_IN_KV + i, &t, err);
    }
    return st;
}

/* Row g averages the g-th MERGE positions: [n_merged][n_ctx]. */
static float *pool_new(const rh_enc_model *m)
{
    int ctx = m->hp.n_audio_ctx;
    float *pool = rh_calloc((size_t)enc_n_merged(m) * (size_t)ctx, sizeof *pool);
    for (int i = 0; pool && i < ctx; i++)
        pool[(size_t)(i / MERGE) * (size_t)ctx + (size_t)i] = 1.0f / (float)min_int(MERGE, ctx - i / MERGE * MERGE);
    return pool;
}

static rh_status take_outputs(const rh_enc_model *m, rh_nn_request *r, const enc_feed *f, rh_error *err)
{
    rh_nn_tensor y;
    rh_status st = rh_nn_get_output(r, 2 * m->hp.n_audio_layer, &y, err);
    if (st == RH_OK)
        memcpy(f->states, y.data, (size_t)f->n_own * (size_t)m->hp.n_audio_state * sizeof(float));
    if (f->sums && st == RH_OK)
        st = rh_nn_get_output(r, 2 * m->hp.n_audio_layer + 1, &y, err);
    for (int i = 0; f->sums && st == RH_OK && i < f->n_own; i++)
        memcpy(f->sums + (size_t)i * ENC_NET_SUMS, (const float *)y.data + (size_t)i * VOICE_SUMS,
               VOICE_SUMS * sizeof(float));
    for (int i = 0; f->averages && st == RH_OK && i < 2 * m->hp.n_audio_layer; i++) {
        st = rh_nn_get_output(r, RH_ENC_OUT_KV + i, &y, err);
        if (st == RH_OK)
            memcpy(f->averages + (size_t)i * kept_stride(m), y.data, kept_stride(m) * sizeof(float));
    }
    return st;
}

static rh_status run_request(const rh_enc_model *m, rh_nn_request *r, const enc_feed *f, rh_error *err)
{
    float *pool = f->averages ? pool_new(m) : NULL;
    if (f->averages && !pool)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    rh_status st = set_inputs(m, r, f, pool, err);
    if (st == RH_OK)
        st = rh_nn_run(r, err);
    if (st == RH_OK)
        st = take_outputs(m, r, f, err);
    rh_free(pool);
    return st;
}

static rh_status run_net(const rh_enc_model *m, enc_work *w, const enc_feed *f, rh_error *err)
{
    const enc_net_window window = {.mel = f->mel,
                                   .pos = m->pos,
                                   .n_own = f->n_own,
                                   .n_kept = f->n_kept,
                                   .bias = f->bias,
                                   .kept = kept(m, f),
                                   .kept_stride = kept_stride(m),
                                   .averages = f->averages,
                                   .merge = MERGE,
                                   .states = f->states,
                                   .sums = f->sums};
    return enc_work_run(w, &window, err);
}

/* Work space is kept for the longest window that a place ever had. On few processors long windows
 * therefore take turns in one place, on all threads. */
static bool takes_turns(const rh_enc_model *m, int n_own)
{
    enum { FEW_SLOTS = 4 };
    return m->n_slots <= FEW_SLOTS && n_own > m->hp.n_audio_ctx / 2;
}

/* A stream that comes alone gets all threads; beside another, one. */
static enc_place enter(rh_enc_model *m, int n_own, int64_t deadline)
{
    bool alone = rh_gate_load(m->gate) == 0;
    enc_place p = {.slot = rh_gate_enter(m->gate, deadline)};
    pthread_mutex_lock(&m->lock);
    bool turns = takes_turns(m, n_own);
    while (m->fast_busy && (turns || !m->wide_ready)) /* or not made yet: one after the other */
        pthread_cond_wait(&m->fast_left, &m->lock);
    p.fast = !m->fast_busy && (alone || turns || !m->wide_ready);
    if (p.fast)
        m->fast_busy = true;
    p.request = p.fast ? m->fast_request : m->wide_requests[p.slot];
    p.work = p.fast ? m->fast_work : m->wide_works[p.slot];
    pthread_mutex_unlock(&m->lock);
    return p;
}

static void leave(rh_enc_model *m, const enc_place *p)
{
    bool *ran = p->fast ? &m->fast_ran : &m->wide_ran;
    pthread_mutex_lock(&m->lock);
    bool first = !*ran;
    *ran = true;
    if (p->fast) {
        m->fast_busy = false;
        pthread_cond_broadcast(&m->fast_left);
    }
    pthread_mutex_unlock(&m->lock);
    if (first && !m->net && m->graph.cache_dir)
        rh_nn_release_pages(m->graph.cache_dir);
    rh_gate_leave(m->gate, p->slot);
}

rh_status enc_run(rh_enc_model *m, const enc_feed *f, int64_t deadline, rh_error *err)
{
    enc_place p = enter(m, f->n_own, deadline);
    rh_status st = m->net ? run_net(m, p.work, f, err) : run_request(m, p.request, f, err);
    leave(m, &p);
    return st;
}
