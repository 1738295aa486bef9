/* log_mel.h - log-mel spectrogram, equal to openai-whisper's to 1e-4.
 *
 * Sound counts as followed by 30 s of zeros, as the reference pads it. A hop
 * is 160 samples; hop t sees samples 160 t - 200 to 160 t + 199 under a Hann
 * window, reflected at the start. log10 of mel energies, no lower than 8 below
 * the loudest of the whole recording, then (x + 4) / 4.
 * Source: openai-whisper, audio.py (log_mel_spectrogram).
 * Threads: immutable, may be shared. */
#ifndef RH_LOG_MEL_H
#define RH_LOG_MEL_H

#include <stddef.h>
#include "rehearse/base/status.h"

enum { RH_MEL_HOP = 160, RH_MEL_N_FFT = 400, RH_MEL_N_BINS = RH_MEL_N_FFT / 2 + 1 };

typedef struct rh_log_mel rh_log_mel;

/* `filters` [n_mels][RH_MEL_N_BINS], copied. RH_ERR_NOMEM. */
rh_status rh_log_mel_new(rh_log_mel **out, const float *filters, int n_mels, rh_error *err);
void rh_log_mel_free(rh_log_mel *lm); /* NULL is fine */
int rh_log_mel_n_mels(const rh_log_mel *lm);

/* Hops that see any of n samples; later ones are silence. */
size_t rh_log_mel_n_hops(size_t n);

/* log10 of mel energies of hops [first, first + n_hops) of `samples`, not normalised:
 * out[n_mels][stride], columns 0 .. n_hops - 1. Returns the loudest value among them. */
float rh_log_mel_raw(const rh_log_mel *lm, const float *samples, size_t n, size_t first, size_t n_hops, float *out,
                     size_t stride);

/* Loudest value of the whole recording. */
float rh_log_mel_max(const rh_log_mel *lm, const float *samples, size_t n);

/* The reference's normalisation of one raw value. */
float rh_log_mel_normal(float raw, float max);
/* And of out[n_mels][stride], columns 0 .. n_hops - 1, in place. */
void rh_log_mel_normalise(const rh_log_mel *lm, float *out, size_t stride, size_t n_hops, float max);

#endif
