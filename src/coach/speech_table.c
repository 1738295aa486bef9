/* speech_table.c - see speech_table.h. Texts live in one block that moves as it
 * grows, so words keep offsets until _finish makes them pointers. */
#include "speech_table.h"

#include <stdint.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/coach/hearing.h"

void rh_speech_table_init(rh_speech_table *t)
{
    *t = (rh_speech_table){0};
}

void rh_speech_table_done(rh_speech_table *t)
{
    rh_free(t->texts);
    rh_free(t->words);
    rh_free(t->spans);
    rh_free(t->segments);
    rh_free(t->pooled);
    rh_speech_table_init(t);
}

void rh_speech_table_clear(rh_speech_table *t)
{
    t->input = (rh_speech_input){0};
    t->n_texts = t->n_pooled = 0;
    t->sum_logprob = t->sum_no_speech = 0;
    t->n_logprob = t->n_no_speech = 0;
}

static rh_status room(void *items, size_t n, size_t *cap, size_t extra, size_t size)
{
    void **p = items;
    if (n + extra <= *cap)
        return RH_OK;
    size_t want = (n + extra) * 2;
    void *q = want < SIZE_MAX / size ? rh_realloc(*p, want * size) : NULL;
    if (!q)
        return RH_ERR_NOMEM;
    *p = q;
    *cap = want;
    return RH_OK;
}

/* The word with its text's offset in place of a pointer. */
static rh_status make_word(rh_speech_table *t, const rh_transcript *text, const rh_asr_word *w,
                           rh_word *out)
{
    rh_status st = room(&t->texts, t->n_texts, &t->cap_texts, w->text_len + 1u, 1);
    if (st != RH_OK)
        return st;
    rh_word r = rh_hearing_word(text, w);
    r.text = (const char *)(uintptr_t)t->n_texts;
    memcpy(t->texts + t->n_texts, text->text + w->text_off, w->text_len);
    t->n_texts += w->text_len;
    t->texts[t->n_texts++] = '\0';
    *out = r;
    return RH_OK;
}

static rh_status copy_word(rh_speech_table *t, const rh_word *w, rh_time_shift at, void *user)
{
    size_t n = strlen(w->text) + 1;
    rh_status st = room(&t->texts, t->n_texts, &t->cap_texts, n, 1);
    if (st == RH_OK)
        st = room(&t->words, t->input.n_words, &t->cap_words, 1, sizeof *t->words);
    if (st != RH_OK)
        return st;
    rh_word *o = &t->words[t->input.n_words++];
    *o = *w;
    o->text = (const char *)(uintptr_t)t->n_texts;
    o->start = at(user, w->start);
    o->end = at(user, w->end);
    memcpy(t->texts + t->n_texts, w->text, n);
    t->n_texts += n;
    return RH_OK;
}

static rh_status copy_segment(rh_speech_table *t, const rh_speech_segment *seg, size_t first_word,
                              rh_time_shift at, void *user)
{
    rh_status st = room(&t->segments, t->input.n_segments, &t->cap_segments, 1, sizeof *t->segments);
    if (st == RH_OK && seg->pooled)
        st = room(&t->pooled, t->n_pooled, &t->cap_pooled, seg->n_pooled, sizeof *t->pooled);
    if (st != RH_OK)
        return st;
    rh_speech_segment o = *seg;
    o.start = at(user, seg->start);
    o.end = at(user, seg->end);
    o.first_word += first_word;
    o.n_pooled = seg->pooled ? seg->n_pooled : 0;
    o.first_forced = o.n_forced = 0;
    if (o.n_pooled)
        memcpy(t->pooled + t->n_pooled, seg->pooled, o.n_pooled * sizeof *t->pooled);
    t->n_pooled += o.n_pooled;
    t->segments[t->input.n_segments++] = o;
    return RH_OK;
}

rh_status rh_speech_table_copy(rh_speech_table *t, const rh_speech_input *in, rh_time_shift at, void *user)
{
    size_t first = t->input.n_words;
    rh_status st = RH_OK;
    for (size_t i = 0; i < in->n_words && st == RH_OK; i++)
        st = copy_word(t, &in->words[i], at, user);
    for (size_t i = 0; i < in->n_segments && st == RH_OK; i++)
        st = copy_segment(t, &in->segments[i], first, at, user);
    /* Its means weigh by words here: how many tokens they were taken over is not known. */
    t->sum_logprob += (double)in->avg_logprob * (double)in->n_words;
    t->n_logprob += (long)in->n_words;
    t->sum_no_speech += (double)in->no_speech_prob;
    t->n_no_speech++;
    return st;
}

static void add_sums(rh_speech_table *t, const rh_transcript *text, const rh_asr_word *first,
                     const rh_asr_word *last, rh_speech_segment *seg)
{
    int token0 = first->first_token, token1 = last->first_token + last->n_tokens;
    for (int i = 0; i < text->n_segments; i++) {
        const rh_asr_segment *s = &text->segments[i];
        int from = token0 > s->first_token ? token0 : s->first_token;
        int end = s->first_token + s->n_tokens, n = (token1 < end ? token1 : end) - from;
        if (n <= 0)
            continue;
        t->sum_logprob += (double)s->avg_logprob * n;
        t->n_logprob += n;
        t->sum_no_speech += (double)s->no_speech_prob;
        t->n_no_speech++;
        seg->avg_logprob += s->avg_logprob * (float)n / (float)(token1 - token0);
        seg->no_speech_prob = s->no_speech_prob;
    }
}

rh_status rh_speech_table_add(rh_speech_table *t, const rh_transcript *text, int first, int end,
                              float start_s, float end_s, const float *pooled, int n_pooled)
{
    rh_speech_input *in = &t->input;
    size_t n = end > first ? (size_t)(end - first) : 0;
    rh_status st = room(&t->words, in->n_words, &t->cap_words, n, sizeof *t->words);
    if (st == RH_OK)
        st = room(&t->segments, in->n_segments, &t->cap_segments, 1, sizeof *t->segments);
    if (st == RH_OK && pooled)
        st = room(&t->pooled, t->n_pooled, &t->cap_pooled, (size_t)n_pooled, sizeof *t->pooled);
    rh_speech_segment seg = {.start = start_s, .end = end_s, .first_word = in->n_words, .n_words = n};
    for (int i = first; i < end && st == RH_OK; i++)
        st = make_word(t, text, &text->words[i], &t->words[in->n_words + (size_t)(i - first)]);
    if (st != RH_OK)
        return st;
    in->n_words += n;
    if (n)
        add_sums(t, text, &text->words[first], &text->words[end - 1], &seg);
    if (pooled) {
        memcpy(t->pooled + t->n_pooled, pooled, (size_t)n_pooled * sizeof *pooled);
        seg.n_pooled = (size_t)n_pooled;
        seg.pooled_s = end_s - start_s;
        t->n_pooled += seg.n_pooled;
    }
    t->segments[in->n_segments++] = seg;
    return RH_OK;
}

rh_status rh_speech_table_span(rh_speech_table *t, float start_s, float end_s)
{
    rh_status st = room(&t->spans, t->input.n_speech, &t->cap_spans, 1, sizeof *t->spans);
    if (st == RH_OK)
        t->spans[t->input.n_speech++] = (rh_time_span){start_s, end_s};
    return st;
}

const rh_speech_input *rh_speech_table_finish(rh_speech_table *t, double duration_s)
{
    rh_speech_input *in = &t->input;
    for (size_t i = 0; i < in->n_words; i++)
        t->words[i].text = t->texts + (uintptr_t)t->words[i].text;
    const float *pooled = t->pooled;
    for (size_t i = 0; i < in->n_segments; i++) {
        t->segments[i].pooled = t->segments[i].n_pooled ? pooled : NULL;
        pooled += t->segments[i].n_pooled;
    }
    in->words = t->words;
    in->speech = t->spans;
    in->segments = t->segments;
    in->duration_s = duration_s;
    in->speech_s = 0;
    for (size_t i = 0; i < in->n_speech; i++)
        in->speech_s += (double)(t->spans[i].end - t->spans[i].start);
    in->onset_s = in->n_speech ? (double)t->spans[0].start : 0;
    in->avg_logprob = t->n_logprob ? (float)(t->sum_logprob / (double)t->n_logprob) : 0;
    in->no_speech_prob = t->n_no_speech ? (float)(t->sum_no_speech / (double)t->n_no_speech) : 0;
    return in;
}
