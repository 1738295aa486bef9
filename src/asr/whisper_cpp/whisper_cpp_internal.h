/* whisper_cpp_internal.h - parts of the whisper.cpp engine. */
#ifndef RH_WHISPER_CPP_INTERNAL_H
#define RH_WHISPER_CPP_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <whisper.h>
#include "asr/native/encoder.h"
#include "rehearse/asr/asr.h"
#include "asr/tokenizer.h"

/* Loads ggml's back ends (CPU variants, CUDA) once per process, from the
 * folder `lib` beside the program or else from the dependency cache.
 * RH_ERR_UNSUPPORTED when there is not even one for the CPU. */
rh_status rh_ggml_load_backends(rh_error *err);
/* Whether a back end for GPUs lies there: cheap, loads nothing. */
bool rh_ggml_has_gpu_library(void);
/* Name of the GPU's kind ("cuda", "vulkan"), NULL when there is none. After _load_backends. */
const char *rh_ggml_gpu_kind(void);
/* RH_ERR_UNSUPPORTED with the reason where CUDA can't be used. After _load_backends. */
rh_status rh_ggml_need_cuda(rh_error *err);
/* Whether so many bytes of the GPU's memory are free; *there is what is. */
bool rh_ggml_gpu_has_room(const char *kind, size_t wanted, size_t *there);

/* What the decoder was choosing from at each step, found again by window and
 * by the text tokens before it, so that it works for beams and retries too. */
typedef struct {
    uint64_t key; /* of the window and the text before; 0 = free */
    int32_t best, second;
    float p_best, p_second, entropy;
    float p_given; /* of the token that was named beside the logits */
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
/* Records the distribution that `logits` are, and what it gives to token `given` (-1 = none);
 * without memory it is left out. */
void rh_steps_add(rh_steps *s, uint64_t key, const float *logits, int n, int32_t given);
/* False when the step was not recorded. */
bool rh_steps_find(rh_steps *s, uint64_t key, rh_step *out);

enum {
    WCPP_MAX_FILLERS = 32,
    WCPP_MAX_GIVEN = 200,    /* tokens of a prefix or of a given text: a window decodes 220 */
    WCPP_MAX_WINDOWS = 4096, /* of one transcription; past it probabilities lack detail */
};

typedef struct {
    struct whisper_context *ctx;
    rh_tokenizer *tokenizer;
    rh_asr_model_info info;
    bool on_gpu;
    size_t stream_bytes;               /* of the GPU's memory, about */
    int32_t fillers[WCPP_MAX_FILLERS]; /* tokens that are a filler word or begin one */
    int n_fillers;
    /* whisper_cpp_pooled.c */
    char *path, *cache_dir;
    pthread_mutex_t lock;
    rh_ggml_file *file;    /* {lock} */
    rh_enc_model *encoder; /* {lock} */
} wcpp_model;

typedef struct {
    wcpp_model *m;
    struct whisper_state *state;
    rh_steps steps;
    float *kept;                    /* sound of the last transcription of at most 30 s */
    size_t n_kept;                  /* 0 = none */
    char language[RH_ASR_LANG_LEN]; /* of that */
    rh_enc_state *pooling;
    /* Of the transcription in progress: */
    const rh_asr_params *p;
    int32_t given[WCPP_MAX_GIVEN]; /* what the first window begins with */
    int n_given, n_given_seen;
    bool forced; /* and ends with; else it is left out of the result */
    bool own_timestamps;
    int64_t encode_from_us;
    int64_t encode_us;
    int n_steps;
    int n_windows;
    int first_segment[WCPP_MAX_WINDOWS]; /* of each window */
    int n_tries[WCPP_MAX_WINDOWS];       /* temperatures tried */
    /* Where the window in progress begins, in 1/100 s, which whisper.cpp does not tell: */
    int seek, n_segments;     /* of the windows before it */
    int last_stamp;           /* {steps.lock} of what was decoded last, -1 = none; in 1/50 s, */
    bool stamp_alone;         /* {steps.lock} that ended it without another after it */
    int16_t next_stamp[1501]; /* {steps.lock} after a timestamp another one at once, -1 = text */
} wcpp_stream;

/* run.c, whisper_cpp_pooled.c: the engine's table. */
rh_status wcpp_transcribe(void *stream, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                          rh_error *err);
rh_status wcpp_redecode(void *stream, const rh_asr_params *p, rh_transcript *out, rh_error *err);
rh_status wcpp_force(void *stream, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err);
rh_status wcpp_pooled(void *stream, float out[RH_ASR_POOLED], rh_error *err);
rh_status wcpp_nothing_kept(rh_error *err);

/* Keeps what the encoder for pooled output is made from; nothing is loaded yet. */
rh_status wcpp_pool_init(wcpp_model *m, const char *path, const rh_asr_model_options *o, rh_error *err);
void wcpp_pool_done(wcpp_model *m);

#endif
