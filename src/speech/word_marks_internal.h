/* word_marks_internal.h - looking at single words: their key for comparison and
 * what their punctuation says. */
#ifndef RH_WORD_MARKS_INTERNAL_H
#define RH_WORD_MARKS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "rehearse/base/words.h"
#include "rehearse/speech/speech.h"
#include "rehearse/speech/timing.h"

/* For comparison: with inner apostrophes, and with inner hyphens too. Their lengths; 0 = nothing to say in it. */
static inline size_t rh_word_normal(const char *text, char out[RH_WORD_BYTES])
{
    return rh_word_form(text, strlen(text), "'", out);
}

static inline size_t rh_word_key(const char *text, char key[RH_WORD_BYTES])
{
    return rh_word_form(text, strlen(text), "'-", key);
}

bool rh_ends_question(const char *text);
bool rh_trails_off(const char *text); /* "..." or a final dash */

/* Abbreviations (Mr. Dr. e.g.) end no sentence; one past the last word does. */
bool rh_sentence_ends_at(const rh_speech_input *in, size_t word);

#endif
