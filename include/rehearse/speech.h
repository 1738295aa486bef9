/* speech.h - how somebody spoke, from words, times, probabilities and prosody.
 *
 * Pure functions over plain tables: no audio, no sockets, no model. Formulas,
 * ranges and sources are in docs/scoring.md.
 * Units: seconds, words a minute, semitones, dB; scores 0 to 100.
 * Threads: any. */
#ifndef RH_SPEECH_H
#define RH_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/status.h"

typedef struct {
    const char *text; /* with punctuation, UTF-8 */
    float start, end; /* s */
    float p;          /* recognition probability [0,1] */
    float p_rival;    /* of the strongest other reading [0,1] */
    float entropy;    /* nats */
} rh_word;

/* What the measures are computed from. Arrays are borrowed for the call. */
typedef struct {
    const rh_word *words; size_t n_words;
    double duration_s;        /* of the recording */
    double speech_s;          /* of it voice, by VAD */
    double onset_s;           /* of first speech */
    float no_speech_prob;     /* mean over segments, [0,1] */
    float avg_logprob;        /* mean over tokens */
    const char *reference;    /* what should have been said; NULL = free speech */
} rh_speech_input;

#endif
