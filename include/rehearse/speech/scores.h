/* scores.h - how somebody spoke, as scores with their reasons.
 *
 *   words + speech spans + segments -> counts and times -> scores, parts, advice
 *   words + reference               -> words missed, added, replaced
 * Threads: any. */
#ifndef RH_SCORES_H
#define RH_SCORES_H

#include "rehearse/speech/speech.h"
#include "rehearse/speech/timing.h"

enum {
    RH_SCORE_MAX_PARTS = 16,
    RH_SPEECH_ADVICE = 200, /* bytes */
    RH_UNCLEAR_SCORE = 35,  /* a word below it is shown as hard to make out */
};

typedef struct {
    const char *name; /* "pauses", "pace", ... */
    float value;      /* what was measured */
    const char *unit; /* of value, "" for a share or a count */
    float points;     /* what it did to the score: negative = it cost so much */
} rh_score_part;

typedef struct {
    bool known;  /* false: too little to judge, value is 0 */
    float value; /* 0 to 100 */
    rh_score_part parts[RH_SCORE_MAX_PARTS];
    int n_parts;
    char advice[RH_SPEECH_ADVICE]; /* one sentence; "" when not known */
} rh_score;

/* What became of a word: of the reference where there is one. Mispronounced: the
 * recogniser wrote another word, but one that the sound hardly tells from it. */
typedef enum { RH_SAID, RH_MISSED, RH_ADDED, RH_REPLACED, RH_MISPRONOUNCED } rh_said;
typedef struct {
    rh_said what;
    const char *expected; /* word of the reference, owned by the report; NULL when added */
    const char *heard;    /* word recognised, borrowed from the input; NULL when missed */
    float start, end;     /* s; of a missed word, the gap where it should be */
    float score;          /* 0 to 100: how clearly the sound gives this word */
    const struct rh_phone_said *phones;
    size_t n_phones; /* its sounds, borrowed from the input; 0 = not known */
} rh_word_score;

/* The sound of the word that was most clearly another one, where that may be told (rh_phone_is_off()); NULL = none. */
const struct rh_phone_said *rh_word_worst_sound(const rh_word_score *w);
bool rh_word_is_understood(const rh_word_score *w); /* as written, with a score that leaves little doubt */

/* Owned by the caller: init, measure (any number of times), done. */
typedef struct {
    bool spoken;        /* false: only `timing` and `voice` hold, `reason` says why */
    const char *reason; /* static; "" when spoken */
    rh_timing timing;
    rh_prosody voice;             /* pitch and level; of nothing without curves */
    int n_words;                  /* with a letter or digit */
    float pace_wpm;               /* words (characters, tongue.h) a minute from first to last, a second at least */
    int fillers[RH_FILLER_KINDS]; /* how many of each kind */
    int filler_words_count;
    float fillers_per_minute;
    float confidence; /* expected share of words recognised right, [0,1] */
    /* Each of one side: how easily understood; flow; closeness of the sounds to the words; melody and
     * emphasis; pace; filler words; what was said (rh_analyse() only). Overall: their weighted sum. */
    rh_score clarity, fluency, pronunciation, prosody, pace, hesitation, content, overall;
    bool is_answer; /* to a known question: its content counts */
    rh_word_score *word_scores;
    size_t n_word_scores;
    bool has_reference;
    int n_missed, n_added, n_replaced; /* against the reference; n_replaced counts both kinds */
    int n_mispronounced;               /* of n_replaced */
    float completeness;                /* share of the reference said, [0,1]; 1 without one */
    char *_text;                       /* words of the reference */
} rh_speech_report;

void rh_speech_report_init(rh_speech_report *r);
void rh_speech_report_done(rh_speech_report *r);

/* Measures everything. Silence is a reading (spoken = false), not a failure; a
 * report that fails is left empty. RH_ERR_INVAL times or probabilities that are
 * not finite or out of range; RH_ERR_LIMIT too many words; RH_ERR_NOMEM. */
rh_status rh_speech_measure(const rh_speech_input *in, rh_speech_report *out, rh_error *err);

/* Sets r->overall from the scores that are known, content only of an answer; docs/scoring.md has the weights.
 * rh_score_weight() is their sum. */
void rh_score_overall(rh_speech_report *r);
float rh_score_weight(const rh_speech_report *r);

/* How far into `reference` (from byte 0) a speaker has come who just said
 * `words`, and was at the beginning before: bytes, at most strlen(reference),
 * always between words. RH_ERR_NOMEM. */
rh_status rh_reference_reached(const char *reference, const rh_word *words, size_t n, size_t *bytes, rh_error *err);

/* `reference` as rh_asr_force() likes it: capitals only become sentence case,
 * space is single, one leading space and a full stop at the end.
 * Freed with rh_free(); NULL without memory. */
char *rh_reference_text(const char *reference);

#endif
