/* turn.h - has somebody finished, or do they only think?
 *
 * A pause says little about it; the melody and the words before it do. The model hears the
 * last 8 s and gives the probability that the speaker's turn is over.
 * Source: Smart Turn v3.2 (pipecat, smart-turn-v3.2-cpu.onnx), a Whisper encoder with a
 * classifier, run through OpenVINO; 8.7 MB. What it rounds to 8 bits between its operations is left
 * out (rh_nn_model_load_unrounded). A call takes one core some 150 ms with AVX2: too long for what
 * somebody waits for.
 * Threads: a model may be shared; calls wait for each other. */
#ifndef RH_TURN_H
#define RH_TURN_H

#include <stddef.h>
#include "rehearse/base/status.h"

enum { RH_TURN_WINDOW = 8 * 16000 };      /* samples at 16 kHz that the model hears */
static const double RH_TURN_TAIL_S = 0.2; /* of the pause, best: what it says changes with it */

typedef struct rh_turn_model rh_turn_model;

/* Reads the .onnx file; what is compiled of it is kept below `cache_dir` (NULL: nowhere). As
 * rh_nn_model_load(); RH_ERR_FORMAT another model. */
rh_status rh_turn_model_load(rh_turn_model **out, const char *path, const char *cache_dir, rh_error *err);
void rh_turn_model_free(rh_turn_model *m); /* NULL is fine */

/* The probability [0,1] that the turn is over at the end of `samples` (16 kHz, [-1,1]; the last
 * RH_TURN_WINDOW of them count), which should end with RH_TURN_TAIL_S of the pause. */
rh_status rh_turn_over(rh_turn_model *m, const float *samples, size_t n, float *p, rh_error *err);

#endif
