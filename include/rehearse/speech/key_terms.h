/* key_terms.h - what a question, a job ad or a CV is about, and which of it an answer says.
 *
 * Names, technologies and noun phrases of the text, English; compared by the stems of their
 * words. It finds words, not meaning: what is said in other words counts as missed.
 * Threads: any. */
#ifndef RH_KEY_TERMS_H
#define RH_KEY_TERMS_H

#include "rehearse/base/words.h"
#include "rehearse/speech/speech.h"

enum {
    RH_KEY_TERM_BYTES = 64,
    RH_KEY_TERMS = 48, /* a text has at most so many */
    RH_KEY_NAMES = 12,
    RH_KEY_WORDS = 600
};

typedef struct {
    char text[RH_KEY_TERM_BYTES]; /* as written, without the punctuation around it */
    float weight;                 /* times it is there; names and terms of several words count more */
    int n_said;                   /* filled by rh_key_terms_seek(): 0 = missed */
    float start, end;             /* s, where it was said first */
    bool skill;                   /* of rh_key_names_of(): what somebody knows, "knowledge of employment law" */
} rh_key_term;

/* Single words that count, with other endings the same words. */
typedef struct {
    struct {
        char key[RH_WORD_BYTES];
        int weight;
    } at[RH_KEY_WORDS];
    size_t n;
} rh_key_words;

/* The weightiest terms of `text` (UTF-8, up to 64 KiB of it), at most `cap`, weightiest first. RH_ERR_NOMEM. */
rh_status rh_key_terms_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err);

/* Looks for each in the words of an answer. RH_ERR_NOMEM. */
rh_status rh_key_terms_seek(const rh_word *words, size_t n_words, rh_key_term *terms, size_t n, rh_error *err);

/* Share of the terms' weight that was said, [0,1]; 0 without terms. */
float rh_key_terms_covered(const rh_key_term *terms, size_t n);

/* Things named in a job ad that one can be asked about, at most RH_KEY_NAMES, weightiest first: what is written as only
 * names are, or with a capital after "experience with" and the like, and skills. Each `n_said` is 1 where the CV (may
 * be "") names it too, else 0. RH_ERR_NOMEM. */
rh_status rh_key_names_of(const char *ad, const char *cv, rh_key_term *out, size_t *n, rh_error *err);

/* What of a text a recogniser may write wrong, in the order of the text: names of products, companies and people
 * (capitals inside a sentence, signs or capitals inside a word), up to three words each, and technical words; `weight` is
 * the times it is there. At most `cap`. RH_ERR_NOMEM. */
rh_status rh_key_spellings_of(const char *text, rh_key_term *out, size_t cap, size_t *n, rh_error *err);

/* Adds the words of a text, each time with `weight`. RH_ERR_NOMEM. */
rh_status rh_key_words_add(rh_key_words *words, const char *text, int weight, rh_error *err);

/* How much of them the text speaks of: 0 = nothing, also without memory. */
int rh_key_words_met(const rh_key_words *words, const char *text);

#endif
