/* tokenizer_internal.h - shared by tokenizer.c (vocabulary),
 * tokenizer_encode.c, tokenizer_split.c (pieces and words), tokenizer_non_speech.c and languages.c. */
#ifndef RH_TOKENIZER_INTERNAL_H
#define RH_TOKENIZER_INTERNAL_H

#include "tokenizer.h"

enum { RH_MAX_LANGUAGES = 100, RH_MAX_NON_SPEECH = 128 };

struct rh_tokenizer {
    rh_special_tokens special;
    int32_t n_text;   /* text tokens, numbered 0 .. n_text - 1 */
    char *bytes;      /* of all tokens */
    uint32_t *offset; /* [n_text] into bytes */
    uint32_t *length; /* [n_text] */
    int32_t *table;   /* hash table of numbers, -1 = free */
    size_t mask;
    int32_t byte_token[256];
    int32_t non_speech[RH_MAX_NON_SPEECH];
    size_t n_non_speech;
};

/* Number of the token with exactly these bytes, -1 when there is none. */
int32_t rh_tokenizer_find(const rh_tokenizer *t, const char *s, size_t n);
void rh_tokenizer_insert(rh_tokenizer *t, int32_t id); /* into the table */
/* Length in bytes (at least 1) of the first piece of `s`, n > 0. */
size_t rh_tokenizer_next_piece(const char *s, size_t n);
rh_status rh_tokenizer_list_non_speech(rh_tokenizer *t, rh_error *err);

#endif
