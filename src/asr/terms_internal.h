/* terms_internal.h - where in recognised words a term may have been meant. */
#ifndef RH_TERMS_INTERNAL_H
#define RH_TERMS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/asr/terms.h"

enum { TERM_SOUNDS = 40 };

/* How something is pronounced, roughly: a letter for each sound. */
typedef struct {
    char sounds[TERM_SOUNDS + 1];
    int n;
} rh_term_key;

/* Of `n` bytes of text; signs and blanks are left out. */
void rh_term_key_of(const char *text, size_t n, rh_term_key *key);
/* 0 = alike, 1 = nothing in common; more than `most` may be told as 1. */
float rh_term_distance(const rh_term_key *a, const rh_term_key *b, float most);

typedef struct {
    int first, n; /* words */
    int term;
    float distance;
} rh_term_place;

/* A word, without the punctuation around it. */
typedef struct {
    const char *text;
    size_t n;
} rh_term_word;

const char *rh_terms_text(const rh_terms *t, int i);

/* Places of `words` that sound like a term, the most alike first, at most `cap`. Where a term is
 * written as it should be there is none, nor where another form of it is ("lobsters"). */
int rh_terms_find(const rh_terms *t, const rh_term_word *words, int n_words, rh_term_place *out, int cap);

#endif
