/* transcriber_internal.h - state of live recognition.
 *
 * transcriber.c listens: it takes sound in, follows voice activity and decides
 * what to decode. transcriber_decode.c decodes and decides what is final. */
#ifndef RH_TRANSCRIBER_INTERNAL_H
#define RH_TRANSCRIBER_INTERNAL_H

#include <pthread.h>
#include "rehearse/transcriber.h"
#include "vad_internal.h"

enum {
    TR_RATE = RH_ASR_RATE_HZ,
    TR_MAX_PAUSES = 64,
    TR_MAX_PROMPT = 600, /* bytes */
    TR_MAX_PREFIX = 160, /* bytes */
};

typedef struct {
    bool final;
    rh_transcript transcript;
    float start, end;
    float *pooled;
    int n_pooled;
} tr_heard;

/* A short pause inside an utterance, in samples. */
typedef struct {
    int64_t start, end;
} tr_pause;

struct rh_transcriber {
    rh_asr_model *model;
    rh_asr_stream *asr; /* only during a decode: people who listen need no decoder's memory */
    rh_vad *vad;
    rh_transcriber_options o;
    char language[RH_ASR_LANG_LEN]; /* "" = not known yet */
    char prompt[TR_MAX_PROMPT];

    pthread_mutex_t lock;
    float *in; /* {lock} sound fed and not looked at */
    size_t n_in, cap_in; /* {lock} */
    int64_t n_fed;       /* {lock} samples since the start */

    /* The working thread's own: sound from sample `base` on. All positions are
     * samples since the start. */
    float *sound;
    int64_t base;
    size_t n_sound, cap_sound;
    int64_t seen; /* up to here voice activity is known: a multiple of its chunk */
    rh_vad_gate gate;
    int64_t speech_samples; /* of stretches that ended */

    bool open;           /* an utterance goes on */
    int64_t from;        /* its first sample to decode */
    int64_t onset;       /* its first speech */
    int64_t speech_end;  /* its last speech so far */
    int64_t settled;     /* all before is final */
    tr_pause pauses[TR_MAX_PAUSES];
    int n_pauses;

    /* In speech without a pause the next decode begins some words before
     * `settled` and is forced to begin with them. */
    char prefix[TR_MAX_PREFIX];
    int n_prefix_words;

    rh_transcript partial;      /* last decode of the open utterance, words of the prefix left out */
    rh_transcript scratch, raw;
    int32_t *draft;             /* its tokens, those of the prefix too */
    int n_draft, cap_draft;
    int64_t partial_at;         /* sound it had, 0 = none */
    int64_t interval;           /* until the next, in samples */

    tr_heard *heard;
    int n_heard, cap_heard, next_heard;
    atomic_bool speaking;
    atomic_llong behind, speech;  /* samples, for other threads */
};

/* Decodes [from, to) as the end of a stretch and appends it to what was heard; on
 * success everything before `settled` is done with. */
rh_status rh_tr_final(rh_transcriber *t, int64_t to, int64_t settled, const atomic_bool *cancel,
                      rh_error *err);
/* Decodes [from, seen): a partial, or (in very long speech) words that two decodes agree on. */
rh_status rh_tr_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel, rh_error *err);

#endif
