/* encoder_model.c - loads the encoder, and chooses where a window runs. */
#include <string.h>
#include "encoder_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "rehearse/nn/nn.h"

/* OpenVINO multiplies tiles of bytes (AMX) best. Else our own kernels do, in 8 bits, where there are some; without
 * them 8 bits do not pay. */
static bool own_kernels(const char *precision)
{
    return strcmp(precision, "int8") == 0 && !rh_cpu()->amx_int8 && enc_net_supported();
}

static rh_status choose_precision(rh_enc_model *m, const char *want, rh_error *err)
{
    static const char *const known[] = {"f32", "bf16", "f16", "int8"};
    if (!want || strcmp(want, "auto") == 0)
        want = own_kernels("int8") || rh_cpu()->amx_int8 ? "int8" : "f32";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(want, known[i]) == 0) {
            m->precision = known[i];
            return RH_OK;
        }
    return rh_fail(err, RH_ERR_INVAL, "precision %s: expected auto, f32, bf16, f16 or int8", want);
}

static rh_status load_positions(rh_enc_model *m, const rh_ggml_file *file, rh_error *err)
{
    const rh_ggml_tensor *t = NULL;
    int64_t d = m->hp.n_audio_state, ctx = m->hp.n_audio_ctx;
    rh_status st = rh_ggml_file_need(file, &t, "encoder.positional_embedding", d, ctx, 1, err);
    if (st != RH_OK)
        return st;
    m->pos = rh_alloc_aligned((size_t)(d * ctx), sizeof *m->pos);
    if (!m->pos)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    rh_ggml_values(t, m->pos);
    return RH_OK;
}

static rh_status check_shape(const rh_ggml_hparams *h, rh_error *err)
{
    enum { HEAD = 64, MAX_CTX = 8192, MAX_STATE = 4096 };
    if (h->n_audio_head * HEAD != h->n_audio_state || h->n_audio_state > MAX_STATE)
        return rh_fail(err, RH_ERR_FORMAT, "%d encoder heads for a width of %d: heads of %d expected", h->n_audio_head,
                       h->n_audio_state, HEAD);
    if (h->n_audio_ctx > MAX_CTX)
        return rh_fail(err, RH_ERR_FORMAT, "encoder: %d positions are not Whisper's", h->n_audio_ctx);
    return RH_OK;
}

/* The voice head knows one model: the multilingual base. */
static bool is_of_head(const rh_ggml_file *file)
{
    enum { LEAST_TOKENS = 51865 };
    const rh_ggml_hparams *h = rh_ggml_file_hparams(file);
    return h->n_audio_state == VOICE_STATE && h->n_audio_layer == VOICE_DEPTH && h->n_vocab >= LEAST_TOKENS;
}

static rh_status make_network(rh_enc_model *m, rh_error *err)
{
    rh_status st = rh_encoder_graph_compile(&m->fast, &m->weights, m->file, &m->graph, err);
    return st == RH_OK ? rh_nn_request_new(&m->fast_request, m->fast, err) : st;
}

static rh_status make_net(rh_enc_model *m, rh_error *err)
{
    rh_status st = enc_net_new(&m->net, m->file, m->head, err);
    return st == RH_OK ? enc_work_new(&m->fast_work, m->net, m->n_slots, err) : st;
}

rh_status rh_enc_model_new(rh_enc_model **out, const rh_ggml_file *file, const rh_enc_options *opts, rh_error *err)
{
    rh_enc_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "encoder: out of memory");
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->fast_left, NULL);
    m->hp = *rh_ggml_file_hparams(file);
    m->file = file;
    m->head = is_of_head(file) ? voice_head_used : NULL;
    m->full_window = opts->full_window;
    m->n_slots = opts->n_threads < MAX_THREADS ? opts->n_threads : MAX_THREADS;
    rh_status st = check_shape(&m->hp, err);
    if (st == RH_OK)
        st = choose_precision(m, opts->precision, err);
    if (st == RH_OK)
        st = rh_log_mel_new(&m->mel, rh_ggml_file_mel_filters(file), m->hp.n_mels, err);
    if (st == RH_OK)
        st = load_positions(m, file, err);
    bool int8 = st == RH_OK && strcmp(m->precision, "int8") == 0;
    m->graph = (rh_encoder_graph_options){.int8 = int8,
                                          .head = m->head,
                                          .precision = int8 ? "f32" : m->precision,
                                          .n_threads = opts->n_threads,
                                          .n_streams = 1};
    if (st == RH_OK && opts->cache_dir)
        m->graph.cache_dir =
            rh_nn_cache_folder(m->cache_dir, sizeof m->cache_dir, opts->cache_dir) ? m->cache_dir : NULL;
    if (st == RH_OK)
        st = rh_gate_new(&m->gate, m->n_slots, err);
    if (st == RH_OK)
        st = own_kernels(m->precision) ? make_net(m, err) : make_network(m, err);
    if (st == RH_OK)
        *out = m;
    else
        rh_enc_model_free(m);
    return st;
}

void rh_enc_model_free(rh_enc_model *m)
{
    if (!m)
        return;
    for (int i = 0; i < MAX_TAILS; i++)
        enc_tail_free(m->tails[i]);
    if (m->wide_started)
        pthread_join(m->wide_builder, NULL);
    for (int i = 0; i < MAX_THREADS; i++)
        rh_nn_request_free(m->wide_requests[i]);
    for (int i = 0; i < MAX_THREADS; i++)
        enc_work_free(m->wide_works[i]);
    enc_work_free(m->fast_work);
    enc_net_free(m->net);
    rh_nn_request_free(m->fast_request);
    rh_gate_free(m->gate);
    rh_nn_model_free(m->wide);
    rh_nn_model_free(m->fast);
    rh_ir_free(m->weights);
    rh_ir_free(m->wide_weights);
    rh_log_mel_free(m->mel);
    rh_free(m->pos);
    pthread_cond_destroy(&m->fast_left);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

const char *rh_enc_model_precision(const rh_enc_model *m)
{
    return m->precision;
}

const rh_log_mel *rh_enc_model_mel(const rh_enc_model *m)
{
    return m->mel;
}

static rh_status make_works(rh_enc_model *m)
{
    rh_status st = RH_OK;
    for (int i = 0; i < m->n_slots && st == RH_OK; i++)
        st = enc_work_new(&m->wide_works[i], m->net, 1, NULL);
    pthread_mutex_lock(&m->lock);
    m->wide_ready = st == RH_OK;
    pthread_mutex_unlock(&m->lock);
    return st;
}

/* The places for streams side by side. When that fails they share the fast one. */
static void *build_wide(void *arg)
{
    rh_enc_model *m = arg;
    if (m->net) {
        (void)make_works(m);
        return NULL;
    }
    rh_encoder_graph_options g = m->graph;
    rh_nn_model *net = NULL;
    g.n_streams = m->n_slots;
    rh_status st = rh_encoder_graph_compile(&net, &m->wide_weights, m->file, &g, NULL);
    for (int i = 0; i < m->n_slots && st == RH_OK; i++)
        st = rh_nn_request_new(&m->wide_requests[i], net, NULL);
    rh_ggml_file_release_pages(m->file);
    pthread_mutex_lock(&m->lock);
    m->wide = st == RH_OK ? net : NULL;
    m->wide_ready = st == RH_OK;
    pthread_mutex_unlock(&m->lock);
    if (st != RH_OK) {
        for (int i = 0; i < m->n_slots; i++) {
            rh_nn_request_free(m->wide_requests[i]);
            m->wide_requests[i] = NULL;
        }
        rh_nn_model_free(net);
    }
    return NULL;
}

void enc_count_state(rh_enc_model *m)
{
    pthread_mutex_lock(&m->lock);
    m->n_states++;
    if (m->n_states > 1 && m->n_slots > 1 && !m->wide_started)
        m->wide_started = pthread_create(&m->wide_builder, NULL, build_wide, m) == 0;
    pthread_mutex_unlock(&m->lock);
}
