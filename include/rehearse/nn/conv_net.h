/* conv_net.h - small convolutional networks, run by the thread that asks.
 *
 * For networks that run many times a second between pauses: weights are shared by all threads, a run allocates
 * nothing, wakes nobody, and touches little memory besides the weights, for after a pause all of it is cold.
 * Pictures are f32; products too, or of whole numbers of 16 bits where the processor gains by these.
 * Source: TFLite files whose operators are convolutions, depthwise ones of 3x3 before those of 1x1, sums with another
 * picture, PReLU and pools of 2x2; half-precision weights.
 * Threads: a network is immutable and may be shared; each run needs memory of its own. */
#ifndef RH_NN_CONV_NET_H
#define RH_NN_CONV_NET_H

#include <stddef.h>
#include "rehearse/base/status.h"

typedef struct rh_conv_net rh_conv_net;

/* RH_ERR_IO unreadable; RH_ERR_FORMAT not such a file, or an operator besides these (err says which);
 * RH_ERR_NOMEM. */
rh_status rh_conv_net_load(rh_conv_net **out, const char *path, rh_error *err);
void rh_conv_net_free(rh_conv_net *n); /* NULL is fine */

/* Sides of the input [height][width][channels]. */
void rh_conv_net_input(const rh_conv_net *n, int *height, int *width, int *channels);
/* Floats of output `i` as the file numbers them; 0 = there is none. */
size_t rh_conv_net_output(const rh_conv_net *n, int i);
/* Floats that a run works in. */
size_t rh_conv_net_work(const rh_conv_net *n);
/* `out`: one for each output. `work`: from rh_alloc_aligned(). Any float is fine as input. */
void rh_conv_net_run(const rh_conv_net *n, const float *in, float *const *out, float *work);

#endif
