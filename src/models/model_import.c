/* From a CTranslate2 Whisper folder to an official ggml file.
 *
 * Both hold the same weights under other names: CTranslate2 joins query, key
 * and value of an attention into one matrix and adds a key bias of zeros that
 * Whisper does not have. Tensors are written in the order of the official files.
 * Source: whisper.cpp, models/convert-pt-to-ggml.py; ctranslate2,
 * converters/transformers.py. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/nn/ggml_file.h"
#include "rehearse/models/model.h"
#include "ct2_file_internal.h"
#include "rehearse/models/mel_filters.h"
#include "model_vocab_internal.h"

enum { FIRST_MULTILINGUAL = 51865 }; /* tokens in all; English models have one less */
enum { MAGIC = 0x67676d6c, CHUNK = 8192, MAX_LAYERS = 64, MAX_VOCAB_BYTES = 1 << 24 };

typedef struct {
    const rh_ct2_file *ct2;
    FILE *out;
    rh_ggml_hparams hp;
    rh_model_progress progress;
    void *user;
    int64_t done, total; /* bytes of model.bin */
    rh_error *err;
} import;

/* A tensor of a block. Its source has `of` equal parts stacked on one another,
 * of which the `part`-th is meant; rows and cols count in model widths, cols 0
 * is a vector. */
typedef struct {
    const char *ggml, *ct2;
    int rows, cols, part, of;
} block_tensor;

static const block_tensor block_tensors[] = {
    {"mlp_ln.weight", "ffn/layer_norm/gamma", 1, 0, 0, 1},
    {"mlp_ln.bias", "ffn/layer_norm/beta", 1, 0, 0, 1},
    {"mlp.0.weight", "ffn/linear_0/weight", 4, 1, 0, 1},
    {"mlp.0.bias", "ffn/linear_0/bias", 4, 0, 0, 1},
    {"mlp.2.weight", "ffn/linear_1/weight", 1, 4, 0, 1},
    {"mlp.2.bias", "ffn/linear_1/bias", 1, 0, 0, 1},
    {"attn_ln.weight", "self_attention/layer_norm/gamma", 1, 0, 0, 1},
    {"attn_ln.bias", "self_attention/layer_norm/beta", 1, 0, 0, 1},
    {"attn.query.weight", "self_attention/linear_0/weight", 1, 1, 0, 3},
    {"attn.query.bias", "self_attention/linear_0/bias", 1, 0, 0, 3},
    {"attn.key.weight", "self_attention/linear_0/weight", 1, 1, 1, 3},
    {"attn.value.weight", "self_attention/linear_0/weight", 1, 1, 2, 3},
    {"attn.value.bias", "self_attention/linear_0/bias", 1, 0, 2, 3},
    {"attn.out.weight", "self_attention/linear_1/weight", 1, 1, 0, 1},
    {"attn.out.bias", "self_attention/linear_1/bias", 1, 0, 0, 1},
};

static const block_tensor cross_tensors[] = {
    {"cross_attn_ln.weight", "attention/layer_norm/gamma", 1, 0, 0, 1},
    {"cross_attn_ln.bias", "attention/layer_norm/beta", 1, 0, 0, 1},
    {"cross_attn.query.weight", "attention/linear_0/weight", 1, 1, 0, 1},
    {"cross_attn.query.bias", "attention/linear_0/bias", 1, 0, 0, 1},
    {"cross_attn.key.weight", "attention/linear_1/weight", 1, 1, 0, 2},
    {"cross_attn.value.weight", "attention/linear_1/weight", 1, 1, 1, 2},
    {"cross_attn.value.bias", "attention/linear_1/bias", 1, 0, 1, 2},
    {"cross_attn.out.weight", "attention/linear_2/weight", 1, 1, 0, 1},
    {"cross_attn.out.bias", "attention/linear_2/bias", 1, 0, 0, 1},
};

static rh_status put(import *m, const void *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, m->out) == n)
        return RH_OK;
    return rh_fail(m->err, RH_ERR_IO, "writing the model: %s", strerror(errno));
}

static rh_status put_i32(import *m, int32_t x)
{
    return put(m, &x, sizeof x);
}

static rh_status put_values(import *m, const rh_ct2_variable *v, size_t first, size_t n, bool half)
{
    float x[CHUNK];
    uint16_t h[CHUNK];
    char name[128];
    snprintf(name, sizeof name, "%s_scale", v->name);
    const rh_ct2_variable *scale = v->type == RH_CT2_I8 ? rh_ct2_find(m->ct2, name) : NULL;
    rh_status st = RH_OK;
    for (size_t i = 0; st == RH_OK && i < n; i += CHUNK) {
        size_t k = n - i < CHUNK ? n - i : CHUNK;
        st = rh_ct2_values(v, scale, first + i, k, x, m->err);
        for (size_t j = 0; half && j < k; j++)
            h[j] = rh_f32_to_f16(x[j]);
        if (st == RH_OK)
            st = half ? put(m, h, k * sizeof h[0]) : put(m, x, k * sizeof x[0]);
    }
    m->done += (int64_t)(n * 2);
    if (st == RH_OK && m->progress && !m->progress(m->user, m->done, m->total))
        return rh_fail(m->err, RH_ERR_CANCELED, "model import: stopped");
    return st;
}

/* Header and data of a tensor that is `part` of `of` of variable `v`, whose
 * sides are checked: ne innermost first, as ggml has them. */
static rh_status put_tensor(import *m, const char *name, const char *ct2_name, int n_dims, const int32_t *ne, int part,
                            int of, bool half)
{
    const rh_ct2_variable *v = rh_ct2_find(m->ct2, ct2_name);
    if (!v)
        return rh_fail(m->err, RH_ERR_FORMAT, "the model lacks %s", ct2_name);
    size_t n = 1;
    bool fits = true;
    for (int i = 0; i < n_dims; i++) {
        n *= (size_t)ne[i];
        int outer = n_dims - 1 - i;
        if (n_dims == 2 && ne[0] == 1) /* a conv bias: a vector that is stored as a column */
            outer = i == 0 ? 1 : 0;
        fits = fits && v->side[outer] == (uint32_t)ne[i] * (outer == 0 ? (uint32_t)of : 1U);
    }
    if (!fits)
        return rh_fail(m->err, RH_ERR_FORMAT, "%s has another shape than its model should have", ct2_name);
    int32_t head[3] = {n_dims, (int32_t)strlen(name), half ? RH_GGML_F16 : RH_GGML_F32};
    rh_status st = put(m, head, sizeof head);
    if (st == RH_OK)
        st = put(m, ne, (size_t)n_dims * sizeof *ne);
    if (st == RH_OK)
        st = put(m, name, strlen(name));
    return st == RH_OK ? put_values(m, v, (size_t)part * n, n, half) : st;
}

static rh_status put_block(import *m, const char *side, int layer, int width, const block_tensor *list, size_t n)
{
    rh_status st = RH_OK;
    for (size_t i = 0; st == RH_OK && i < n; i++) {
        const block_tensor *t = &list[i];
        char name[96], ct2_name[96];
        snprintf(name, sizeof name, "%s.blocks.%d.%s", side, layer, t->ggml);
        snprintf(ct2_name, sizeof ct2_name, "%s/layer_%d/%s", side, layer, t->ct2);
        int32_t ne[2] = {t->cols ? t->cols * width : t->rows * width, t->rows * width};
        st = put_tensor(m, name, ct2_name, t->cols ? 2 : 1, ne, t->part, t->of, t->cols > 0);
    }
    return st;
}

static rh_status put_blocks(import *m, const char *side, int n_layers, int width, bool with_cross)
{
    rh_status st = RH_OK;
    for (int i = 0; st == RH_OK && i < n_layers; i++) {
        st = put_block(m, side, i, width, block_tensors, sizeof block_tensors / sizeof block_tensors[0]);
        if (st == RH_OK && with_cross)
            st = put_block(m, side, i, width, cross_tensors, sizeof cross_tensors / sizeof cross_tensors[0]);
    }
    return st;
}

/* A tensor outside the blocks, with its sides; 0 = it has no such side. */
typedef struct {
    const char *ggml, *ct2;
    int32_t ne[3];
    bool half;
} single_tensor;

static rh_status put_singles(import *m, const single_tensor *list, size_t n)
{
    rh_status st = RH_OK;
    for (size_t i = 0; st == RH_OK && i < n; i++) {
        const single_tensor *t = &list[i];
        st = put_tensor(m, t->ggml, t->ct2, t->ne[2] ? 3 : t->ne[1] ? 2 : 1, t->ne, 0, 1, t->half);
    }
    return st;
}

static rh_status put_tensors(import *m)
{
    const rh_ggml_hparams *h = &m->hp;
    int32_t w = h->n_audio_state, d = h->n_text_state;
    const single_tensor begin[] = {
        {"decoder.positional_embedding", "decoder/position_encodings/encodings", {d, h->n_text_ctx}, false},
        {"encoder.positional_embedding", "encoder/position_encodings/encodings", {w, h->n_audio_ctx}, false},
        {"decoder.token_embedding.weight", "decoder/embeddings/weight", {d, h->n_vocab}, true},
    };
    const single_tensor between[] = {
        {"decoder.ln.weight", "decoder/layer_norm/gamma", {d}, false},
        {"decoder.ln.bias", "decoder/layer_norm/beta", {d}, false},
        {"encoder.conv1.weight", "encoder/conv1/weight", {3, h->n_mels, w}, true},
        {"encoder.conv1.bias", "encoder/conv1/bias", {1, w}, false},
        {"encoder.conv2.weight", "encoder/conv2/weight", {3, w, w}, true},
        {"encoder.conv2.bias", "encoder/conv2/bias", {1, w}, false},
    };
    const single_tensor end[] = {
        {"encoder.ln_post.weight", "encoder/layer_norm/gamma", {w}, false},
        {"encoder.ln_post.bias", "encoder/layer_norm/beta", {w}, false},
    };
    rh_status st = put_singles(m, begin, sizeof begin / sizeof *begin);
    if (st == RH_OK)
        st = put_blocks(m, "decoder", h->n_text_layer, d, true);
    if (st == RH_OK)
        st = put_singles(m, between, sizeof between / sizeof *between);
    if (st == RH_OK)
        st = put_blocks(m, "encoder", h->n_audio_layer, w, false);
    return st == RH_OK ? put_singles(m, end, sizeof end / sizeof *end) : st;
}

/* ggml has no place for a key bias; CTranslate2's must be zeros. */
static rh_status check_key_bias(import *m, const char *side, int layer, const char *linear, int part)
{
    char name[96];
    snprintf(name, sizeof name, "%s/layer_%d/%s/bias", side, layer, linear);
    const rh_ct2_variable *v = rh_ct2_find(m->ct2, name);
    size_t width = (size_t)m->hp.n_audio_state;
    float x[CHUNK];
    if (!v || width > CHUNK || v->side[0] < (size_t)(part + 1) * width)
        return rh_fail(m->err, RH_ERR_FORMAT, "%s is missing or too short", name);
    rh_status st = rh_ct2_values(v, NULL, (size_t)part * width, width, x, m->err);
    for (size_t i = 0; st == RH_OK && i < width; i++)
        if (x[i] != 0.0f)
            return rh_fail(m->err, RH_ERR_UNSUPPORTED, "%s has a key bias, which Whisper has not", name);
    return st;
}

static rh_status check_key_biases(import *m)
{
    rh_status st = RH_OK;
    for (int i = 0; st == RH_OK && i < m->hp.n_audio_layer; i++)
        st = check_key_bias(m, "encoder", i, "self_attention/linear_0", 1);
    for (int i = 0; st == RH_OK && i < m->hp.n_text_layer; i++) {
        st = check_key_bias(m, "decoder", i, "self_attention/linear_0", 1);
        if (st == RH_OK)
            st = check_key_bias(m, "decoder", i, "attention/linear_1", 0);
    }
    return st;
}

static int count_layers(const rh_ct2_file *f, const char *side)
{
    char name[96];
    for (int i = 0; i < MAX_LAYERS; i++) {
        snprintf(name, sizeof name, "%s/layer_%d/ffn/linear_0/weight", side, i);
        if (!rh_ct2_find(f, name))
            return i;
    }
    return MAX_LAYERS;
}

static rh_status find_hparams(import *m)
{
    const rh_ct2_variable *text = rh_ct2_find(m->ct2, "decoder/embeddings/weight"),
                          *text_at = rh_ct2_find(m->ct2, "decoder/position_encodings/encodings"),
                          *audio_at = rh_ct2_find(m->ct2, "encoder/position_encodings/encodings"),
                          *conv = rh_ct2_find(m->ct2, "encoder/conv1/weight");
    if (!text || !text_at || !audio_at || !conv)
        return rh_fail(m->err, RH_ERR_FORMAT, "the model lacks its embeddings or convolutions");
    m->hp = (rh_ggml_hparams){
        .n_vocab = (int32_t)text->side[0],
        .n_audio_ctx = (int32_t)audio_at->side[0],
        .n_audio_state = (int32_t)conv->side[0],
        .n_audio_head = (int32_t)rh_ct2_number(m->ct2, "encoder/num_heads", 0),
        .n_audio_layer = count_layers(m->ct2, "encoder"),
        .n_text_ctx = (int32_t)text_at->side[0],
        .n_text_state = (int32_t)text_at->side[1],
        .n_text_head = (int32_t)rh_ct2_number(m->ct2, "decoder/num_heads", 0),
        .n_text_layer = count_layers(m->ct2, "decoder"),
        .n_mels = (int32_t)conv->side[1],
        .ftype = 1,
    };
    const rh_ggml_hparams *h = &m->hp;
    if (h->n_audio_head <= 0 || h->n_text_head <= 0 || h->n_audio_layer <= 0 || h->n_text_layer <= 0 ||
        h->n_audio_state != h->n_text_state || h->n_mels > 256)
        return rh_fail(m->err, RH_ERR_FORMAT, "the model's sizes do not fit together");
    return check_key_biases(m);
}

static rh_status put_head(import *m, const rh_buf *vocab, int n_tokens)
{
    float *filters = rh_alloc_array((size_t)m->hp.n_mels * RH_MEL_BINS, sizeof *filters);
    if (!filters)
        return rh_fail(m->err, RH_ERR_NOMEM, "model import: out of memory");
    rh_mel_filters(m->hp.n_mels, filters);
    int32_t head[] = {MAGIC, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, m->hp.n_mels, RH_MEL_BINS};
    memcpy(head + 1, &m->hp, 11 * sizeof head[0]);
    rh_status st = put(m, head, sizeof head);
    if (st == RH_OK)
        st = put(m, filters, (size_t)m->hp.n_mels * RH_MEL_BINS * sizeof *filters);
    if (st == RH_OK)
        st = put_i32(m, n_tokens);
    if (st == RH_OK)
        st = put(m, vocab->data, vocab->len);
    rh_free(filters);
    return st;
}

/* Writes beside the wanted file and renames, so that no half a model is ever found. */
static rh_status write_file(import *m, const rh_buf *vocab, int n_tokens, const char *path)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return rh_fail(m->err, RH_ERR_LIMIT, "the path %.100s... is too long", path);
    m->out = fopen(part, "wb");
    if (!m->out)
        return rh_fail(m->err, RH_ERR_IO, "%s: %s", part, strerror(errno));
    rh_status st = put_head(m, vocab, n_tokens);
    if (st == RH_OK)
        st = put_tensors(m);
    bool flushed = fflush(m->out) == 0 && fsync(fileno(m->out)) == 0;
    if (fclose(m->out) != 0 || !flushed)
        if (st == RH_OK)
            st = rh_fail(m->err, RH_ERR_IO, "%s: %s", part, strerror(errno));
    if (st == RH_OK && rename(part, path) != 0)
        st = rh_fail(m->err, RH_ERR_IO, "%s: %s", path, strerror(errno));
    if (st != RH_OK)
        unlink(part);
    return st;
}

_Static_assert(sizeof(rh_ggml_hparams) == 11 * sizeof(int32_t), "written as it lies in memory");

rh_status rh_model_import(const char *dir, const char *out_path, rh_model_progress progress, void *user, rh_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/model.bin", dir);
    rh_ct2_file *ct2 = NULL;
    rh_status st = rh_ct2_open(&ct2, path, err);
    if (st != RH_OK)
        return st;
    rh_error why = {RH_OK, ""};
import m = {.ct2 = ct2, .progress = progress, .user = user, .err = & why };
    rh_buf vocab;
    int n_tokens = 0;
    rh_buf_init(&vocab, MAX_VOCAB_BYTES);
    st = find_hparams(&m);
    bool english = m.hp.n_vocab < FIRST_MULTILINGUAL; /* their official files list the end token */
    if (st == RH_OK)
        st = rh_model_vocab(dir, english, &vocab, &n_tokens, &why);
    if (st == RH_OK && n_tokens >= m.hp.n_vocab)
        st = rh_fail(&why, RH_ERR_FORMAT, "%d tokens for a model of %d", n_tokens, m.hp.n_vocab);
    m.total = st == RH_OK ? rh_ct2_size(ct2) : 0;
    if (st == RH_OK)
        st = write_file(&m, &vocab, n_tokens, out_path);
    rh_buf_done(&vocab);
    rh_ct2_close(ct2);
    if (st != RH_OK)
        rh_fail(err, st, "%.100s: %s", dir, why.msg);
    return st;
}
