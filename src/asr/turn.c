/* turn.c - see turn.h. The sound is put behind silence to 8 s, brought to mean 0 and variance 1,
 * and heard as a log-mel spectrogram of 80 bands, as pipecat does it (_whisper_features.py). */
#include "rehearse/asr/turn.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "log_mel.h"
#include "rehearse/base/alloc.h"
#include "rehearse/models/mel_filters.h"
#include "rehearse/nn/nn.h"

enum { MELS = 80, HOPS = RH_TURN_WINDOW / RH_MEL_HOP, REFLECTED = RH_MEL_N_FFT / 2 };

struct rh_turn_model {
    rh_nn_model *nn;
    rh_log_mel *mel;
    pthread_mutex_t lock;
    rh_nn_request *request;                  /* {lock} */
    float sound[RH_TURN_WINDOW + REFLECTED]; /* {lock} */
    float features[MELS * HOPS];             /* {lock} input of the request */
    float p;                                 /* {lock} output */
};

static rh_status bind(rh_turn_model *m, rh_error *err)
{
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 3, .dims = {1, MELS, HOPS}, .data = m->features};
    rh_nn_tensor out = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, 1}, .data = &m->p};
    rh_status st = rh_nn_request_new(&m->request, m->nn, err);
    if (st == RH_OK)
        st = rh_nn_set_input(m->request, 0, &in, err);
    return st == RH_OK ? rh_nn_set_output(m->request, 0, &out, err) : st;
}

rh_status rh_turn_model_load(rh_turn_model **out, const char *path, const char *cache_dir, rh_error *err)
{
    static const size_t BINS = (size_t)MELS * RH_MEL_BINS;
    rh_turn_model *m = rh_calloc(1, sizeof *m);
    float *filters = rh_alloc_array(BINS, sizeof *filters);
    rh_status st = m && filters ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "turn model: out of memory");
    if (m)
        pthread_mutex_init(&m->lock, NULL);
    char cache[PATH_MAX];
    rh_nn_options o = rh_nn_options_default();
    /* Processors with VNNI would round what runs between the layers, and the limits hold for one way of reckoning. */
    static const char *const UNROUNDED[] = {"DYNAMIC_QUANTIZATION_GROUP_SIZE", "0", NULL};
    o.properties = UNROUNDED;
    if (cache_dir && rh_nn_cache_folder(cache, sizeof cache, cache_dir))
        o.cache_dir = cache;
    if (st == RH_OK)
        st = rh_nn_model_load_unrounded(&m->nn, path, &o, err);
    if (st == RH_OK && (rh_nn_model_input(m->nn, "input_features") != 0 || rh_nn_model_n_outputs(m->nn) != 1))
        st = rh_fail(err, RH_ERR_FORMAT, "not a Smart Turn model: no input_features, or not one output");
    if (st == RH_OK) {
        rh_mel_filters(MELS, filters);
        st = rh_log_mel_new(&m->mel, filters, MELS, err);
    }
    if (st == RH_OK)
        st = bind(m, err);
    rh_free(filters);
    if (st != RH_OK) {
        rh_turn_model_free(m);
        return st;
    }
    *out = m;
    return RH_OK;
}

void rh_turn_model_free(rh_turn_model *m)
{
    if (!m)
        return;
    rh_nn_request_free(m->request);
    rh_nn_model_free(m->nn);
    rh_log_mel_free(m->mel);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

/* m->sound: silence, then the last of the samples, of mean 0 and variance 1; behind it the
 * reflection that the reference's spectrogram sees. */
static void fill(rh_turn_model *m, const float *x, size_t n)
{
    size_t use = n < RH_TURN_WINDOW ? n : RH_TURN_WINDOW, blank = RH_TURN_WINDOW - use;
    double sum = 0, square = 0;
    memset(m->sound, 0, blank * sizeof *m->sound);
    memcpy(m->sound + blank, x + (n - use), use * sizeof *m->sound);
    for (size_t i = blank; i < RH_TURN_WINDOW; i++) {
        sum += (double)m->sound[i];
        square += (double)m->sound[i] * (double)m->sound[i];
    }
    double mean = sum / RH_TURN_WINDOW, var = square / RH_TURN_WINDOW - mean * mean;
    float gain = (float)(1 / sqrt(fmax(var, 0) + 1e-7));
    for (size_t i = 0; i < RH_TURN_WINDOW; i++)
        m->sound[i] = (m->sound[i] - (float)mean) * gain;
    for (size_t i = 0; i < REFLECTED; i++)
        m->sound[RH_TURN_WINDOW + i] = m->sound[RH_TURN_WINDOW - 2 - i];
}

rh_status rh_turn_over(rh_turn_model *m, const float *samples, size_t n, float *p, rh_error *err)
{
    pthread_mutex_lock(&m->lock);
    fill(m, samples, n);
    float max = rh_log_mel_raw(m->mel, m->sound, RH_TURN_WINDOW + REFLECTED, 0, HOPS, m->features, HOPS);
    rh_log_mel_normalise(m->mel, m->features, HOPS, HOPS, max);
    rh_status st = rh_nn_run(m->request, err);
    *p = m->p;
    pthread_mutex_unlock(&m->lock);
    return st;
}
