/* whisper_cpp.c - the engine that runs whisper.cpp, on CPU or GPU.
 *
 * One whisper_context (weights) serves many whisper_states (streams). Rules of
 * decoding are whisper.cpp's; where openai-whisper differs and a callback
 * allows it, the reference's rule holds: the first token is a timestamp, and
 * symbols that are not speech are suppressed. Its cut of the encoder's window
 * (audio_ctx) is not used: it costs words.
 * Token times come from its dynamic time warping over the alignment heads,
 * which tells when each token ends; a token starts where the one before ended. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <whisper.h>
#include "engine_internal.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rehearse/cpu.h"
#include "rehearse/ggml_file.h"
#include "transcript_internal.h"
#include "whisper_cpp_internal.h"

enum {
    MAX_BEAM = 8,       /* WHISPER_MAX_DECODERS */
    MAX_PREFIX = 200,   /* tokens */
    MAX_FILLERS = 32,
    MAX_WINDOWS = 4096, /* of one transcription; past it probabilities lack detail */
    DTW_BYTES = 512 * 1024 * 1024, /* address space for its tensors, touched only as needed */
    CS = 100,           /* whisper.cpp counts time in 1/100 s */
};

typedef struct {
    struct whisper_context *ctx;
    rh_asr_model_info info;
    int32_t fillers[MAX_FILLERS]; /* tokens that are a filler word or begin one */
    int n_fillers;
} model;

typedef struct {
    model *m;
    struct whisper_state *state;
    rh_steps steps;
    /* Of the transcription in progress: */
    const rh_asr_params *p;
    int32_t prefix[MAX_PREFIX];
    int n_prefix, n_prefix_seen;
    bool own_timestamps;
    int64_t encode_from_us;
    int64_t encode_us;
    int n_steps;
    int n_windows;
    int first_segment[MAX_WINDOWS]; /* of each window */
    int n_tries[MAX_WINDOWS];       /* temperatures tried */
} stream;

typedef struct {
    const char *size;
    int n_mels, n_layers_enc, n_layers_dec;
    enum whisper_alignment_heads_preset heads, heads_en;
} shape;

static const shape shapes[] = {
    {"tiny", 80, 4, 4, WHISPER_AHEADS_TINY, WHISPER_AHEADS_TINY_EN},
    {"base", 80, 6, 6, WHISPER_AHEADS_BASE, WHISPER_AHEADS_BASE_EN},
    {"small", 80, 12, 12, WHISPER_AHEADS_SMALL, WHISPER_AHEADS_SMALL_EN},
    {"medium", 80, 24, 24, WHISPER_AHEADS_MEDIUM, WHISPER_AHEADS_MEDIUM_EN},
    {"large", 80, 32, 32, WHISPER_AHEADS_LARGE_V2, WHISPER_AHEADS_LARGE_V2},
    {"large-v3", 128, 32, 32, WHISPER_AHEADS_LARGE_V3, WHISPER_AHEADS_LARGE_V3},
    {"large-v3-turbo", 128, 32, 4, WHISPER_AHEADS_LARGE_V3_TURBO, WHISPER_AHEADS_LARGE_V3_TURBO},
};

static const shape *shape_of(const rh_ggml_hparams *h)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].n_mels == h->n_mels && shapes[i].n_layers_enc == h->n_audio_layer &&
            shapes[i].n_layers_dec == h->n_text_layer)
            return &shapes[i];
    return NULL;
}

/* whisper.cpp trusts its files; ours are checked before. */
static rh_status check_file(const char *path, rh_ggml_hparams *h, rh_error *err)
{
    rh_ggml_file *f = NULL;
    rh_status st = rh_ggml_file_open(&f, path, err);
    if (st != RH_OK)
        return st;
    *h = *rh_ggml_file_hparams(f);
    const rh_ggml_tensor *conv = rh_ggml_file_tensor(f, "encoder.conv1.weight");
    if (conv && conv->type == RH_GGML_F32) /* ggml would end the process */
        st = rh_fail(err, RH_ERR_UNSUPPORTED, "whisper.cpp takes no weights in f32: use a file in "
                     "f16 or 8 bits, or --engine native");
    rh_ggml_file_free(f);
    return st;
}

/* Tokens whose text is a filler word, or the start of one. */
static void find_fillers(model *m)
{
    static const char *const words[] = {" um", " uh", " Um", " Uh", " er", " hmm", " Hmm",
                                        " mm", " Mm", " umm", " Umm", " uhh", " erm", " ah"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        whisper_token t[8];
        int n = whisper_tokenize(m->ctx, words[i], t, 8);
        if (n < 1 || m->n_fillers == MAX_FILLERS || t[0] >= whisper_token_eot(m->ctx))
            continue;
        bool known = false;
        for (int k = 0; k < m->n_fillers; k++)
            known |= m->fillers[k] == t[0];
        if (!known)
            m->fillers[m->n_fillers++] = t[0];
    }
}

static void describe_loaded(model *m, const shape *s, const rh_asr_model_options *o, bool gpu)
{
    m->info = (rh_asr_model_info){
        .engine = "whisper.cpp",
        .device = gpu ? rh_ggml_gpu_kind() : "cpu",
        .precision = "f16",
        .size = s ? s->size : "other",
        .multilingual = whisper_is_multilingual(m->ctx) != 0,
        .n_mels = whisper_model_n_mels(m->ctx),
        .n_state = whisper_model_n_audio_state(m->ctx),
        .n_layers_enc = whisper_model_n_audio_layer(m->ctx),
        .n_layers_dec = whisper_model_n_text_layer(m->ctx),
        .n_vocab = whisper_model_n_vocab(m->ctx),
        .n_threads = o->n_threads ? o->n_threads : rh_cpu_count(),
    };
}

bool rh_whisper_cpp_has_gpu(void)
{
    return rh_ggml_has_gpu_library() && rh_ggml_load_backends(NULL) == RH_OK && rh_ggml_gpu_kind();
}

static rh_status load(void **out, const char *path, const rh_asr_model_options *o, rh_error *err)
{
    rh_status st = rh_ggml_load_backends(err);
    if (st != RH_OK)
        return st;
    const char *gpu = o->device == RH_DEVICE_CPU ? NULL : rh_ggml_gpu_kind();
    if (o->device == RH_DEVICE_CUDA && (!gpu || strcmp(gpu, "cuda") != 0))
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "no CUDA here: it takes an NVIDIA GPU with its driver and a build by "
                       "make GPU=cuda");
    rh_ggml_hparams h;
    if ((st = check_file(path, &h, err)) != RH_OK)
        return st;
    model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "speech model: out of memory");
    const shape *s = shape_of(&h);
    bool english = h.n_vocab < 51865;
    struct whisper_context_params c = whisper_context_default_params();
    c.use_gpu = gpu != NULL;
    c.flash_attn = false; /* it keeps no attention weights, which word times need */
    c.dtw_token_timestamps = true;
    c.dtw_mem_size = DTW_BYTES;
    c.dtw_aheads_preset = s ? (english ? s->heads_en : s->heads) : WHISPER_AHEADS_N_TOP_MOST;
    c.dtw_n_top = h.n_text_layer > 1 ? h.n_text_layer / 2 : 1;
    m->ctx = whisper_init_from_file_with_params_no_state(path, c);
    if (!m->ctx) {
        rh_free(m);
        return rh_fail(err, RH_ERR_FORMAT, "whisper.cpp cannot load the speech model; "
                                           "it may be damaged or too large for the memory");
    }
    describe_loaded(m, s, o, gpu != NULL);
    find_fillers(m);
    *out = m;
    return RH_OK;
}

static void model_free(void *impl)
{
    model *m = impl;
    whisper_free(m->ctx);
    rh_free(m);
}

static rh_asr_model_info describe(const void *impl)
{
    return ((const model *)impl)->info;
}

static void stream_free(void *impl)
{
    stream *s = impl;
    if (s->state)
        whisper_free_state(s->state);
    rh_steps_done(&s->steps);
    rh_free(s);
}

static rh_status stream_new(void **out, void *impl, rh_error *err)
{
    stream *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "speech stream: out of memory");
    s->m = impl;
    rh_steps_init(&s->steps);
    s->state = whisper_init_state(s->m->ctx);
    if (!s->state) {
        stream_free(s);
        return rh_fail(err, RH_ERR_NOMEM, "speech stream: whisper.cpp has no memory for it");
    }
    *out = s;
    return RH_OK;
}

static bool canceled(const stream *s)
{
    return s->p->cancel && atomic_load_explicit(s->p->cancel, memory_order_relaxed);
}

static bool on_abort(void *user)
{
    return canceled(user);
}

static void on_progress(struct whisper_context *ctx, struct whisper_state *state, int percent,
                        void *user)
{
    (void)ctx;
    (void)state;
    const stream *s = user;
    if (s->p->progress)
        s->p->progress(s->p->progress_user, percent < 100 ? percent / 100.0 : 1.0);
}

static bool on_window(struct whisper_context *ctx, struct whisper_state *state, void *user)
{
    (void)ctx;
    stream *s = user;
    if (s->n_windows < MAX_WINDOWS) {
        s->first_segment[s->n_windows] = whisper_full_n_segments_from_state(state);
        s->n_tries[s->n_windows++] = 0;
    }
    s->encode_from_us = rh_now_us();
    return !canceled(s);
}

/* Leaves only `token` possible. */
static void force(float *logits, int n, int32_t token)
{
    float keep = logits[token] > -INFINITY ? logits[token] : 0.0f;
    for (int i = 0; i < n; i++)
        logits[i] = -INFINITY;
    logits[token] = keep;
}

static void apply_rules(stream *s, const whisper_token_data *tokens, int n_tokens, int n_text,
                        float *logits, int n)
{
    struct whisper_context *ctx = s->m->ctx;
    int eot = whisper_token_eot(ctx);
    if (s->own_timestamps && n_tokens == 0) {
        for (int i = 0; i <= eot; i++)
            logits[i] = -INFINITY; /* reference: the first token is a timestamp */
        return;
    }
    if (s->n_windows <= 1 && n_text < s->n_prefix) {
        force(logits, n, s->prefix[n_text]);
        return;
    }
    if (s->p->filler_boost == 0.0f)
        return;
    /* A word that ends with a hyphen goes on; everything else may be followed by a filler. */
    const char *last = n_text ? whisper_token_to_str(ctx, tokens[n_tokens - 1].id) : "";
    size_t len = strlen(last);
    if (len > 0 && last[len - 1] == '-')
        return;
    for (int i = 0; i < s->m->n_fillers; i++)
        logits[s->m->fillers[i]] += s->p->filler_boost;
}

static void on_logits(struct whisper_context *ctx, struct whisper_state *state,
                      const whisper_token_data *tokens, int n_tokens, float *logits, void *user)
{
    (void)state;
    stream *s = user;
    int eot = whisper_token_eot(ctx), n = whisper_n_vocab(ctx), n_text = 0;
    uint64_t key = rh_steps_key((uint64_t)s->n_windows, -1);
    for (int i = 0; i < n_tokens; i++) {
        if (tokens[i].id >= eot)
            continue;
        key = rh_steps_key(key, tokens[i].id);
        n_text++;
    }
    apply_rules(s, tokens, n_tokens, n_text, logits, n);
    rh_steps_add(&s->steps, key, logits, n);
    pthread_mutex_lock(&s->steps.lock);
    s->n_steps++;
    if (n_tokens == 0) {
        if (s->encode_from_us)
            s->encode_us += rh_now_us() - s->encode_from_us;
        s->encode_from_us = 0;
        if (s->n_windows > 0)
            s->n_tries[s->n_windows - 1]++;
    }
    pthread_mutex_unlock(&s->steps.lock);
}

static rh_status set_prefix(stream *s, const char *prefix, rh_error *err)
{
    s->n_prefix = 0;
    if (!prefix || !*prefix)
        return RH_OK;
    char text[2048];
    int len = snprintf(text, sizeof text, "%s%s", prefix[0] == ' ' ? "" : " ", prefix);
    int n = len > 0 && (size_t)len < sizeof text
                ? whisper_tokenize(s->m->ctx, text, s->prefix, MAX_PREFIX) : -1;
    if (n < 0)
        return rh_fail(err, RH_ERR_LIMIT, "the prefix is longer than %d tokens", MAX_PREFIX);
    s->n_prefix = n;
    return RH_OK;
}

static rh_status make_params(stream *s, const rh_asr_params *p, struct whisper_full_params *out,
                             rh_error *err)
{
    if (p->beam > MAX_BEAM)
        return rh_fail(err, RH_ERR_INVAL, "whisper.cpp takes beams up to %d, not %d", MAX_BEAM,
                       p->beam);
    bool multilingual = s->m->info.multilingual;
    if (p->language && (whisper_lang_id(p->language) < 0 ||
                        (!multilingual && strcmp(p->language, "en") != 0)))
        return rh_fail(err, RH_ERR_INVAL, "the model does not know the language \"%s\"",
                       p->language);
    if (p->translate && !multilingual)
        return rh_fail(err, RH_ERR_INVAL, "an English-only model cannot translate");
    struct whisper_full_params w = whisper_full_default_params(
        p->beam > 1 ? WHISPER_SAMPLING_BEAM_SEARCH : WHISPER_SAMPLING_GREEDY);
    w.n_threads = s->m->info.n_threads;
    w.beam_search.beam_size = p->beam;
    w.translate = p->translate;
    w.no_context = true;
    w.no_timestamps = !p->timestamps;
    w.print_progress = w.print_realtime = w.print_special = w.print_timestamps = false;
    w.suppress_nst = true;
    w.initial_prompt = p->prompt && *p->prompt ? p->prompt : NULL;
    w.language = p->language ? p->language : multilingual ? "auto" : "en";
    w.temperature = p->temperature;
    w.temperature_inc = p->fallback ? 0.2f : 0.0f;
    w.logprob_thold = p->logprob_min;
    w.entropy_thold = p->compression_max; /* its own measure of loops, on the same scale */
    w.no_speech_thold = p->no_speech_max;
    w.abort_callback = on_abort;
    w.progress_callback = on_progress;
    w.encoder_begin_callback = on_window;
    w.logits_filter_callback = on_logits;
    w.abort_callback_user_data = w.progress_callback_user_data = s;
    w.encoder_begin_callback_user_data = w.logits_filter_callback_user_data = s;
    *out = w;
    return set_prefix(s, p->prefix, err);
}

static void add_details(stream *s, uint64_t key, rh_asr_token *t)
{
    rh_step step;
    if (!rh_steps_find(&s->steps, key, &step))
        return;
    bool is_best = step.best == t->id;
    t->entropy = step.entropy;
    t->rival_id = is_best ? step.second : step.best;
    t->p_rival = is_best ? step.p_second : step.p_best;
}

/* Copies segment i; `key` runs on through a window, *from_cs is where its next token starts. */
static rh_status copy_segment(stream *s, int i, int window, uint64_t *key, int64_t *from_cs,
                              rh_transcript *out)
{
    struct whisper_context *ctx = s->m->ctx;
    int64_t t0 = whisper_full_get_segment_t0_from_state(s->state, i);
    int64_t t1 = whisper_full_get_segment_t1_from_state(s->state, i);
    rh_asr_segment seg = {
        .start = (float)t0 / CS,
        .end = (float)t1 / CS,
        .first_token = out->n_tokens,
        .no_speech_prob = whisper_full_get_segment_no_speech_prob_from_state(s->state, i),
    };
    double sum = 0;
    int n = whisper_full_n_tokens_from_state(s->state, i), n_sum = 0;
    size_t text_from = out->_len_text;
    int64_t from = *from_cs > t0 ? *from_cs : t0;
    for (int k = 0; k < n; k++) {
        whisper_token_data d = whisper_full_get_token_data_from_state(s->state, i, k);
        sum += (double)d.plog;
        n_sum++;
        if (d.id >= whisper_token_eot(ctx))
            continue;
        bool known = window <= 0 && s->n_prefix_seen < s->n_prefix;
        int64_t to = d.t_dtw > from ? d.t_dtw : from;
        rh_asr_token t = {.id = d.id,
                          .start = (float)from / CS,
                          .end = (float)to / CS,
                          .p = d.p,
                          .rival_id = -1};
        add_details(s, *key, &t);
        *key = rh_steps_key(*key, d.id);
        from = to;
        if (known) {
            s->n_prefix_seen++;
            continue;
        }
        const char *text = whisper_token_to_str(ctx, d.id);
        rh_status st = rh_transcript_add_token(out, &t, text, strlen(text));
        if (st != RH_OK)
            return st;
    }
    *from_cs = from;
    seg.avg_logprob = n_sum ? (float)(sum / n_sum) : 0;
    seg.compression_ratio =
        rh_compression_ratio(out->_len_text ? out->text + text_from : "",
                             out->_len_text - text_from);
    int tries = window >= 0 ? s->n_tries[window] : 1;
    seg.temperature = s->p->temperature + 0.2f * (float)(tries > 1 ? tries - 1 : 0);
    return rh_transcript_end_segment(out, &seg, s->p->word_times);
}

static rh_status copy_result(stream *s, rh_transcript *out)
{
    int n = whisper_full_n_segments_from_state(s->state), window = -1;
    uint64_t key = 0;
    int64_t from_cs = 0;
    const char *lang = s->m->info.multilingual
                           ? whisper_lang_str(whisper_full_lang_id_from_state(s->state)) : "en";
    if (lang)
        (void)snprintf(out->language, sizeof out->language, "%s", lang);
    for (int i = 0; i < n; i++) {
        while (window + 1 < s->n_windows && s->first_segment[window + 1] <= i)
            key = rh_steps_key((uint64_t)(++window + 1), -1);
        rh_status st = copy_segment(s, i, window, &key, &from_cs, out);
        if (st != RH_OK)
            return st;
    }
    return RH_OK;
}

static rh_status transcribe(void *impl, const float *samples, size_t n, const rh_asr_params *p,
                            rh_transcript *out, rh_error *err)
{
    stream *s = impl;
    if (n > INT32_MAX)
        return rh_fail(err, RH_ERR_LIMIT, "the recording is too long for whisper.cpp");
    struct whisper_full_params w;
    rh_status st = make_params(s, p, &w, err);
    if (st != RH_OK)
        return st;
    if (n < RH_ASR_RATE_HZ / 10)
        return RH_OK; /* whisper.cpp takes nothing below 100 ms */
    if (!s->state && !(s->state = whisper_init_state(s->m->ctx)))
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp has no memory for the stream");
    s->p = p;
    s->own_timestamps = p->timestamps;
    s->encode_from_us = s->encode_us = 0;
    s->n_steps = s->n_windows = s->n_prefix_seen = 0;
    rh_steps_clear(&s->steps);
    int64_t from = rh_now_us();
    int rc = whisper_full_with_state(s->m->ctx, s->state, w, samples, (int)n);
    if (canceled(s))
        return rh_fail(err, RH_ERR_CANCELED, "the transcription was canceled");
    if (rc != 0) {
        if (rc == -7)
            s->state = NULL; /* it has freed the state itself */
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp failed (%d): probably out of memory", rc);
    }
    st = copy_result(s, out);
    out->encode_us = s->encode_us;
    out->decode_us = rh_now_us() - from - s->encode_us;
    out->n_steps = s->n_steps;
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

const rh_asr_engine rh_engine_whisper_cpp = {
    .id = RH_ENGINE_WHISPER_CPP,
    .name = "whisper.cpp",
    .load = load,
    .free = model_free,
    .describe = describe,
    .stream_new = stream_new,
    .stream_free = stream_free,
    .transcribe = transcribe,
};
