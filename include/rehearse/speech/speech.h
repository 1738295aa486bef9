/* speech.h - how somebody spoke, from words, times, probabilities and prosody.
 *
 * Pure functions over plain tables: no audio, no sockets, no model. Formulas,
 * ranges and sources are in docs/scoring.md.
 *   words + speech spans + segments -> counts and times -> scores, parts, advice
 *   words + reference               -> words missed, added, replaced
 * Units: seconds, words a minute, semitones, dB; scores 0 to 100.
 * Texts: UTF-8; the rules for words and syllables are those of English, other
 * languages get times and recognition measures only.
 * Threads: any. */
#ifndef RH_SPEECH_H
#define RH_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum {
    RH_SCORE_MAX_PARTS = 16,
    RH_SPEECH_ADVICE = 200,       /* bytes */
    RH_SPEECH_MAX_WORDS = 100000, /* words of one recording, and of its reference */
};

typedef struct {
    const char *text; /* with punctuation, UTF-8 */
    float start, end; /* s */
    float p;          /* recognition probability [0,1], geometric mean over its tokens */
    float p_rival;    /* of the strongest other reading [0,1] */
    float entropy;    /* nats, mean over its tokens */
} rh_word;

typedef struct { float start, end; } rh_time_span; /* s */

/* One piece of recording as the recogniser took it: at most 30 s. */
typedef struct {
    float start, end;             /* s */
    float avg_logprob;            /* mean over its tokens */
    float no_speech_prob;         /* [0,1] */
    size_t first_word, n_words;   /* in rh_speech_input.words */
    size_t first_forced, n_forced;/* in rh_speech_input.forced; 0 words without a reference */
    const float *pooled;          /* rh_asr_pooled() of it, or NULL */
    size_t n_pooled;
    float pooled_s;               /* seconds of sound it was pooled over */
} rh_speech_segment;

/* A filler heard or read from its place: kind is "um", "like", ... */
typedef struct {
    float start, end; /* s */
    const char *kind;
} rh_speech_filler;

enum { RH_CONTOUR_PER_S = 100 }; /* steps a second: step i is at i * 10 ms */

/* Curves of the sound, n steps each, by the pitch track of `media` (pitch.h,
 * where each is explained). */
typedef struct {
    size_t n;
    const float *f0_hz;     /* 0 = unvoiced */
    const float *voicing;   /* [0,1] */
    const float *level_db;
    const float *change_db;
    float noise_db, speech_db; /* quiet and loud level of the recording */
    float clipped;             /* share of clipped samples */
    float peak;                /* largest |sample| */
} rh_contour;

/* What the measures are computed from. Everything is borrowed for the call;
 * all but `duration_s` may be absent (0, NULL). */
typedef struct {
    const rh_word *words; size_t n_words;             /* in order of time */
    const rh_speech_segment *segments; size_t n_segments;
    const rh_time_span *speech; size_t n_speech;      /* voice by VAD, in order */
    const rh_speech_filler *fillers; size_t n_fillers;
    bool fillers_known;       /* `fillers` holds all there are; false = count them by a word list */
    double duration_s;        /* of the recording */
    double speech_s;          /* of it voice, by VAD; 0 = from `speech`, or from words */
    double onset_s;           /* of first speech */
    float no_speech_prob;     /* mean over segments, [0,1] */
    float avg_logprob;        /* mean over tokens */
    const char *language;     /* "en"; NULL = English */
    const char *reference;    /* what should have been said; NULL = free speech */
    /* `reference` as decoded by force (rh_asr_force): its words in order with
     * the times and probabilities the sound gives them. */
    const rh_word *forced; size_t n_forced;
    const rh_contour *contour;  /* NULL = the sound was not measured */
    const char *model;          /* whose encoder `pooled` is: "base", "base.en", ...; NULL = none */
} rh_speech_input;

typedef struct {
    const char *name; /* "pauses", "pace", ... */
    float value;      /* what was measured */
    const char *unit; /* of value, "" for a share or a count */
    float points;     /* what it did to the score: negative = it cost so much */
} rh_score_part;

typedef struct {
    bool known;   /* false: too little to judge, value is 0 */
    float value;  /* 0 to 100 */
    rh_score_part parts[RH_SCORE_MAX_PARTS];
    int n_parts;
    char advice[RH_SPEECH_ADVICE]; /* one sentence; "" when not known */
} rh_score;

typedef struct { const char *word; int count; } rh_filler_count; /* word: static or in the input */

typedef struct {
    float start, end; /* s */
    size_t after_word; /* index of the word before it */
    bool inside;      /* within a clause, where it hurts; false: at a comma or a full stop */
} rh_speech_pause;

/* What became of a word: of the reference where there is one. Mispronounced: the
 * recogniser wrote another word, but one that the sound hardly tells from it. */
typedef enum { RH_SAID, RH_MISSED, RH_ADDED, RH_REPLACED, RH_MISPRONOUNCED } rh_said;
typedef struct {
    rh_said what;
    const char *expected; /* word of the reference, owned by the report; NULL when added */
    const char *heard;    /* word recognised, borrowed from the input; NULL when missed */
    float start, end;     /* s; of a missed word, the gap where it should be */
    float score;          /* 0 to 100: how clearly the sound gives this word */
} rh_word_score;

/* Owned by the caller: init, measure (any number of times), done. */
typedef struct {
    bool spoken;          /* false: nothing below holds, `reason` says why */
    const char *reason;   /* static; "" when spoken */
    int n_words, n_syllables;  /* by spelling */
    int n_syllables_heard;     /* by sound, 0 when the sound was not measured */
    float pace_wpm;            /* words a minute from the first word to the last */
    float articulation_rate;   /* syllables a second of speech, pauses left out */
    float phonation_ratio;     /* share of voice between first and last word, [0,1] */
    float mean_run_words;      /* words between pauses */
    float pause_s, longest_pause_s;
    rh_speech_pause *pauses; size_t n_pauses;
    rh_filler_count *fillers; size_t n_fillers; /* by word */
    int filler_words_count;
    float fillers_per_minute;
    float confidence;          /* expected share of words recognised right, [0,1] */
    rh_score clarity, fluency, pronunciation, prosody, overall;
    rh_word_score *word_scores; size_t n_word_scores;
    bool has_reference;
    int n_missed, n_added, n_replaced; /* against the reference; n_replaced counts both kinds */
    int n_mispronounced;       /* of n_replaced */
    float completeness;        /* share of the reference said, [0,1]; 1 without one */
    char *_text;               /* words of the reference */
} rh_speech_report;

void rh_speech_report_init(rh_speech_report *r);
void rh_speech_report_done(rh_speech_report *r);

/* Measures everything. Silence is a reading (spoken = false), not a failure; a
 * report that fails is left empty. RH_ERR_INVAL times or probabilities that are
 * not finite or out of range; RH_ERR_LIMIT too many words; RH_ERR_NOMEM. */
rh_status rh_speech_measure(const rh_speech_input *in, rh_speech_report *out, rh_error *err);

/* How far into `reference` (from byte 0) a speaker has come who just said
 * `words`, and was at the beginning before: bytes, at most strlen(reference),
 * always between words. RH_ERR_NOMEM. */
rh_status rh_reference_reached(const char *reference, const rh_word *words, size_t n, size_t *bytes,
                               rh_error *err);

/* `reference` as rh_asr_force() likes it: capitals only become sentence case,
 * space is single, one leading space and a full stop at the end.
 * Freed with rh_free(); NULL without memory. */
char *rh_reference_text(const char *reference);

#endif
