/* compare.c - see compare.h. */
#include "compare.h"

#include <math.h>
#include <string.h>
#include "asr/native/decoder_internal.h"
#include "asr/native/encoder_internal.h"
#include "made_model.h"
#include "oracle.h"
#include "rehearse/base/alloc.h"

/* The decoder reads a prompt at once, takes single steps, reads a long stretch
 * at once and takes steps behind it. */
enum { PROMPT = 14, SINGLE = 10, LONG_END = 200, N_TOKENS = LONG_END + SINGLE };
enum { N_STEPS = 2 * (SINGLE + 1) };

typedef struct {
    const char *path;
    int n_threads;
    rh_ggml_file *file;
    const rh_ggml_hparams *hp;
    size_t n_samples, n_mel, n_states;
    float *samples, *mel, *states; /* whisper.cpp's */
    float *own_states;             /* our f32 */
    float *logits, *own_logits;    /* [N_STEPS][n_vocab] whisper.cpp's, our f32 */
    int32_t tokens[N_TOKENS];
} job;

static double relative(const float *a, const float *b, size_t n)
{
    double largest = 0.0, worst = 0.0, sum = 0.0, diff = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)a[i], d = (double)b[i] - x;
        if (!isfinite(d))
            return INFINITY;
        largest = fmax(largest, fabs(x));
        worst = fmax(worst, fabs(d));
        sum += x * x;
        diff += d * d;
    }
    return fmax(worst / largest, sqrt(diff / sum));
}

static double worst_row(const float *a, const float *b, size_t n_rows, size_t n)
{
    double worst = 0.0;
    for (size_t i = 0; i < n_rows; i++)
        worst = fmax(worst, relative(a + i * n, b + i * n, n));
    return worst;
}

static int same_choices(const float *a, const float *b, size_t n)
{
    int same = 0;
    for (size_t i = 0; i < N_STEPS; i++) {
        size_t x = 0, y = 0;
        for (size_t j = 1; j < n; j++) {
            x = a[i * n + j] > a[i * n + x] ? j : x;
            y = b[i * n + j] > b[i * n + y] ? j : y;
        }
        same += x == y;
    }
    return same;
}

/* Tokens of step i: [*from, *to); the logits wanted are of the last one. */
static void step_range(int i, int *from, int *to)
{
    int single = i % (SINGLE + 1);
    int first_end = i <= SINGLE ? PROMPT : LONG_END;
    *to = first_end + single;
    *from = single ? *to - 1 : i ? PROMPT + SINGLE : 0;
}

static void fill_input(job *j)
{
    for (size_t i = 0; i < j->n_samples; i++) {
        double t = (double)i;
        j->samples[i] = (float)(0.3 * sin(0.05 * t) + 0.1 * sin(t * t * 1e-5)) + 0.05f * made_value(77, (uint32_t)i);
    }
    enum { N_TEXT = 50000, SOT = 50258, PREVIOUS = 50361 };
    for (int i = 0; i < N_TOKENS; i++)
        j->tokens[i] = (int32_t)((made_value(78, (uint32_t)i) + 0.5f) * (float)N_TEXT);
    j->tokens[0] = PREVIOUS;
    for (int i = 0; i < 4; i++)
        j->tokens[PROMPT - 4 + i] = SOT + i;
}

static rh_status ask_oracle(job *j, rh_error *err)
{
    oracle *o = NULL;
    oracle_window w;
    const float *logits;
    size_t n_vocab = (size_t)j->hp->n_vocab;
    rh_status st = oracle_new(&o, j->path, err);
    if (st == RH_OK)
        st = oracle_encode(o, j->samples, j->n_samples, &w, err);
    if (st == RH_OK) {
        memcpy(j->mel, w.mel, j->n_mel * sizeof *j->mel);
        memcpy(j->states, w.states, j->n_states * sizeof *j->states);
    }
    for (int i = 0, from, to; i < N_STEPS && st == RH_OK; i++) {
        step_range(i, &from, &to);
        st = oracle_decode(o, j->tokens + from, to - from, from, &logits, err);
        if (st == RH_OK)
            memcpy(j->logits + (size_t)i * n_vocab, logits, n_vocab * sizeof *logits);
    }
    oracle_free(o);
    return st;
}

static rh_status compare_mel(job *j, comparison *c, rh_error *err)
{
    rh_log_mel *lm = NULL;
    size_t hops = 2 * (size_t)j->hp->n_audio_ctx;
    float *mel = rh_alloc_array(j->n_mel, sizeof *mel);
    if (!mel)
        return rh_fail(err, RH_ERR_NOMEM, "comparison: out of memory");
    rh_status st = rh_log_mel_new(&lm, rh_ggml_file_mel_filters(j->file), j->hp->n_mels, err);
    if (st == RH_OK) {
        float max = rh_log_mel_raw(lm, j->samples, j->n_samples, 0, hops, mel, hops);
        rh_log_mel_normalise(lm, mel, hops, hops, max);
        for (size_t i = 0; i < j->n_mel; i++)
            c->mel = fmax(c->mel, fabs((double)mel[i] - (double)j->mel[i]));
    }
    rh_log_mel_free(lm);
    rh_free(mel);
    return st;
}

/* Runs the first n_own positions of the window; keys and values of the others
 * are the outputs of `rest`. `x` is scratch for the mel and a zero bias. */
static rh_status run_part(const job *j, const rh_enc_model *m, rh_nn_request *r, int n_own, rh_nn_request *rest,
                          float *x, rh_error *err)
{
    int64_t d = j->hp->n_audio_state, ctx = j->hp->n_audio_ctx, width = 2 * n_own + 1;
    float nothing[1] = {0}, *bias = x + j->hp->n_mels * width;
    for (int64_t b = 0; b < j->hp->n_mels; b++)
        for (int64_t t = 0; t < width; t++)
            x[b * width + t] = t < 2 * ctx ? j->mel[b * 2 * ctx + t] : 0.0f;
    memset(bias, 0, (size_t)ctx * sizeof *bias);
    /* The whole gives out every key: the average of each by itself. */
    float *pool = rh_calloc((size_t)(ctx * ctx), sizeof *pool);
    if (!pool)
        return rh_fail(err, RH_ERR_NOMEM, "comparison: out of memory");
    for (int64_t i = 0; i < ctx; i++)
        pool[i * ctx + i] = 1.0f;
    rh_nn_tensor inputs[] = {
        {.type = RH_NN_F32, .n_dims = 3, .dims = {1, j->hp->n_mels, width}, .data = x},
        {.type = RH_NN_F32, .n_dims = 3, .dims = {1, n_own, d}, .data = m->pos},
        {.type = RH_NN_F32, .n_dims = 4, .dims = {1, 1, 1, ctx}, .data = bias},
        {.type = RH_NN_F32, .n_dims = 3, .dims = {1, rest ? 0 : n_own, n_own}, .data = pool},
    };
    rh_status st = RH_OK;
    for (int i = 0; i < RH_ENC_IN_KV && st == RH_OK; i++)
        st = rh_nn_set_input(r, i, &inputs[i], err);
    for (int i = 0; i < 2 * j->hp->n_audio_layer && st == RH_OK; i++) {
        rh_nn_tensor kv = {.data = nothing};
        if (rest)
            st = rh_nn_get_output(rest, RH_ENC_OUT_KV + i, &kv, err);
        kv = (rh_nn_tensor){.type = RH_NN_F32,
                            .n_dims = 3,
                            .dims = {1, ctx - n_own, d},
                            .data = rest ? (float *)kv.data + n_own * d : nothing};
        if (st == RH_OK)
            st = rh_nn_set_input(r, RH_ENC_IN_KV + i, &kv, err);
    }
    if (st == RH_OK)
        st = rh_nn_run(r, err);
    rh_free(pool);
    return st;
}

static rh_status compare_tail(job *j, const rh_enc_model *m, comparison *c, rh_error *err)
{
    int ctx = j->hp->n_audio_ctx, half = ctx / 2;
    rh_nn_request *whole = NULL, *part = NULL;
    rh_nn_tensor a, b;
    float *x = rh_alloc_array(j->n_mel + (size_t)(j->hp->n_mels + ctx), sizeof *x);
    rh_status st =
        x ? rh_nn_request_new(&whole, m->fast, err) : rh_fail(err, RH_ERR_NOMEM, "comparison: out of memory");
    if (st == RH_OK)
        st = rh_nn_request_new(&part, m->fast, err);
    if (st == RH_OK)
        st = run_part(j, m, whole, ctx, NULL, x, err);
    if (st == RH_OK)
        st = run_part(j, m, part, half, whole, x, err);
    if (st == RH_OK)
        st = rh_nn_get_output(whole, 2 * j->hp->n_audio_layer, &a, err);
    if (st == RH_OK)
        st = rh_nn_get_output(part, 2 * j->hp->n_audio_layer, &b, err);
    if (st == RH_OK)
        c->tail = relative(a.data, b.data, (size_t)half * (size_t)j->hp->n_audio_state);
    rh_nn_request_free(whole);
    rh_nn_request_free(part);
    rh_free(x);
    return st;
}

static rh_status compare_encoder(job *j, const char *precision, comparison *c, rh_error *err)
{
    rh_enc_model *m = NULL;
    rh_enc_state *s = NULL;
    rh_enc_output out;
    bool f32 = strcmp(precision, "f32") == 0;
    rh_enc_options o = {.precision = precision, .n_threads = j->n_threads, .full_window = true};
    rh_enc_window w = {.samples = j->samples, .n = j->n_samples, .n_hops = 2 * (size_t)j->hp->n_audio_ctx};
    rh_status st = rh_enc_model_new(&m, j->file, &o, err);
    if (st == RH_OK)
        st = rh_enc_state_new(&s, m, err);
    if (st == RH_OK)
        st = rh_enc_run(s, &w, &out, err);
    if (st == RH_OK && f32) {
        memcpy(j->own_states, out.states, j->n_states * sizeof *out.states);
        c->encoder = relative(j->states, out.states, j->n_states);
        st = compare_tail(j, m, c, err);
    } else if (st == RH_OK) {
        c->int8_encoder = relative(j->own_states, out.states, j->n_states);
    }
    rh_enc_state_free(s);
    rh_enc_model_free(m);
    return st;
}

static rh_status run_decoder(job *j, bool f32, float *logits, rh_error *err)
{
    rh_dec_model *m = NULL;
    rh_dec_state *s = NULL;
    rh_dec_options o = {.n_threads = j->n_threads, .f32 = f32};
    size_t n_vocab = (size_t)j->hp->n_vocab;
    dec_sequence q = {.n = 0};
    rh_status st = rh_dec_model_new(&m, j->file, &o, err);
    if (st == RH_OK)
        st = rh_dec_state_new(&s, m, err);
    if (st == RH_OK)
        st = rh_dec_set_audio(s, j->states, j->hp->n_audio_ctx, err);
    for (int i = 0, from, to; i < N_STEPS && st == RH_OK; i++) {
        step_range(i, &from, &to);
        st = dec_extend(s, &q, j->tokens + from, to - from, to - from - 1, NULL, 0, err);
        if (st == RH_OK)
            memcpy(logits + (size_t)i * n_vocab, s->logits, n_vocab * sizeof *logits);
    }
    rh_dec_state_free(s);
    rh_dec_model_free(m);
    return st;
}

static rh_status compare_decoders(job *j, comparison *c, rh_error *err)
{
    size_t n = (size_t)j->hp->n_vocab;
    rh_status st = run_decoder(j, true, j->own_logits, err);
    if (st != RH_OK)
        return st;
    c->n_steps = N_STEPS;
    c->logits = worst_row(j->logits, j->own_logits, N_STEPS, n);
    c->same_f32 = same_choices(j->logits, j->own_logits, n);
    float *eight = rh_alloc_array(N_STEPS * n, sizeof *eight);
    st = eight ? run_decoder(j, false, eight, err) : rh_fail(err, RH_ERR_NOMEM, "comparison: out of memory");
    if (st == RH_OK) {
        c->int8_logits = worst_row(j->own_logits, eight, N_STEPS, n);
        c->same_int8 = same_choices(j->logits, eight, n);
    }
    rh_free(eight);
    return st;
}

static rh_status take_memory(job *j, rh_error *err)
{
    const rh_ggml_hparams *h = j->hp;
    j->n_samples = (size_t)h->n_audio_ctx * RH_ENC_POS_SAMPLES;
    j->n_mel = 2 * (size_t)h->n_audio_ctx * (size_t)h->n_mels;
    j->n_states = (size_t)h->n_audio_ctx * (size_t)h->n_audio_state;
    size_t n_logits = (size_t)N_STEPS * (size_t)h->n_vocab;
    j->samples = rh_alloc_array(j->n_samples, sizeof(float));
    j->mel = rh_alloc_array(j->n_mel, sizeof(float));
    j->states = rh_alloc_array(j->n_states, sizeof(float));
    j->own_states = rh_alloc_array(j->n_states, sizeof(float));
    j->logits = rh_alloc_array(n_logits, sizeof(float));
    j->own_logits = rh_alloc_array(n_logits, sizeof(float));
    if (j->samples && j->mel && j->states && j->own_states && j->logits && j->own_logits)
        return RH_OK;
    return rh_fail(err, RH_ERR_NOMEM, "comparison: out of memory");
}

static void job_done(job *j)
{
    float *all[] = {j->samples, j->mel, j->states, j->own_states, j->logits, j->own_logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rh_free(all[i]);
    rh_ggml_file_free(j->file);
}

rh_status compare_engines(comparison *c, const char *path, int n_threads, rh_error *err)
{
    job j = {.path = path, .n_threads = n_threads};
    *c = (comparison){0};
    rh_status st = rh_ggml_file_open(&j.file, path, err);
    if (st == RH_OK) {
        j.hp = rh_ggml_file_hparams(j.file);
        st = take_memory(&j, err);
    }
    if (st == RH_OK) {
        fill_input(&j);
        st = ask_oracle(&j, err);
    }
    if (st == RH_OK)
        st = compare_mel(&j, c, err);
    if (st == RH_OK)
        st = compare_encoder(&j, "f32", c, err);
    if (st == RH_OK)
        st = compare_encoder(&j, "int8", c, err);
    if (st == RH_OK)
        st = compare_decoders(&j, c, err);
    job_done(&j);
    return st;
}
