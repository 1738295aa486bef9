/* pooled.c - how something was said, for streams of the
 * whisper.cpp engine. Its C API does not give that output, so the encoder of
 * the native engine computes it from the kept sound, on the CPU, loaded when
 * it is first asked for, and told how it was said from that. */
#include "rehearse/base/alloc.h"
#include "whisper_cpp_internal.h"

rh_status wcpp_pool_init(wcpp_model *m, const char *path, const rh_asr_model_options *o, rh_error *err)
{
    m->path = rh_strdup(path);
    m->cache_dir = o->cache_dir ? rh_strdup(o->cache_dir) : NULL;
    if (!m->path || (o->cache_dir && !m->cache_dir))
        return rh_fail(err, RH_ERR_NOMEM, "speech model: out of memory");
    return RH_OK;
}

void wcpp_pool_done(wcpp_model *m)
{
    rh_enc_model_free(m->encoder);
    rh_ggml_file_free(m->file);
    rh_free(m->path);
    rh_free(m->cache_dir);
}

/* {lock} */
static rh_status load_encoder(wcpp_model *m, rh_error *err)
{
    rh_enc_options o = {.precision = "auto", .n_threads = m->info.n_threads, .cache_dir = m->cache_dir};
    rh_status st = m->file ? RH_OK : rh_ggml_file_open(&m->file, m->path, err);
    if (st == RH_OK && !m->encoder)
        st = rh_enc_model_new(&m->encoder, m->file, &o, err);
    return st;
}

rh_status wcpp_pooled(void *stream, float out[RH_ASR_POOLED], rh_error *err)
{
    wcpp_stream *s = stream;
    wcpp_model *m = s->m;
    rh_enc_output states;
    if (m->info.n_state != VOICE_STATE || !m->info.multilingual)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "how somebody speaks is heard by the multilingual base model alone");
    if (!s->n_kept)
        return wcpp_nothing_kept(err);
    pthread_mutex_lock(&m->lock);
    rh_status st = load_encoder(m, err);
    if (st == RH_OK && !s->pooling)
        st = rh_enc_state_new(&s->pooling, m->encoder, err);
    pthread_mutex_unlock(&m->lock);
    rh_enc_window w = {.samples = s->kept, .n = s->n_kept, .n_hops = rh_log_mel_n_hops(s->n_kept)};
    if (st == RH_OK)
        st = rh_enc_run(s->pooling, &w, &states, err);
    return st == RH_OK ? rh_enc_pool(s->pooling, &states, out, err) : st;
}
