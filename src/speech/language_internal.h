/* language_internal.h - between language.c, its tables and the STAR parts. */
#ifndef RH_LANGUAGE_INTERNAL_H
#define RH_LANGUAGE_INTERNAL_H

#include "rehearse/speech/language.h"
#include "rehearse/speech/tongue.h"
#include "word_marks_internal.h"

typedef char rh_key[RH_WORD_BYTES];

/* English. Lists of phrases: "maybe|sort of"; of words. */
extern const char RH_HEDGES[], RH_WEAK[], RH_STOP_WORDS[], RH_NUMBERS[];

/* Number of words of the longest of `phrases` that begins at keys[i], 0 for none. */
int rh_phrase_at(const rh_key *keys, size_t n, size_t i, const char *phrases);

bool rh_is_stop_word(const char *key);
bool rh_is_strong_verb(const char *key);
bool rh_is_number_word(const char *key);
bool rh_is_participle(const char *key); /* by ending or from the irregular ones */
bool rh_is_past_tense(const char *key);
bool rh_is_adjective_like(const char *key); /* interested, tired: "was tired" is no passive */

/* Fills `part` and `evidence` of every sentence, star_sentence and n_star: none in a language without rules for it. */
void rh_star_find(const rh_speech_input *in, const rh_tongue *t, const rh_key *keys, rh_language *l);

#endif
