/* One pass over the decoder's weights for several rows (tokens), which may
 * belong to different streams.
 *
 * Six phases a layer: [norm, q k v and self-attention by heads] [out]
 * [norm, query and cross-attention by heads] [out] [norm, fc1, GELU] [fc2],
 * then the logits. Members take heads or blocks of output rows; norms and
 * quantisation are cheap and done by every member for itself, which saves a
 * barrier each. A row's arithmetic does not depend on the other rows. */
#include <string.h>
#include "decoder_internal.h"

enum { LOGIT_BLOCKS = 32, LINEAR_BLOCKS = 4 /* blocks of 16 output rows a unit of work */ };

typedef struct {
    rh_dec_model *m;
    const dec_row *rows;
    int n;
    int logit_rows[DEC_MAX_ROWS];
    int n_logits;
} pass;

static void linear_f32(const rh_dec_model *m, const dec_linear *l, int row0, int row1, const float *x, size_t ld_x,
                       int n, float *y, size_t ld_y, bool add)
{
    int cols = l->q.n_cols;
    for (int r = row0; r < row1; r++) {
        const float *w = l->f + (size_t)r * (size_t)cols;
        for (int i = 0; i < n; i++) {
            float v = m->k->dot(w, x + (size_t)i * ld_x, cols);
            if (l->q.bias)
                v += l->q.bias[r];
            float *at = y + (size_t)i * ld_y + r;
            *at = add ? *at + v : v;
        }
    }
}

void dec_linear_apply(const rh_dec_model *m, const dec_linear *l, int block0, int block1, const float *x, size_t ld_x,
                      const rh_qvec *acts, int n, float *y, size_t ld_y, bool add)
{
    if (block1 > l->q.n_blocks)
        block1 = l->q.n_blocks;
    if (!l->f) {
        m->k->gemm(&l->q, block0, block1, acts, y, ld_y, add);
        return;
    }
    int row1 = block1 * RH_KERNEL_BLOCK;
    linear_f32(m, l, block0 * RH_KERNEL_BLOCK, row1 < l->q.n_rows ? row1 : l->q.n_rows, x, ld_x, n, y, ld_y, add);
}

/* Vectors of `cols` values into this member's scratch, ready for a linear layer. */
static void prepare(const rh_dec_model *m, dec_scratch *sc, const float *x, int cols, int n)
{
    sc->acts.n = n;
    sc->acts.n_cols = cols;
    if (m->f32)
        return;
    for (int i = 0; i < n; i++)
        m->k->quantise(x + (size_t)i * (size_t)cols, &sc->acts, i);
}

static void norm_rows(const rh_dec_model *m, dec_scratch *sc, const dec_norm *norm, int n)
{
    size_t d = (size_t)m->d;
    for (int i = 0; i < n; i++)
        m->k->layer_norm(m->x + (size_t)i * d, norm->gain, norm->shift, sc->norm + (size_t)i * d, m->d);
    prepare(m, sc, sc->norm, m->d, n);
}

static void out_phase(pass *p, dec_scratch *sc, const dec_linear *l, const float *x)
{
    rh_dec_model *m = p->m;
    int u = rh_team_next(m->team);
    if (u * LINEAR_BLOCKS < l->q.n_blocks)
        prepare(m, sc, x, l->q.n_cols, p->n);
    for (; u * LINEAR_BLOCKS < l->q.n_blocks; u = rh_team_next(m->team))
        dec_linear_apply(m, l, u * LINEAR_BLOCKS, (u + 1) * LINEAR_BLOCKS, x, (size_t)l->q.n_cols, &sc->acts, p->n,
                         m->x, (size_t)m->d, true);
}

static void self_attend(pass *p, const dec_row *row, int i, int layer, int head, float *scores)
{
    rh_dec_model *m = p->m;
    size_t d = (size_t)m->d, at = (size_t)head * RH_KERNEL_HEAD;
    const float *q = m->qkv + (size_t)i * 3 * d + at;
    int n = row->pos + 1;
    for (int j = 0; j < n; j++)
        scores[j] = m->k->dot(q, dec_slot(row->s, layer, 0, row->slots[j]) + at, RH_KERNEL_HEAD);
    m->k->softmax(scores, n);
    float *o = m->o + (size_t)i * d + at;
    memset(o, 0, RH_KERNEL_HEAD * sizeof *o);
    for (int j = 0; j < n; j++)
        m->k->axpy(scores[j], dec_slot(row->s, layer, 1, row->slots[j]) + at, o, RH_KERNEL_HEAD);
}

static void self_head(pass *p, dec_scratch *sc, int layer, int head)
{
    rh_dec_model *m = p->m;
    const dec_layer *l = &m->layers[layer];
    const dec_linear *parts[3] = {&l->query, &l->key, &l->value};
    size_t d = (size_t)m->d, at = (size_t)head * RH_KERNEL_HEAD;
    int b = head * (RH_KERNEL_HEAD / RH_KERNEL_BLOCK);
    for (size_t j = 0; j < 3; j++)
        dec_linear_apply(m, parts[j], b, b + RH_KERNEL_HEAD / RH_KERNEL_BLOCK, sc->norm, d, &sc->acts, p->n,
                         m->qkv + j * d, 3 * d, false);
    for (int i = 0; i < p->n; i++) {
        const dec_row *row = &p->rows[i];
        const float *kv = m->qkv + (size_t)i * 3 * d + at;
        for (int v = 0; v < 2; v++)
            memcpy(dec_slot(row->s, layer, v, row->slots[row->pos]) + at, kv + (size_t)(v + 1) * d,
                   RH_KERNEL_HEAD * sizeof *kv);
    }
    for (int i = 0; i < p->n; i++)
        self_attend(p, &p->rows[i], i, layer, head, sc->scores);
}

/* Index of (layer, head) among the alignment heads, -1 when it is none. */
static int align_index(const rh_dec_model *m, int layer, int head)
{
    for (int i = 0; i < m->n_align_heads; i++)
        if (m->align_heads[i].layer == layer && m->align_heads[i].head == head)
            return i;
    return -1;
}

static void keep_scores(pass *p, int i0, int n, int align, const float *scores, size_t ld)
{
    for (int i = 0; i < n; i++) {
        const dec_row *row = &p->rows[i0 + i];
        if (row->heads)
            memcpy(row->heads + (size_t)align * (size_t)row->s->n_pos, scores + (size_t)i * ld,
                   (size_t)row->s->n_pos * sizeof *scores);
    }
}

/* Rows i0 .. i0 + n - 1 belong to one state. */
static void cross_tile_int8(pass *p, dec_scratch *sc, int layer, int head, int i0, int n)
{
    rh_dec_model *m = p->m;
    const rh_dec_state *s = p->rows[i0].s;
    size_t d = (size_t)m->d, pad = (size_t)s->n_pos_pad, at = (size_t)head * RH_KERNEL_HEAD;
    size_t lh = (size_t)(layer * m->n_heads + head);
    rh_qmat keys = {.w = s->cross_k + lh * pad * RH_KERNEL_HEAD,
                    .scale = s->cross_k_scale + lh * (size_t)m->n_audio_pad,
                    .n_rows = s->n_pos,
                    .n_cols = RH_KERNEL_HEAD,
                    .n_blocks = s->n_pos_pad / RH_KERNEL_BLOCK};
    const float *chan = s->cross_k_chan + (size_t)layer * d + at;
    sc->heads.n = n;
    for (int i = 0; i < n; i++) {
        float q[RH_KERNEL_HEAD];
        const float *from = m->qkv + (size_t)(i0 + i) * 3 * d + at;
        for (int j = 0; j < RH_KERNEL_HEAD; j++)
            q[j] = from[j] * chan[j];
        m->k->quantise(q, &sc->heads, i);
    }
    m->k->gemm(&keys, 0, keys.n_blocks, &sc->heads, sc->scores, pad, false);
    int align = align_index(m, layer, head);
    if (align >= 0)
        keep_scores(p, i0, n, align, sc->scores, pad);

    const float *v_scale = s->cross_v_scale + lh * (size_t)m->n_audio_pad;
    sc->probs.n = n;
    sc->probs.n_cols = s->n_pos_pad;
    for (int i = 0; i < n; i++) {
        float *w = sc->scores + (size_t)i * pad;
        m->k->softmax(w, s->n_pos);
        for (int j = 0; j < s->n_pos; j++)
            w[j] *= v_scale[j];
        memset(w + s->n_pos, 0, (pad - (size_t)s->n_pos) * sizeof *w);
        m->k->quantise(w, &sc->probs, i);
    }
    rh_qmat values = {.w = s->cross_v + lh * pad * RH_KERNEL_HEAD,
                      .scale = s->cross_v_chan + (size_t)layer * d + at,
                      .bias = s->cross_v_mean + (size_t)layer * d + at,
                      .n_rows = RH_KERNEL_HEAD,
                      .n_cols = s->n_pos_pad,
                      .n_blocks = RH_KERNEL_HEAD / RH_KERNEL_BLOCK};
    m->k->gemm(&values, 0, values.n_blocks, &sc->probs, m->o + (size_t)i0 * d + at, d, false);
}

static void cross_tile_f32(pass *p, dec_scratch *sc, int layer, int head, int i0, int n)
{
    rh_dec_model *m = p->m;
    const rh_dec_state *s = p->rows[i0].s;
    size_t d = (size_t)m->d, at = (size_t)head * RH_KERNEL_HEAD;
    size_t base = (size_t)layer * (size_t)m->hp.n_audio_ctx * d + at;
    int align = align_index(m, layer, head);
    for (int i = i0; i < i0 + n; i++) {
        const float *q = m->qkv + (size_t)i * 3 * d + at;
        for (int j = 0; j < s->n_pos; j++)
            sc->scores[j] = m->k->dot(q, s->cross_kf + base + (size_t)j * d, RH_KERNEL_HEAD);
        if (align >= 0)
            keep_scores(p, i, 1, align, sc->scores, 0);
        m->k->softmax(sc->scores, s->n_pos);
        float *o = m->o + (size_t)i * d + at;
        memset(o, 0, RH_KERNEL_HEAD * sizeof *o);
        for (int j = 0; j < s->n_pos; j++)
            m->k->axpy(sc->scores[j], s->cross_vf + base + (size_t)j * d, o, RH_KERNEL_HEAD);
    }
}

static void cross_head(pass *p, dec_scratch *sc, int layer, int head)
{
    rh_dec_model *m = p->m;
    size_t d = (size_t)m->d;
    int b = head * (RH_KERNEL_HEAD / RH_KERNEL_BLOCK);
    dec_linear_apply(m, &m->layers[layer].cross_query, b, b + RH_KERNEL_HEAD / RH_KERNEL_BLOCK, sc->norm, d, &sc->acts,
                     p->n, m->qkv, 3 * d, false);
    for (int i = 0; i < p->n;) {
        int n = 1;
        while (i + n < p->n && n < DEC_CROSS_TILE && p->rows[i + n].s == p->rows[i].s)
            n++;
        if (m->f32)
            cross_tile_f32(p, sc, layer, head, i, n);
        else
            cross_tile_int8(p, sc, layer, head, i, n);
        i += n;
    }
}

static void mlp_phase(pass *p, dec_scratch *sc, const dec_layer *l)
{
    rh_dec_model *m = p->m;
    size_t n_ff = (size_t)m->n_ff;
    int u = rh_team_next(m->team);
    if (u * LINEAR_BLOCKS < l->fc1.q.n_blocks)
        norm_rows(m, sc, &l->mlp_norm, p->n);
    for (; u * LINEAR_BLOCKS < l->fc1.q.n_blocks; u = rh_team_next(m->team)) {
        int b = u * LINEAR_BLOCKS, rows = LINEAR_BLOCKS * RH_KERNEL_BLOCK;
        dec_linear_apply(m, &l->fc1, b, b + LINEAR_BLOCKS, sc->norm, (size_t)m->d, &sc->acts, p->n, m->ff, n_ff, false);
        for (int i = 0; i < p->n; i++)
            m->k->gelu(m->ff + (size_t)i * n_ff + (size_t)b * RH_KERNEL_BLOCK, rows);
    }
}

static void heads_phase(pass *p, dec_scratch *sc, int layer, const dec_norm *norm,
                        void (*head)(pass *p, dec_scratch *sc, int layer, int head))
{
    int h = rh_team_next(p->m->team);
    if (h < p->m->n_heads)
        norm_rows(p->m, sc, norm, p->n);
    for (; h < p->m->n_heads; h = rh_team_next(p->m->team))
        head(p, sc, layer, h);
}

static void logits_phase(pass *p, dec_scratch *sc)
{
    rh_dec_model *m = p->m;
    size_t d = (size_t)m->d;
    int u = rh_team_next(m->team);
    if (u * LOGIT_BLOCKS >= m->logits.q.n_blocks)
        return;
    for (int i = 0; i < p->n_logits; i++)
        m->k->layer_norm(m->x + (size_t)p->logit_rows[i] * d, m->final_norm.gain, m->final_norm.shift,
                         sc->norm + (size_t)i * d, m->d);
    prepare(m, sc, sc->norm, m->d, p->n_logits);
    /* Rows of the caller need not be evenly spaced, so neighbours that are go together. */
    for (; u * LOGIT_BLOCKS < m->logits.q.n_blocks; u = rh_team_next(m->team)) {
        for (int i = 0; i < p->n_logits;) {
            int n = 1;
            const float *y = p->rows[p->logit_rows[i]].logits;
            while (i + n < p->n_logits && p->rows[p->logit_rows[i + n]].logits == y + (size_t)n * (size_t)m->n_vocab)
                n++;
            rh_qvec part = sc->acts;
            part.n = n;
            part.q += (size_t)i * 2 * d;
            part.scale += i;
            part.sum += 2 * i;
            dec_linear_apply(m, &m->logits, u * LOGIT_BLOCKS, (u + 1) * LOGIT_BLOCKS, sc->norm + (size_t)i * d, d,
                             &part, n, p->rows[p->logit_rows[i]].logits, (size_t)m->n_vocab, false);
            i += n;
        }
    }
}

/* A layer's, one after the other; behind the last layer, the logits. */
typedef enum { SELF, SELF_OUT, CROSS, CROSS_OUT, MLP, MLP_OUT } phase;
enum { N_PHASES = MLP_OUT + 1 };

static void pass_phase(void *arg, int member, int number)
{
    pass *p = arg;
    const rh_dec_model *m = p->m;
    dec_scratch *sc = &m->scratch[member];
    int layer = number / N_PHASES;
    if (layer == m->n_layers) {
        logits_phase(p, sc);
        return;
    }
    const dec_layer *l = &m->layers[layer];
    switch ((phase)(number % N_PHASES)) {
    case SELF: heads_phase(p, sc, layer, &l->self_norm, self_head); break;
    case SELF_OUT: out_phase(p, sc, &l->out, m->o); break;
    case CROSS: heads_phase(p, sc, layer, &l->cross_norm, cross_head); break;
    case CROSS_OUT: out_phase(p, sc, &l->cross_out, m->o); break;
    case MLP: mlp_phase(p, sc, l); break;
    case MLP_OUT: out_phase(p, sc, &l->fc2, m->ff); break;
    }
}

/* A row that is read brings 64 KB of the model's file into memory: with time all of the table. */
static void give_back_rows(rh_dec_model *m, int n)
{
    enum { ROWS = 128 };
    m->n_embedded += n;
    if (m->n_embedded < ROWS)
        return;
    rh_ggml_file_release_pages(m->file);
    m->n_embedded = 0;
}

void dec_pass(rh_dec_model *m, const dec_row *rows, int n)
{
    pass p = {.m = m, .rows = rows, .n = n};
    for (int i = 0; i < n; i++) {
        float *x = m->x + (size_t)i * (size_t)m->d;
        const float *pos = m->positions + (size_t)rows[i].pos * (size_t)m->d;
        rh_ggml_row(m->embedding, rows[i].token, x);
        for (int j = 0; j < m->d; j++)
            x[j] += pos[j];
        if (rows[i].logits)
            p.logit_rows[p.n_logits++] = i;
    }
    give_back_rows(m, n);
    rh_team_run(m->team, pass_phase, &p, N_PHASES * m->n_layers + (p.n_logits > 0));
}
