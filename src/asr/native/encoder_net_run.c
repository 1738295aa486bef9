/* encoder_net_run.c - one window through the encoder. */
#include <string.h>
#include "encoder.h"
#include "encoder_net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/team.h"

enum { PAD = 16, BLOCK = 192 /* rows, at most: what a member works on stays in its second-level cache */ };

/* Of one member of the team. */
typedef struct {
    float *rows;         /* [BLOCK][d]: what a block's heads gave; the spectrogram, turned */
    float *wide;         /* [BLOCK][d] */
    float *scores;       /* [tile][ld_scores] */
    rh_gemm_rows narrow; /* [BLOCK][d] */
    rh_gemm_rows hidden; /* [BLOCK][4 d] */
} member;

/* Keys turned, [head][panel][HEAD][columns]; values [head][HEAD / columns][n_keys][columns]. */
typedef struct {
    float *keys, *values;
} key_values;

struct enc_work {
    const enc_net *net;
    rh_team *team;
    member *members;
    float *memory; /* x, q, both kv */
    size_t max_keys;
    float *x, *q; /* [n_own + tile][d] */
    key_values kv[2];
    const enc_net_window *in;
    int block, n_blocks, n_keys, n_panels; /* of this window */
    size_t ld_scores;
};

static size_t round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

static void member_done(member *m)
{
    rh_free(m->rows);
    rh_free(m->wide);
    rh_free(m->scores);
    rh_gemm_rows_done(&m->narrow);
    rh_gemm_rows_done(&m->hidden);
}

static rh_status member_init(member *m, const enc_net *net)
{
    size_t rows = BLOCK + RH_GEMM_MAX_TILE, d = (size_t)net->d;
    m->rows = rh_alloc_aligned(rows * d, sizeof *m->rows);
    m->wide = rh_alloc_aligned(rows * d, sizeof *m->wide);
    rh_status st = m->rows && m->wide ? RH_OK : RH_ERR_NOMEM;
    if (st == RH_OK)
        st = rh_gemm_rows_init(net->g, &m->narrow, BLOCK, net->d, net->d);
    return st == RH_OK ? rh_gemm_rows_init(net->g, &m->hidden, BLOCK, 4 * net->d, net->d) : st;
}

rh_status enc_work_new(enc_work **out, const enc_net *net, int n_threads, rh_error *err)
{
    enc_work *w = rh_calloc(1, sizeof *w);
    rh_status st = w ? rh_team_new(&w->team, n_threads, err) : rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    if (st == RH_OK) {
        w->net = net;
        w->members = rh_calloc((size_t)n_threads, sizeof *w->members);
        st = w->members ? RH_OK : RH_ERR_NOMEM;
        for (int i = 0; i < n_threads && st == RH_OK; i++)
            st = member_init(&w->members[i], net);
        if (st != RH_OK)
            (void)rh_fail(err, st, "encoder: out of memory");
    }
    if (st == RH_OK)
        *out = w;
    else
        enc_work_free(w);
    return st;
}

void enc_work_free(enc_work *w)
{
    if (!w)
        return;
    for (int i = 0; w->members && i < rh_team_size(w->team); i++)
        member_done(&w->members[i]);
    rh_free(w->members);
    rh_free(w->memory);
    rh_team_free(w->team);
    rh_free(w);
}

/* Memory for so many keys; positions are fewer. */
static rh_status reserve(enc_work *w, size_t n_keys)
{
    size_t d = (size_t)w->net->d, rows = round_up(n_keys, (size_t)w->net->g->columns) + RH_GEMM_MAX_TILE;
    if (n_keys <= w->max_keys)
        return RH_OK;
    rh_free(w->memory);
    w->max_keys = 0;
    w->memory = rh_alloc_aligned(rows * d * 6 + rows * 2 * PAD, sizeof *w->memory);
    bool ok = w->memory != NULL;
    w->ld_scores = rows + PAD;
    for (int i = 0; i < rh_team_size(w->team); i++) {
        rh_free(w->members[i].scores);
        w->members[i].scores = rh_alloc_aligned(RH_GEMM_MAX_TILE * w->ld_scores, sizeof(float));
        ok = ok && w->members[i].scores;
    }
    if (!ok)
        return RH_ERR_NOMEM;
    w->x = w->memory;
    w->q = w->x + rows * d;
    w->kv[0] = (key_values){.keys = w->q + rows * d, .values = w->q + 2 * rows * d};
    w->kv[1] = (key_values){.keys = w->q + 3 * rows * d, .values = w->q + 4 * rows * d};
    w->max_keys = n_keys;
    return RH_OK;
}

/* The first convolution's output, [2 n_own + 1][ld_first()] with a row of zeros in front, lies where the second
 * layer's keys will be. */
static float *first_output(const enc_work *w)
{
    return w->kv[1].keys;
}

/* Rows a power of two apart would share the cache's sets. */
static size_t ld_first(const enc_net *net)
{
    return (size_t)net->d + PAD;
}

static void gelu_rows(const enc_net *net, float *x, size_t ld, int n)
{
    for (int i = 0; i < n; i++)
        net->k->gelu(x + (size_t)i * ld, net->d);
}

/* Hops [h0, h1) of the first convolution. */
static void first_convolution(const enc_work *w, member *m, int h0, int h1)
{
    const enc_net *net = w->net;
    size_t d = (size_t)net->d, mels = (size_t)net->n_mels, width = 2 * (size_t)w->in->n_own + 1;
    int panels = net->d / net->g->columns;
    float *to = first_output(w) + (size_t)(h0 + 1) * ld_first(net);
    for (int h = h0 - 1; h <= h1; h++) /* one more on either side */
        for (size_t b = 0; b < mels; b++)
            m->wide[(size_t)(h - h0 + 1) * mels + b] = h < 0 ? 0.0f : w->in->mel[b * width + (size_t)h];
    for (int tap = 0; tap < TAPS; tap++)
        net->g->product(m->wide + (size_t)tap * mels, mels, net->conv1.w + (size_t)tap * mels * d, net->n_mels, panels,
                        tap == 0 ? net->conv1.bias : NULL, to, ld_first(net), h1 - h0, tap > 0);
    gelu_rows(net, to, ld_first(net), h1 - h0);
    if (h0 == 0)
        memset(first_output(w), 0, d * sizeof(float));
}

static void second_convolution(const enc_work *w, int r0, int r1)
{
    const enc_net *net = w->net;
    size_t d = (size_t)net->d, ld = ld_first(net);
    float *x = w->x + (size_t)r0 * d;
    const float *from = first_output(w) + 2 * (size_t)r0 * ld;
    for (int tap = 0; tap < TAPS; tap++)
        net->g->product(from + (size_t)tap * ld, 2 * ld, net->conv2.w + (size_t)tap * d * d, net->d,
                        net->d / net->g->columns, tap == 0 ? net->conv2.bias : NULL, x, d, r1 - r0, tap > 0);
    gelu_rows(net, x, d, r1 - r0);
    const float *pos = w->in->pos + (size_t)r0 * d;
    for (size_t i = 0; i < (size_t)(r1 - r0) * d; i++)
        x[i] += pos[i];
}

/* Rows of x, normalised and in bytes. */
static void normalise(const enc_net *net, member *m, const enc_norm *norm, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        net->k->layer_norm(x + (size_t)i * (size_t)net->d, norm->gain, norm->shift, m->wide, net->d);
        rh_gemm_quantise(net->g, &m->narrow, i, 0, m->wide);
    }
}

static void put_keys(const enc_work *w, float *keys, const float *rows, int first, int n)
{
    size_t columns = (size_t)w->net->g->columns, d = (size_t)w->net->d;
    for (int h = 0; h < w->net->n_heads; h++)
        for (int i = 0; i < n;) {
            size_t at = (size_t)(first + i) % columns, panel = (size_t)(first + i) / columns;
            int end = i + (int)(columns - at) < n ? i + (int)(columns - at) : n;
            float *to = keys + ((size_t)(h * w->n_panels) + panel) * HEAD * columns + at;
            const float *from = rows + (size_t)i * d + (size_t)(h * HEAD);
            for (size_t c = 0; c < HEAD; c++)
                for (size_t r = 0; r < (size_t)(end - i); r++)
                    to[c * columns + r] = from[r * d + c];
            i = end;
        }
}

static void put_values(const enc_work *w, float *values, const float *rows, int first, int n)
{
    size_t columns = (size_t)w->net->g->columns, d = (size_t)w->net->d;
    for (size_t p = 0; p < d / columns; p++)
        for (int i = 0; i < n; i++)
            memcpy(values + (p * (size_t)w->n_keys + (size_t)(first + i)) * columns, rows + (size_t)i * d + p * columns,
                   columns * sizeof(float));
}

/* Averages of `merge` rows, of which the last may be fewer. */
static void put_averages(const enc_work *w, int index, const float *rows, int first, int n)
{
    int merge = w->in->merge, groups = (w->in->n_own + merge - 1) / merge;
    size_t d = (size_t)w->net->d;
    for (int i = 0; i < n; i += merge) {
        int end = i + merge < n ? i + merge : n;
        float *to = w->in->averages + ((size_t)(index * groups) + (size_t)((first + i) / merge)) * d;
        memset(to, 0, d * sizeof *to);
        for (int r = i; r < end; r++)
            w->net->k->axpy(1.0f / (float)(end - i), rows + (size_t)r * d, to, (int)d);
    }
}

/* Queries, keys and values of a block for `layer`. */
static void project(const enc_work *w, member *m, int layer, int r0, int r1)
{
    const enc_net *net = w->net;
    const enc_layer *y = &net->layers[layer];
    const key_values *kv = &w->kv[layer % 2];
    int n = r1 - r0, panels = net->d / net->g->columns;
    size_t d = (size_t)net->d;
    normalise(net, m, &y->attn_norm, w->x + (size_t)r0 * d, n);
    net->g->product8(&y->query, 0, panels, &m->narrow, n, NULL, w->q + (size_t)r0 * d, d);
    net->g->product8(&y->key, 0, panels, &m->narrow, n, NULL, m->wide, d);
    put_keys(w, kv->keys, m->wide, r0, n);
    if (w->in->averages)
        put_averages(w, 2 * layer, m->wide, r0, n);
    net->g->product8(&y->value, 0, panels, &m->narrow, n, NULL, m->wide, d);
    put_values(w, kv->values, m->wide, r0, n);
    if (w->in->averages)
        put_averages(w, 2 * layer + 1, m->wide, r0, n);
}

static void put_kept(const enc_work *w, int layer)
{
    const float *k = w->in->kept + 2 * (size_t)layer * w->in->kept_stride;
    put_keys(w, w->kv[layer % 2].keys, k, w->in->n_own, w->in->n_kept);
    put_values(w, w->kv[layer % 2].values, k + w->in->kept_stride, w->in->n_own, w->in->n_kept);
}

/* What the heads give for a block, in m->rows. */
static void attend(const enc_work *w, member *m, int layer, int r0, int r1)
{
    const enc_net *net = w->net;
    const key_values *kv = &w->kv[layer % 2];
    size_t d = (size_t)net->d, columns = (size_t)net->g->columns;
    for (int h = 0; h < net->n_heads; h++) {
        const float *keys = kv->keys + (size_t)(h * w->n_panels) * HEAD * columns;
        const float *values = kv->values + (size_t)h * HEAD * (size_t)w->n_keys;
        for (int r = r0; r < r1; r += net->g->rows) {
            int n = r1 - r < net->g->rows ? r1 - r : net->g->rows;
            net->g->product(w->q + (size_t)r * d + (size_t)(h * HEAD), d, keys, HEAD, w->n_panels, NULL, m->scores,
                            w->ld_scores, n, 0);
            for (int i = 0; i < n; i++) {
                float *s = m->scores + (size_t)i * w->ld_scores;
                for (int j = w->in->n_own; j < w->n_keys; j++)
                    s[j] += w->in->bias[j];
                net->k->softmax(s, w->n_keys);
            }
            net->g->product(m->scores, w->ld_scores, values, w->n_keys, HEAD / net->g->columns, NULL,
                            m->rows + (size_t)(r - r0) * d + (size_t)(h * HEAD), d, n, 0);
        }
    }
}

/* What the voice head hears of rows [r0, r0 + n) of a layer's output. */
static void add_sums(const enc_work *w, int layer, const float *x, int r0, int n)
{
    const enc_net *net = w->net;
    int k = layer - VOICE_FIRST_LAYER;
    if (k < 0 || k >= VOICE_LAYERS || !w->in->sums || !net->sums[k])
        return;
    net->g->product(x, (size_t)net->d, net->sums[k], net->d, ENC_NET_SUMS / net->g->columns,
                    k == 0 ? net->sums_bias : NULL, w->in->sums + (size_t)r0 * ENC_NET_SUMS, ENC_NET_SUMS, n, k > 0);
    if (voice_head_overheard)
        memcpy(voice_head_overheard + ((size_t)k * RH_ENC_WINDOW_HOPS / 2 + (size_t)r0) * VOICE_STATE, x,
               (size_t)n * VOICE_STATE * sizeof *x);
}

/* A block through a layer. */
static void through(const enc_work *w, member *m, int layer, int r0, int r1)
{
    const enc_net *net = w->net;
    const enc_layer *y = &net->layers[layer];
    int n = r1 - r0, panels = net->d / net->g->columns;
    size_t d = (size_t)net->d;
    float *x = w->x + (size_t)r0 * d;
    attend(w, m, layer, r0, r1);
    for (int i = 0; i < n; i++)
        rh_gemm_quantise(net->g, &m->narrow, i, 0, m->rows + (size_t)i * d);
    net->g->product8(&y->out, 0, panels, &m->narrow, n, x, x, d);
    normalise(net, m, &y->mlp_norm, x, n);
    for (int part = 0; part < 4; part++) {
        net->g->product8(&y->fc1, part * panels, (part + 1) * panels, &m->narrow, n, NULL, m->wide, d);
        gelu_rows(net, m->wide, d, n);
        for (int i = 0; i < n; i++)
            rh_gemm_quantise(net->g, &m->hidden, i, part, m->wide + (size_t)i * d);
    }
    net->g->product8(&y->fc2, 0, panels, &m->hidden, n, x, x, d);
    if (layer + 1 < net->n_layers) {
        add_sums(w, layer, x, r0, n);
        project(w, m, layer + 1, r0, r1);
        return;
    }
    for (int i = 0; i < n; i++)
        net->k->layer_norm(x + (size_t)i * d, net->last.gain, net->last.shift, m->wide + (size_t)i * d, net->d);
    memcpy(w->in->states + (size_t)r0 * d, m->wide, (size_t)n * d * sizeof(float));
    add_sums(w, layer, m->wide, r0, n);
}

static int end_of(const enc_work *w, int unit)
{
    int end = (unit + 1) * w->block;
    return end < w->in->n_own ? end : w->in->n_own;
}

/* The first convolution; the second; the layers. */
static void run_phase(void *arg, int index, int phase)
{
    const enc_work *w = arg;
    member *m = &w->members[index];
    int layer = phase - 2;
    for (int u; phase == 0 && (u = rh_team_next(w->team)) < 2 * w->n_blocks;) {
        int h0 = u * w->block, n = 2 * w->in->n_own;
        if (h0 < n)
            first_convolution(w, m, h0, h0 + w->block < n ? h0 + w->block : n);
    }
    for (int u; phase > 0 && (u = rh_team_next(w->team)) <= w->n_blocks;) {
        if (u == w->n_blocks) { /* they need no product: beside the others */
            if (layer + 1 < w->net->n_layers && w->in->n_kept)
                put_kept(w, layer + 1);
        } else if (layer < 0) {
            second_convolution(w, u * w->block, end_of(w, u));
            project(w, m, 0, u * w->block, end_of(w, u));
        } else {
            through(w, m, layer, u * w->block, end_of(w, u));
        }
    }
}

/* Blocks as equal as can be, a multiple of the members; whole groups where they are averaged. */
static void divide(enc_work *w)
{
    int n = w->in->n_own, members = rh_team_size(w->team), step = w->in->averages ? w->in->merge : w->net->g->rows;
    int most = BLOCK / step * step, rounds = (n + members * most - 1) / (members * most), blocks = rounds * members;
    w->block = (int)round_up((size_t)((n + blocks - 1) / blocks), (size_t)step);
    w->n_blocks = (n + w->block - 1) / w->block;
}

rh_status enc_work_run(enc_work *w, const enc_net_window *window, rh_error *err)
{
    w->in = window;
    w->n_keys = window->n_own + window->n_kept;
    w->n_panels = (int)round_up((size_t)w->n_keys, (size_t)w->net->g->columns) / w->net->g->columns;
    rh_status st = reserve(w, (size_t)w->n_keys);
    if (st != RH_OK)
        return rh_fail(err, st, "encoder: out of memory");
    divide(w);
    rh_team_run(w->team, run_phase, w, w->net->n_layers + 2);
    return RH_OK;
}
