/* tokenizer.h - text to Whisper's tokens and back: byte-level BPE over the
 * vocabulary of a ggml file, and the numbers of the special tokens.
 *
 * Source: openai-whisper, tokenizer.py (tiktoken; the GPT-2 split pattern).
 * Special tokens are not in the file's list; they follow the text tokens in a
 * fixed order: end of text, start of transcript, languages (99, 100 from
 * large-v3 on), translate, transcribe, start of LM, start of prev, no speech,
 * no timestamps, <|0.00|> to <|30.00|>. English-only models have the same
 * specials, one lower.
 * Threads: immutable, may be shared. */
#ifndef RH_TOKENIZER_H
#define RH_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/nn/ggml_file.h"

typedef struct rh_tokenizer rh_tokenizer;

typedef struct {
    bool multilingual;
    int32_t n_vocab, n_languages;
    int32_t eot, sot, first_language, translate, transcribe, sot_lm, sot_prev, no_speech, no_timestamps,
        timestamp_begin;
    int32_t blank; /* the single space */
} rh_special_tokens;

/* RH_ERR_FORMAT when the vocabulary is not Whisper's. Copies what it needs. */
rh_status rh_tokenizer_new(rh_tokenizer **out, const rh_ggml_file *file, rh_error *err);
void rh_tokenizer_free(rh_tokenizer *t); /* NULL is fine */

const rh_special_tokens *rh_tokenizer_special(const rh_tokenizer *t);

/* Tokens of `n` bytes of UTF-8 (broken bytes are taken as they are). At most `cap` are
 * written, *n_out says how many there are. RH_ERR_NOMEM. */
rh_status rh_tokenizer_encode(const rh_tokenizer *t, const char *text, size_t n, int32_t *out, size_t cap,
                              size_t *n_out);
/* Bytes of a text token, "" for special ones. Lives as long as the tokenizer. */
const char *rh_tokenizer_bytes(const rh_tokenizer *t, int32_t id, size_t *n);

/* Token of a language code ("en") or English name ("english"), -1 when the model has none. */
int32_t rh_tokenizer_language(const rh_tokenizer *t, const char *code);
/* Code of a language token, NULL when it is not one. */
const char *rh_tokenizer_language_code(const rh_tokenizer *t, int32_t id);

/* Tokens that stand for sounds and speaker tags, never said: sorted. */
const int32_t *rh_tokenizer_non_speech(const rh_tokenizer *t, size_t *n);

/* Groups text tokens into words as the reference does: by spaces and punctuation, or for
 * languages written without spaces (`language`, a code) by whole characters.
 * ends[i] is one past the last token of word i; *n_words of them (at most n). */
void rh_tokenizer_split_words(const rh_tokenizer *t, const int32_t *tokens, size_t n, const char *language,
                              uint32_t *ends, size_t *n_words);

#endif
