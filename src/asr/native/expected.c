/* expected.c - what the decoder thinks comes behind a text. */
#include <stdio.h>
#include <string.h>
#include "native_internal.h"

/* The sign that a token of the vocabulary begins with. */
static float *place_of(rh_asr_ending *e, const char *token, size_t n)
{
    static const char ELLIPSIS[] = "\xE2\x80\xA6", DASH[] = "\xE2\x80\x94";
    while (n && *token == ' ') {
        token++;
        n--;
    }
    if (n == 0)
        return &e->more;
    if ((n >= 2 && token[0] == '.' && token[1] == '.') || *token == '-')
        return &e->trailing;
    if (n >= 3 && (memcmp(token, ELLIPSIS, 3) == 0 || memcmp(token, DASH, 3) == 0))
        return &e->trailing;
    return strchr(".!?", *token) ? &e->stop : strchr(",;:", *token) ? &e->comma : &e->more;
}

rh_status native_expected(void *stream, const char *text, const rh_asr_params *p, rh_asr_ending *out, rh_error *err)
{
    native_stream *s = stream;
    const rh_tokenizer *t = rh_dec_model_tokenizer(s->model->decoder);
    const rh_special_tokens *special = rh_tokenizer_special(t);
    int32_t ids[RH_DEC_MAX_TOKENS];
    char line[16 * RH_DEC_MAX_TOKENS];
    size_t n = 0;
    float *x;
    if (s->kept.n_pos == 0)
        return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
    int len = snprintf(line, sizeof line, " %s", text + strspn(text, " "));
    if (len < 0 || (size_t)len >= sizeof line)
        return rh_fail(err, RH_ERR_LIMIT, "text of %d bytes: at most %zu fit one window", len, sizeof line - 1);
    rh_status st = rh_tokenizer_encode(t, line, len > 1 ? (size_t)len : 0, ids, RH_DEC_MAX_TOKENS, &n);
    if (st != RH_OK)
        return rh_fail(err, st, "text: out of memory");
    rh_dec_params d = rh_dec_params_default();
    d.language = p->language;
    d.deadline_us = p->deadline_us;
    st = rh_dec_next(s->decoder, &d, ids, n < RH_DEC_MAX_TOKENS ? (int)n : RH_DEC_MAX_TOKENS, &x, err);
    if (st != RH_OK)
        return st;
    *out = (rh_asr_ending){.end = x[special->eot]};
    for (int32_t i = 0; i < special->eot; i++) {
        size_t bytes;
        const char *token = rh_tokenizer_bytes(t, i, &bytes);
        *place_of(out, token, bytes) += x[i];
    }
    return RH_OK;
}
