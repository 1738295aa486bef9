/* timing.h - pace, pauses and runs of speech.
 *
 * Words say what was spoken and roughly when; the level curve, where it is
 * given, says exactly when it was silent. Rules and limits: docs/scoring.md.
 * Units: seconds, words a minute, syllables a second.
 * Threads: any. */
#ifndef RH_TIMING_H
#define RH_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/speech/prosody.h"
#include "rehearse/speech/speech.h"
#include "rehearse/base/status.h"

/* A silence of at least 250 ms between two words (Goldman-Eisler 1968: shorter
 * ones belong to articulation). */
typedef enum {
    RH_PAUSE_WITHIN,  /* inside a clause: heard as hesitation */
    RH_PAUSE_CLAUSE,  /* at a comma or before a word that opens a clause */
    RH_PAUSE_SENTENCE /* after . ? or ! */
} rh_pause_place;

typedef struct {
    float start, end; /* s */
    rh_pause_place place;
    int after_word; /* index of the word before it */
} rh_pause;

/* Rates over time: windows of RH_RATE_WINDOW_S, one every RH_RATE_STEP_S. */
enum { RH_RATE_WINDOW_S = 10, RH_RATE_STEP_S = 5 };
typedef struct {
    float t;            /* s, middle of the window */
    float wpm;          /* words (characters) that start in it */
    float articulation; /* syllables a second, pauses left out */
} rh_rate_point;

typedef struct {
    int n_words, n_syllables; /* by spelling; characters for words where those are counted (tongue.h) */
    int n_syllables_heard;    /* by sound: peaks of level while voiced; 0 without a contour */
    float first_s, last_s;    /* start of the first word, end of the last */
    float response_delay_s;   /* silence before the first word */
    float wpm;                /* words (characters) a minute from first to last word */
    float speech_rate;        /* syllables a second, pauses included */
    float articulation_rate;  /* syllables a second, pauses left out */
    float articulation_heard; /* the same from n_syllables_heard */
    float phonation_ratio;    /* [0,1] speaking time / (first to last word) */
    float pause_s;            /* total */
    float pauses_per_minute;
    float mean_run_syllables; /* mean length of run: syllables between pauses */
    float mean_run_s;
    float longest_pause_s;
    float pace_variation;                 /* standard deviation / mean of wpm over `rates`; 0 under three */
    int n_within, n_clause, n_sentence;   /* pauses by place */
    float within_s, clause_s, sentence_s; /* their mean lengths; 0 when none */
    rh_pause *pauses;
    size_t n_pauses; /* owned */
    rh_rate_point *rates;
    size_t n_rates; /* owned */
} rh_timing;

/* `contour` may be NULL: then pauses are gaps between words only. Without
 * words all is 0. RH_ERR_NOMEM. *out must be fresh ({0}) or done. */
rh_status rh_timing_measure(const rh_speech_input *in, const rh_contour *contour, rh_timing *out, rh_error *err);
void rh_timing_done(rh_timing *t);

/* What the sign behind a word says: . ? ! and the ellipsis, before closing quotes; also , ; : and a dash. */
bool rh_ends_sentence(const char *text);
bool rh_ends_clause(const char *text);
/* "and", "because", "which" ... of the language; false where there is no list. */
bool rh_opens_clause(const char *language, const char *word);
const char *rh_pause_place_name(rh_pause_place place); /* "within", "clause", "sentence" */

/* Syllables of an English word or a number by the rules of its spelling, at
 * least 1 when it has a letter or digit, 0 otherwise. Punctuation is ignored. */
int rh_syllables(const char *word);

#endif
