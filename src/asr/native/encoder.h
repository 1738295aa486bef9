/* encoder.h - Whisper's encoder for a window whose end is silence.
 *
 * A window of 30 s is mostly padding when somebody says a sentence. The keys
 * and values of positions that see only padding hardly depend on the speech,
 * so they are computed once per value of the padding and kept, neighbours
 * merged by 32; a window then computes only the positions up to shortly
 * behind its sound, each attending to its own keys and to the kept ones. A
 * merged key counts as often as it stands for others (the logarithm is added
 * to its score).
 * Units: a position is 20 ms, two hops of the spectrogram, 320 samples.
 * Source: docs/performance.md has what this costs in accuracy: nothing measurable.
 * Threads: a model may be shared; a state belongs to one thread at a time. Of
 * several states that ask at once the earliest deadline goes first. */
#ifndef RH_NATIVE_ENCODER_H
#define RH_NATIVE_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "asr/log_mel.h"
#include "asr/voice_head.h"
#include "rehearse/nn/ggml_file.h"
#include "rehearse/base/status.h"

typedef struct rh_enc_model rh_enc_model;
typedef struct rh_enc_state rh_enc_state;

enum { RH_ENC_WINDOW_HOPS = 3000, RH_ENC_POS_SAMPLES = 320 };

typedef struct {
    const char *precision; /* "auto" "f32" "bf16" "f16" "int8" */
    int n_threads;         /* at least 1 */
    bool full_window;      /* compute every position: for comparison */
    const char *cache_dir; /* NULL = none */
} rh_enc_options;

/* RH_ERR_FORMAT tensors missing; RH_ERR_INVAL unknown precision; RH_ERR_NOMEM.
 * `file` must outlive the model. */
rh_status rh_enc_model_new(rh_enc_model **out, const rh_ggml_file *file, const rh_enc_options *opts, rh_error *err);
void rh_enc_model_free(rh_enc_model *m); /* after its states; NULL is fine */
const char *rh_enc_model_precision(const rh_enc_model *m);
const rh_log_mel *rh_enc_model_mel(const rh_enc_model *m);

rh_status rh_enc_state_new(rh_enc_state **out, rh_enc_model *m, rh_error *err);
void rh_enc_state_free(rh_enc_state *s);

typedef struct {
    const float *samples; /* the whole recording */
    size_t n;
    size_t first_hop, n_hops; /* of the window; at most RH_ENC_WINDOW_HOPS of sound */
    const float *max;         /* rh_log_mel_max() of the whole recording; NULL = the window is all of it */
    bool whole;               /* compute every position, though the end is silence */
    int64_t deadline_us;      /* 0 = may wait */
} rh_enc_window;

/* Encoder output, [n_pos][n_state], valid until the next run of this state:
 * n_own positions computed for this window, then some of the kept silence. */
typedef struct {
    const float *states;
    const float *sums;          /* of the voice head, [n_own]; NULL where the model is another than the head's */
    int n_pos, n_own, n_speech; /* n_speech: positions that hold sound */
    int64_t wall_us;
} rh_enc_output;

rh_status rh_enc_run(rh_enc_state *s, const rh_enc_window *w, rh_enc_output *out, rh_error *err);

/* voice_head_pool() over the positions that hold sound, of an output of this state; the inside of silences is left out.
 * RH_ERR_UNSUPPORTED for models other than the multilingual base; RH_ERR_NOMEM. */
rh_status rh_enc_pool(const rh_enc_state *s, const rh_enc_output *of, float pooled[2 * VOICE_HEARD], rh_error *err);

#endif
