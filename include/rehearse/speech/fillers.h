/* fillers.h - what came out besides the words that were meant: fillers, false
 * starts, repetitions, cut-off words, drawn vowels.
 *
 * Whisper writes what was meant. So three witnesses are heard together:
 *   clean words (rh_speech_input.words) say what was meant and where,
 *   verbatim words (a verbatim decode, verbatim.h) say "um" and "I- I",
 *   the curves of pitch and level say whether there is a voice at that place,
 *   how often it sets in, and when exactly.
 * Words such as "like", "so" and "you know" count only where punctuation, their
 * neighbours and the pauses around them show that they mean nothing. A false
 * alarm is worse than a miss. Rules and limits: docs/scoring.md.
 * Threads: any. */
#ifndef RH_FILLERS_H
#define RH_FILLERS_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/speech/speech.h"
#include "rehearse/speech/tongue.h"
#include "rehearse/base/status.h"

typedef struct {
    rh_filler *fillers;
    size_t n_fillers; /* owned, by time */
    rh_disfluency *disfluencies;
    size_t n_disfluencies; /* owned, by time */
    char *verbatim;        /* owned: the clean text with fillers, repetitions and
                                             cut-off words put in */
} rh_disfluencies;

/* `verbatim` (may be empty): words of the verbatim decode, with its punctuation.
 * in->contour may be NULL: then nothing confirms the verbatim decode, and only
 * what it is sure of counts. RH_ERR_LIMIT more words than can be aligned;
 * RH_ERR_NOMEM. *out must be fresh ({0}) or done. */
rh_status rh_disfluencies_find(const rh_speech_input *in, const rh_word *verbatim, size_t n_verbatim,
                               rh_disfluencies *out, rh_error *err);
void rh_disfluencies_done(rh_disfluencies *d);

/* The words with the hesitations of in->fillers put in. Freed with rh_free(); NULL without memory. */
char *rh_verbatim_text(const rh_speech_input *in);

/* As it is written in its language: "um", "you know", "ähm", "du coup". */
const char *rh_filler_said(const rh_tongue *t, const rh_filler *f);
const char *rh_disfluency_name(rh_disfluency_kind kind); /* "repetition", "restart", "cut-off", "drawn" */

#endif
