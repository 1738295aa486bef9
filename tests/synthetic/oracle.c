/* oracle.c - see oracle.h. */
#include "oracle.h"

#include <dlfcn.h>
#include <ggml-backend.h>
#include <stdlib.h>
#include <whisper.h>
#include "asr/whisper_cpp/whisper_cpp_internal.h"
#include "rehearse/base/alloc.h"

enum { N_THREADS = 1 }; /* more of them spin where processors are shared */

struct oracle {
    struct whisper_context *ctx;
    struct whisper_state *state;
    oracle_window window;
};

/* While set, graphs are watched: the one that has an input "mel" comes first,
 * the next one is the encoder, whose last node is its output. */
static struct {
    oracle_window *to;
    int n_graphs;
} watch;

static float *copy_of(const struct ggml_tensor *t)
{
    float *x = rh_alloc(ggml_nbytes(t));
    if (x)
        ggml_backend_tensor_get(t, x, 0, ggml_nbytes(t));
    return x;
}

enum ggml_status ggml_backend_sched_graph_compute(ggml_backend_sched_t sched, struct ggml_cgraph *graph)
{
    enum ggml_status (*compute)(ggml_backend_sched_t, struct ggml_cgraph *);
    *(void **)&compute = dlsym(RTLD_NEXT, "ggml_backend_sched_graph_compute");
    const struct ggml_tensor *mel = watch.to ? ggml_graph_get_tensor(graph, "mel") : NULL;
    if (mel) {
        watch.to->mel = copy_of(mel);
        watch.n_graphs = 0;
    }
    enum ggml_status st = compute(sched, graph);
    if (watch.to && watch.n_graphs++ == 1)
        watch.to->states = copy_of(ggml_graph_node(graph, -1));
    return st;
}

/* ggml's own rounds its input to f16 and, on CPUs, takes no weights in f32. */
struct ggml_tensor *ggml_conv_1d_ph(struct ggml_context *ctx, struct ggml_tensor *w, struct ggml_tensor *x, int stride,
                                    int dilation)
{
    struct ggml_tensor *cols = ggml_im2col(ctx, w, x, stride, 0, (int)w->ne[0] / 2, 0, dilation, 0, false,
                                           w->type); /* [in * width][out length] */
    struct ggml_tensor *y = ggml_mul_mat(ctx, ggml_reshape_2d(ctx, cols, cols->ne[0], cols->ne[1]),
                                         ggml_reshape_2d(ctx, w, w->ne[0] * w->ne[1], w->ne[2]));
    return ggml_reshape_3d(ctx, y, cols->ne[1], w->ne[2], 1);
}

struct ggml_tensor *ggml_gelu(struct ggml_context *ctx, struct ggml_tensor *x)
{
    return ggml_gelu_erf(ctx, x);
}

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)user;
    if (level == GGML_LOG_LEVEL_ERROR)
        (void)fputs(text, stderr);
}

rh_status oracle_new(oracle **out, const char *path, rh_error *err)
{
    rh_status st = rh_ggml_load_backends(err);
    if (st != RH_OK)
        return st;
    whisper_log_set(quiet, NULL);
    oracle *o = rh_calloc(1, sizeof *o);
    if (!o)
        return rh_fail(err, RH_ERR_NOMEM, "oracle: out of memory");
    struct whisper_context_params p = whisper_context_default_params();
    p.use_gpu = p.flash_attn = false;
    o->ctx = whisper_init_from_file_with_params_no_state(path, p);
    o->state = o->ctx ? whisper_init_state(o->ctx) : NULL;
    if (!o->state) {
        oracle_free(o);
        return rh_fail(err, RH_ERR_FORMAT, "whisper.cpp does not load %s", path);
    }
    *out = o;
    return RH_OK;
}

static void window_done(oracle_window *w)
{
    rh_free(w->mel);
    rh_free(w->states);
    *w = (oracle_window){0};
}

void oracle_free(oracle *o)
{
    if (!o)
        return;
    window_done(&o->window);
    if (o->state)
        whisper_free_state(o->state);
    if (o->ctx)
        whisper_free(o->ctx);
    rh_free(o);
}

rh_status oracle_encode(oracle *o, const float *samples, size_t n, oracle_window *out, rh_error *err)
{
    window_done(&o->window);
    if (whisper_pcm_to_mel_with_state(o->ctx, o->state, samples, (int)n, N_THREADS) != 0)
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp makes no log-mel");
    watch.to = &o->window;
    int rc = whisper_encode_with_state(o->ctx, o->state, 0, N_THREADS);
    watch.to = NULL;
    if (rc != 0 || !o->window.mel || !o->window.states)
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp's encoder failed (%d) or was not watched", rc);
    *out = o->window;
    return RH_OK;
}

rh_status oracle_decode(oracle *o, const int32_t *tokens, int n, int n_past, const float **logits, rh_error *err)
{
    if (whisper_decode_with_state(o->ctx, o->state, tokens, n, n_past, N_THREADS) != 0)
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp's decoder failed after %d tokens", n_past);
    *logits = whisper_get_logits_from_state(o->state) + (size_t)(n - 1) * (size_t)whisper_n_vocab(o->ctx);
    return RH_OK;
}
