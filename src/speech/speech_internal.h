/* speech_internal.h - what the files of src/speech share. */
#ifndef RH_SPEECH_INTERNAL_H
#define RH_SPEECH_INTERNAL_H

#include "rehearse/speech/scores.h"
#include "word_marks_internal.h"

enum {
    RH_ALIGN_MAX_WORDS = 8000, /* of a text that is aligned: the table is words x words bytes */
};

/* Are two normalised words the same, or one of them in British, one in American
 * spelling, or one of them short for the other (mr, mister)? */
bool rh_spelled_alike(const char *a, const char *b);

/* Ways to say digits; in the order in which they are looked for in what the other side has. */
typedef enum { RH_NUMBER_COUNTED, RH_NUMBER_YEAR, RH_NUMBER_DIGITS, RH_NUMBER_OH, RH_NUMBER_WAYS } rh_number_way;
/* "3227" counted is three thousand two hundred twenty seven, as a year thirty two twenty seven, by
 * its digits three two two seven (OH: a zero is "oh"). False where it can't be said so: over 9
 * digits, over 24 one by one, ordinals but counted. */
bool rh_number_said(const char *digits, bool ordinal, rh_number_way way, char *out, size_t cap);
bool rh_names_number(const char *word); /* one to ninety */
bool rh_is_cardinal(const char *word);  /* names a number that is no digit */

/* Letters to change, add or drop between two normalised words. */
size_t rh_letters_apart(const char *a, const char *b);

/* Order-keeping alignment of two lists of normalised words. pair_a[i] = index in
 * b of the word that a[i] became, or -1; pair_b likewise. Equal or replaced
 * words are paired. RH_ERR_LIMIT over RH_ALIGN_MAX_WORDS; RH_ERR_NOMEM. */
rh_status rh_align_words(const char *const *a, size_t n_a, const char *const *b, size_t n_b, int32_t *pair_a,
                         int32_t *pair_b, rh_error *err);

/* Fills word_scores, n_missed, ..., completeness. */
rh_status rh_measure_words(const rh_speech_input *in, rh_speech_report *r, rh_error *err);

#endif
