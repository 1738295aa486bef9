/* native_encoder.c - see native_encoder.h. */
#include "native_encoder.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "encoder_graph.h"
#include "gate.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rehearse/cpu.h"
#include "rehearse/nn.h"

enum {
    MERGE = 8,          /* neighbouring positions of the kept silence become one key */
    AFTER_SPEECH = 25,  /* positions computed behind the sound: 0.5 s */
    TAIL_STATES = 64,   /* positions of silence the decoder sees behind those */
    MAX_TAILS = 8,      /* values of padding kept; the least used gives way */
    MAX_THREADS = 64,
};

typedef struct {
    int tenths; /* value of the padding in steps of 0.1 */
    int users;
    int64_t used; /* when last, in runs */
    float *kv;     /* [2 n_layers][n_merged][n_state] */
    float *states; /* [n_ctx][n_state] */
} tail;

struct rh_enc_model {
    rh_ggml_hparams hp;
    rh_log_mel *mel;
    float *pos; /* [n_ctx][n_state] */
    const char *precision;
    bool full_window;
    rh_nn_model *net;
    rh_ir *weights; /* what the network reads at its first runs */
    rh_gate *gate;
    rh_nn_request *requests[MAX_THREADS]; /* one a slot of the gate */
    int n_slots;
    pthread_mutex_t lock;
    tail *tails[MAX_TAILS]; /* {lock} */
    int64_t runs;           /* {lock} */
};

struct rh_enc_state {
    rh_enc_model *model;
    float *mel;    /* [n_mels][2 n_ctx + 1] */
    float *bias;   /* [n_ctx + n_merged] */
    float *states; /* [n_ctx][n_state] */
};

static int n_merged(const rh_enc_model *m)
{
    return (m->hp.n_audio_ctx + MERGE - 1) / MERGE;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* 8 bits pay only where the processor multiplies bytes in one instruction. */
static rh_status choose_precision(rh_enc_model *m, const char *want, rh_error *err)
{
    static const char *const known[] = {"f32", "bf16", "f16", "int8"};
    const rh_cpu_features *cpu = rh_cpu();
    if (!want || strcmp(want, "auto") == 0)
        want = cpu->avx512_vnni || cpu->amx_int8 ? "int8" : "f32";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(want, known[i]) == 0) {
            m->precision = known[i];
            return RH_OK;
        }
    return rh_fail(err, RH_ERR_INVAL, "precision %s: expected auto, f32, bf16, f16 or int8", want);
}

static rh_status load_positions(rh_enc_model *m, const rh_ggml_file *file, rh_error *err)
{
    const rh_ggml_tensor *t = NULL;
    int64_t d = m->hp.n_audio_state, ctx = m->hp.n_audio_ctx;
    rh_status st = rh_ggml_file_need(file, &t, "encoder.positional_embedding", d, ctx, 1, err);
    if (st != RH_OK)
        return st;
    m->pos = rh_alloc_aligned((size_t)(d * ctx), sizeof *m->pos);
    if (!m->pos)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    rh_ggml_values(t, m->pos);
    return RH_OK;
}

rh_status rh_enc_model_new(rh_enc_model **out, const rh_ggml_file *file,
                           const rh_enc_options *opts, rh_error *err)
{
    rh_enc_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    pthread_mutex_init(&m->lock, NULL);
    m->hp = *rh_ggml_file_hparams(file);
    m->full_window = opts->full_window;
    m->n_slots = 1;
    rh_status st = choose_precision(m, opts->precision, err);
    if (st == RH_OK)
        st = rh_log_mel_new(&m->mel, rh_ggml_file_mel_filters(file), m->hp.n_mels, err);
    if (st == RH_OK)
        st = load_positions(m, file, err);
    bool int8 = st == RH_OK && strcmp(m->precision, "int8") == 0;
    rh_encoder_graph_options g = {.int8 = int8, .precision = int8 ? "f32" : m->precision,
                                  .n_threads = opts->n_threads, .n_streams = m->n_slots};
    if (st == RH_OK)
        st = rh_encoder_graph_compile(&m->net, &m->weights, file, &g, err);
    if (st == RH_OK)
        st = rh_gate_new(&m->gate, m->n_slots, err);
    for (int i = 0; st == RH_OK && i < m->n_slots; i++)
        st = rh_nn_request_new(&m->requests[i], m->net, err);
    if (st == RH_OK)
        *out = m;
    else
        rh_enc_model_free(m);
    return st;
}

static void tail_free(tail *t)
{
    if (!t)
        return;
    rh_free(t->kv);
    rh_free(t->states);
    rh_free(t);
}

void rh_enc_model_free(rh_enc_model *m)
{
    if (!m)
        return;
    for (int i = 0; i < MAX_TAILS; i++)
        tail_free(m->tails[i]);
    for (int i = 0; i < MAX_THREADS; i++)
        rh_nn_request_free(m->requests[i]);
    rh_gate_free(m->gate);
    rh_nn_model_free(m->net);
    rh_ir_free(m->weights);
    rh_log_mel_free(m->mel);
    rh_free(m->pos);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

const char *rh_enc_model_precision(const rh_enc_model *m)
{
    return m->precision;
}

const rh_log_mel *rh_enc_model_mel(const rh_enc_model *m)
{
    return m->mel;
}

rh_status rh_enc_state_new(rh_enc_state **out, rh_enc_model *m, rh_error *err)
{
    size_t ctx = (size_t)m->hp.n_audio_ctx, d = (size_t)m->hp.n_audio_state;
    rh_enc_state *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    s->model = m;
    s->mel = rh_alloc_aligned((size_t)m->hp.n_mels * (2 * ctx + 1), sizeof *s->mel);
    s->bias = rh_alloc_aligned(ctx + (size_t)n_merged(m), sizeof *s->bias);
    s->states = rh_alloc_aligned(ctx * d, sizeof *s->states);
    if (!s->mel || !s->bias || !s->states) {
        rh_enc_state_free(s);
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    }
    *out = s;
    return RH_OK;
}

void rh_enc_state_free(rh_enc_state *s)
{
    if (!s)
        return;
    rh_free(s->mel);
    rh_free(s->bias);
    rh_free(s->states);
    rh_free(s);
}

/* What the network is fed. */
typedef struct {
    float *mel, *bias;  /* mel: [n_mels][2 n_own + 1] */
    int n_own, n_kept;  /* positions computed; merged keys of silence */
    const tail *silence; /* NULL when n_kept is 0 */
} feed;

static rh_status set_inputs(const rh_enc_model *m, rh_nn_request *r, const feed *f, rh_error *err)
{
    int64_t d = m->hp.n_audio_state;
    float nothing[1] = {0};
    rh_nn_tensor t = {.type = RH_NN_F32, .n_dims = 3, .dims = {1, m->hp.n_mels, 2 * f->n_own + 1},
                      .data = f->mel};
    rh_status st = rh_nn_set_input(r, RH_ENC_IN_MEL, &t, err);
    t.dims[1] = f->n_own;
    t.dims[2] = d;
    t.data = m->pos;
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_POS, &t, err);
    t = (rh_nn_tensor){.type = RH_NN_F32, .n_dims = 4, .dims = {1, 1, 1, f->n_own + f->n_kept},
                       .data = f->bias};
    if (st == RH_OK)
        st = rh_nn_set_input(r, RH_ENC_IN_BIAS, &t, err);
    size_t first = (size_t)(n_merged(m) - f->n_kept);
    for (int i = 0; st == RH_OK && i < 2 * m->hp.n_audio_layer; i++) {
        float *kv = nothing;
        if (f->silence)
            kv = f->silence->kv + ((size_t)i * (size_t)n_merged(m) + first) * (size_t)d;
        t = (rh_nn_tensor){.type = RH_NN_F32, .n_dims = 3, .dims = {1, f->n_kept, d}, .data = kv};
        st = rh_nn_set_input(r, RH_ENC_IN_KV + i, &t, err);
    }
    return st;
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

/* Runs the network in a slot of the gate; `request` stays held until leave(). */
static rh_status enter_and_run(rh_enc_model *m, const feed *f, int64_t deadline, int *slot,
                               rh_error *err)
{
    *slot = rh_gate_enter(m->gate, deadline);
    rh_status st = set_inputs(m, m->requests[*slot], f, err);
    return st == RH_OK ? rh_nn_run(m->requests[*slot], err) : st;
}

static void merge_rows(const float *in, size_t n, size_t d, float *out)
{
    for (size_t g = 0; g * MERGE < n; g++) {
        size_t rows = min_size(MERGE, n - g * MERGE);
        for (size_t j = 0; j < d; j++) {
            float sum = 0.0f;
            for (size_t r = 0; r < rows; r++)
                sum += in[(g * MERGE + r) * d + j];
            out[g * d + j] = sum / (float)rows;
        }
    }
}

static rh_status keep_silence(const rh_enc_model *m, rh_nn_request *r, tail *t, rh_error *err)
{
    size_t d = (size_t)m->hp.n_audio_state, ctx = (size_t)m->hp.n_audio_ctx;
    size_t merged = (size_t)n_merged(m);
    rh_nn_tensor out;
    rh_status st = rh_nn_get_output(r, RH_ENC_OUT_STATES, &out, err);
    if (st != RH_OK)
        return st;
    memcpy(t->states, out.data, ctx * d * sizeof(float));
    for (int i = 0; i < 2 * m->hp.n_audio_layer; i++) {
        st = rh_nn_get_output(r, RH_ENC_OUT_KV + i, &out, err);
        if (st != RH_OK)
            return st;
        merge_rows(out.data, ctx, d, t->kv + (size_t)i * merged * d);
    }
    return RH_OK;
}

/* A window of nothing but padding. */
static rh_status tail_new(tail **out, rh_enc_model *m, int tenths, int64_t deadline, rh_error *err)
{
    size_t d = (size_t)m->hp.n_audio_state, ctx = (size_t)m->hp.n_audio_ctx;
    size_t hops = 2 * ctx + 1, n_mel = (size_t)m->hp.n_mels * hops;
    tail *t = rh_calloc(1, sizeof *t);
    float *mel = rh_alloc_aligned(n_mel, sizeof *mel), *bias = rh_calloc(ctx, sizeof *bias);
    rh_status st = RH_OK;
    if (t) {
        t->tenths = tenths;
        t->kv = rh_alloc_aligned(2 * (size_t)m->hp.n_audio_layer * (size_t)n_merged(m) * d,
                                 sizeof *t->kv);
        t->states = rh_alloc_aligned(ctx * d, sizeof *t->states);
    }
    if (!t || !t->kv || !t->states || !mel || !bias)
        st = rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    if (st == RH_OK) {
        for (size_t i = 0; i < n_mel; i++)
            mel[i] = i % hops == hops - 1 ? 0.0f : (float)tenths / 10.0f;
        feed f = {.mel = mel, .bias = bias, .n_own = (int)ctx};
        int slot;
        st = enter_and_run(m, &f, deadline, &slot, err);
        if (st == RH_OK)
            st = keep_silence(m, m->requests[slot], t, err);
        rh_gate_leave(m->gate, slot);
    }
    rh_free(mel);
    rh_free(bias);
    if (st == RH_OK)
        *out = t;
    else
        tail_free(t);
    return st;
}

/* {lock} the tail of that padding, or NULL */
static tail *find_tail(rh_enc_model *m, int tenths)
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

/* Borrowed until tail_done(). */
static rh_status tail_get(const tail **out, rh_enc_model *m, int tenths, int64_t deadline,
                          rh_error *err)
{
    pthread_mutex_lock(&m->lock);
    tail *t = find_tail(m, tenths);
    pthread_mutex_unlock(&m->lock);
    if (t) {
        *out = t;
        return RH_OK;
    }
    rh_status st = tail_new(&t, m, tenths, deadline, err);
    if (st != RH_OK)
        return st;
    pthread_mutex_lock(&m->lock);
    tail *other = find_tail(m, tenths); /* somebody was faster */
    int place = other ? -1 : place_for_tail(m);
    t->users = 1;
    t->used = ++m->runs;
    if (place >= 0) {
        tail_free(m->tails[place]);
        m->tails[place] = t;
    }
    pthread_mutex_unlock(&m->lock);
    if (other)
        tail_free(t);
    *out = other ? other : t;
    return RH_OK;
}

static void tail_done(rh_enc_model *m, const tail *borrowed)
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
        tail_free((tail *)(uintptr_t)borrowed);
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

static int positions_to_compute(const rh_enc_model *m, size_t n_hops)
{
    int ctx = m->hp.n_audio_ctx;
    int n = ((int)(n_hops + 1) / 2 + AFTER_SPEECH + MERGE - 1) / MERGE * MERGE;
    return m->full_window || n > ctx ? ctx : n;
}

static rh_status take_states(rh_enc_state *s, rh_nn_request *r, int n_own, const tail *t,
                             rh_enc_output *out, rh_error *err)
{
    const rh_enc_model *m = s->model;
    size_t d = (size_t)m->hp.n_audio_state, own = (size_t)n_own;
    rh_nn_tensor y;
    rh_status st = rh_nn_get_output(r, RH_ENC_OUT_STATES, &y, err);
    if (st != RH_OK)
        return st;
    memcpy(s->states, y.data, own * d * sizeof(float));
    size_t more = t ? min_size(TAIL_STATES, (size_t)m->hp.n_audio_ctx - own) : 0;
    if (more)
        memcpy(s->states + own * d, t->states + own * d, more * d * sizeof(float));
    out->states = s->states;
    out->n_own = n_own;
    out->n_pos = (int)(own + more);
    return RH_OK;
}

rh_status rh_enc_run(rh_enc_state *s, const rh_enc_window *w, rh_enc_output *out, rh_error *err)
{
    rh_enc_model *m = s->model;
    int64_t start = rh_now_us();
    size_t n_hops = min_size(w->n_hops, 2 * (size_t)m->hp.n_audio_ctx);
    feed f = {.mel = s->mel, .bias = s->bias, .n_own = positions_to_compute(m, n_hops)};
    float padding = fill_mel(s, w, n_hops, f.n_own);
    rh_status st = RH_OK;
    if (f.n_own < m->hp.n_audio_ctx) {
        st = tail_get(&f.silence, m, (int)lrintf(padding * 10.0f), w->deadline_us, err);
        f.n_kept = n_merged(m) - f.n_own / MERGE;
    }
    if (st != RH_OK)
        return st;
    fill_bias(m, s->bias, f.n_own, f.n_kept);
    int slot;
    st = enter_and_run(m, &f, w->deadline_us, &slot, err);
    if (st == RH_OK)
        st = take_states(s, m->requests[slot], f.n_own, f.silence, out, err);
    rh_gate_leave(m->gate, slot);
    if (f.silence)
        tail_done(m, f.silence);
    out->n_speech = (int)(n_hops + 1) / 2;
    out->wall_us = rh_now_us() - start;
    return st;
}
