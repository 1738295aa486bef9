/* terms.h - what a job advertisement and a CV speak of: words that count, and things named that
 * one can be asked about. Pure; any thread. */
#ifndef RH_INTERVIEW_TERMS_H
#define RH_INTERVIEW_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/base/status.h"
#include "rehearse/base/words.h"

enum { RH_TERM_WORDS = 600, RH_TERM_NAMES = 12, RH_TERM_BYTES = 80 };

typedef struct {
    char key[RH_WORD_BYTES];
    int weight; /* an advertisement's word counts twice a CV's */
} rh_term_word;

typedef struct {
    char text[RH_TERM_BYTES]; /* as written: "Kubernetes", "knowledge of employment law" */
    bool skill;               /* the second kind */
    bool in_cv;
    int weight;
} rh_term_name;

typedef struct {
    rh_term_word words[RH_TERM_WORDS];
    size_t n_words;
    rh_term_name names[RH_TERM_NAMES]; /* of the advertisement, those that matter most first */
    size_t n_names;
} rh_terms;

/* `ad` and `cv` may be "". */
void rh_terms_find(const char *ad, const char *cv, rh_terms *out);
/* How much of what counts the text speaks of: 0 = nothing. Other endings of a word are the same word. */
int rh_terms_met(const rh_terms *t, const char *text);

#endif
