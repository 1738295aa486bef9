/* coach.c - loads the models that all clients share. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "coach_internal.h"
#include "rehearse/base/alloc.h"

static rh_status go_on(const rh_coach_options *o, rh_error *err)
{
    return o->cancel && atomic_load(o->cancel) ? rh_fail(err, RH_ERR_CANCELED, "loading was given up") : RH_OK;
}

static rh_status load_speech(rh_coach *c, const rh_coach_options *o, rh_error *err)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", o->models_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return rh_fail(err, RH_ERR_LIMIT, "the path of the models is too long");
    rh_status st = rh_vad_model_load(&c->vad, path, err);
    if (st == RH_OK)
        st = go_on(o, err);
    return st == RH_OK ? rh_asr_model_load(&c->asr, o->whisper_path, &o->asr, err) : st;
}

rh_status rh_coach_load(rh_coach **out, const rh_coach_options *o, rh_error *err)
{
    if ((o->whisper_path || o->vision) && !o->models_dir)
        return rh_fail(err, RH_ERR_INVAL, "the folder of the models is not set");
    char language[RH_ASR_LANG_LEN] = "";
    if (o->language && rh_asr_model_language(NULL, o->language, language, err) != RH_OK)
        return RH_ERR_INVAL;
    rh_coach *c = rh_calloc(1, sizeof *c);
    if (!c)
        return rh_fail(err, RH_ERR_NOMEM, "coach: out of memory");
    strcpy(c->language, language);
    rh_status st = o->whisper_path ? load_speech(c, o, err) : RH_OK;
    if (st == RH_OK)
        st = go_on(o, err);
    if (st == RH_OK && o->vision)
        st = rh_face_model_load(&c->faces, o->models_dir, o->asr.cache_dir, err);
    if (st != RH_OK) {
        rh_coach_free(c);
        return st;
    }
    *out = c;
    return RH_OK;
}

void rh_coach_free(rh_coach *c)
{
    if (!c)
        return;
    rh_asr_model_free(c->asr);
    rh_vad_model_free(c->vad);
    rh_face_model_free(c->faces);
    rh_free(c);
}

const rh_asr_model *rh_coach_asr(const rh_coach *c)
{
    return c->asr;
}

rh_asr_model *rh_coach_recogniser(rh_coach *c)
{
    return c->asr;
}

const rh_vad_model *rh_coach_vad(const rh_coach *c)
{
    return c->vad;
}

const rh_face_model *rh_coach_faces(const rh_coach *c)
{
    return c->faces;
}
