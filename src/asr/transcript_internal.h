/* transcript_internal.h - how engines build a transcript.
 *
 * Order of calls: _clear once; then for each segment _add_text and _add_token
 * for its tokens, and _end_segment, which takes all text and tokens since the
 * last segment. Words come from tokens and their times by _build_words.
 * All return RH_ERR_NOMEM without changing what was there. */
#ifndef RH_TRANSCRIPT_INTERNAL_H
#define RH_TRANSCRIPT_INTERNAL_H

#include "rehearse/asr/asr.h"

void rh_transcript_clear(rh_transcript *t); /* keeps memory */

/* Appends a token and its bytes; text_off and text_len of `token` are filled in here. */
rh_status rh_transcript_add_token(rh_transcript *t, const rh_asr_token *token, const char *bytes, size_t n_bytes);

/* Appends a segment made of the tokens from `segment->first_token` to the last
 * one; text_off, text_len, n_tokens are filled in here, and bytes that are no
 * UTF-8 become U+FFFD. With `words` the tokens
 * are also grouped into words: a token that starts with a space starts a word,
 * punctuation joins its neighbour, and languages written without spaces give a
 * word a character. Token times must be known by then. */
rh_status rh_transcript_end_segment(rh_transcript *t, const rh_asr_segment *segment, bool words);

/* `dst` becomes the words first..end-1 of `src` with their tokens; segments keep
 * what of theirs is left. Text of tokens that belong to no word is dropped. */
rh_status rh_transcript_slice(rh_transcript *dst, const rh_transcript *src, int first, int end);

/* Whether word i can't begin a text: punctuation that closes what came before it or, where
 * something did (`goes_on`), the end of a word ("'s") in a language that has spaces. */
bool rh_word_clings(const rh_transcript *t, int i, bool goes_on);

/* Moves all times. */
void rh_transcript_shift(rh_transcript *t, double by_s);

/* Bytes of zlib input over bytes of its output: openai-whisper's measure of loops. */
float rh_compression_ratio(const char *text, size_t n);

#endif
