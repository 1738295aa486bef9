/* transcriber.h - what one person says, while they say it.
 *
 * Sound goes in as it comes; partial texts come out about once a second while
 * somebody speaks, and final stretches as soon as they are settled: at a pause,
 * or in unbroken speech up to where successive decodes agree. A word once final
 * never changes, none is lost, doubled or cut; all finals together are the
 * transcript. Silence makes no words.
 * A partial starts from the tokens of the one before (a draft), so decoding
 * again costs a few steps.
 * Times: seconds from the first sample fed.
 * Threads: _feed, _behind_s, _speaking, _quiet_s and _speech_s may run beside the rest,
 * which is for one thread at a time. */
#ifndef RH_TRANSCRIBER_H
#define RH_TRANSCRIBER_H

#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/asr/asr.h"
#include "rehearse/asr/vad.h"

enum { RH_TRANSCRIBER_MAX_BEHIND_S = 120 }; /* sound that may wait where no other limit is given */

typedef struct rh_transcriber rh_transcriber;

typedef struct {
    const char *language;  /* NULL = detect, then keep */
    const char *prompt;    /* the question asked, say; NULL */
    const rh_terms *terms; /* names to spell right, borrowed; NULL */
    bool partials;         /* false: finals only, less work */
    int partial_every_ms;  /* 1000; stretched by itself when the machine is busy */
    int end_silence_ms;    /* silence that ends an utterance; 400. At most 192 where the recogniser, asked what it
                             expects, is all but sure that a sentence ends, and of its last word */
    int settle_ms;         /* in unbroken speech words become final at least so often;
                             0: only when the model's window is full; 0 */
    int max_behind_s;      /* sound that may wait; past it _feed refuses; RH_TRANSCRIBER_MAX_BEHIND_S */
    bool verbatim;         /* finals come with a verbatim decode: hesitations are written down */
    bool sounds;           /* finals in English come with how likely each sound is */
    bool expected;         /* words that a pause follows come with what the model expects behind them */
    bool joined;           /* words behind a pause come with what it expects in place of the pause */
    double said_s;         /* [0, 3600]: the first said_s seconds are final already and none of them is told again;
                             they tell what the voice is like, and how loud */
    const char *said;      /* the words of them from said_from_s on, behind which is decoded what follows; NULL = none.
                             Copied */
    double said_from_s;    /* [0, said_s] */
    /* As those of rh_asr_params, while what is decoded is no final; NULL. */
    void (*give_way)(void *user);
    void *give_way_user;
} rh_transcriber_options;

/* What was heard; valid until the next _work, _finish or _free. */
typedef struct {
    bool final;
    float start, end;                /* s */
    const rh_transcript *transcript; /* its text, words and tokens, times from the first sample */
    rh_asr_ending expected;          /* behind words that a pause follows, where asked for; all 0 = not known */
    /* The first words behind a pause: what was expected behind the words before the pause when they were final, and
     * what is now that the sound goes on, where both are asked for; all 0 = not known. */
    rh_asr_ending alone, joined;
    const float *pooled;       /* finals: rh_asr_pooled() of the utterance; NULL = not known */
    const uint8_t *phone_cost; /* finals, where asked for: as rh_asr_phones(), of the sound of its words alone, */
    size_t n_phone_steps;      /* 20 ms each from the time `phones_from` on; NULL = not known */
    double phones_from;
    /* Finals, and where there is something to tell of them partials, where asked for: words of the verbatim
     * decode (verbatim.h), maybe none and maybe beyond fresh_to, and the sound of what is new with some seconds before it:
     * `n_sound` samples from the time `sound_from` on. What lies in [fresh_from, fresh_to)
     * was in no final before. */
    const rh_transcript *verbatim;
    const float *sound;
    size_t n_sound;
    double sound_from, fresh_from, fresh_to;
    double context_from; /* finals: the words from there on up to fresh_to will be `said` of what follows; < 0 = none */
} rh_heard;

rh_transcriber_options rh_transcriber_options_default(void);
/* Borrows both models; copies the options. RH_ERR_INVAL an option out of range, or a language that the model lacks;
 * RH_ERR_NOMEM. */
rh_status rh_transcriber_new(rh_transcriber **out, rh_asr_model *m, const rh_vad_model *vad,
                             const rh_transcriber_options *o, rh_error *err);
void rh_transcriber_free(rh_transcriber *t);

/* Copies `n` samples. RH_ERR_INVAL one is not finite; RH_ERR_LIMIT more than max_behind_s would wait; RH_ERR_NOMEM. None
 * is taken then. */
rh_status rh_transcriber_feed(rh_transcriber *t, const float *samples, size_t n, rh_error *err);
/* Follows voice activity through the sound fed, which is cheap; whether _work has
 * something to decode. */
bool rh_transcriber_due(rh_transcriber *t);
/* After _due: how long _work may wait. What may end in the pause that is there, until it has ended; 0 = something is
 * final, or nothing is due. *decodes: it is long work. */
int64_t rh_transcriber_may_wait_us(const rh_transcriber *t, bool *decodes);
/* Decodes what is due, at most one utterance or partial. RH_AGAIN when nothing is due. */
rh_status rh_transcriber_work(rh_transcriber *t, const atomic_bool *cancel, rh_error *err);
/* The next thing heard; RH_AGAIN when there is none. */
rh_status rh_transcriber_next(rh_transcriber *t, rh_heard *out);
bool rh_transcriber_untold(const rh_transcriber *t); /* a final is among them; neither _due nor _work comes before it */
/* All sound fed so far is decoded and final (take it by _next). More may be fed afterwards. */
rh_status rh_transcriber_finish(rh_transcriber *t, const atomic_bool *cancel, rh_error *err);
/* Forgets all sound and text; time starts at 0 again. Not beside _feed. */
void rh_transcriber_reset(rh_transcriber *t);

double rh_transcriber_behind_s(const rh_transcriber *t); /* sound fed and not yet looked at */
bool rh_transcriber_speaking(const rh_transcriber *t);   /* in mid-utterance by voice activity */
double rh_transcriber_seen_s(const rh_transcriber *t);   /* sound looked at so far */
/* The sound before that, as much as there is and at most `most` samples; valid until the next _work. */
const float *rh_transcriber_latest(const rh_transcriber *t, size_t most, size_t *n);
bool rh_transcriber_voiced(const rh_transcriber *t);     /* the last sound looked at was speech */
double rh_transcriber_quiet_s(const rh_transcriber *t);  /* looked at since the last speech */
double rh_transcriber_speech_s(const rh_transcriber *t); /* speech so far, by voice activity */

#endif
