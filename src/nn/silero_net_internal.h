/* silero_net_internal.h - what loading and running the voice activity network share. */
#ifndef RH_SILERO_NET_INTERNAL_H
#define RH_SILERO_NET_INTERNAL_H

#include "kernels_conv_internal.h"
#include "rehearse/nn/kernels.h"
#include "rehearse/nn/silero_net.h"

enum {
    SILERO_POINTS = 256, /* of a transform */
    SILERO_HALF = SILERO_POINTS / 2,
    SILERO_BINS = SILERO_HALF + 1,
    SILERO_CONVS = 4,
    SILERO_WIDE = 128, /* channels, at most; units of the LSTM */
    SILERO_GATES = 4 * SILERO_WIDE
};

/* A product of rows with a matrix, in the order of rh_conv_product.w. */
typedef struct {
    int k, n_out;
    float *w, *bias;
} silero_layer;

struct rh_silero_net {
    const rh_conv_kernels *products;
    const rh_kernels *kernels;
    rh_arena arena; /* all weights, in the order in which they are read */
    float window[SILERO_POINTS];
    float cosine[SILERO_POINTS], sine[SILERO_POINTS]; /* of 2 pi i / SILERO_POINTS */
    silero_layer conv[SILERO_CONVS], lstm; /* of the LSTM: what comes in and its own output, one behind the other */
    float last[SILERO_WIDE], last_bias;
    float nothing[SILERO_WIDE]; /* what is left of negative values */
};

/* Fills an empty network from the file; rh_silero_net_free() in any case. */
rh_status rh_silero_net_build(rh_silero_net *n, const void *bytes, size_t size, rh_error *err);

#endif
