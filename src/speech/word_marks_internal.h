/* word_marks_internal.h - looking at single words: their key for comparison and
 * what their punctuation says. */
#ifndef RH_WORD_MARKS_INTERNAL_H
#define RH_WORD_MARKS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/speech/speech.h"

enum { RH_KEY_MAX = 48 }; /* longer words are cut */

/* Lower-case ASCII letters, digits, inner apostrophes and hyphens of `text`;
 * bytes past ASCII are kept as they are. The typographic apostrophe becomes '. */
void rh_word_key(const char *text, char key[RH_KEY_MAX]);

/* Sorted table, searched by bisection. */
bool rh_word_in(const char *key, const char *const *sorted, size_t n);
#define RH_WORD_IN(key, table) rh_word_in(key, table, sizeof(table) / sizeof((table)[0]))

bool rh_ends_sentence(const char *text); /* . ? ! and the ellipsis, before closing quotes */
bool rh_ends_question(const char *text);
bool rh_ends_clause(const char *text);   /* also , ; : and a dash */
bool rh_trails_off(const char *text);    /* "..." or a final dash */

/* Abbreviations (Mr. Dr. e.g.) end no sentence; one past the last word does. */
bool rh_sentence_ends_at(const rh_speech_input *in, size_t word);

#endif
