/* engine.c - our own recognition engine for CPUs behind the engine
 * table. The model's file stays mapped: the encoder reads its weights from it
 * until its first runs, and pages come and go as the kernel likes. */
#include <string.h>
#include "asr/engine_internal.h"
#include "asr/phone_head.h"
#include "native_internal.h"
#include "asr/tokenizer_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"

static const char *size_of(const rh_ggml_hparams *h)
{
    static const struct {
        const char *name;
        int n_mels, n_enc, n_dec;
    } shapes[] = {
        {"tiny", 80, 4, 4},    {"base", 80, 6, 6},        {"small", 80, 12, 12},          {"medium", 80, 24, 24},
        {"large", 80, 32, 32}, {"large-v3", 128, 32, 32}, {"large-v3-turbo", 128, 32, 4},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].n_mels == h->n_mels && shapes[i].n_enc == h->n_audio_layer && shapes[i].n_dec == h->n_text_layer)
            return shapes[i].name;
    return "other";
}

static void engine_free(void *model)
{
    native_model *m = model;
    if (!m)
        return;
    rh_dec_model_free(m->decoder);
    rh_enc_model_free(m->encoder);
    rh_ggml_file_free(m->file);
    rh_free(m);
}

static void describe_loaded(native_model *m, int n_threads)
{
    const rh_ggml_hparams *h = rh_ggml_file_hparams(m->file);
    const rh_tokenizer *t = rh_dec_model_tokenizer(m->decoder);
    m->info = (rh_asr_model_info){
        .engine = "native",
        .device = "cpu",
        .precision = rh_enc_model_precision(m->encoder),
        .size = size_of(h),
        .multilingual = rh_tokenizer_special(t)->multilingual,
        .n_mels = h->n_mels,
        .n_state = h->n_audio_state,
        .n_layers_enc = h->n_audio_layer,
        .n_layers_dec = h->n_text_layer,
        .n_vocab = h->n_vocab,
        .n_threads = n_threads,
    };
}

static rh_status engine_load(void **model, const char *path, const rh_asr_model_options *o, rh_error *err)
{
    if (o->device == RH_DEVICE_CUDA)
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "the native engine runs on the CPU: for a GPU "
                       "take --engine whisper.cpp");
    native_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "speech model: out of memory");
    int n_threads = o->n_threads > 0 ? o->n_threads : rh_cpu_count();
    rh_enc_options eo = {.precision = o->precision, .n_threads = n_threads, .cache_dir = o->cache_dir};
    rh_dec_options dopts = {.n_threads = n_threads, .f32 = o->precision && strcmp(o->precision, "f32") == 0};
    rh_status st = rh_ggml_file_open(&m->file, path, err);
    if (st == RH_OK)
        st = rh_enc_model_new(&m->encoder, m->file, &eo, err);
    if (st == RH_OK)
        st = rh_dec_model_new(&m->decoder, m->file, &dopts, err);
    if (st != RH_OK) {
        engine_free(m);
        return st;
    }
    rh_ggml_file_release_pages(m->file);
    describe_loaded(m, n_threads);
    *model = m;
    return RH_OK;
}

static rh_asr_model_info engine_describe(const void *model)
{
    return ((const native_model *)model)->info;
}

static void engine_stream_free(void *stream)
{
    native_stream *s = stream;
    if (!s)
        return;
    rh_enc_state_free(s->encoder);
    rh_dec_state_free(s->decoder);
    rh_free(s);
}

static rh_status engine_stream_new(void **stream, void *model, rh_error *err)
{
    native_model *m = model;
    native_stream *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "speech stream: out of memory");
    s->model = m;
    rh_status st = rh_enc_state_new(&s->encoder, m->encoder, err);
    if (st == RH_OK)
        st = rh_dec_state_new(&s->decoder, m->decoder, err);
    if (st == RH_OK)
        *stream = s;
    else
        engine_stream_free(s);
    return st;
}

static rh_status engine_pooled(void *stream, float out[RH_ASR_POOLED], rh_error *err)
{
    const native_stream *s = stream;
    if (s->kept.n_pos == 0)
        return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
    return rh_enc_pool(s->encoder, &s->kept, out, err);
}

static rh_status engine_pool(void *stream, const float *samples, size_t n, float out[RH_ASR_POOLED], rh_error *err)
{
    enum { LEAST = RH_ASR_RATE_HZ / 10, MOST = RH_ENC_WINDOW_HOPS * RH_MEL_HOP };
    native_stream *s = stream;
    rh_enc_output own = {0};
    if (n < LEAST)
        return rh_fail(err, RH_ERR_INVAL, "%zu samples are no speech: give at least %d", n, LEAST);
    if (n > MOST)
        return rh_fail(err, RH_ERR_LIMIT, "%zu samples: at most %d fit one window", n, MOST);
    s->kept.n_pos = 0; /* the encoder has one place for its output */
    const rh_enc_window w = {.samples = samples, .n = n, .n_hops = rh_log_mel_n_hops(n)};
    rh_status st = rh_enc_run(s->encoder, &w, &own, err);
    return st == RH_OK ? rh_enc_pool(s->encoder, &own, out, err) : st;
}

static rh_status engine_phones(void *stream, uint8_t **cost, size_t *n, rh_error *err)
{
    const native_stream *s = stream;
    if (s->model->info.n_state != PHONE_HEAD_STATE || !s->model->info.multilingual)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "sounds are told from the output of the multilingual base model alone");
    if (s->kept.n_pos == 0)
        return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
    *n = (size_t)s->kept.n_speech;
    *cost = rh_alloc_array(*n, PHONE_HEAD_SOUNDS);
    if (!*cost)
        return rh_fail(err, RH_ERR_NOMEM, "sounds: out of memory");
    phone_head_run(s->kept.states, *n, *cost);
    return RH_OK;
}

static rh_status engine_heard_language(void *stream, const char *asked, rh_heard_language *out, rh_error *err)
{
    native_stream *s = stream;
    const rh_tokenizer *t = rh_dec_model_tokenizer(s->model->decoder);
    int32_t first = rh_tokenizer_special(t)->first_language, best = 0, want = rh_tokenizer_language(t, asked);
    float p[RH_MAX_LANGUAGES] = {0};
    if (s->kept.n_pos == 0)
        return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
    rh_status st = rh_dec_detect_language(s->decoder, &best, p, err);
    if (st != RH_OK)
        return st;
    const char *code = rh_tokenizer_language_code(t, best);
    *out = (rh_heard_language){.p = p[best - first], .p_asked = want >= first ? p[want - first] : 0};
    strncpy(out->code, code ? code : "en", sizeof out->code - 1);
    return RH_OK;
}

const rh_asr_engine rh_engine_native = {
    .id = RH_ENGINE_NATIVE,
    .name = "native",
    .load = engine_load,
    .free = engine_free,
    .describe = engine_describe,
    .stream_new = engine_stream_new,
    .stream_free = engine_stream_free,
    .transcribe = native_transcribe,
    .redecode = native_redecode,
    .force = native_force,
    .expected = native_expected,
    .pooled = engine_pooled,
    .pool = engine_pool,
    .phones = engine_phones,
    .heard_language = engine_heard_language,
};
