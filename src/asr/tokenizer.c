/* Byte-level BPE: text is cut by the GPT-2 pattern, then in each piece the pair
 * of neighbours whose joined bytes have the lowest number is merged until none
 * is a token. A token's number is its rank, so the vocabulary is all there is. */
#include "tokenizer.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "tokenizer_internal.h"

static rh_status copy_vocabulary(rh_tokenizer *t, const rh_ggml_file *file, rh_error *err)
{
    size_t total = 0, slots = 1;
    for (int32_t i = 0; i < t->n_text; i++) {
        uint32_t len = 0;
        if (rh_ggml_file_token(file, i, &len))
            total += len;
    }
    while (slots < (size_t)t->n_text * 2)
        slots *= 2;
    t->bytes = rh_alloc(total);
    t->offset = rh_alloc_array((size_t)t->n_text, sizeof *t->offset);
    t->length = rh_alloc_array((size_t)t->n_text, sizeof *t->length);
    t->table = rh_alloc_array(slots, sizeof *t->table);
    if (!t->bytes || !t->offset || !t->length || !t->table)
        return rh_fail(err, RH_ERR_NOMEM, "tokenizer: out of memory");
    t->mask = slots - 1;
    memset(t->table, 0xff, slots * sizeof *t->table);
    uint32_t at = 0;
    for (int32_t i = 0; i < t->n_text; i++) {
        uint32_t len = 0;
        const char *s = rh_ggml_file_token(file, i, &len);
        t->offset[i] = at;
        t->length[i] = s ? len : 0;
        if (!s || !len)
            continue;
        memcpy(t->bytes + at, s, len);
        at += len;
        rh_tokenizer_insert(t, i);
    }
    for (int b = 0; b < 256; b++) {
        char c = (char)b;
        t->byte_token[b] = rh_tokenizer_find(t, &c, 1);
        if (t->byte_token[b] < 0)
            return rh_fail(err, RH_ERR_FORMAT, "vocabulary lacks a token for byte %d: not a Whisper model", b);
    }
    return RH_OK;
}

static void number_specials(rh_special_tokens *s, int32_t n_vocab)
{
    /* openai-whisper: 51864 tokens are English only, 51865 know 99 languages, 51866 know 100. */
    s->multilingual = n_vocab >= 51865;
    s->n_vocab = n_vocab;
    s->n_languages = n_vocab - 51765 - (s->multilingual ? 1 : 0);
    s->eot = s->multilingual ? 50257 : 50256;
    s->sot = s->eot + 1;
    s->first_language = s->sot + 1;
    s->translate = s->first_language + s->n_languages;
    s->transcribe = s->translate + 1;
    s->sot_lm = s->translate + 2;
    s->sot_prev = s->translate + 3;
    s->no_speech = s->translate + 4;
    s->no_timestamps = s->translate + 5;
    s->timestamp_begin = s->translate + 6;
}

rh_status rh_tokenizer_new(rh_tokenizer **out, const rh_ggml_file *file, rh_error *err)
{
    int32_t n_vocab = rh_ggml_file_hparams(file)->n_vocab;
    rh_special_tokens special;
    number_specials(&special, n_vocab);
    if (n_vocab < 51864 || special.n_languages > RH_MAX_LANGUAGES || special.timestamp_begin + 1501 != n_vocab)
        return rh_fail(err, RH_ERR_FORMAT, "%d tokens are not a Whisper vocabulary (51864 to 51866)", n_vocab);
    if (rh_ggml_file_n_tokens(file) < special.eot - 1)
        return rh_fail(err, RH_ERR_FORMAT, "the vocabulary has %d entries, %d were expected",
                       rh_ggml_file_n_tokens(file), special.eot);
    rh_tokenizer *t = rh_calloc(1, sizeof *t);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "tokenizer: out of memory");
    t->special = special;
    t->n_text = special.eot;
    rh_status st = copy_vocabulary(t, file, err);
    if (st == RH_OK)
        st = rh_tokenizer_list_non_speech(t, err);
    if (st != RH_OK) {
        rh_tokenizer_free(t);
        return st;
    }
    t->special.blank = t->byte_token[' '];
    *out = t;
    return RH_OK;
}

void rh_tokenizer_free(rh_tokenizer *t)
{
    if (!t)
        return;
    rh_free(t->bytes);
    rh_free(t->offset);
    rh_free(t->length);
    rh_free(t->table);
    rh_free(t);
}

const rh_special_tokens *rh_tokenizer_special(const rh_tokenizer *t)
{
    return &t->special;
}
