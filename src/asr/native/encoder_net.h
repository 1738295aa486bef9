/* encoder_net.h - Whisper's audio encoder with kernels of our own (nn/gemm.h): weights and what flows into them in
 * 8 bits, everything else in f32. Any number of positions costs the same a position: nothing is compiled.
 *
 * Work goes by blocks of rows: a member of the team takes one through the attention, the MLP and into the next
 * layer's keys and values, so there is one barrier a layer.
 * Source: openai-whisper, model.py (AudioEncoder).
 * Threads: a net is immutable and may be shared; a work space belongs to one thread at a time. */
#ifndef RH_ENCODER_NET_H
#define RH_ENCODER_NET_H

#include "asr/voice_head.h"
#include "rehearse/nn/ggml_file.h"

enum { ENC_NET_SUMS = 64 /* floats a position: VOICE_SUMS of them are used */ };

typedef struct enc_net enc_net;
typedef struct enc_work enc_work;

/* What a window is made of. Positions 0 .. n_own - 1 are computed. */
typedef struct {
    const float *mel; /* [n_mels][2 n_own + 1] */
    const float *pos; /* [n_own][n_state] */
    int n_own, n_kept;
    const float *bias;  /* [n_own + n_kept], added to the scores of keys */
    const float *kept;  /* keys and values that come from elsewhere: k0, v0, k1, ... [n_kept][n_state] */
    size_t kept_stride; /* floats from one of these to the next */
    float *averages;    /* NULL, or of own keys and values, k0, v0, ... [ceil(n_own / merge)][n_state] */
    int merge;          /* positions of an average */
    float *states;      /* the output, [n_own][n_state] */
    float *sums;        /* NULL, or where the voice head's weighed sums go, [n_own][ENC_NET_SUMS] */
} enc_net_window;

/* Whether this machine has kernels for it. */
bool enc_net_supported(void);
/* head: NULL where the model is another than the head's. RH_ERR_FORMAT a tensor is missing, of another shape or damaged;
 * RH_ERR_NOMEM. Neither file nor head is needed afterwards. */
rh_status enc_net_new(enc_net **out, const rh_ggml_file *file, const voice_head *head, rh_error *err);
const char *enc_net_kernels(const enc_net *net); /* their name: rh_gemm.name */
void enc_net_free(enc_net *net);                 /* after its work spaces; NULL is fine */

/* With n_threads of its own. RH_ERR_NOMEM. */
rh_status enc_work_new(enc_work **out, const enc_net *net, int n_threads, rh_error *err);
void enc_work_free(enc_work *w); /* NULL is fine */
/* Keeps memory for the longest window so far. RH_ERR_NOMEM. */
rh_status enc_work_run(enc_work *w, const enc_net_window *window, rh_error *err);

#endif
