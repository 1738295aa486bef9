/* model_set.c - see model_set.h. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/session/model_set.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/log.h"

static rh_status go_on(const rh_model_set_options *o, rh_error *err)
{
    return o->cancel && atomic_load(o->cancel) ? rh_fail(err, RH_ERR_CANCELED, "loading was given up") : RH_OK;
}

/* A folder of models of before has none: pauses then are judged by the words alone. */
static void load_turn(rh_model_set *m, const rh_model_set_options *o)
{
    char path[PATH_MAX];
    rh_error err;
    int n = snprintf(path, sizeof path, "%s/smart-turn-v3.2-cpu.onnx", o->models_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return;
    if (rh_turn_model_load(&m->turn, path, o->asr.cache_dir, &err) != RH_OK)
        rh_log(RH_LOG_WARN, "live pauses are judged by the words alone: %s", err.msg);
}

static rh_status load_speech(rh_model_set *m, const rh_model_set_options *o, rh_error *err)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", o->models_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return rh_fail(err, RH_ERR_LIMIT, "the path of the models is too long");
    rh_status st = rh_vad_model_load(&m->vad, path, err);
    if (st == RH_OK)
        st = go_on(o, err);
    if (st == RH_OK)
        load_turn(m, o);
    return st == RH_OK ? rh_asr_model_load(&m->asr, o->whisper_path, &o->asr, err) : st;
}

rh_status rh_model_set_load(rh_model_set **out, const rh_model_set_options *o, rh_error *err)
{
    if ((o->whisper_path || o->vision) && !o->models_dir)
        return rh_fail(err, RH_ERR_INVAL, "the folder of the models is not set");
    char language[RH_ASR_LANG_LEN] = "";
    if (o->language && rh_asr_model_language(NULL, o->language, language, err) != RH_OK)
        return RH_ERR_INVAL;
    rh_model_set *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "models: out of memory");
    strcpy(m->language, language);
    rh_status st = o->whisper_path ? load_speech(m, o, err) : RH_OK;
    if (st == RH_OK)
        st = go_on(o, err);
    if (st == RH_OK && o->vision)
        st = rh_face_model_load(&m->faces, o->models_dir, o->asr.cache_dir, err);
    if (st != RH_OK) {
        rh_model_set_free(m);
        return st;
    }
    *out = m;
    return RH_OK;
}

void rh_model_set_free(rh_model_set *m)
{
    if (!m)
        return;
    rh_asr_model_free(m->asr);
    rh_vad_model_free(m->vad);
    rh_turn_model_free(m->turn);
    rh_face_model_free(m->faces);
    rh_free(m);
}
