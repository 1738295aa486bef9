/* key_terms_internal.h - a written text as the grammar of spoken words reads it. */
#ifndef RH_KEY_TERMS_INTERNAL_H
#define RH_KEY_TERMS_INTERNAL_H

#include "phrases_internal.h"
#include "rehearse/speech/key_terms.h"

typedef struct {
    char *text; /* the words, each NUL-terminated */
    rh_word *words;
    size_t n_words;
    rh_token *t;
    size_t n;
} rh_text_tokens;

/* Up to 64 KiB of it; a line ends a sentence. RH_ERR_NOMEM. */
rh_status rh_text_tokens_of(const char *text, rh_text_tokens *out, rh_error *err);
void rh_text_tokens_done(rh_text_tokens *in);

/* What every ad says, or every question. */
bool rh_is_generic(const rh_token *t);

void rh_key_terms_sort(rh_key_term *t, size_t n); /* those of one weight stay in order */

#endif
