/* asr.c - chooses an engine and checks every argument before it is called. */
#include "rehearse/asr/asr.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include "engine_internal.h"
#include "level.h"
#include "rehearse/base/alloc.h"
#include "transcript_internal.h"

/* In the order in which `auto` tries them. */
static const rh_asr_engine *const engines[] = {
    &rh_engine_native,
    &rh_engine_whisper_cpp,
};
enum { N_ENGINES = sizeof engines / sizeof *engines };

enum { MAX_IDLE = 1 };

struct rh_asr_model {
    const rh_asr_engine *engine;
    void *impl;
    /* A stream given back waits here for the next user; more do not: with base one holds 25 MB. */
    pthread_mutex_t lock;
    void *idle[MAX_IDLE]; /* {lock} */
    int n_idle;           /* {lock} */
};

struct rh_asr_stream {
    const rh_asr_engine *engine;
    rh_asr_model *model;
    void *impl;
    bool encoded; /* holds the encoder's output of this user's last transcription */
};

rh_asr_model_options rh_asr_model_options_default(void)
{
    return (rh_asr_model_options){.engine = RH_ENGINE_AUTO, .device = RH_DEVICE_AUTO};
}

rh_asr_params rh_asr_params_default(void)
{
    return (rh_asr_params){.timestamps = true,
                           .word_times = true,
                           .beam = 1,
                           .fallback = true,
                           .logprob_min = -1.0f,
                           .compression_max = 2.4f,
                           .no_speech_max = 0.6f};
}

static rh_status check_model_options(const rh_asr_model_options *o, rh_error *err)
{
    if (o->n_threads < 0 || o->n_threads > 256)
        return rh_fail(err, RH_ERR_INVAL, "%d threads: give 1 to 256, or 0 for the best here", o->n_threads);
    static const char *const precisions[] = {"auto", "f32", "bf16", "f16", "int8"};
    if (!o->precision)
        return RH_OK;
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++)
        if (strcmp(o->precision, precisions[i]) == 0)
            return RH_OK;
    return rh_fail(err, RH_ERR_INVAL, "precision \"%.20s\" is none of auto, f32, bf16, f16, int8", o->precision);
}

/* Our own engine is for CPUs: where there is a GPU that may be used, the other comes first. */
static bool wants_gpu(const rh_asr_model_options *o)
{
    return o->device != RH_DEVICE_CPU && rh_whisper_cpp_has_gpu();
}

static rh_status not_in_this_build(const rh_asr_engine *e, rh_error *err)
{
    return rh_fail(err, RH_ERR_UNSUPPORTED,
                   "this build has no %s: `make WHISPER_CPP=on` adds it, `make GPU=cuda` for "
                   "NVIDIA GPUs; on CPUs --engine native does the same",
                   e->name);
}

static rh_status load_first(const rh_asr_engine **engine, void **impl, const char *path, const rh_asr_model_options *o,
                            rh_error *err)
{
    rh_status st = RH_ERR_UNSUPPORTED;
    bool backwards = o->engine == RH_ENGINE_AUTO && wants_gpu(o);
    for (int i = 0; i < N_ENGINES; i++) {
        const rh_asr_engine *e = engines[backwards ? N_ENGINES - 1 - i : i];
        if (o->engine != RH_ENGINE_AUTO && o->engine != e->id)
            continue;
        if (!e->load) {
            if (o->engine == e->id || o->device == RH_DEVICE_CUDA)
                st = not_in_this_build(e, err);
            continue;
        }
        st = e->load(impl, path, o, err);
        *engine = e;
        if (st != RH_ERR_UNSUPPORTED)
            return st;
    }
    return st;
}

rh_status rh_asr_model_load(rh_asr_model **out, const char *path, const rh_asr_model_options *opts, rh_error *err)
{
    rh_asr_model_options o = opts ? *opts : rh_asr_model_options_default();
    rh_status st = check_model_options(&o, err);
    if (st != RH_OK)
        return st;
    rh_asr_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "speech model: out of memory");
    st = load_first(&m->engine, &m->impl, path, &o, err);
    if (st != RH_OK) {
        rh_free(m);
        return st;
    }
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    return RH_OK;
}

void rh_asr_model_free(rh_asr_model *m)
{
    if (!m)
        return;
    for (int i = 0; i < m->n_idle; i++)
        m->engine->stream_free(m->idle[i]);
    m->engine->free(m->impl);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

rh_asr_model_info rh_asr_model_describe(const rh_asr_model *m)
{
    return m->engine->describe(m->impl);
}

rh_status rh_asr_model_language(const rh_asr_model *m, const char *given, char code[RH_ASR_LANG_LEN], rh_error *err)
{
    if (!rh_asr_language(given, code))
        return rh_fail(err, RH_ERR_INVAL,
                       "there is no language \"%.40s\": give a code such as en, pt-BR or nb, "
                       "a name, or auto",
                       given);
    if (m && *code && strcmp(code, "en") != 0 && !rh_asr_model_describe(m).multilingual)
        return rh_fail(err, RH_ERR_INVAL, "the speech model knows English only, not \"%.40s\"", given);
    return RH_OK;
}

rh_status rh_asr_stream_new(rh_asr_stream **out, rh_asr_model *m, rh_error *err)
{
    rh_asr_stream *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "speech stream: out of memory");
    s->engine = m->engine;
    s->model = m;
    pthread_mutex_lock(&m->lock);
    if (m->n_idle > 0)
        s->impl = m->idle[--m->n_idle];
    pthread_mutex_unlock(&m->lock);
    rh_status st = s->impl ? RH_OK : m->engine->stream_new(&s->impl, m->impl, err);
    if (st != RH_OK) {
        rh_free(s);
        return st;
    }
    *out = s;
    return RH_OK;
}

void rh_asr_stream_free(rh_asr_stream *s)
{
    if (!s)
        return;
    rh_asr_model *m = s->model;
    pthread_mutex_lock(&m->lock);
    bool kept = m->n_idle < MAX_IDLE;
    if (kept)
        m->idle[m->n_idle++] = s->impl;
    pthread_mutex_unlock(&m->lock);
    if (!kept)
        m->engine->stream_free(s->impl);
    rh_free(s);
}

/* `code` holds the language's from now on. */
static rh_status check_params(const rh_asr_stream *s, rh_asr_params *p, char code[RH_ASR_LANG_LEN], rh_error *err)
{
    if (p->beam < 1 || p->beam > RH_ASR_MAX_BEAM)
        return rh_fail(err, RH_ERR_INVAL, "beam %d outside 1..%d", p->beam, RH_ASR_MAX_BEAM);
    if (!(p->temperature >= 0.0f && p->temperature <= 1.0f))
        return rh_fail(err, RH_ERR_INVAL, "temperature %g outside [0,1]", (double)p->temperature);
    if (isnan(p->logprob_min) || isnan(p->compression_max) || isnan(p->no_speech_max) || !isfinite(p->filler_boost))
        return rh_fail(err, RH_ERR_INVAL, "a decoding threshold is not a number");
    if (p->n_draft < 0 || (p->n_draft > 0 && !p->draft))
        return rh_fail(err, RH_ERR_INVAL, "a draft of %d tokens without tokens", p->n_draft);
    if (!p->language)
        return RH_OK;
    rh_status st = rh_asr_model_language(s->model, p->language, code, err);
    p->language = st == RH_OK && *code ? code : NULL;
    return st;
}

static rh_status check_samples(const float *samples, size_t n, rh_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is not a finite number", i);
    return RH_OK;
}

rh_status rh_asr_transcribe(rh_asr_stream *s, const float *samples, size_t n, const rh_asr_params *p,
                            rh_transcript *out, rh_error *err)
{
    rh_asr_params params = p ? *p : rh_asr_params_default();
    char language[RH_ASR_LANG_LEN];
    rh_status st = check_params(s, &params, language, err);
    if (st == RH_OK)
        st = check_samples(samples, n, err);
    if (st != RH_OK)
        return st;
    rh_transcript_clear(out);
    s->encoded = false;
    float *louder = NULL;
    if (rh_level_speech(&louder, samples, n, params.speech, params.n_speech) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "speech: out of memory");
    st = s->engine->transcribe(s->impl, louder ? louder : samples, n, &params, out, err);
    s->encoded = st == RH_OK;
    rh_free(louder);
    return st;
}

/* For what an engine may do with the sound it transcribed last. */
static rh_status ready(const rh_asr_stream *s, bool able, const char *what, rh_error *err)
{
    if (!able)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "the engine %s cannot %s", s->engine->name, what);
    return s->encoded ? RH_OK : rh_fail(err, RH_ERR_INVAL, "nothing was transcribed on this stream: do that first");
}

rh_status rh_asr_redecode(rh_asr_stream *s, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    rh_asr_params params = p ? *p : rh_asr_params_default();
    char language[RH_ASR_LANG_LEN];
    rh_status st = ready(s, s->engine->redecode, "decode twice", err);
    if (st == RH_OK)
        st = check_params(s, &params, language, err);
    if (st != RH_OK)
        return st;
    rh_transcript_clear(out);
    return s->engine->redecode(s->impl, &params, out, err);
}

rh_status rh_asr_force(rh_asr_stream *s, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    rh_asr_params params = p ? *p : rh_asr_params_default();
    char language[RH_ASR_LANG_LEN];
    rh_status st = ready(s, s->engine->force, "follow a given text", err);
    if (st == RH_OK)
        st = check_params(s, &params, language, err);
    if (st != RH_OK)
        return st;
    rh_transcript_clear(out);
    return s->engine->force(s->impl, text, &params, out, err);
}

rh_status rh_asr_expected(rh_asr_stream *s, const char *text, const rh_asr_params *p, rh_asr_ending *out, rh_error *err)
{
    rh_asr_params params = p ? *p : rh_asr_params_default();
    char language[RH_ASR_LANG_LEN];
    rh_status st = ready(s, s->engine->expected, "say what it expects behind a text", err);
    if (st == RH_OK)
        st = check_params(s, &params, language, err);
    return st == RH_OK ? s->engine->expected(s->impl, text, &params, out, err) : st;
}

rh_status rh_asr_pooled(rh_asr_stream *s, float out[RH_ASR_POOLED], rh_error *err)
{
    rh_status st = ready(s, s->engine->pooled, "tell how it was said", err);
    return st == RH_OK ? s->engine->pooled(s->impl, out, err) : st;
}

rh_status rh_asr_pool(rh_asr_stream *s, const float *samples, size_t n, float out[RH_ASR_POOLED], rh_error *err)
{
    if (!s->engine->pool)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "the engine %s cannot encode sound alone", s->engine->name);
    rh_status st = check_samples(samples, n, err);
    if (st != RH_OK)
        return st;
    s->encoded = false;
    return s->engine->pool(s->impl, samples, n, out, err);
}

rh_status rh_asr_phones(rh_asr_stream *s, uint8_t **cost, size_t *n, rh_error *err)
{
    rh_status st = ready(s, s->engine->phones, "tell sounds", err);
    return st == RH_OK ? s->engine->phones(s->impl, cost, n, err) : st;
}

rh_status rh_asr_heard_language(rh_asr_stream *s, const char *asked, rh_heard_language *out, rh_error *err)
{
    char code[RH_ASR_LANG_LEN];
    rh_status st = ready(s, s->engine->heard_language, "say which language it hears", err);
    if (st == RH_OK)
        st = rh_asr_model_language(s->model, asked, code, err);
    return st == RH_OK ? s->engine->heard_language(s->impl, code, out, err) : st;
}
