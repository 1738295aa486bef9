/* encoder_graph.c - see encoder_graph.h. */
#include "encoder_graph.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include "finite_internal.h"
#include "rehearse/base/alloc.h"

typedef struct {
    const rh_ggml_file *file;
    rh_ggml_hparams hp;
    rh_ir *ir;
    bool int8;
    const voice_head *head;
    rh_status st; /* first failure; later calls do nothing */
    rh_error *err;
    float *row; /* scratch, of the longest row */
} builder;

static const rh_ggml_tensor *need(builder *b, const char *name, int64_t ne0, int64_t ne1, int64_t ne2)
{
    const rh_ggml_tensor *t = NULL;
    if (b->st == RH_OK)
        b->st = rh_ggml_file_need(b->file, &t, name, ne0, ne1, ne2, b->err);
    return t;
}

static void no_memory(builder *b)
{
    if (b->st == RH_OK)
        b->st = rh_fail(b->err, RH_ERR_NOMEM, "encoder: out of memory");
}

/* A tensor's values as f32: in place where the file has f32 or f16. */
static rh_ir_node plain(builder *b, const rh_ggml_tensor *t, rh_ir_shape shape)
{
    if (!t)
        return 0;
    if (t->type == RH_GGML_F32)
        return rh_ir_const(b->ir, RH_NN_F32, shape, t->data);
    if (t->type == RH_GGML_F16)
        return rh_ir_to_f32(b->ir, rh_ir_const(b->ir, RH_NN_F16, shape, t->data));
    float *values = rh_alloc_array((size_t)(t->ne[0] * t->ne[1] * t->ne[2]), sizeof *values);
    if (!values) {
        no_memory(b);
        return 0;
    }
    rh_ggml_values(t, values);
    rh_ir_node n = rh_ir_const_copy(b->ir, RH_NN_F32, shape, values);
    rh_free(values);
    return n;
}

static rh_ir_node vector(builder *b, const char *prefix, const char *name, int64_t n)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    return plain(b, need(b, full, n, 1, 1), RH_IR_SHAPE(n));
}

/* One row in 8 bits without sign: value = (q - zero) * scale. */
static void quantize_row(const float *w, size_t n, uint8_t *q, uint8_t *zero, float *scale)
{
    float lo = 0.0f, hi = 0.0f;
    for (size_t i = 0; i < n; i++) {
        lo = w[i] < lo ? w[i] : lo;
        hi = w[i] > hi ? w[i] : hi;
    }
    float s = hi > lo ? (hi - lo) / 255.0f : 1.0f;
    float z = rintf(-lo / s);
    for (size_t i = 0; i < n; i++) {
        float v = rintf(w[i] / s) + z;
        q[i] = (uint8_t)(v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v);
    }
    *zero = (uint8_t)z;
    *scale = s;
}

/* Weights [rows][cols] as 8 bits, zero points and scales by row. */
static rh_ir_node quantized(builder *b, const rh_ggml_tensor *t, int64_t cols, int64_t rows)
{
    size_t n = (size_t)rows, k = (size_t)cols;
    uint8_t *q = rh_alloc_array(n, k), *zero = rh_alloc(n);
    float *scale = rh_alloc_array(n, sizeof *scale);
    rh_ir_node node = 0;
    if (q && zero && scale) {
        for (size_t r = 0; r < n; r++) {
            rh_ggml_row(t, (int64_t)r, b->row);
            if (!rh_all_finite(b->row, k)) {
                b->st = rh_fail(b->err, RH_ERR_FORMAT,
                                "tensor %s holds values that are no numbers: "
                                "the speech model is damaged",
                                t->name);
                break;
            }
            quantize_row(b->row, k, q + r * k, &zero[r], &scale[r]);
        }
        rh_ir_shape column = RH_IR_SHAPE(rows, 1);
        rh_ir_node w = rh_ir_to_f32(b->ir, rh_ir_const_copy(b->ir, RH_NN_U8, RH_IR_SHAPE(rows, cols), q));
        rh_ir_node z = rh_ir_to_f32(b->ir, rh_ir_const_copy(b->ir, RH_NN_U8, column, zero));
        w = rh_ir_op(b->ir, "Subtract", "opset1", "", 2, (rh_ir_node[]){w, z});
        node = rh_ir_mul(b->ir, w, rh_ir_const_copy(b->ir, RH_NN_F32, column, scale));
    } else {
        no_memory(b);
    }
    rh_free(q);
    rh_free(zero);
    rh_free(scale);
    return node;
}

static rh_ir_node linear(builder *b, rh_ir_node x, const char *prefix, const char *name, int64_t n_in, int64_t n_out,
                         bool bias)
{
    char full[128];
    (void)snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    const rh_ggml_tensor *t = need(b, full, n_in, n_out, 1);
    if (!t)
        return 0;
    rh_ir_node w = b->int8 ? quantized(b, t, n_in, n_out) : plain(b, t, RH_IR_SHAPE(n_out, n_in));
    rh_ir_node y = rh_ir_matmul(b->ir, x, w, 1);
    if (!bias)
        return y;
    (void)snprintf(full, sizeof full, "%s.bias", name);
    return rh_ir_add(b->ir, y, vector(b, prefix, full, n_out));
}

static rh_ir_node gelu(builder *b, rh_ir_node x)
{
    return rh_ir_op(b->ir, "Gelu", "opset7", "approximation_mode=\"ERF\"", 1, &x);
}

static rh_ir_node layer_norm(builder *b, rh_ir_node x, const char *prefix, const char *name)
{
    char full[64];
    rh_ir_node axes = rh_ir_ints(b->ir, RH_IR_SHAPE(-1));
    rh_ir_node y =
        rh_ir_op(b->ir, "MVN", "opset6", "eps=\"1e-05\" normalize_variance=\"true\" eps_mode=\"INSIDE_SQRT\"", 2,
                 (rh_ir_node[]){x, axes});
    (void)snprintf(full, sizeof full, "%s.weight", name);
    y = rh_ir_mul(b->ir, y, vector(b, prefix, full, b->hp.n_audio_state));
    (void)snprintf(full, sizeof full, "%s.bias", name);
    return rh_ir_add(b->ir, y, vector(b, prefix, full, b->hp.n_audio_state));
}

/* Convolution over time of width 3, one hop of zeros in front; behind, the
 * input carries the hop that is needed. */
static rh_ir_node conv(builder *b, rh_ir_node x, const char *name, int64_t n_in, int stride)
{
    char full[64], attributes[128];
    int64_t n_out = b->hp.n_audio_state;
    (void)snprintf(full, sizeof full, "encoder.%s.weight", name);
    rh_ir_node w = plain(b, need(b, full, 3, n_in, n_out), RH_IR_SHAPE(n_out, n_in, 3));
    (void)snprintf(attributes, sizeof attributes,
                   "strides=\"%d\" dilations=\"1\" "
                   "pads_begin=\"1\" pads_end=\"0\" auto_pad=\"explicit\"",
                   stride);
    rh_ir_node y = rh_ir_op(b->ir, "Convolution", "opset1", attributes, 2, (rh_ir_node[]){x, w});
    (void)snprintf(full, sizeof full, "encoder.%s.bias", name);
    rh_ir_node bias = plain(b, need(b, full, n_out, 1, 1), RH_IR_SHAPE(1, n_out, 1));
    return gelu(b, rh_ir_add(b->ir, y, bias));
}

typedef struct {
    rh_ir_node split, swap, join, bias; /* shapes of reshape and transpose, attention bias */
} shared_nodes;

static rh_ir_node heads(builder *b, rh_ir_node x, const shared_nodes *s)
{
    rh_ir_node y = rh_ir_op(b->ir, "Reshape", "opset1", "special_zero=\"true\"", 2, (rh_ir_node[]){x, s->split});
    return rh_ir_op(b->ir, "Transpose", "opset1", "", 2, (rh_ir_node[]){y, s->swap});
}

static rh_ir_node attention(builder *b, rh_ir_node x, const char *prefix, int layer, const shared_nodes *s,
                            rh_ir_node out_kv[2])
{
    int64_t d = b->hp.n_audio_state;
    char name[16];
    rh_ir_node q = linear(b, x, prefix, "attn.query", d, d, true);
    rh_ir_node kv[2] = {linear(b, x, prefix, "attn.key", d, d, false), linear(b, x, prefix, "attn.value", d, d, true)};
    rh_ir_node all[2];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "%c%d", i ? 'v' : 'k', layer);
        out_kv[i] = kv[i];
        rh_ir_node more = rh_ir_input(b->ir, name, RH_NN_F32, RH_IR_SHAPE(1, -1, d));
        all[i] = heads(b, rh_ir_op(b->ir, "Concat", "opset1", "axis=\"1\"", 2, (rh_ir_node[]){kv[i], more}), s);
    }
    float scale = 1.0f / sqrtf((float)(d / b->hp.n_audio_head));
    rh_ir_node scaled = rh_ir_mul(b->ir, heads(b, q, s), rh_ir_scalar(b->ir, scale));
    rh_ir_node scores = rh_ir_add(b->ir, rh_ir_matmul(b->ir, scaled, all[0], 1), s->bias);
    scores = rh_ir_op(b->ir, "Softmax", "opset8", "axis=\"-1\"", 1, &scores);
    rh_ir_node y = rh_ir_matmul(b->ir, scores, all[1], 0);
    y = rh_ir_op(b->ir, "Transpose", "opset1", "", 2, (rh_ir_node[]){y, s->swap});
    y = rh_ir_op(b->ir, "Reshape", "opset1", "special_zero=\"true\"", 2, (rh_ir_node[]){y, s->join});
    return linear(b, y, prefix, "attn.out", d, d, true);
}

static rh_ir_node block(builder *b, rh_ir_node x, int layer, const shared_nodes *s, rh_ir_node out_kv[2])
{
    int64_t d = b->hp.n_audio_state;
    char prefix[40];
    (void)snprintf(prefix, sizeof prefix, "encoder.blocks.%d.", layer);
    rh_ir_node a = attention(b, layer_norm(b, x, prefix, "attn_ln"), prefix, layer, s, out_kv);
    x = rh_ir_add(b->ir, x, a);
    rh_ir_node h = layer_norm(b, x, prefix, "mlp_ln");
    h = gelu(b, linear(b, h, prefix, "mlp.0", d, 4 * d, true));
    return rh_ir_add(b->ir, x, linear(b, h, prefix, "mlp.2", 4 * d, d, true));
}

/* What the voice head hears of a layer's output, added to what it heard of those before (0 for none). */
static rh_ir_node add_sums(builder *b, int layer, rh_ir_node x, rh_ir_node before)
{
    int k = layer - VOICE_FIRST_LAYER;
    if (!b->head || k < 0 || k >= VOICE_LAYERS || b->st != RH_OK)
        return before;
    float *w = rh_alloc_array(VOICE_SUMS, VOICE_STATE * sizeof *w);
    if (!w) {
        no_memory(b);
        return 0;
    }
    for (int s = 0; s < VOICE_SUMS; s++)
        for (int j = 0; j < VOICE_STATE; j++)
            w[s * VOICE_STATE + j] = voice_head_weight(b->head, k, s, j);
    rh_ir_node y =
        rh_ir_matmul(b->ir, x, rh_ir_const_copy(b->ir, RH_NN_F32, RH_IR_SHAPE(VOICE_SUMS, VOICE_STATE), w), 1);
    rh_free(w);
    if (k == 0)
        before = rh_ir_const_copy(b->ir, RH_NN_F32, RH_IR_SHAPE(VOICE_SUMS), b->head->bias);
    return rh_ir_add(b->ir, y, before);
}

static void build(builder *b)
{
    int64_t d = b->hp.n_audio_state, n_heads = b->hp.n_audio_head;
    enum { MAX_LAYERS = 64 };
    rh_ir_node kv[MAX_LAYERS][2], x, pos, pool, sums = 0;
    if (b->hp.n_audio_layer > MAX_LAYERS) {
        b->st = rh_fail(b->err, RH_ERR_FORMAT, "encoder of %d layers: at most %d are known", b->hp.n_audio_layer,
                        MAX_LAYERS);
        return;
    }
    x = rh_ir_input(b->ir, "mel", RH_NN_F32, RH_IR_SHAPE(1, b->hp.n_mels, -1));
    pos = rh_ir_input(b->ir, "pos", RH_NN_F32, RH_IR_SHAPE(1, -1, d));
    shared_nodes s = {
        .bias = rh_ir_input(b->ir, "bias", RH_NN_F32, RH_IR_SHAPE(1, 1, 1, -1)),
        .split = rh_ir_ints(b->ir, RH_IR_SHAPE(0, 0, n_heads, d / n_heads)),
        .swap = rh_ir_ints(b->ir, RH_IR_SHAPE(0, 2, 1, 3)),
        .join = rh_ir_ints(b->ir, RH_IR_SHAPE(0, 0, d)),
    };
    x = conv(b, x, "conv1", b->hp.n_mels, 1);
    x = conv(b, x, "conv2", d, 2);
    pool = rh_ir_input(b->ir, "pool", RH_NN_F32, RH_IR_SHAPE(1, -1, -1));
    rh_ir_node turn = rh_ir_ints(b->ir, RH_IR_SHAPE(0, 2, 1));
    x = rh_ir_op(b->ir, "Transpose", "opset1", "", 2, (rh_ir_node[]){x, turn});
    x = rh_ir_add(b->ir, x, pos);
    for (int i = 0; i < b->hp.n_audio_layer && b->st == RH_OK; i++) {
        x = block(b, x, i, &s, kv[i]);
        if (i + 1 < b->hp.n_audio_layer)
            sums = add_sums(b, i, x, sums);
    }
    if (b->st != RH_OK)
        return;
    for (int i = 0; i < b->hp.n_audio_layer; i++)
        for (int j = 0; j < 2; j++) {
            char name[16];
            (void)snprintf(name, sizeof name, "own_%c%d", j ? 'v' : 'k', i);
            rh_ir_output(b->ir, rh_ir_matmul(b->ir, pool, kv[i][j], 0), name);
        }
    x = layer_norm(b, x, "encoder.", "ln_post");
    rh_ir_output(b->ir, x, "states");
    sums = add_sums(b, b->hp.n_audio_layer - 1, x, sums);
    if (b->head)
        rh_ir_output(b->ir, sums, "sums");
}

static rh_status compile(rh_nn_model **out, rh_ir *weights, const rh_ggml_file *file,
                         const rh_encoder_graph_options *opts, rh_error *err)
{
    /* Activations are quantized a row at a time, in groups of one row of the
     * smaller layers: a group longer than a row switches quantization off. */
    char group[16];
    (void)snprintf(group, sizeof group, "%d", opts->int8 ? rh_ggml_file_hparams(file)->n_audio_state : 0);
    const char *properties[] = {"DYNAMIC_QUANTIZATION_GROUP_SIZE", group, NULL};
    rh_nn_options o = {.n_threads = opts->n_threads,
                       .n_streams = opts->n_streams,
                       .precision = opts->precision,
                       .cache_dir = opts->cache_dir,
                       .properties = properties};
    return rh_ir_compile(weights, out, &o, err);
}

rh_status rh_encoder_graph_compile(rh_nn_model **out, rh_ir **weights, const rh_ggml_file *file,
                                   const rh_encoder_graph_options *opts, rh_error *err)
{
    builder b = {.file = file, .hp = *rh_ggml_file_hparams(file), .int8 = opts->int8, .head = opts->head, .err = err};
    b.row = rh_alloc_array((size_t)b.hp.n_audio_state * 4, sizeof *b.row);
    b.st = b.row ? rh_ir_new(&b.ir, "whisper_encoder", err) : rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    if (b.st == RH_OK)
        build(&b);
    rh_nn_model *net = NULL;
    if (b.st == RH_OK)
        b.st = compile(&net, b.ir, file, opts, err);
    if (b.st == RH_OK && opts->cache_dir && !rh_nn_model_from_cache(net)) {
        rh_nn_model_free(net); /* it is in the cache now */
        b.st = compile(&net, b.ir, file, opts, err);
    }
    rh_free(b.row);
    if (b.st != RH_OK || rh_nn_model_from_cache(net)) {
        rh_ir_free(b.ir);
        b.ir = NULL;
    }
    if (b.st == RH_OK) {
        *out = net;
        *weights = b.ir;
    }
    return b.st;
}
