/* score_rules.h - the rules beside the learned part: each is for one side of a delivery and moves the scores of
 * that side only. Points and sources: docs/scoring.md. */
#ifndef RH_SPEECH_SCORE_RULES_H
#define RH_SPEECH_SCORE_RULES_H

#include "rehearse/speech/prosody.h"
#include "rehearse/speech/scores.h"

/* What the rules look at, measured once. */
typedef struct {
    float articulation, rate; /* syllables a second without and with pauses, as words and sound both say */
    float pace_slow,
        pace_fast;   /* words a minute, long pauses and fillers left out; kinder where words are long or short */
    float fillers;   /* a minute, over at least FILLERS_LEAST_S */
    float broken;    /* seconds of pauses inside clauses a minute, each beyond what belongs to speech */
    float overlong;  /* seconds of pauses beyond RH_PAUSE_FREE_S a minute, in any place */
    float repairs;   /* repetitions, restarts and cut-off words a minute */
    float silence;   /* share of silences from the first voice to the last */
    float left_out;  /* share of a text that neither words nor sound have room for */
    float melody_st; /* standard deviation of the pitch, semitones; < 0 = not known */
    float snr_db, treble_db, level_db; /* NAN = not known; treble against speech */
    float clipped;
} rh_rule_measures;

/* `articulation`, `rate`: means over the chunks by words. RH_ERR_NOMEM. */
rh_status rh_rules_measure(const rh_speech_input *in, const rh_speech_report *r, float articulation, float rate,
                           rh_rule_measures *out, rh_error *err);

/* Of what the raters heard too. */
void rh_rules_fluency(const rh_rule_measures *m, rh_score *s);
void rh_rules_pronunciation(const rh_rule_measures *m, rh_score *s);
void rh_rules_clarity(const rh_rule_measures *m, rh_score *s);
void rh_rules_prosody(const rh_rule_measures *m, rh_score *s);
void rh_rules_pace(const rh_rule_measures *m, rh_score *s);
void rh_rules_fillers(const rh_rule_measures *m, rh_score *s);
/* Of what they did not: silences over 2 s (fluency), a poor recording (clarity). */
void rh_rules_long_silence(const rh_rule_measures *m, rh_score *s);
void rh_rules_recording(const rh_rule_measures *m, rh_score *s);

/* What to do about a part of a score; NULL for a part of the learned kind. */
const char *rh_rule_advice(const char *part);

void rh_score_add_part(rh_score *s, const char *name, float value, const char *unit, float points);
/* Straight between its points, flat outside. */
float rh_piecewise(const float *x, const float *points, int n, float at);

#endif
