/* Loading: the decoder's tensors of a ggml file, packed by all members of the team. */
#include <stdio.h>
#include <string.h>
#include "finite_internal.h"
#include "decoder_internal.h"
#include "rehearse/base/alloc.h"

/* Cross-attention heads that follow the audio, per size. Source: openai-whisper,
 * __init__.py, _ALIGNMENT_HEADS (base85 of a gzipped bitmap, here decoded). */
static const dec_head heads_tiny_en[] = {{1, 0}, {2, 0}, {2, 5}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}};
static const dec_head heads_tiny[] = {{2, 2}, {3, 0}, {3, 2}, {3, 3}, {3, 4}, {3, 5}};
static const dec_head heads_base_en[] = {{3, 3}, {4, 7}, {5, 1}, {5, 5}, {5, 7}};
static const dec_head heads_base[] = {{3, 1}, {4, 2}, {4, 3}, {4, 7}, {5, 1}, {5, 2}, {5, 4}, {5, 6}};
static const dec_head heads_small_en[] = {{6, 6},  {7, 0},  {7, 3},   {7, 8},  {8, 2},  {8, 5},  {8, 7},
                                          {9, 0},  {9, 4},  {9, 8},   {9, 10}, {10, 0}, {10, 1}, {10, 2},
                                          {10, 3}, {10, 6}, {10, 11}, {11, 2}, {11, 4}};
static const dec_head heads_small[] = {{5, 3}, {5, 9}, {8, 0}, {8, 4}, {8, 7}, {8, 8}, {9, 0}, {9, 7}, {9, 9}, {10, 5}};
static const dec_head heads_medium_en[] = {{11, 4},  {14, 1}, {14, 12}, {14, 14}, {15, 4},  {16, 0},
                                           {16, 4},  {16, 9}, {17, 12}, {17, 14}, {18, 7},  {18, 10},
                                           {18, 15}, {20, 0}, {20, 3},  {20, 9},  {20, 14}, {21, 12}};
static const dec_head heads_medium[] = {{13, 15}, {15, 4}, {15, 15}, {16, 1}, {20, 0}, {23, 4}};
/* large-v1 cannot be told from large-v2 by its shape; the newer one is taken. */
static const dec_head heads_large_v2[] = {{10, 12}, {13, 17}, {16, 11}, {16, 12}, {16, 13}, {17, 15},
                                          {17, 16}, {18, 4},  {18, 11}, {18, 19}, {19, 11}, {21, 2},
                                          {21, 3},  {22, 3},  {22, 9},  {22, 12}, {23, 5},  {23, 7},
                                          {23, 13}, {25, 5},  {26, 1},  {26, 12}, {27, 15}};
static const dec_head heads_large_v3[] = {{7, 0},   {10, 17}, {12, 18}, {13, 12}, {16, 1},
                                          {17, 14}, {19, 11}, {21, 4},  {24, 1},  {25, 6}};
static const dec_head heads_turbo[] = {{2, 4}, {2, 11}, {3, 3}, {3, 6}, {3, 11}, {3, 14}};

typedef struct {
    int n_layers, n_heads, n_vocab; /* n_vocab 0 = any */
    const dec_head *heads;
    int n;
} size_heads;

#define HEADS(layers, heads, vocab, list)                                                                              \
    {                                                                                                                  \
        layers, heads, vocab, list, (int)(sizeof(list) / sizeof(list)[0])                                              \
    }

static const size_heads sizes[] = {
    HEADS(4, 6, 51864, heads_tiny_en),     HEADS(4, 6, 51865, heads_tiny),       HEADS(6, 8, 51864, heads_base_en),
    HEADS(6, 8, 51865, heads_base),        HEADS(12, 12, 51864, heads_small_en), HEADS(12, 12, 51865, heads_small),
    HEADS(24, 16, 51864, heads_medium_en), HEADS(24, 16, 51865, heads_medium),   HEADS(32, 20, 51865, heads_large_v2),
    HEADS(32, 20, 51866, heads_large_v3),  HEADS(4, 20, 51866, heads_turbo)};

void dec_find_align_heads(rh_dec_model *m)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i].n_layers == m->n_layers && sizes[i].n_heads == m->n_heads && sizes[i].n_vocab == m->n_vocab) {
            m->align_heads = sizes[i].heads;
            m->n_align_heads = sizes[i].n;
            return;
        }
    /* As the reference for unknown models: heads of the upper half, here the topmost of them. */
    int half = m->n_layers / 2;
    for (int l = m->n_layers - 1; l >= half; l--)
        for (int h = 0; h < m->n_heads && m->n_align_heads < DEC_MAX_ALIGN_HEADS; h++)
            m->default_heads[m->n_align_heads++] = (dec_head){(uint8_t)l, (uint8_t)h};
    m->align_heads = m->default_heads;
}

typedef struct {
    rh_dec_model *m;
    const rh_ggml_tensor *t;
    dec_linear *l;
    rh_status st[RH_TEAM_MAX];
} pack_job;

static void pack_rows(void *arg, int member, int phase)
{
    (void)phase;
    enum { ROWS = 256 };
    pack_job *j = arg;
    size_t cols = (size_t)j->l->q.n_cols;
    float *row = rh_alloc_array(cols, sizeof *row);
    if (!row) {
        j->st[member] = RH_ERR_NOMEM;
        return;
    }
    for (int u; (u = rh_team_next(j->m->team)) * ROWS < j->l->q.n_rows;)
        for (int r = u * ROWS; r < (u + 1) * ROWS && r < j->l->q.n_rows; r++) {
            rh_ggml_row(j->t, r, row);
            if (!rh_all_finite(row, cols))
                j->st[member] = RH_ERR_FORMAT;
            if (j->l->f)
                memcpy(j->l->f + (size_t)r * cols, row, cols * sizeof *row);
            else
                rh_qmat_set_row(&j->l->q, j->m->k, r, row);
        }
    rh_free(row);
}

static rh_status no_numbers(const char *tensor, rh_error *err)
{
    return rh_fail(err, RH_ERR_FORMAT,
                   "tensor %s holds values that are no numbers: the speech model "
                   "is damaged",
                   tensor);
}

static rh_status pack(rh_dec_model *m, dec_linear *l, const rh_ggml_tensor *t, rh_error *err)
{
    pack_job job = {.m = m, .t = t, .l = l};
    rh_team_run(m->team, pack_rows, &job, 1);
    for (int i = 0; i < rh_team_size(m->team); i++)
        if (job.st[i] != RH_OK)
            return job.st[i] == RH_ERR_FORMAT ? no_numbers(t->name, err)
                                              : rh_fail(err, job.st[i], "decoder: out of memory");
    return RH_OK;
}

static rh_status load_vector(const rh_dec_model *m, float **out, const char *name, int n, int room, rh_error *err)
{
    const rh_ggml_tensor *t;
    rh_status st = rh_ggml_file_need(m->file, &t, name, n, 1, 1, err);
    if (st != RH_OK)
        return st;
    if (!*out)
        *out = rh_calloc((size_t)room, sizeof **out);
    if (!*out)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    rh_ggml_values(t, *out);
    return rh_all_finite(*out, (size_t)n) ? RH_OK : no_numbers(name, err);
}

static rh_status load_norm(rh_dec_model *m, dec_norm *n, const char *prefix, rh_error *err)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s.weight", prefix);
    rh_status st = load_vector(m, &n->gain, name, m->d, m->d, err);
    (void)snprintf(name, sizeof name, "%s.bias", prefix);
    return st == RH_OK ? load_vector(m, &n->shift, name, m->d, m->d, err) : st;
}

static rh_status load_linear(rh_dec_model *m, dec_linear *l, const char *prefix, int rows, int cols, bool bias,
                             rh_error *err)
{
    char name[96];
    const rh_ggml_tensor *t;
    (void)snprintf(name, sizeof name, "%s.weight", prefix);
    rh_status st = rh_ggml_file_need(m->file, &t, name, cols, rows, 1, err);
    if (st != RH_OK)
        return st;
    if (m->f32) {
        int blocks = (rows + RH_KERNEL_BLOCK - 1) / RH_KERNEL_BLOCK;
        l->q = (rh_qmat){.n_rows = rows, .n_cols = cols, .n_blocks = blocks};
        l->f = rh_alloc_aligned((size_t)rows * (size_t)cols, sizeof *l->f);
        if (!l->f)
            return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    } else if (rh_qmat_init(&l->q, rows, cols, bias, &m->arena) != RH_OK) {
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    }
    st = pack(m, l, t, err);
    if (st != RH_OK || !bias)
        return st;
    (void)snprintf(name, sizeof name, "%s.bias", prefix);
    return load_vector(m, &l->q.bias, name, rows, rows, err);
}

/* Attention divides scores by the square root of the head's 64 columns: the
 * queries' weights take the factor 1/8, which is exact. */
static void scale_query(dec_linear *l)
{
    const float factor = 0.125f;
    for (int i = 0; i < l->q.n_rows; i++) {
        l->q.bias[i] *= factor;
        if (!l->f)
            l->q.scale[i] *= factor;
    }
    if (l->f)
        for (size_t i = 0; i < (size_t)l->q.n_rows * (size_t)l->q.n_cols; i++)
            l->f[i] *= factor;
}

static rh_status load_layer(rh_dec_model *m, int index, rh_error *err)
{
    dec_layer *l = &m->layers[index];
    int d = m->d, ff = m->n_ff;
    const struct {
        const char *name;
        dec_linear *l;
        int rows, cols;
        bool bias;
    } linears[] = {
        {"attn.query", &l->query, d, d, true},
        {"attn.key", &l->key, d, d, false},
        {"attn.value", &l->value, d, d, true},
        {"attn.out", &l->out, d, d, true},
        {"cross_attn.query", &l->cross_query, d, d, true},
        {"cross_attn.key", &l->cross_key, d, d, false},
        {"cross_attn.value", &l->cross_value, d, d, true},
        {"cross_attn.out", &l->cross_out, d, d, true},
        {"mlp.0", &l->fc1, ff, d, true},
        {"mlp.2", &l->fc2, d, ff, true},
    };
    const struct {
        const char *name;
        dec_norm *n;
    } norms[] = {{"attn_ln", &l->self_norm}, {"cross_attn_ln", &l->cross_norm}, {"mlp_ln", &l->mlp_norm}};
    char prefix[64];
    rh_status st = RH_OK;
    for (size_t i = 0; i < sizeof linears / sizeof linears[0] && st == RH_OK; i++) {
        (void)snprintf(prefix, sizeof prefix, "decoder.blocks.%d.%s", index, linears[i].name);
        st = load_linear(m, linears[i].l, prefix, linears[i].rows, linears[i].cols, linears[i].bias, err);
    }
    for (size_t i = 0; i < sizeof norms / sizeof norms[0] && st == RH_OK; i++) {
        (void)snprintf(prefix, sizeof prefix, "decoder.blocks.%d.%s", index, norms[i].name);
        st = load_norm(m, norms[i].n, prefix, err);
    }
    if (st == RH_OK) {
        scale_query(&l->query);
        scale_query(&l->cross_query);
    }
    return st;
}

static rh_status take_arena(rh_dec_model *m, rh_error *err)
{
    size_t layer = 8 * rh_qmat_bytes(m->d, m->d) + rh_qmat_bytes(m->n_ff, m->d) + rh_qmat_bytes(m->d, m->n_ff);
    size_t all = (size_t)m->n_layers * layer + rh_qmat_bytes(m->n_vocab, m->d);
    return m->f32 || rh_arena_init(&m->arena, all) == RH_OK ? RH_OK
                                                            : rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
}

static rh_status load_weights(rh_dec_model *m, rh_error *err)
{
    const rh_ggml_tensor *pos;
    rh_status st = take_arena(m, err);
    if (st == RH_OK)
        st = load_linear(m, &m->logits, "decoder.token_embedding", m->n_vocab, m->d, false, err);
    for (int i = 0; i < m->n_layers && st == RH_OK; i++)
        st = load_layer(m, i, err);
    if (st == RH_OK)
        st = load_norm(m, &m->final_norm, "decoder.ln", err);
    if (st == RH_OK)
        st = rh_ggml_file_need(m->file, &m->embedding, "decoder.token_embedding.weight", m->d, m->n_vocab, 1, err);
    if (st == RH_OK)
        st = rh_ggml_file_need(m->file, &pos, "decoder.positional_embedding", m->d, m->hp.n_text_ctx, 1, err);
    if (st != RH_OK)
        return st;
    m->positions = rh_alloc_array((size_t)m->hp.n_text_ctx * (size_t)m->d, sizeof *m->positions);
    if (!m->positions)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    rh_ggml_values(pos, m->positions);
    return rh_all_finite(m->positions, (size_t)m->hp.n_text_ctx * (size_t)m->d) ? RH_OK : no_numbers(pos->name, err);
}

static rh_status take_scratch(rh_dec_model *m, rh_error *err)
{
    size_t rows = DEC_MAX_ROWS, d = (size_t)m->d, ff = (size_t)m->n_ff, pad = (size_t)m->n_audio_pad;
    m->x = rh_alloc_aligned(rows * d, sizeof *m->x);
    m->o = rh_alloc_aligned(rows * d, sizeof *m->o);
    m->ff = rh_alloc_aligned(rows * ff, sizeof *m->ff);
    m->qkv = rh_alloc_aligned(rows * 3 * d, sizeof *m->qkv);
    m->scratch = rh_calloc((size_t)rh_team_size(m->team), sizeof *m->scratch);
    bool ok = m->x && m->o && m->ff && m->qkv && m->scratch &&
              (m->f32 || rh_qvec_init(&m->audio, m->n_audio_pad, m->d) == RH_OK);
    for (int i = 0; ok && i < rh_team_size(m->team); i++) {
        dec_scratch *s = &m->scratch[i];
        s->norm = rh_alloc_aligned(rows * d, sizeof *s->norm);
        s->scores = rh_alloc_aligned(DEC_CROSS_TILE * pad, sizeof *s->scores);
        s->head_kv = rh_alloc_aligned(RH_KERNEL_HEAD * pad, sizeof *s->head_kv);
        ok = s->norm && s->scores && s->head_kv && rh_qvec_init(&s->acts, DEC_MAX_ROWS, m->n_ff) == RH_OK &&
             rh_qvec_init(&s->probs, DEC_CROSS_TILE, m->n_audio_pad) == RH_OK &&
             rh_qvec_init(&s->heads, DEC_CROSS_TILE, RH_KERNEL_HEAD) == RH_OK;
    }
    return ok ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
}

static rh_status check_shape(const rh_ggml_hparams *hp, rh_error *err)
{
    if (hp->n_text_state < 64 || hp->n_text_state > 4096 || hp->n_text_head * RH_KERNEL_HEAD != hp->n_text_state)
        return rh_fail(err, RH_ERR_FORMAT, "%d decoder heads for a width of %d: heads of 64 expected", hp->n_text_head,
                       hp->n_text_state);
    if (hp->n_text_state != hp->n_audio_state || hp->n_text_layer < 1 || hp->n_text_layer > 128 ||
        hp->n_audio_ctx < 1 || hp->n_audio_ctx > 8192 || hp->n_text_ctx < 16 || hp->n_text_ctx > RH_DEC_MAX_TOKENS)
        return rh_fail(err, RH_ERR_FORMAT, "decoder: the sizes in the model file are not Whisper's");
    return RH_OK;
}

static void find_fillers(rh_dec_model *m)
{
    static const char *const words[] = {" um",  " Um",  " uh",  " Uh", " er", " Er",
                                        " hmm", " Hmm", " erm", " mm", " ah", " umm"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        int32_t id;
        size_t n;
        if (rh_tokenizer_encode(m->tokenizer, words[i], strlen(words[i]), &id, 1, &n) == RH_OK && n == 1)
            m->fillers[m->n_fillers++] = id;
    }
}

rh_status rh_dec_model_new(rh_dec_model **out, const rh_ggml_file *file, const rh_dec_options *opts, rh_error *err)
{
    const rh_ggml_hparams *hp = rh_ggml_file_hparams(file);
    rh_status st = check_shape(hp, err);
    if (st != RH_OK)
        return st;
    rh_dec_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    m->file = file;
    m->hp = *hp;
    m->k = rh_kernels_best();
    m->f32 = opts->f32;
    m->d = hp->n_text_state;
    m->n_heads = hp->n_text_head;
    m->n_layers = hp->n_text_layer;
    m->n_ff = 4 * m->d;
    m->n_vocab = hp->n_vocab;
    m->n_audio_pad = (hp->n_audio_ctx + RH_KERNEL_BLOCK - 1) / RH_KERNEL_BLOCK * RH_KERNEL_BLOCK;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    m->layers = rh_calloc((size_t)m->n_layers, sizeof *m->layers);
    st = m->layers ? rh_team_new(&m->team, opts->n_threads, err) : rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    if (st == RH_OK)
        st = rh_tokenizer_new(&m->tokenizer, file, err);
    if (st == RH_OK)
        st = load_weights(m, err);
    if (st == RH_OK)
        st = take_scratch(m, err);
    if (st != RH_OK) {
        rh_dec_model_free(m);
        return st;
    }
    dec_find_align_heads(m);
    find_fillers(m);
    *out = m;
    return RH_OK;
}

static void free_linear(dec_linear *l)
{
    rh_qmat_done(&l->q);
    rh_free(l->f);
}

static void free_norm(dec_norm *n)
{
    rh_free(n->gain);
    rh_free(n->shift);
}

static void free_layer(dec_layer *l)
{
    dec_linear *linears[] = {&l->query,     &l->key,         &l->value,     &l->out, &l->cross_query,
                             &l->cross_key, &l->cross_value, &l->cross_out, &l->fc1, &l->fc2};
    for (size_t i = 0; i < sizeof linears / sizeof linears[0]; i++)
        free_linear(linears[i]);
    free_norm(&l->self_norm);
    free_norm(&l->cross_norm);
    free_norm(&l->mlp_norm);
}

void rh_dec_model_free(rh_dec_model *m)
{
    if (!m)
        return;
    for (int i = 0; m->layers && i < m->n_layers; i++)
        free_layer(&m->layers[i]);
    rh_free(m->layers);
    for (int i = 0; m->scratch && i < rh_team_size(m->team); i++) {
        dec_scratch *s = &m->scratch[i];
        rh_free(s->norm);
        rh_free(s->scores);
        rh_free(s->head_kv);
        rh_qvec_done(&s->acts);
        rh_qvec_done(&s->probs);
        rh_qvec_done(&s->heads);
    }
    rh_free(m->scratch);
    rh_team_free(m->team);
    rh_tokenizer_free(m->tokenizer);
    free_linear(&m->logits);
    free_norm(&m->final_norm);
    rh_arena_done(&m->arena);
    rh_free(m->positions);
    rh_free(m->x);
    rh_free(m->o);
    rh_free(m->ff);
    rh_free(m->qkv);
    rh_qvec_done(&m->audio);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

const rh_tokenizer *rh_dec_model_tokenizer(const rh_dec_model *m)
{
    return m->tokenizer;
}
