/* fillers.h - what came out besides the words that were meant: fillers, false
 * starts, repetitions, cut-off words, drawn vowels.
 *
 * Whisper writes what was meant. So three witnesses are heard together:
 *   clean words (rh_speech_input.words) say what was meant and where,
 *   verbatim words (a second decode, verbatim.h) say "um" and "I- I",
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
#include "rehearse/base/status.h"

typedef enum {
    RH_FILLER_UM, RH_FILLER_UH, RH_FILLER_ER, RH_FILLER_HMM, /* sounds */
    RH_FILLER_LIKE, RH_FILLER_YOU_KNOW, RH_FILLER_I_MEAN, RH_FILLER_SORT_OF, RH_FILLER_KIND_OF,
    RH_FILLER_SO, RH_FILLER_RIGHT, RH_FILLER_WELL, RH_FILLER_ACTUALLY, RH_FILLER_BASICALLY,
    RH_FILLER_KINDS
} rh_filler_kind;

enum { RH_FILLER_SOUNDS = RH_FILLER_HMM + 1 }; /* kinds below it are no words */

typedef struct {
    rh_filler_kind kind;
    float start, end; /* s */
    float p;          /* how sure, [0,1] */
    int after_word;   /* index of the clean word before it, -1 = before the first */
    int n_words;      /* clean words it covers, from after_word + 1; 0 = not among them */
} rh_filler;

typedef enum {
    RH_SLIP_REPETITION, /* "the the", "in a in a" */
    RH_SLIP_RESTART,    /* "we had, we went": begun anew with other words */
    RH_SLIP_CUT_OFF,    /* "Mon- Montreal" */
    RH_SLIP_DRAWN,      /* a vowel held 400 ms and more inside a word */
    RH_SLIP_KINDS
} rh_slip_kind;

enum { RH_SLIP_TEXT = 64 }; /* bytes */

typedef struct {
    rh_slip_kind kind;
    float start, end; /* s, of the part that was too much */
    int after_word;   /* index of the clean word before it, -1 = before the first */
    char text[RH_SLIP_TEXT]; /* the words of that part; of a drawn vowel, the word it is in */
} rh_slip;

typedef struct {
    rh_filler *fillers; size_t n_fillers; /* owned, by time */
    int counts[RH_FILLER_KINDS];
    rh_slip *slips; size_t n_slips;       /* owned, by time */
    int slip_counts[RH_SLIP_KINDS];
    char *verbatim;                       /* owned: the clean text with fillers, repetitions and
                                             cut-off words put in */
} rh_disfluency;

/* `verbatim` (may be empty): words of the second decode, with its punctuation.
 * in->contour may be NULL: then nothing confirms the second decode, and only
 * what it is sure of counts. RH_ERR_LIMIT more words than can be aligned;
 * RH_ERR_NOMEM. *out must be fresh ({0}) or done. */
rh_status rh_disfluency_find(const rh_speech_input *in, const rh_word *verbatim, size_t n_verbatim,
                             rh_disfluency *out, rh_error *err);
void rh_disfluency_done(rh_disfluency *d);

const char *rh_filler_name(rh_filler_kind kind); /* "um", "you know", ... */
const char *rh_slip_name(rh_slip_kind kind);     /* "repetition", "restart", "cut-off", "drawn" */

/* The kind of a hesitation sound by its spelling ("Ummm," is RH_FILLER_UM), -1 for other words. */
int rh_filler_sound(const char *word);

#endif
