/* encoder_graph.h - Whisper's audio encoder as a network of dynamic length.
 *
 * Inputs, in this order (S positions of 20 ms are computed, T come from elsewhere,
 * P are made for later):
 *   mel  [1][n_mels][2 S + 1]  hop 2 S too, for the last position's convolution
 *   pos  [1][S][n_state]       position embeddings
 *   bias [1][1][1][S + T]      added to attention scores: 0 for own keys, the
 *                              logarithm of how many keys a merged one stands for
 *   pool [1][P][S]             how own keys and values are averaged for the output; P
 *                              may be 0: whole ones would be 37 MB a window of base
 *   k0, v0, k1, ... [1][T][n_state]  keys and values of each layer for the T
 * Outputs: averages [1][P][n_state] of own keys and values k0, v0, ...; the
 * states [1][S][n_state]; with a voice head its sums [1][S][VOICE_SUMS]. In this order, so that a layer's keys are averaged
 * when they are made and their memory serves the next layer.
 * Source: openai-whisper, model.py (AudioEncoder).
 * Threads: one at a time. */
#ifndef RH_ENCODER_GRAPH_H
#define RH_ENCODER_GRAPH_H

#include <stdbool.h>
#include "asr/voice_head.h"
#include "rehearse/nn/ggml_file.h"
#include "rehearse/nn/nn.h"
#include "rehearse/nn/nn_ir.h"

enum { RH_ENC_IN_MEL, RH_ENC_IN_POS, RH_ENC_IN_BIAS, RH_ENC_IN_POOL, RH_ENC_IN_KV };
enum { RH_ENC_OUT_KV };

typedef struct {
    bool int8;             /* weights in 8 bits by rows, activations quantized as they come */
    const char *precision; /* of the other arithmetic: "f32", "bf16", "f16" */
    int n_threads, n_streams;
    const voice_head *head; /* NULL = none */
    const char *cache_dir;  /* compiled networks are kept here, by content and options; NULL = none */
} rh_encoder_graph_options;

/* Writes and compiles the network. It reads weights of the file and of
 * *weights at its first runs: both must outlive it. *weights is NULL when the
 * network has them from the cache, which it then always does. On success the
 * caller owns *out and *weights.
 * RH_ERR_FORMAT a tensor is missing or of another shape; RH_ERR_NOMEM. */
rh_status rh_encoder_graph_compile(rh_nn_model **out, rh_ir **weights, const rh_ggml_file *file,
                                   const rh_encoder_graph_options *opts, rh_error *err);

#endif
