/* transcriber_heard.c - what was heard and not yet fetched. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/clock.h"
#include "transcriber_internal.h"

enum {
    BEYOND = TR_RATE / 2, /* sound given with a final after what is new */
    MOST_TEXT = 4096,     /* bytes behind which something is expected */
};

static bool is_known(const rh_asr_ending *e)
{
    return e->stop + e->comma + e->trailing + e->end + e->more > 0;
}

static rh_status add(rh_transcriber *t, const rh_transcript *text, tr_heard h)
{
    rh_transcript_init(&h.transcript);
    rh_transcript_init(&h.verbatim);
    rh_status st = rh_array_reserve(&t->heard, &t->cap_heard, (size_t)t->n_heard + 1, sizeof *t->heard);
    if (st == RH_OK)
        st = rh_transcript_append(&h.transcript, text, 0);
    if (st == RH_OK && h.to > h.from && t->verbatim.n_words > 0)
        st = rh_transcript_append(&h.verbatim, &t->verbatim, 0);
    if (st != RH_OK) {
        rh_transcript_done(&h.transcript);
        rh_transcript_done(&h.verbatim);
        return st;
    }
    h.context_from = -1;
    t->heard[t->n_heard++] = h;
    return RH_OK;
}

rh_status rh_tr_add_partial(rh_transcriber *t, const rh_transcript *text)
{
    tr_heard h = {.start = (float)rh_tr_fresh(t) / TR_RATE,
                  .end = (float)t->seen / TR_RATE,
                  .expected = t->expected,
                  .alone = t->alone,
                  .joined = t->joined};
    bool news = t->verbatim.n_words > 0 || (is_known(&t->joined) && !t->joined_told);
    if (t->o.verbatim && text->n_words > 0 && news) {
        t->joined_told = true;
        h.from = t->from;
        h.to = h.fresh_end = t->seen;
        h.fresh = rh_tr_fresh(t);
    }
    return add(t, text, h);
}

/* A copy for the final: the rest of the utterance may need it too. Scores do without. */
static void add_pooled(const rh_transcriber *t, tr_heard *h)
{
    if (t->has_pooled && (h->pooled = rh_alloc(sizeof t->pooled)))
        memcpy(h->pooled, t->pooled, sizeof t->pooled);
}

static void add_sounds(const rh_transcriber *t, tr_heard *h, int64_t fresh, int64_t settled)
{
    if (!t->phone_cost || settled <= fresh || fresh < t->phones_from)
        return;
    size_t first = (size_t)(fresh - t->phones_from) / RH_ASR_PHONE_STEP;
    size_t end = (size_t)(settled - t->phones_from + RH_ASR_PHONE_STEP - 1) / RH_ASR_PHONE_STEP;
    end = end < t->n_phone_steps ? end : t->n_phone_steps;
    if (first >= end || !(h->phone_cost = rh_alloc((end - first) * RH_ASR_PHONES)))
        return;
    memcpy(h->phone_cost, t->phone_cost + first * RH_ASR_PHONES, (end - first) * RH_ASR_PHONES);
    h->n_phone_steps = end - first;
    h->phones_from = (double)(t->phones_from + (int64_t)first * RH_ASR_PHONE_STEP) / TR_RATE;
}

rh_status rh_tr_add_final(rh_transcriber *t, const rh_transcript *text, int64_t to, int64_t settled)
{
    tr_heard h = {.final = true,
                  .start = text->words[0].start,
                  .end = text->words[text->n_words - 1].end,
                  .expected = t->expected,
                  .alone = t->alone,
                  .joined = t->joined};
    t->joined = (rh_asr_ending){0}; /* of the first final behind the pause */
    t->alone = t->expected;
    if (t->o.verbatim) {
        h.from = t->from;
        h.to = to;
        h.fresh = rh_tr_fresh(t);
        h.fresh_end = settled;
    }
    rh_status st = add(t, text, h);
    if (st != RH_OK)
        return st;
    add_pooled(t, &t->heard[t->n_heard - 1]);
    add_sounds(t, &t->heard[t->n_heard - 1], rh_tr_fresh(t), settled);
    return RH_OK;
}

void rh_tr_forget_heard(rh_transcriber *t)
{
    for (int i = 0; i < t->n_heard; i++) {
        rh_transcript_done(&t->heard[i].transcript);
        rh_transcript_done(&t->heard[i].verbatim);
        rh_free(t->heard[i].pooled);
        rh_free(t->heard[i].phone_cost);
    }
    t->n_heard = t->next_heard = 0;
}

/* What is expected behind the context and `n` bytes that follow it, without their last signs. */
static rh_asr_ending behind(const rh_transcriber *t, const char *words, size_t n)
{
    rh_asr_ending e = {0};
    rh_buf text;
    rh_asr_params p = rh_asr_params_default();
    p.language = t->language[0] ? t->language : t->scratch.language;
    p.deadline_us = rh_now_us() + 500000;
    rh_buf_init(&text, MOST_TEXT);
    rh_status st = rh_buf_puts(&text, t->context);
    if (st == RH_OK && t->context[0] && n)
        st = rh_buf_puts(&text, " ");
    if (st == RH_OK)
        st = rh_buf_add(&text, words, n);
    while (st == RH_OK && text.len && strchr(".,!?;:-\"' ", text.data[text.len - 1]))
        text.data[--text.len] = '\0';
    if (st == RH_OK && text.len)
        (void)rh_asr_expected(t->asr, text.data, &p, &e, NULL); /* engines may lack it */
    rh_buf_done(&text);
    return e;
}

void rh_tr_expect(rh_transcriber *t)
{
    const rh_transcript *s = &t->scratch;
    t->expected = (rh_asr_ending){0};
    if (!t->o.expected || s->n_words == 0)
        return;
    const rh_asr_word *last = &s->words[s->n_words - 1];
    size_t from = s->words[0].text_off;
    t->expected = behind(t, s->text + from, last->text_off + last->text_len - from);
}

void rh_tr_join(rh_transcriber *t)
{
    t->joined = (rh_asr_ending){0};
    t->joined_told = false;
    t->joined_at = t->seen;
    if (t->o.joined && t->paused && t->context[0] && t->scratch.n_words)
        t->joined = behind(t, "", 0);
}

rh_status rh_transcriber_next(rh_transcriber *t, rh_heard *out)
{
    if (t->next_heard == t->n_heard)
        return RH_AGAIN;
    const tr_heard *h = &t->heard[t->next_heard++];
    *out = (rh_heard){.final = h->final,
                      .start = h->start,
                      .end = h->end,
                      .transcript = &h->transcript,
                      .expected = h->expected,
                      .alone = h->alone,
                      .joined = h->joined,
                      .pooled = h->pooled,
                      .phone_cost = h->phone_cost,
                      .n_phone_steps = h->n_phone_steps,
                      .phones_from = h->phones_from,
                      .context_from = (double)h->context_from / TR_RATE};
    if (h->to > h->from) {
        int64_t from = h->fresh - TR_LOOK_BACK < h->from ? h->fresh - TR_LOOK_BACK : h->from;
        from = from > t->base ? from : t->base;
        int64_t to = h->fresh_end + BEYOND < h->to ? h->fresh_end + BEYOND : h->to;
        out->verbatim = &h->verbatim;
        out->sound = t->sound + (from - t->base);
        out->n_sound = (size_t)(to - from);
        out->sound_from = (double)from / TR_RATE;
        out->fresh_from = (double)h->fresh / TR_RATE;
        out->fresh_to = (double)h->fresh_end / TR_RATE;
    }
    return RH_OK;
}

bool rh_transcriber_untold(const rh_transcriber *t)
{
    int i = t->next_heard;
    while (i < t->n_heard && !t->heard[i].final)
        i++;
    return i < t->n_heard;
}

bool rh_tr_too_long(const rh_transcriber *t)
{
    return t->open && t->seen - t->from > TR_TOO_LONG;
}

bool rh_tr_overdue(const rh_transcriber *t)
{
    int64_t every = (int64_t)t->o.settle_ms * TR_RATE / 1000;
    return rh_tr_too_long(t) || (every && t->seen - t->settle_from >= every + TR_SETTLE_AGAIN);
}
