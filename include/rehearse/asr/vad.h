/* vad.h - voice activity: how likely each 32 ms of sound is speech.
 *
 * Source: Silero VAD v6 (silero_vad_openvino_16k.onnx, nn/silero_net.h), on
 * chunks of 512 samples at 16 kHz.
 * Threads: a model may be shared; a vad (one stream's memory) from one thread
 * at a time. */
#ifndef RH_VAD_H
#define RH_VAD_H

#include <stddef.h>
#include "rehearse/asr/asr.h"
#include "rehearse/base/status.h"

enum { RH_VAD_CHUNK = 512 }; /* samples at 16 kHz, 32 ms */

typedef struct rh_vad_model rh_vad_model;
typedef struct rh_vad rh_vad;

/* RH_ERR_IO unreadable; RH_ERR_FORMAT not that model; RH_ERR_NOMEM. */
rh_status rh_vad_model_load(rh_vad_model **out, const char *path, rh_error *err);
void rh_vad_model_free(rh_vad_model *m); /* after its vads; NULL is fine */

/* Borrows `m`. RH_ERR_NOMEM. */
rh_status rh_vad_new(rh_vad **out, const rh_vad_model *m, rh_error *err);
/* One chunk of RH_VAD_CHUNK samples in, the probability of speech out. */
float rh_vad_push(rh_vad *v, const float *chunk);
/* Mean square of the last chunk as the model heard it: soft sound is made louder for it. */
float rh_vad_loudness(const rh_vad *v);
void rh_vad_reset(rh_vad *v);
void rh_vad_free(rh_vad *v);

/* Spans of speech in a whole recording: probability, a loudness gate, at least
 * 100 ms of speech, padded, merged over short gaps. *out is freed with rh_free(). RH_ERR_NOMEM. */
rh_status rh_vad_spans(const rh_vad_model *m, const float *samples, size_t n, rh_speech_span **out, size_t *n_out,
                       rh_error *err);

#endif
