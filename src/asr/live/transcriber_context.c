/* transcriber_context.c - the final words with which a decode begins: as many as a context holds of those that came last. */
#include <math.h>
#include <string.h>
#include "transcriber_internal.h"
#include "asr/transcript_internal.h"

enum {
    RATE = TR_RATE,
    CONTEXT = 6 * RATE,  /* sound decoded again before what is new */
    NEAR = RATE * 3 / 2, /* silence over which a sentence still goes on */
};

static const double EDGE_S = 0.1; /* a word that is new may begin a little before */

/* Text of the words from `first` to `end`; "" when it does not fit. */
static void copy_words(const rh_transcript *t, int first, int end, char *dst, size_t size)
{
    const rh_asr_word *a = &t->words[first], *b = &t->words[end - 1];
    size_t n = b->text_off + b->text_len - a->text_off;
    n = n < size ? n : 0;
    memcpy(dst, t->text + a->text_off, n);
    dst[n] = '\0';
}

/* The words of the verbatim decode that begin in [from, to) and were not over before: behind `dst`, which holds `n`
 * bytes. What does not fit is left out; so are all where there was no such decode. */
static void copy_verbatim(const rh_transcriber *t, double from, double to, char *dst, size_t n, size_t size)
{
    const rh_transcript *v = &t->verbatim;
    for (int i = 0; i < v->n_words; i++) {
        const rh_asr_word *w = &v->words[i];
        if ((double)w->end < from || (double)w->start >= to || n + w->text_len + 2 > size)
            continue;
        if (n)
            dst[n++] = ' ';
        memcpy(dst + n, v->text + w->text_off, w->text_len);
        n += w->text_len;
    }
    dst[n] = '\0';
}

static void remember_verbatim(rh_transcriber *t, int64_t settled)
{
    size_t n = 0, size = sizeof t->last_verbatim;
    double from = (double)t->last_from / RATE, to = (double)settled / RATE;
    if (!t->last_text[0] || t->verbatim.n_words == 0) {
        strcpy(t->last_verbatim, t->last_text);
        return;
    }
    if (t->context[0] && t->last_from == t->from) {
        n = strlen(t->context_verbatim);
        memcpy(t->last_verbatim, t->context_verbatim, n);
        from = (double)t->context_end / RATE;
    }
    copy_verbatim(t, from - EDGE_S, to, t->last_verbatim, n, size);
    if (!t->last_verbatim[0])
        strcpy(t->last_verbatim, t->last_text);
}

/* The last words that became final (of `text`, up to word `end`) may be the next
 * decode's context: as much as a context holds, from a word that follows a gap; of few, all that fit. */
static void remember_words(rh_transcriber *t, const rh_transcript *text, int end, int64_t settled)
{
    t->last_text[0] = '\0';
    t->last_end = settled;
    if (end == 0)
        return;
    if (settled - t->from <= CONTEXT && strlen(t->context) + 1 < sizeof t->last_text) {
        /* All of the decode, with the context it had itself. */
        size_t n = strlen(t->context);
        memcpy(t->last_text, t->context, n);
        if (n)
            t->last_text[n++] = ' ';
        copy_words(text, 0, end, t->last_text + n, sizeof t->last_text - n);
        if (!t->last_text[n])
            t->last_text[0] = '\0';
        t->last_from = t->from;
        return;
    }
    float least = (float)(settled - CONTEXT) / RATE, widest = -1;
    int first = -1;
    for (int i = 1; i < end && i + 3 <= end; i++) {
        float gap = text->words[i].start - text->words[i - 1].end;
        if (text->words[i].start >= least && gap > widest) {
            widest = gap;
            first = i;
        }
    }
    for (int i = 0; i < end && first < 0; i++)
        if (text->words[i].start >= least) {
            widest = fmaxf(text->words[i].start - (i ? text->words[i - 1].end : (float)rh_tr_fresh(t) / RATE), 0);
            first = i;
        }
    if (first < 0)
        return;
    copy_words(text, first, end, t->last_text, sizeof t->last_text);
    t->last_from = (int64_t)((text->words[first].start - fminf(widest / 2, 0.15f)) * RATE);
}

void rh_tr_remember(rh_transcriber *t, const rh_transcript *text, int end, int64_t settled)
{
    remember_words(t, text, end, settled);
    remember_verbatim(t, settled);
    if (end && t->last_text[0])
        t->heard[t->n_heard - 1].context_from = t->last_from;
}

void rh_tr_start_at(rh_transcriber *t, int64_t at)
{
    t->from = at;
    t->context[0] = '\0';
    if (t->last_text[0] && at - t->last_end < NEAR && t->last_from >= t->base) {
        strcpy(t->context, t->last_text);
        strcpy(t->context_verbatim, t->last_verbatim);
        t->context_end = at;
        t->from = t->last_from;
    }
    t->paused = false;
    t->joined_at = 0;
    t->joined = (rh_asr_ending){0};
    t->partial_at = 0;
    t->n_draft = 0;
    rh_transcript_clear(&t->partial);
    int kept = 0;
    for (int i = 0; i < t->n_pauses; i++)
        if (t->pauses[i].end > t->from)
            t->pauses[kept++] = t->pauses[i];
    t->n_pauses = kept;
}

void rh_tr_go_on(rh_transcriber *t, int64_t at, int64_t waited_since)
{
    t->onset = at;
    t->settle_from = waited_since;
    rh_tr_start_at(t, at);
}
