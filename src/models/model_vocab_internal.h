/* model_vocab_internal.h - the text tokens of a model as raw bytes. */
#ifndef RH_MODEL_VOCAB_INTERNAL_H
#define RH_MODEL_VOCAB_INTERNAL_H

#include <stdbool.h>
#include "rehearse/base/buf.h"
#include "rehearse/base/status.h"

/* Adds to `out`, for each token below <|endoftext|> (and that one too when
 * `with_end`) in order of its number, a u32 length and its bytes, as a ggml file
 * holds them; the count goes to *n. Reads tokenizer.json of folder `dir`, or
 * vocabulary.json. RH_ERR_IO; RH_ERR_FORMAT; RH_ERR_NOMEM. */
rh_status rh_model_vocab(const char *dir, bool with_end, rh_buf *out, int *n, rh_error *err);

#endif
