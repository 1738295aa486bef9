/* encoder_run.c - chooses where a window runs, and runs it. */
#include "encoder_internal.h"
#include "rehearse/nn/nn.h"

int enc_n_merged(const rh_enc_model *m)
{
    return (m->hp.n_audio_ctx + MERGE - 1) / MERGE;
}

static rh_status set_inputs(const rh_enc_model *m, rh_nn_request *r, const enc_feed *f, rh_error *err)
{
    int64_t d = m->hp.n_audio_state;
    float nothing[1] = {0};
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
    t = (rh_nn_tensor){
        .type = RH_NN_F32, .n_dims = 3, .dims = {1, f->n_pool, f->n_own}, .data = f->pool ? f->pool : nothing};
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_POOL, &t, err);
    size_t first = (size_t)(enc_n_merged(m) - f->n_kept);
    for (int i = 0; st == RH_OK && i < 2 * m->hp.n_audio_layer; i++) {
        float *kv = nothing;
        if (f->silence)
            kv = f->silence->kv + ((size_t)i * (size_t)enc_n_merged(m) + first) * (size_t)d;
        t = (rh_nn_tensor){.type = RH_NN_F32, .n_dims = 3, .dims = {1, f->n_kept, d}, .data = kv};
        st = rh_nn_set_input(r, RH_ENC_IN_KV + i, &t, err);
    }
    return st;
}

/* Work space is kept for the longest window that a place ever had. On few processors long windows
 * therefore take turns in one place, on all threads. */
static bool takes_turns(const rh_enc_model *m, int n_own)
{
    enum { FEW_SLOTS = 4 };
    return m->n_slots <= FEW_SLOTS && n_own > m->hp.n_audio_ctx / 2;
}

/* A stream that comes alone gets all threads; beside another, one. */
enc_place enc_enter(rh_enc_model *m, int n_own, int64_t deadline)
{
    bool alone = rh_gate_load(m->gate) == 0;
    enc_place p = {.slot = rh_gate_enter(m->gate, deadline)};
    pthread_mutex_lock(&m->lock);
    bool turns = takes_turns(m, n_own);
    while (m->fast_busy && (turns || !m->wide)) /* or not compiled yet: one after the other */
        pthread_cond_wait(&m->fast_left, &m->lock);
    p.fast = !m->fast_busy && (alone || turns || !m->wide);
    if (p.fast)
        m->fast_busy = true;
    p.request = p.fast ? m->fast_request : m->wide_requests[p.slot];
    pthread_mutex_unlock(&m->lock);
    return p;
}

void enc_leave(rh_enc_model *m, const enc_place *p)
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
    if (first && m->graph.cache_dir)
        rh_nn_release_pages(m->graph.cache_dir);
    rh_gate_leave(m->gate, p->slot);
}

rh_status enc_run_in(const rh_enc_model *m, const enc_place *p, const enc_feed *f, rh_error *err)
{
    rh_status st = set_inputs(m, p->request, f, err);
    return st == RH_OK ? rh_nn_run(p->request, err) : st;
}
