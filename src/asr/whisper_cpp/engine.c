/* engine.c - the engine that runs whisper.cpp, on CPU or GPU: loading.
 *
 * One whisper_context (weights) serves many whisper_states (streams).
 * run.c decodes. */
#include <sys/stat.h>
#include "asr/engine_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "whisper_cpp_internal.h"

enum {
    DTW_BYTES = 512 * 1024 * 1024, /* address space for its tensors, touched only as needed */
    GPU_SPARE = 128000000,         /* ggml ends the process where a GPU's memory runs out in mid-work */
    MB = 1000000,
};

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
static rh_status check_file(wcpp_model *m, const char *path, rh_ggml_hparams *h, rh_error *err)
{
    rh_ggml_file *f = NULL;
    rh_status st = rh_ggml_file_open(&f, path, err);
    if (st != RH_OK)
        return st;
    *h = *rh_ggml_file_hparams(f);
    const rh_ggml_tensor *conv = rh_ggml_file_tensor(f, "encoder.conv1.weight");
    if (conv && conv->type == RH_GGML_F32) /* ggml would end the process */
        st = rh_fail(err, RH_ERR_UNSUPPORTED,
                     "whisper.cpp takes no weights in f32: use a file in "
                     "f16 or 8 bits, or --engine native");
    if (st == RH_OK)
        st = rh_tokenizer_new(&m->tokenizer, f, err);
    rh_ggml_file_free(f);
    return st;
}

/* Tokens whose text is a filler word, or the start of one. */
static void find_fillers(wcpp_model *m)
{
    static const char *const words[] = {" um", " uh", " Um",  " Uh",  " er",  " hmm", " Hmm",
                                        " mm", " Mm", " umm", " Umm", " uhh", " erm", " ah"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        whisper_token t[8];
        int n = whisper_tokenize(m->ctx, words[i], t, 8);
        if (n < 1 || m->n_fillers == WCPP_MAX_FILLERS || t[0] >= whisper_token_eot(m->ctx))
            continue;
        bool known = false;
        for (int k = 0; k < m->n_fillers; k++)
            known |= m->fillers[k] == t[0];
        if (!known)
            m->fillers[m->n_fillers++] = t[0];
    }
}

static void describe_loaded(wcpp_model *m, const shape *s, const rh_asr_model_options *o, bool gpu)
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

static struct whisper_context *load_context(const char *path, const rh_ggml_hparams *h, bool gpu)
{
    const shape *s = shape_of(h);
    bool english = h->n_vocab < 51865;
    struct whisper_context_params c = whisper_context_default_params();
    c.use_gpu = gpu;
    c.flash_attn = false; /* it keeps no attention weights, which word times need */
    c.dtw_token_timestamps = true;
    c.dtw_mem_size = DTW_BYTES;
    c.dtw_aheads_preset = s ? (english ? s->heads_en : s->heads) : WHISPER_AHEADS_N_TOP_MOST;
    c.dtw_n_top = h->n_text_layer > 1 ? h->n_text_layer / 2 : 1;
    return whisper_init_from_file_with_params_no_state(path, c);
}

/* What a stream takes of the GPU's memory, measured with base, small and large-v3-turbo: keys and
 * values, a full window's attention, logits of a whole prompt, work space of cuBLAS. */
static size_t stream_bytes(const rh_ggml_hparams *h)
{
    size_t audio = (size_t)h->n_audio_ctx, text = (size_t)h->n_text_ctx;
    size_t kept = 4 * (size_t)h->n_text_layer * (size_t)h->n_text_state * (audio + text);
    size_t attention = 5 * (size_t)h->n_audio_head * audio * audio;
    size_t logits = 7 * (size_t)h->n_vocab * text;
    return kept + attention + logits + 120 * MB;
}

/* That the GPU holds `bytes` more, and has the spare. */
static rh_status check_room(size_t bytes, const char *what, rh_error *err)
{
    size_t there;
    if (rh_ggml_gpu_has_room(rh_ggml_gpu_kind(), bytes + GPU_SPARE, &there))
        return RH_OK;
    return rh_fail(err, RH_ERR_NOMEM,
                   "%s needs about %zu MB of the GPU's memory, and %zu MB are free "
                   "for it: end other programs there (nvidia-smi lists them), take a smaller model, or "
                   "--device cpu",
                   what, (bytes + GPU_SPARE) / MB, there / MB);
}

static size_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;
}

static void model_free(void *impl)
{
    wcpp_model *m = impl;
    wcpp_pool_done(m);
    if (m->ctx)
        whisper_free(m->ctx);
    rh_tokenizer_free(m->tokenizer);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

static rh_status fill_model(wcpp_model *m, const char *path, const rh_asr_model_options *o, bool gpu, rh_error *err)
{
    rh_ggml_hparams h;
    rh_status st = check_file(m, path, &h, err);
    if (st == RH_OK)
        st = wcpp_pool_init(m, path, o, err);
    if (st != RH_OK)
        return st;
    m->stream_bytes = stream_bytes(&h);
    if (gpu)
        st = check_room(file_bytes(path) + m->stream_bytes, "the speech model", err);
    if (st != RH_OK)
        return st;
    m->on_gpu = gpu;
    m->ctx = load_context(path, &h, gpu);
    if (!m->ctx)
        return rh_fail(err, RH_ERR_FORMAT,
                       "whisper.cpp cannot load the speech model; "
                       "it may be damaged or too large for the memory");
    describe_loaded(m, shape_of(&h), o, gpu);
    find_fillers(m);
    return RH_OK;
}

static rh_status load_on(wcpp_model **out, const char *path, const rh_asr_model_options *o, bool gpu, rh_error *err)
{
    wcpp_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "speech model: out of memory");
    pthread_mutex_init(&m->lock, NULL);
    rh_status st = fill_model(m, path, o, gpu, err);
    if (st == RH_OK)
        *out = m;
    else
        model_free(m);
    return st;
}

/* Where the device is ours to choose, a GPU without room is as good as none: the CPU takes its
 * place, with the native engine if that may be. */
static rh_status load(void **out, const char *path, const rh_asr_model_options *o, rh_error *err)
{
    wcpp_model *m = NULL;
    rh_status st = rh_ggml_load_backends(err);
    if (st == RH_OK && o->device == RH_DEVICE_CUDA)
        st = rh_ggml_need_cuda(err);
    if (st != RH_OK)
        return st;
    bool gpu = o->device != RH_DEVICE_CPU && rh_ggml_gpu_kind();
    st = load_on(&m, path, o, gpu, err);
    if (st == RH_ERR_NOMEM && gpu && o->device == RH_DEVICE_AUTO)
        st = o->engine == RH_ENGINE_AUTO ? RH_ERR_UNSUPPORTED : load_on(&m, path, o, false, err);
    if (st == RH_OK)
        *out = m;
    return st;
}

static rh_asr_model_info describe(const void *impl)
{
    return ((const wcpp_model *)impl)->info;
}

static void stream_free(void *impl)
{
    wcpp_stream *s = impl;
    if (s->state)
        whisper_free_state(s->state);
    rh_enc_state_free(s->pooling);
    rh_steps_done(&s->steps);
    rh_free(s->kept);
    rh_free(s);
}

static rh_status stream_new(void **out, void *impl, rh_error *err)
{
    const wcpp_model *m = impl;
    if (m->on_gpu) {
        rh_status st = check_room(m->stream_bytes, "another stream", err);
        if (st != RH_OK)
            return st;
    }
    wcpp_stream *s = rh_calloc(1, sizeof *s);
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

const rh_asr_engine rh_engine_whisper_cpp = {
    .id = RH_ENGINE_WHISPER_CPP,
    .name = "whisper.cpp",
    .load = load,
    .free = model_free,
    .describe = describe,
    .stream_new = stream_new,
    .stream_free = stream_free,
    .transcribe = wcpp_transcribe,
    .redecode = wcpp_redecode,
    .force = wcpp_force,
    .pooled = wcpp_pooled,
};
