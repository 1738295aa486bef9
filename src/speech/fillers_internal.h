/* fillers_internal.h - what the files that find fillers and disfluencies share. */
#ifndef RH_FILLERS_INTERNAL_H
#define RH_FILLERS_INTERNAL_H

#include "rehearse/speech/fillers.h"
#include "rehearse/speech/prosody.h"
#include "word_marks_internal.h"

typedef char rh_filler_key[RH_WORD_BYTES];

/* Everything known about one recording while its fillers are looked for. */
typedef struct {
    const rh_speech_input *in;
    const rh_tongue *tongue; /* of its words */
    const rh_word *verbatim;
    size_t n_verbatim;
    rh_filler_key *clean_keys, *verbatim_keys;
    int32_t *clean_pair, *verbatim_pair; /* index of the partner, -1 without */
    bool *told;          /* [n_words] clean words that an event of the verbatim decode already stands for */
    bool *weak;          /* [cap_fillers] events that count only in company */
    bool verbatim_holds; /* false: the verbatim decode says something else altogether */
    rh_disfluencies *out;
    size_t cap_fillers, cap_disfluencies;
} rh_filler_search;

/* A stretch of voice on the curves, in steps, end exclusive. */
typedef struct {
    size_t from, to;
} rh_voice;

/* Level below which the recording counts as silent (timing.c). */
float rh_silence_level(const rh_contour *c);

void rh_add_filler(rh_filler_search *f, rh_filler filler); /* dropped past cap_fillers */
/* The same for what is a filler only where the speaker hesitates elsewhere too:
 * one "Well, ..." in a fluent answer is plain English. */
void rh_add_weak_filler(rh_filler_search *f, rh_filler filler);
void rh_add_disfluency(rh_filler_search *f, rh_disfluency disfluency);

void rh_find_sounds(rh_filler_search *f);       /* um, uh, er, hmm */
void rh_find_filler_words(rh_filler_search *f); /* like, you know, ... */
void rh_find_disfluencies(rh_filler_search *f);

/* Index of the last clean word at or before verbatim word i, by alignment; -1 before the first. */
int rh_clean_before(const rh_filler_search *f, size_t i);

#endif
