/* Keys and values of the cross-attention, made once a window from the
 * encoder's output and kept in int8.
 *
 * Each head's keys lose their mean over positions (a constant added to all
 * scores of a query changes no softmax), values lose theirs to a bias
 * (probabilities sum to 1). What is left gets a scale per channel (its root
 * mean square) and one per position (its largest value): outlier channels and
 * outlier positions, which Whisper has both, then cost no precision. */
#include <math.h>
#include <string.h>
#include "decoder_internal.h"

enum { HEAD = RH_KERNEL_HEAD, TILE = 32 /* positions whose activations stay in the first cache */ };

typedef struct {
    rh_dec_state *s;
    const float *encoded;
    int layer;
} audio_job;

typedef struct {
    float mean[HEAD], scale[HEAD], inv[HEAD];
} channels;

static channels measure(const float *x, int n)
{
    channels c;
    float sum[HEAD] = {0}, sq[HEAD] = {0};
    for (int p = 0; p < n; p++)
        for (int j = 0; j < HEAD; j++)
            sum[j] += x[p * HEAD + j];
    for (int j = 0; j < HEAD; j++)
        c.mean[j] = sum[j] / (float)n;
    for (int p = 0; p < n; p++)
        for (int j = 0; j < HEAD; j++) {
            float v = x[p * HEAD + j] - c.mean[j];
            sq[j] += v * v;
        }
    for (int j = 0; j < HEAD; j++) {
        float rms = sqrtf(sq[j] / (float)n);
        c.scale[j] = rms > 1e-20f ? rms : 1.0f;
        c.inv[j] = 1.0f / c.scale[j];
    }
    return c;
}

/* One position: q[HEAD] in -127..127 plus the table's bias; returns its scale. */
static float quantise_position(const float *x, const channels *c, uint8_t bias, uint8_t *q)
{
    float t[HEAD], max = 0.0f;
    for (int j = 0; j < HEAD; j++) {
        t[j] = (x[j] - c->mean[j]) * c->inv[j];
        max = fabsf(t[j]) > max ? fabsf(t[j]) : max;
    }
    float inv = max > 1e-20f ? 127.0f / max : 0.0f;
    for (int j = 0; j < HEAD; j++)
        q[j] = (uint8_t)((int)(t[j] * inv + 512.5f) - 512 + bias);
    return max / 127.0f;
}

static void pack_keys(const float *x, int n, int pad, const channels *c, uint8_t bias, uint8_t *out, float *scale)
{
    uint8_t q[HEAD];
    for (int p = 0; p < pad; p++) {
        memset(q, bias, sizeof q);
        scale[p] = p < n ? quantise_position(x + p * HEAD, c, bias, q) : 0.0f;
        uint8_t *at = out + (p / 16) * 16 * HEAD + (p % 16) * 4;
        for (int g = 0; g < HEAD / 4; g++)
            memcpy(at + 64 * g, q + 4 * g, 4);
    }
}

static void pack_values(const float *x, int n, int pad, const channels *c, uint8_t bias, uint8_t *out, float *scale)
{
    uint8_t q[4][HEAD];
    for (int p = 0; p < pad; p += 4) {
        memset(q, bias, sizeof q);
        for (int i = 0; i < 4; i++)
            scale[p + i] = p + i < n ? quantise_position(x + (p + i) * HEAD, c, bias, q[i]) : 0.0f;
        for (int b = 0; b < HEAD / 16; b++) {
            uint8_t *at = out + (size_t)b * 16 * (size_t)pad + p * 16;
            for (int r = 0; r < 16; r++)
                for (int i = 0; i < 4; i++)
                    at[4 * r + i] = q[i][16 * b + r];
        }
    }
}

static void head_int8(const audio_job *job, dec_scratch *sc, int head, bool value)
{
    rh_dec_state *s = job->s;
    rh_dec_model *m = s->m;
    const dec_layer *l = &m->layers[job->layer];
    rh_qmat w = value ? l->cross_value.q : l->cross_key.q; /* cut down to this head's rows */
    w.w += (size_t)head * HEAD * (size_t)w.n_cols;
    w.scale += head * HEAD;
    if (w.bias)
        w.bias += head * HEAD;
    w.n_rows = HEAD;
    w.n_blocks = HEAD / RH_KERNEL_BLOCK;
    for (int p = 0; p < s->n_pos; p += TILE) {
        rh_qvec part = m->audio;
        part.n = s->n_pos - p < TILE ? s->n_pos - p : TILE;
        part.q += (size_t)p * 2 * (size_t)m->d;
        part.scale += p;
        part.sum += 2 * p;
        m->k->gemm(&w, 0, w.n_blocks, &part, sc->head_kv + (size_t)p * HEAD, HEAD, false);
    }
    channels c = measure(sc->head_kv, s->n_pos);
    size_t lh = (size_t)(job->layer * m->n_heads + head), pad = (size_t)m->n_audio_pad;
    size_t chan = (size_t)job->layer * (size_t)m->d + (size_t)head * HEAD;
    if (value) {
        memcpy(s->cross_v_chan + chan, c.scale, sizeof c.scale);
        memcpy(s->cross_v_mean + chan, c.mean, sizeof c.mean);
        pack_values(sc->head_kv, s->n_pos, s->n_pos_pad, &c, m->k->bias,
                    (uint8_t *)s->cross_v + lh * (size_t)s->n_pos_pad * HEAD, s->cross_v_scale + lh * pad);
    } else {
        memcpy(s->cross_k_chan + chan, c.scale, sizeof c.scale);
        pack_keys(sc->head_kv, s->n_pos, s->n_pos_pad, &c, m->k->bias,
                  (uint8_t *)s->cross_k + lh * (size_t)s->n_pos_pad * HEAD, s->cross_k_scale + lh * pad);
    }
}

static void head_f32(const audio_job *job, int head, bool value)
{
    rh_dec_state *s = job->s;
    rh_dec_model *m = s->m;
    size_t d = (size_t)m->d;
    const dec_layer *l = &m->layers[job->layer];
    float *y = (value ? s->cross_vf : s->cross_kf) + (size_t)job->layer * (size_t)m->hp.n_audio_ctx * d;
    int b = head * (HEAD / RH_KERNEL_BLOCK);
    dec_linear_apply(m, value ? &l->cross_value : &l->cross_key, b, b + HEAD / RH_KERNEL_BLOCK, job->encoded, d, NULL,
                     s->n_pos, y, d, false);
}

static void layer_member(void *arg, int member, int phase)
{
    (void)phase;
    audio_job *job = arg;
    rh_dec_model *m = job->s->m;
    for (int u; (u = rh_team_next(m->team)) < 2 * m->n_heads;) {
        if (m->f32)
            head_f32(job, u / 2, u % 2);
        else
            head_int8(job, &m->scratch[member], u / 2, u % 2);
    }
}

static void quantise_member(void *arg, int member, int phase)
{
    (void)member;
    (void)phase;
    audio_job *job = arg;
    rh_dec_model *m = job->s->m;
    for (int u; (u = rh_team_next(m->team)) * TILE < job->s->n_pos;)
        for (int p = u * TILE; p < (u + 1) * TILE && p < job->s->n_pos; p++)
            m->k->quantise(job->encoded + (size_t)p * (size_t)m->d, &m->audio, p);
}

rh_status rh_dec_set_audio(rh_dec_state *s, const float *encoded, int n_pos, rh_error *err)
{
    rh_dec_model *m = s->m;
    if (n_pos < 1 || n_pos > m->hp.n_audio_ctx)
        return rh_fail(err, RH_ERR_INVAL, "%d encoder positions: 1 to %d are possible", n_pos, m->hp.n_audio_ctx);
    s->n_pos = n_pos;
    s->n_pos_pad = (n_pos + RH_KERNEL_BLOCK - 1) / RH_KERNEL_BLOCK * RH_KERNEL_BLOCK;
    dec_slots_begin(s);
    audio_job job = {.s = s, .encoded = encoded};
    dec_share_lock(m);
    m->audio.n_cols = m->d;
    if (!m->f32)
        rh_team_run(m->team, quantise_member, &job, 1);
    for (job.layer = 0; job.layer < m->n_layers; job.layer++)
        rh_team_run(m->team, layer_member, &job, 1);
    dec_share_unlock(m);
    return RH_OK;
}
