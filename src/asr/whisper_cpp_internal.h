/* whisper_cpp_internal.h - parts of the whisper.cpp engine. */
#ifndef RH_WHISPER_CPP_INTERNAL_H
#define RH_WHISPER_CPP_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/status.h"

/* Loads ggml's back ends (CPU variants, CUDA) once per process, from the
 * folder `lib` beside the program or else from the dependency cache.
 * RH_ERR_UNSUPPORTED when there is not even one for the CPU. */
rh_status rh_ggml_load_backends(rh_error *err);
/* Whether a back end for GPUs lies there: cheap, loads nothing. */
bool rh_ggml_has_gpu_library(void);
/* Name of the GPU's kind ("cuda", "vulkan"), NULL when there is none. After _load_backends. */
const char *rh_ggml_gpu_kind(void);

/* What the decoder was choosing from at each step, found again by window and
 * by the text tokens before it, so that it works for beams and retries too. */
typedef struct {
    uint64_t key; /* of the window and the text before; 0 = free */
    int32_t best, second;
    float p_best, p_second, entropy;
} rh_step;

typedef struct {
    pthread_mutex_t lock; /* beams are sampled on several threads */
    rh_step *steps;       /* {lock} open addressing */
    size_t n, cap;        /* {lock} cap is a power of two */
} rh_steps;

void rh_steps_init(rh_steps *s);
void rh_steps_done(rh_steps *s);
void rh_steps_clear(rh_steps *s);
uint64_t rh_steps_key(uint64_t before, int32_t token); /* start with a window's number */
/* Records the distribution that `logits` are; without memory it is left out. */
void rh_steps_add(rh_steps *s, uint64_t key, const float *logits, int n);
/* False when the step was not recorded. */
bool rh_steps_find(rh_steps *s, uint64_t key, rh_step *out);

#endif
