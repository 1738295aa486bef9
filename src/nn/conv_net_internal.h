/* conv_net_internal.h - a convolutional network as its steps, in the order in which they run. */
#ifndef RH_CONV_NET_INTERNAL_H
#define RH_CONV_NET_INTERNAL_H

#include "kernels_conv_internal.h"
#include "rehearse/nn/conv_net.h"
#include "tflite_file.h"

enum { RH_CONV_STEPS = 128, RH_CONV_INPUT = -1 };

typedef struct {
    int width, height, channels;
} rh_conv_size;

/* A window moving over a picture: what of it lies left of and above the first pixel's window is 0. */
typedef struct {
    int width, height, stride, left, top;
} rh_conv_window;

/* A pool, or [a depthwise convolution and] a convolution [and a sum] [and PReLU]. */
typedef struct {
    bool pool;
    int in, add, out;      /* tensors of the file; add -1 = none */
    rh_conv_size from, to; /* of in, out */
    int add_panels;
    rh_conv_window window; /* of the convolution */
    rh_conv_window before; /* of the depthwise one; width 0 = none */
    const float *w, *bias, *slope, *before_w, *before_bias;
    const uint16_t *half; /* instead of w */
    const int16_t *w16;   /* instead of both, with w_scale */
    const float *w_scale;
    size_t at_in, at_add, at_out; /* in the work memory; at_in of the network's input does not count */
    bool from_input;
} rh_conv_step;

struct rh_conv_net {
    const rh_conv_kernels *kernels;
    float *weights;
    size_t n_weights;
    rh_conv_size in;
    int n_steps, n_out;
    rh_conv_step step[RH_CONV_STEPS];
    size_t out_at[RH_TFLITE_ARGUMENTS], out_size[RH_TFLITE_ARGUMENTS];
    size_t at_zeros, at_pixels; /* a row of zeros; pixels made ready for a product */
    size_t at_narrow, work;     /* these as whole numbers; all */
};

/* Fills steps and, as its kernels take them, weights from the file. */
rh_status rh_conv_net_build(rh_conv_net *n, const rh_tflite_file *f, rh_error *err);

static inline size_t rh_conv_padded(int channels)
{
    return (size_t)((channels + RH_CONV_PANEL - 1) / RH_CONV_PANEL * RH_CONV_PANEL);
}

/* How many pixels are made ready at once: what the first cache holds beside a panel of weights. */
static inline int rh_conv_pixels(const rh_conv_step *s)
{
    enum { MOST = 384, FLOATS = 6144 };
    int k = s->window.width * s->window.height * s->from.channels, n = FLOATS / k;
    n = n > MOST ? MOST : n < 12 ? 12 : n;
    if (s->before.width) /* whole rows */
        n = n < s->to.width ? s->to.width : n / s->to.width * s->to.width;
    return n;
}

#endif
