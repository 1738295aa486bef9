/* transcriber_internal.h - state of live recognition.
 *
 * transcriber.c listens: it takes sound in, follows voice activity and decides
 * what to decode. transcriber_decode.c decodes and decides what is final, of which
 * transcriber_context.c keeps what a decode begins with; transcriber_heard.c keeps what
 * was heard until it is fetched. */
#ifndef RH_TRANSCRIBER_INTERNAL_H
#define RH_TRANSCRIBER_INTERNAL_H

#include <pthread.h>
#include "rehearse/asr/transcriber.h"
#include "asr/vad_internal.h"

enum {
    TR_RATE = RH_ASR_RATE_HZ,
    TR_MAX_PAUSES = 64,
    TR_MAX_PROMPT = 600,                  /* bytes */
    TR_MAX_CONTEXT = 500,                 /* bytes */
    TR_PAUSE_DECODE = TR_RATE * 16 / 100, /* silence after which a pause may be the end */
    TR_LOOK_BACK = 8 * TR_RATE,           /* sound given with a final before what is new */
    TR_TOO_LONG = 22 * TR_RATE,           /* words are settled now: the model sees 30 s */
    TR_SETTLE_AGAIN = TR_RATE * 4 / 10,   /* sound between two tries to settle words */
};

typedef struct {
    bool final;
    rh_transcript transcript;
    float start, end;
    rh_asr_ending expected, alone, joined;
    float *pooled; /* [RH_ASR_POOLED]; NULL = not known */
    uint8_t *phone_cost;
    size_t n_phone_steps;
    double phones_from;
    rh_transcript verbatim;
    int64_t from, to;         /* sound that was decoded, in samples */
    int64_t fresh, fresh_end; /* of it new */
    int64_t context_from;     /* of what is decoded next; < 0 = none */
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
    float *in;           /* {lock} sound fed and not looked at */
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
    int64_t begun;       /* its first speech */
    int64_t onset;       /* the first of it that is not final */
    int64_t settle_from; /* words wait to be settled since */
    int64_t speech_end;  /* its last speech so far */
    int64_t settled;     /* all before is final */
    tr_pause pauses[TR_MAX_PAUSES];
    int n_pauses;

    /* The sound of [from, context_end) is text already (`context`): it is decoded
     * again with what follows, as its beginning, because a recogniser that hears
     * a sentence from its middle errs more. Empty = none. */
    char context[TR_MAX_CONTEXT];
    char context_verbatim[TR_MAX_CONTEXT]; /* with its hesitations: the verbatim decode begins so */
    int64_t context_end;
    bool paused; /* behind that, before what is new */
    /* What may become it: sound from `last_from`, whose text is `last_text`. */
    char last_text[TR_MAX_CONTEXT], last_verbatim[TR_MAX_CONTEXT];
    int64_t last_from, last_end;

    rh_transcript partial; /* last decode of the open utterance */
    rh_transcript scratch;
    rh_transcript piece;    /* words that are being settled */
    rh_transcript verbatim; /* verbatim decode of the last decode that may become final */
    rh_asr_ending expected; /* behind its words */
    rh_asr_ending alone;    /* behind those of the last final, when it was that */
    rh_asr_ending joined;   /* in place of the pause before it */
    int64_t joined_at;      /* sound that was there when that was asked */
    bool joined_told;       /* a partial has shown it */
    int32_t *draft;         /* its tokens */
    int n_draft;
    size_t cap_draft;
    int64_t partial_at; /* sound it had, 0 = none */
    bool gives_way;     /* what is decoded may wait */
    bool doubtful;      /* the last decode failed openai-whisper's test */
    int64_t interval;   /* until the next, in samples */
    bool has_pooled;    /* of the partial: */
    float pooled[RH_ASR_POOLED];
    uint8_t *phone_cost; /* of it, from `phones_from` on; NULL = none */
    size_t n_phone_steps;
    int64_t phones_from;

    tr_heard *heard;
    int n_heard, next_heard;
    size_t cap_heard;
    atomic_bool speaking;
    atomic_llong behind, speech, quiet; /* samples, for other threads */
};

/* A try to settle words has failed. */
bool rh_tr_overdue(const rh_transcriber *t);
bool rh_tr_too_long(const rh_transcriber *t); /* more sound waits than one window holds */
/* The words of a final that was just added, `text` up to word `end`, may be the context of what follows `settled`. */
void rh_tr_remember(rh_transcriber *t, const rh_transcript *text, int end, int64_t settled);
/* The next decode begins at `at`, or before it where there is context. */
void rh_tr_start_at(rh_transcriber *t, int64_t at);
/* The utterance goes on at `at`: all before is final. Its words wait since `waited_since`. */
void rh_tr_go_on(rh_transcriber *t, int64_t at, int64_t waited_since);
/* Decodes [from, to) as the end of a stretch and appends it to what was heard; on
 * success everything before `to` is done with. */
rh_status rh_tr_final(rh_transcriber *t, int64_t to, const atomic_bool *cancel, rh_error *err);
/* The last partial, which heard all of the utterance, becomes its final. */
rh_status rh_tr_promote(rh_transcriber *t, int64_t to, rh_error *err);
/* Decodes [from, seen): a partial and, to settle, the words of it that will not change. */
rh_status rh_tr_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel, rh_error *err);

/* Where what no final holds yet begins. */
static inline int64_t rh_tr_fresh(const rh_transcriber *t)
{
    return t->context[0] ? t->context_end : t->from;
}

/* Adds to what was heard: the words so far of the open utterance; or words that will not change,
 * of a decode of the sound up to `to`, up to `settled` of it. RH_ERR_NOMEM. */
rh_status rh_tr_add_partial(rh_transcriber *t, const rh_transcript *text);
rh_status rh_tr_add_final(rh_transcriber *t, const rh_transcript *text, int64_t to, int64_t settled);
void rh_tr_forget_heard(rh_transcriber *t);
/* Notes what the model expects behind the words of the decode in `scratch`, which may end the utterance. */
void rh_tr_expect(rh_transcriber *t);
/* Notes what it expects behind the context, where a pause follows that. */
void rh_tr_join(rh_transcriber *t);

#endif
