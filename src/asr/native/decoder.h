/* decoder.h - Whisper's text decoder on our own kernels.
 *
 * The model holds weights (int8 by rows, or f32) and a team of threads; a
 * state holds one stream's cross-attention keys and values and the tokens so
 * far. Steps of different streams that ask at the same time share one pass
 * over the weights; the result of a row does not depend on its neighbours, so
 * neither sharing, drafts nor the number of threads change a result.
 * Decoding rules: openai-whisper, decoding.py and transcribe.py.
 * Limits: one window (30 s) at a time; windows and seeking are the engine's.
 * Threads: a model may be shared; a state belongs to one thread at a time. */
#ifndef RH_NATIVE_DECODER_H
#define RH_NATIVE_DECODER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/asr/asr.h"
#include "rehearse/nn/ggml_file.h"
#include "asr/tokenizer.h"
#include "rehearse/asr/terms.h"

typedef struct rh_dec_model rh_dec_model;
typedef struct rh_dec_state rh_dec_state;

typedef struct {
    int n_threads; /* at least 1 */
    bool f32;      /* weights, keys and values in f32: for comparison, four times the memory */
} rh_dec_options;

enum { RH_DEC_MAX_TOKENS = 448 };

typedef struct {
    int32_t id;
    float logprob; /* under the rules' distribution at temperature 1 */
    float p, entropy, p_rival;
    float p_filler; /* of the likeliest hesitation in its place */
    int32_t rival_id;
} rh_dec_token;

/* One window's transcript. Timestamp tokens are among `tokens`; the end token is not. */
typedef struct {
    rh_dec_token tokens[RH_DEC_MAX_TOKENS];
    int n_tokens;
    float avg_logprob, no_speech_prob, compression_ratio, temperature;
    char language[RH_ASR_LANG_LEN];
    int n_steps; /* decoder passes */
} rh_dec_result;

typedef struct {
    const char *language; /* code; NULL = detect */
    bool translate, timestamps;
    int beam; /* 1 = greedy */
    float temperature;
    bool fallback; /* 0.2 hotter each time, up to 1, by compression ratio and log-probability; where
                      all fail, the likeliest answer that does not repeat itself */
    float logprob_min, compression_max, no_speech_max;
    const int32_t *prompt; /* text before this window, without the start-of-prev token; its end
                              counts */
    int n_prompt;
    const int32_t *prefix; /* tokens the answer begins with (they are not in the result) */
    int n_prefix;
    const int32_t *draft; /* guess of the answer, timestamps included where asked for; greedy only */
    int n_draft;
    bool keep_to_draft; /* its tokens stand where no other but a filler is much more probable */
    float filler_boost;
    const rh_terms *terms; /* written in place of what sounds like them, where likely; NULL */
    uint64_t seed;         /* of sampling at temperatures above 0 */
    int max_tokens;        /* 0 = half the text context, as the reference */
    int retry_steps;       /* decoder passes that hotter tries may take together; 0 = no limit */
    const atomic_bool *cancel;
    void (*give_way)(void *user); /* called between passes; may use other states; NULL */
    void *give_way_user;
    int64_t deadline_us; /* orders passes of different streams; 0 = may wait */
} rh_dec_params;

rh_dec_params rh_dec_params_default(void);

/* Packs the decoder's weights; `file` must outlive the model (embeddings are read from it).
 * RH_ERR_FORMAT a tensor is missing or has another shape; RH_ERR_NOMEM. */
rh_status rh_dec_model_new(rh_dec_model **out, const rh_ggml_file *file, const rh_dec_options *opts, rh_error *err);
void rh_dec_model_free(rh_dec_model *m); /* after its states; NULL is fine */
const rh_tokenizer *rh_dec_model_tokenizer(const rh_dec_model *m);

rh_status rh_dec_state_new(rh_dec_state **out, rh_dec_model *m, rh_error *err);
void rh_dec_state_free(rh_dec_state *s);

/* Takes the encoder's output [n_pos][n_state] (copied into keys and values) of
 * a window; n_pos may be less than the full context: speech, then some tail. */
rh_status rh_dec_set_audio(rh_dec_state *s, const float *encoded, int n_pos, rh_error *err);

/* The most probable language token and, when `p` is given, the probability of each language
 * [n_languages]. English for models that know no other. */
rh_status rh_dec_detect_language(rh_dec_state *s, int32_t *language_token, float *p, rh_error *err);

/* What the decoder holds is plainly not in this language (NULL = any): one pass. */
bool rh_dec_other_language(rh_dec_state *s, const char *language);

/* Decodes the window. RH_ERR_CANCELED; RH_ERR_INVAL no audio, unknown language. */
rh_status rh_dec_run(rh_dec_state *s, const rh_dec_params *p, rh_dec_result *out, rh_error *err);

/* Whether the fallback would keep this answer: likely enough, not repeating itself, or silence. */
bool rh_dec_good_enough(const rh_dec_params *p, const rh_dec_result *r);

/* Probabilities of given text tokens under the model, without timestamps: out[n].
 * At most RH_DEC_MAX_TOKENS - 5 of them. */
rh_status rh_dec_force(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, rh_dec_token *out,
                       rh_error *err);

/* How likely each token is behind the given text: n_vocab chances, in the state until its next use. */
rh_status rh_dec_next(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, float **p_next,
                      rh_error *err);

/* Times of text tokens (no timestamps among them) by dynamic time warping over the alignment
 * heads: starts[i] in s from the start of the window, starts[n] = end of the last one.
 * `n_speech_pos`: positions (20 ms) that hold audio, at most the n_pos of rh_dec_set_audio(). */
rh_status rh_dec_align(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, int n_speech_pos,
                       float *starts, rh_error *err);

#endif
