/* Which tokens may come next, as in openai-whisper's decoding.py: SuppressBlank,
 * SuppressTokens, ApplyTimestampRules. */
#include <math.h>
#include "decoder_internal.h"

static void forbid(float *logits, int32_t from, int32_t to)
{
    for (int32_t i = from; i < to; i++)
        logits[i] = -INFINITY;
}

static void suppress(const dec_rules *r, float *logits, bool at_begin)
{
    const rh_special_tokens *t = rh_tokenizer_special(r->m->tokenizer);
    const int32_t always[] = {t->transcribe, t->translate, t->sot, t->sot_prev, t->sot_lm, t->no_speech};
    size_t n;
    const int32_t *list = rh_tokenizer_non_speech(r->m->tokenizer, &n);
    for (size_t i = 0; i < n; i++)
        logits[list[i]] = -INFINITY;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        logits[always[i]] = -INFINITY;
    if (at_begin)
        logits[t->blank] = logits[t->eot] = -INFINITY;
}

/* Timestamps come in pairs but for one before the end, never decrease, and a
 * segment is never empty. */
static void order_timestamps(const dec_rules *r, float *logits, const int32_t *tokens, int n)
{
    const rh_special_tokens *t = rh_tokenizer_special(r->m->tokenizer);
    int32_t begin = t->timestamp_begin;
    logits[t->no_timestamps] = -INFINITY;
    bool last = n >= 1 && tokens[n - 1] >= begin;
    bool penultimate = n < 2 || tokens[n - 2] >= begin;
    if (last && penultimate)
        forbid(logits, begin, t->n_vocab);
    else if (last)
        forbid(logits, 0, t->eot);
    for (int i = n - 1; i >= 0; i--)
        if (tokens[i] >= begin) {
            forbid(logits, begin, last && !penultimate ? tokens[i] : tokens[i] + 1);
            break;
        }
    if (n == 0) {
        forbid(logits, 0, begin);
        forbid(logits, begin + r->max_initial + 1, t->n_vocab);
    }
}

static dec_dist from_stats(const rh_row_stats *s, int offset)
{
    dec_dist d = {.max = s->max,
                  .log_sum = logf(s->sum),
                  .best = s->argmax + offset,
                  .filler = -INFINITY,
                  .second = s->second < 0 ? -1 : s->second + offset};
    d.entropy = d.log_sum - s->sum_x / s->sum;
    return d;
}

/* Text [0, begin) and timestamps [begin, n) as one distribution. */
static dec_dist join(const float *logits, const rh_row_stats *a, const rh_row_stats *b, int begin)
{
    if (!(b->max > -INFINITY))
        return from_stats(a, 0);
    if (!(a->max > -INFINITY))
        return from_stats(b, begin);
    float max = a->max > b->max ? a->max : b->max;
    float fa = expf(a->max - max), fb = expf(b->max - max);
    float sum = a->sum * fa + b->sum * fb;
    float sum_x = fa * (a->sum_x + a->sum * (a->max - max)) + fb * (b->sum_x + b->sum * (b->max - max));
    dec_dist d = {.max = max, .log_sum = logf(sum), .entropy = logf(sum) - sum_x / sum};
    int32_t ids[4] = {a->argmax, b->argmax + begin, a->second, b->second < 0 ? -1 : b->second + begin};
    d.best = a->max >= b->max ? ids[0] : ids[1];
    d.second = -1;
    for (int i = 0; i < 4; i++)
        if (ids[i] >= 0 && ids[i] != d.best && (d.second < 0 || logits[ids[i]] > logits[d.second]))
            d.second = ids[i];
    return d;
}

dec_dist dec_dist_of(const rh_dec_model *m, const float *logits)
{
    rh_row_stats s;
    m->k->stats(logits, m->n_vocab, &s);
    return from_stats(&s, 0);
}

static dec_dist apply(const dec_rules *r, float *logits, const int32_t *tokens, int n)
{
    const rh_dec_model *m = r->m;
    int begin = rh_tokenizer_special(m->tokenizer)->timestamp_begin;
    suppress(r, logits, n == 0);
    if (r->filler_boost != 0.0f) /* these tokens begin with a space: they start words */
        for (int i = 0; i < m->n_fillers; i++)
            logits[m->fillers[i]] += r->filler_boost;
    if (!r->timestamps)
        return dec_dist_of(m, logits);
    order_timestamps(r, logits, tokens, n);
    rh_row_stats text, times;
    m->k->stats(logits, begin, &text);
    m->k->stats(logits + begin, m->n_vocab - begin, &times);
    if (times.max > -INFINITY && times.max + logf(times.sum) > text.max) {
        forbid(logits, 0, begin);
        return from_stats(&times, begin);
    }
    return join(logits, &text, &times, begin);
}

dec_dist dec_rules_apply(const dec_rules *r, float *logits, const int32_t *tokens, int n)
{
    dec_dist d = apply(r, logits, tokens, n);
    d.filler = -INFINITY;
    for (int i = 0; i < r->m->n_fillers; i++)
        d.filler = fmaxf(d.filler, logits[r->m->fillers[i]]);
    return d;
}

rh_dec_token dec_token_of(const dec_dist *d, const float *logits, int32_t id)
{
    int32_t rival = id == d->best ? d->second : d->best;
    rh_dec_token t = {.id = id, .entropy = d->entropy > 0.0f ? d->entropy : 0.0f, .rival_id = rival};
    t.logprob = logits[id] - d->max - d->log_sum;
    t.p = expf(t.logprob);
    t.p_filler = expf(d->filler - d->max - d->log_sum);
    t.p_rival = rival >= 0 ? expf(logits[rival] - d->max - d->log_sum) : 0.0f;
    return t;
}
