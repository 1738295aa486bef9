/* analysis.h - every measure of a person over any range of a session, in one struct.
 *
 * The one way from what was recognised and seen to what is told: recordings, live sessions, uploads
 * and the legacy API all call rh_analyse(); files named for it turn the struct into JSON,
 * text or HTML. Formulas and sources: docs/scoring.md. Units and ranges stand with each
 * part's own struct: scores 0 to 100, times in seconds.
 * Threads: any. */
#ifndef RH_ANALYSIS_H
#define RH_ANALYSIS_H

#include "rehearse/speech/fillers.h"
#include "rehearse/speech/language.h"
#include "rehearse/speech/prosody.h"
#include "rehearse/speech/scores.h"
#include "rehearse/speech/sight.h"
#include "rehearse/speech/word_table.h"

/* One second of it. Not a number: nothing to measure. */
typedef struct {
    float pace_wpm;    /* words (characters) that begin within 5 s to either side, a minute */
    float pitch_st;    /* semitones about the speaker's median */
    float loudness_db; /* mean level of voiced steps, dB full scale */
} rh_speech_second;

/* All times count from the start of what the range is of, not from the range's. */
typedef struct {
    double from_s, duration_s;
    bool heard;          /* there was sound; else `sight` and `overall` alone hold */
    rh_word_table said;  /* what the rest was made from; its fillers and disfluencies are all there are */
    char *text;          /* as recognised, UTF-8; "" = nothing was said */
    char *verbatim_text; /* the same with fillers, repetitions and cut-off words; "" = not known */
    char other_language[RH_SPEECH_NAME]; /* plainly spoken instead of the one given; "" = no */
    rh_speech_report report;             /* timing, counts, scores, the fate of each word */
    bool sound_known;                    /* the sound was measured: report.voice and its warnings hold */
    rh_language language;
    rh_speech_second *seconds;
    size_t n_seconds;
    int *place;      /* [words] where a clean word is in report.word_scores, which have words not said too */
    double speech_s; /* of words, the pauses between them left out */
    rh_sight sight;  /* what was seen meanwhile */
    float overall;   /* 0 to 100: report.overall with what was seen beside it; below 0 = nothing was said */
} rh_analysis;

/* Measures what was said from `from_s` (without) to `to_s`: the segments that end there; NULL = there was
 * no sound. `c`: the curves of that range, step 0 at `from_s`; NULL = words are all that is known.
 * `faces`: what was seen in it, second 0 at `from_s`; NULL = nothing. Fillers are
 * looked for as t->fillers_are says. As rh_speech_measure(). *out must be fresh ({0}) or done. */
rh_status rh_analyse(const rh_word_table *t, const rh_contour *c, const rh_face_track *faces, double from_s,
                     double to_s, rh_analysis *out, rh_error *err);
void rh_analysis_done(rh_analysis *a);

/* Clean words first.. joined by blanks, and the same without the punctuation around it: "just," is the
 * word just. Freed with rh_free(); NULL without memory. */
char *rh_analysis_words(const rh_analysis *a, int first, int n);
char *rh_analysis_term(const rh_analysis *a, int first, int n);

#endif
