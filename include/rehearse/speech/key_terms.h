/* key_terms.h - what a question, a job ad or a CV is about, and which of it an answer says.
 *
 * Names, technologies and noun phrases of the text, English; compared by the stems of their
 * words. It finds words, not meaning: what is said in other words counts as missed.
 * Threads: any. */
#ifndef RH_KEY_TERMS_H
#define RH_KEY_TERMS_H

#include "rehearse/speech/speech.h"

enum { RH_KEY_TERM_BYTES = 64, RH_KEY_TERMS = 48 /* a text has at most so many */ };

typedef struct {
    char text[RH_KEY_TERM_BYTES]; /* as written, without the punctuation around it */
    float weight;                 /* times it is there; names and terms of several words count more */
    int n_said;                   /* filled by rh_key_terms_seek(): 0 = missed */
    float start, end;             /* s, where it was said first */
} rh_key_term;

/* The weightiest terms of `text` (UTF-8, up to 64 KiB of it), at most `cap`, weightiest first. RH_ERR_NOMEM. */
rh_status rh_key_terms_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err);

/* Looks for each in the words of an answer. RH_ERR_NOMEM. */
rh_status rh_key_terms_seek(const rh_word *words, size_t n_words, rh_key_term *terms, size_t n, rh_error *err);

/* Share of the terms' weight that was said, [0,1]; 0 without terms. */
float rh_key_terms_covered(const rh_key_term *terms, size_t n);

#endif
