/* encoder_net_internal.h - what loading and running the encoder share. */
#ifndef RH_ENCODER_NET_INTERNAL_H
#define RH_ENCODER_NET_INTERNAL_H

#include <stdbool.h>
#include "encoder_net.h"
#include "rehearse/nn/gemm.h"
#include "rehearse/nn/kernels.h"

enum { HEAD = 64, TAPS = 3 /* of the convolutions */ };

typedef struct {
    float *gain, *shift;
} enc_norm;

typedef struct {
    float *w; /* [taps][panel][n_in][columns] */
    float *bias;
} enc_conv;

typedef struct {
    enc_norm attn_norm, mlp_norm;
    rh_gemm_weights query, key, value, out, fc1, fc2;
} enc_layer;

struct enc_net {
    const rh_gemm *g;
    const rh_kernels *k;
    int d, n_heads, n_layers, n_mels;
    enc_conv conv1, conv2;
    enc_layer *layers;
    enc_norm last;
    float *sums[VOICE_LAYERS]; /* NULL without a voice head, else [panel][d][columns] */
    float sums_bias[ENC_NET_SUMS];
};

#endif
