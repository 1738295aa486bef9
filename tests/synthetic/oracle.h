/* oracle.h - whisper.cpp's intermediate results for a window of sound: its
 * log-mel, the encoder's output, and logits after any tokens.
 *
 * The C API gives logits only. The rest is read where whisper.cpp hands its
 * graphs to ggml: a program that links this file has its own
 * ggml_backend_sched_graph_compute() in front of the library's. The same way
 * two operations run as openai-whisper has them: GELU by the error function
 * (whisper.cpp: tanh, from a table in f16), convolutions in the precision of
 * their weights (whisper.cpp: input in f16). Keys and values stay in f16.
 * Threads: one oracle at a time. */
#ifndef RH_ORACLE_H
#define RH_ORACLE_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct oracle oracle;

/* Loads the file, CPU only. RH_ERR_FORMAT when whisper.cpp refuses it. */
rh_status oracle_new(oracle **out, const char *path, rh_error *err);
void oracle_free(oracle *o); /* NULL is fine */

/* Both belong to the oracle. */
typedef struct {
    float *mel;    /* [n_mels][2 n_ctx] */
    float *states; /* [n_ctx][n_state] */
} oracle_window;

/* The window at the recording's start. */
rh_status oracle_encode(oracle *o, const float *samples, size_t n, oracle_window *out, rh_error *err);
/* Runs tokens after the first n_past ones; logits of the last one, valid until the next call. */
rh_status oracle_decode(oracle *o, const int32_t *tokens, int n, int n_past, const float **logits, rh_error *err);

#endif
