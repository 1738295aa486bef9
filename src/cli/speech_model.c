#include "speech_model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/models/model.h"
#include "rehearse/models/model.h"

rh_status rh_cli_speech_path(const rh_config *cfg, char *buf, size_t size, rh_error *err)
{
    return rh_model_path(cfg->model, cfg->models_dir, buf, size, err);
}

rh_asr_model_options rh_cli_asr_options(const rh_config *cfg)
{
    rh_asr_model_options o = rh_asr_model_options_default();
    o.n_threads = cfg->threads;
    o.precision = cfg->precision;
    o.engine = strcmp(cfg->engine, "native") == 0        ? RH_ENGINE_NATIVE
               : strcmp(cfg->engine, "whisper.cpp") == 0 ? RH_ENGINE_WHISPER_CPP
                                                         : RH_ENGINE_AUTO;
    o.device = strcmp(cfg->device, "cpu") == 0    ? RH_DEVICE_CPU
               : strcmp(cfg->device, "cuda") == 0 ? RH_DEVICE_CUDA
                                                  : RH_DEVICE_AUTO;
    return o;
}

rh_status rh_cli_load_speech(const rh_config *cfg, rh_asr_model **out, rh_error *err)
{
    char path[4096], cache[4096];
    rh_status st = rh_cli_speech_path(cfg, path, sizeof path, err);
    if (st != RH_OK)
        return st;
    rh_asr_model_options o = rh_cli_asr_options(cfg);
    if (rh_config_cache_dir(cache, sizeof cache))
        o.cache_dir = cache;
    return rh_asr_model_load(out, path, &o, err);
}

rh_status rh_cli_load_vad(const rh_config *cfg, rh_vad_model **out, rh_error *err)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", cfg->models_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return rh_fail(err, RH_ERR_LIMIT, "the path of the models is too long");
    if (access(path, R_OK) != 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "the voice activity model is not in %.150s; make fetches it",
                       cfg->models_dir);
    return rh_vad_model_load(out, path, err);
}
