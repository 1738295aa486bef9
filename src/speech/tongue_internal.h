/* tongue_internal.h - between the table of languages, their lists and their syllables. */
#ifndef RH_TONGUE_INTERNAL_H
#define RH_TONGUE_INTERNAL_H

#include <stdint.h>
#include "rehearse/speech/tongue.h"

extern const rh_tongue rh_tongue_german, rh_tongue_spanish, rh_tongue_french;

enum { RH_LETTERS_MAX = RH_WORD_BYTES };

/* Syllables of the parts of a word: of letters (in their normal form, as code points) by `letters`, of a number up
 * to 999,999,999 by `number`. What is spelled out (USA) has one a letter. */
typedef int (*rh_letters_syllables)(const uint32_t *w, size_t n, const char *text);
typedef int (*rh_number_syllables)(long v);
int rh_syllables_by(const char *word, rh_letters_syllables letters, rh_number_syllables number);

/* A language of which nothing is known: vowels of the Latin, Greek and Cyrillic alphabets, blocks of Korean. */
int rh_syllables_anywhere(const char *word);
/* Where each character is one. */
int rh_syllables_of_characters(const char *word);

#endif
