/* silero_net.h - Silero's voice activity network, run by the thread that asks.
 *
 * It runs for every 32 ms of everybody who speaks, between much else: a run allocates nothing, wakes nobody, and its
 * weights, which all threads share, are as few as the answer needs.
 * Source: Silero VAD v6 (silero_vad_openvino_16k.onnx): magnitudes of a Fourier transform, four convolutions, an LSTM.
 * Threads: a network is immutable and may be shared. */
#ifndef RH_NN_SILERO_NET_H
#define RH_NN_SILERO_NET_H

#include "rehearse/base/status.h"

enum { RH_SILERO_IN = 576, RH_SILERO_STATE = 256 };

typedef struct rh_silero_net rh_silero_net;

/* RH_ERR_IO unreadable; RH_ERR_FORMAT not this network (err says what it lacks); RH_ERR_NOMEM. */
rh_status rh_silero_net_load(rh_silero_net **out, const char *path, rh_error *err);
void rh_silero_net_free(rh_silero_net *n); /* NULL is fine */

/* The probability that the last 512 samples (16 kHz) of `in` are speech; 64 before them stand in front. `state`, at
 * first 0, is changed into that of the samples behind these. */
float rh_silero_net_run(const rh_silero_net *n, const float in[RH_SILERO_IN], float state[RH_SILERO_STATE]);

#endif
