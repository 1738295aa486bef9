/* native_internal.h - what the files of the native engine share.
 *
 *   samples -> log-mel -> encoder (native/encoder.h) -> decoder
 *   (native/decoder.h) -> segments and word times -> transcript
 * native/engine.c loads and frees, native/transcribe.c decodes. */
#ifndef RH_NATIVE_ENGINE_INTERNAL_H
#define RH_NATIVE_ENGINE_INTERNAL_H

#include "decoder.h"
#include "encoder.h"
#include "window.h"
#include "rehearse/asr/asr.h"
#include "rehearse/nn/ggml_file.h"

enum { MAX_HISTORY = 224 }; /* tokens of earlier text the decoder may see: half its context */

typedef struct {
    rh_ggml_file *file;
    rh_enc_model *encoder;
    rh_dec_model *decoder;
    rh_asr_model_info info;
} native_model;

typedef struct {
    native_model *model;
    rh_enc_state *encoder;
    rh_dec_state *decoder;
    rh_dec_result result;
    rh_window_plan plan;
    float starts[RH_DEC_MAX_TOKENS + 1];
    rh_enc_output kept; /* of the last recording of one window; n_pos = 0: none */
    size_t kept_samples;
} native_stream;

rh_status native_transcribe(void *stream, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                            rh_error *err);
rh_status native_redecode(void *stream, const rh_asr_params *p, rh_transcript *out, rh_error *err);
rh_status native_force(void *stream, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err);
rh_status native_expected(void *stream, const char *text, const rh_asr_params *p, rh_asr_ending *out, rh_error *err);

#endif
