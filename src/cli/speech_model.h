/* speech_model.h - loads what the settings name. */
#ifndef RH_SPEECH_MODEL_H
#define RH_SPEECH_MODEL_H

#include "rehearse/asr/asr.h"
#include "rehearse/config/config.h"
#include "rehearse/asr/vad.h"

/* The file of the setting `model`: a path, or a name looked up in models_dir. */
rh_status rh_cli_speech_path(const rh_config *cfg, char *buf, size_t size, rh_error *err);
rh_asr_model_options rh_cli_asr_options(const rh_config *cfg);
rh_status rh_cli_load_speech(const rh_config *cfg, rh_asr_model **out, rh_error *err);
rh_status rh_cli_load_vad(const rh_config *cfg, rh_vad_model **out, rh_error *err);

#endif
