/* encoder_net.c - loads the encoder's weights into the kernels' order. */
#include "encoder_net_internal.h"

#include <math.h>
#include <stdio.h>
#include "finite_internal.h"
#include "rehearse/base/alloc.h"

typedef struct {
    const rh_ggml_file *file;
    enc_net *net;
    float *row;   /* [4 d] */
    rh_status st; /* first failure; later calls do nothing */
    rh_error *err;
} loader;

static void no_memory(loader *l)
{
    if (l->st == RH_OK)
        l->st = rh_fail(l->err, RH_ERR_NOMEM, "encoder: out of memory");
}

static const rh_ggml_tensor *need(loader *l, const char *prefix, const char *name, int64_t ne0, int64_t ne1,
                                  int64_t ne2)
{
    char full[128];
    const rh_ggml_tensor *t = NULL;
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    if (l->st == RH_OK)
        l->st = rh_ggml_file_need(l->file, &t, full, ne0, ne1, ne2, l->err);
    return t;
}

static void check(loader *l, const rh_ggml_tensor *t, const float *values, size_t n)
{
    if (l->st == RH_OK && !rh_all_finite(values, n))
        l->st = rh_fail(l->err, RH_ERR_FORMAT,
                        "tensor %s holds values that are no numbers: the speech model is damaged", t->name);
}

/* All values of a tensor; the caller frees them. */
static float *values_of(loader *l, const rh_ggml_tensor *t)
{
    size_t n = t ? (size_t)(t->ne[0] * t->ne[1] * t->ne[2]) : 0;
    float *v = t ? rh_alloc_aligned(n, sizeof *v) : NULL;
    if (!v) {
        no_memory(l);
        return NULL;
    }
    rh_ggml_values(t, v);
    check(l, t, v, n);
    return v;
}

static enc_norm load_norm(loader *l, const char *prefix, const char *name)
{
    char full[64];
    enc_norm n = {0};
    (void)snprintf(full, sizeof full, "%s.weight", name);
    n.gain = values_of(l, need(l, prefix, full, l->net->d, 1, 1));
    (void)snprintf(full, sizeof full, "%s.bias", name);
    n.shift = values_of(l, need(l, prefix, full, l->net->d, 1, 1));
    return n;
}

static void load_linear(loader *l, rh_gemm_weights *w, const char *prefix, const char *name, int n_in, int n_out,
                        bool bias, float factor)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    const rh_ggml_tensor *t = need(l, prefix, full, n_in, n_out, 1);
    if (t && rh_gemm_weights_init(w, n_in, n_out) != RH_OK)
        no_memory(l);
    for (int i = 0; i < n_out && l->st == RH_OK; i++) {
        rh_ggml_row(t, i, l->row);
        check(l, t, l->row, (size_t)n_in);
        rh_gemm_set(l->net->g, w, i, l->row, factor);
    }
    (void)snprintf(full, sizeof full, "%s.bias", name);
    float *b = bias && l->st == RH_OK ? values_of(l, need(l, prefix, full, n_out, 1, 1)) : NULL;
    for (int i = 0; b && i < n_out; i++)
        w->bias[i] = b[i] * factor;
    rh_free(b);
}

static void load_conv(loader *l, enc_conv *c, const char *name, int n_in)
{
    char full[64];
    size_t d = (size_t)l->net->d, columns = (size_t)l->net->g->columns, in = (size_t)n_in;
    (void)snprintf(full, sizeof full, "%s.weight", name);
    float *v = values_of(l, need(l, "encoder.", full, TAPS, n_in, l->net->d));
    (void)snprintf(full, sizeof full, "%s.bias", name);
    c->bias = l->st == RH_OK ? values_of(l, need(l, "encoder.", full, l->net->d, 1, 1)) : NULL;
    c->w = rh_alloc_aligned(TAPS * in * d, sizeof *c->w);
    if (!c->w)
        no_memory(l);
    for (size_t o = 0; l->st == RH_OK && o < d; o++)
        for (size_t i = 0; i < in; i++)
            for (size_t tap = 0; tap < TAPS; tap++)
                c->w[((tap * d / columns + o / columns) * in + i) * columns + o % columns] =
                    v[(o * in + i) * TAPS + tap];
    rh_free(v);
}

static void load_layer(loader *l, enc_layer *y, int index)
{
    char p[40];
    int d = l->net->d;
    (void)snprintf(p, sizeof p, "encoder.blocks.%d.", index);
    y->attn_norm = load_norm(l, p, "attn_ln");
    y->mlp_norm = load_norm(l, p, "mlp_ln");
    load_linear(l, &y->query, p, "attn.query", d, d, true, 1.0f / sqrtf((float)HEAD));
    load_linear(l, &y->key, p, "attn.key", d, d, false, 1.0f);
    load_linear(l, &y->value, p, "attn.value", d, d, true, 1.0f);
    load_linear(l, &y->out, p, "attn.out", d, d, true, 1.0f);
    load_linear(l, &y->fc1, p, "mlp.0", d, 4 * d, true, 1.0f);
    load_linear(l, &y->fc2, p, "mlp.2", 4 * d, d, true, 1.0f);
}

/* The voice head's weights in the order of the product's panels; sums beyond VOICE_SUMS are 0. */
static void load_head(loader *l, const voice_head *head)
{
    enc_net *net = l->net;
    size_t d = VOICE_STATE, columns = (size_t)net->g->columns;
    for (int k = 0; k < VOICE_LAYERS && l->st == RH_OK; k++) {
        float *w = rh_alloc_aligned(d * ENC_NET_SUMS, sizeof *w);
        net->sums[k] = w;
        if (!w)
            no_memory(l);
        for (size_t s = 0; w && s < ENC_NET_SUMS; s++)
            for (size_t j = 0; j < d; j++)
                w[(s / columns * d + j) * columns + s % columns] =
                    s < VOICE_SUMS ? voice_head_weight(head, k, (int)s, (int)j) : 0.0f;
    }
    for (int s = 0; s < VOICE_SUMS; s++)
        net->sums_bias[s] = head->bias[s];
}

bool enc_net_supported(void)
{
    return rh_gemm_best() != NULL;
}

const char *enc_net_kernels(const enc_net *net)
{
    return net->g->name;
}

rh_status enc_net_new(enc_net **out, const rh_ggml_file *file, const voice_head *head, rh_error *err)
{
    const rh_ggml_hparams *h = rh_ggml_file_hparams(file);
    enc_net *net = rh_calloc(1, sizeof *net);
    loader l = {.file = file, .net = net, .err = err};
    if (!net)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    *net = (enc_net){.g = rh_gemm_best(),
                     .k = rh_kernels_best(),
                     .d = h->n_audio_state,
                     .n_heads = h->n_audio_head,
                     .n_layers = h->n_audio_layer,
                     .n_mels = h->n_mels};
    l.row = rh_alloc_array((size_t)net->d * 4, sizeof *l.row);
    net->layers = rh_calloc((size_t)net->n_layers, sizeof *net->layers);
    if (!l.row || !net->layers)
        no_memory(&l);
    load_conv(&l, &net->conv1, "conv1", net->n_mels);
    load_conv(&l, &net->conv2, "conv2", net->d);
    for (int i = 0; i < net->n_layers && l.st == RH_OK; i++)
        load_layer(&l, &net->layers[i], i);
    net->last = load_norm(&l, "encoder.", "ln_post");
    if (head)
        load_head(&l, head);
    rh_free(l.row);
    if (l.st == RH_OK)
        *out = net;
    else
        enc_net_free(net);
    return l.st;
}

static void free_norm(enc_norm *n)
{
    rh_free(n->gain);
    rh_free(n->shift);
}

static void free_conv(enc_conv *c)
{
    rh_free(c->w);
    rh_free(c->bias);
}

void enc_net_free(enc_net *net)
{
    if (!net)
        return;
    for (int i = 0; net->layers && i < net->n_layers; i++) {
        enc_layer *y = &net->layers[i];
        free_norm(&y->attn_norm);
        free_norm(&y->mlp_norm);
        rh_gemm_weights *const all[] = {&y->query, &y->key, &y->value, &y->out, &y->fc1, &y->fc2};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++)
            rh_gemm_weights_done(all[j]);
    }
    rh_free(net->layers);
    free_conv(&net->conv1);
    free_conv(&net->conv2);
    free_norm(&net->last);
    for (int k = 0; k < VOICE_LAYERS; k++)
        rh_free(net->sums[k]);
    rh_free(net);
}
