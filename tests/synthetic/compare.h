/* compare.h - the native engine beside whisper.cpp on one model file. */
#ifndef RH_COMPARE_H
#define RH_COMPARE_H

#include <stdbool.h>
#include "rehearse/nn/ggml_file.h"

/* Differences are the largest one over the largest value, and the root mean
 * square of all over that of the values, whichever is more. */
typedef struct {
    double mel;                       /* largest difference of the log-mel, as it is */
    double encoder;                   /* f32, full window */
    double tail;                      /* the network on its first half with exact keys of the rest, against whole */
    double logits;                    /* f32 decoder on whisper.cpp's encoder output, worst of all steps */
    double int8_encoder, int8_logits; /* against our f32 */
    int n_steps, same_f32, same_int8; /* steps whose most probable token is whisper.cpp's */
} comparison;

/* Runs one after the other, so that memory is that of one engine. */
rh_status compare_engines(comparison *c, const char *path, int n_threads, rh_error *err);

#endif
