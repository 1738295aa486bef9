/* transcriber_decode.c - decodes an utterance, or what there is of it so far. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "transcriber_internal.h"
#include "transcript_internal.h"

enum {
    RATE = TR_RATE,
    LEAST = RATE / 10,         /* below it there is nothing to decode */
    FRESH = RATE * 3 / 2,      /* words of the last 1.5 s may still change */
    LEAST_AGREED = 4,          /* words that must agree before any is settled */
    PREFIX_WORDS = 3,          /* decoded again with the next piece, by force */
    INTERVAL_MAX = 5 * RATE,
    WINDOW = 28 * RATE,        /* past it no agreement is waited for: the model sees 30 s */
};

static rh_status keep_draft(rh_transcriber *t, const rh_transcript *raw)
{
    if (raw->n_tokens > t->cap_draft) {
        int cap = raw->n_tokens * 2;
        int32_t *p = rh_realloc(t->draft, (size_t)cap * sizeof *p);
        if (!p)
            return RH_ERR_NOMEM;
        t->draft = p;
        t->cap_draft = cap;
    }
    for (int i = 0; i < raw->n_tokens; i++)
        t->draft[i] = raw->tokens[i].id;
    t->n_draft = raw->n_tokens;
    return RH_OK;
}

/* Letters and digits of a word in lower case; what is not ASCII counts as a letter. */
static size_t fold(char *dst, size_t size, const char *s, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n && len + 1 < size; i++)
        if (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80)
            dst[len++] = (char)tolower((unsigned char)s[i]);
    dst[len] = '\0';
    return len;
}

static bool same_word(const rh_transcript *a, int i, const rh_transcript *b, int k)
{
    char x[96], y[96];
    const rh_asr_word *u = &a->words[i], *v = &b->words[k];
    fold(x, sizeof x, a->text + u->text_off, u->text_len);
    fold(y, sizeof y, b->text + v->text_off, v->text_len);
    return strcmp(x, y) == 0;
}

/* How many words at the start were forced on the decoder. */
static int prefix_length(const rh_transcriber *t, const rh_transcript *raw)
{
    char want[TR_MAX_PREFIX], have[TR_MAX_PREFIX];
    size_t n = fold(want, sizeof want, t->prefix, strlen(t->prefix));
    if (t->n_prefix_words == 0)
        return 0;
    if (raw->n_words >= t->n_prefix_words) {
        const rh_asr_word *first = raw->words, *last = &raw->words[t->n_prefix_words - 1];
        size_t end = last->text_off + last->text_len;
        if (fold(have, sizeof have, raw->text + first->text_off, end - first->text_off) == n &&
            memcmp(want, have, n) == 0)
            return t->n_prefix_words;
    }
    /* The engine went its own way: go by time. */
    int k = 0;
    while (k < raw->n_words &&
           (double)(raw->words[k].start + raw->words[k].end) / 2 < (double)t->settled / RATE)
        k++;
    return k;
}

/* Times beyond the sound that was decoded are a model's guess. */
static void clamp(rh_transcript *t, float from, float to)
{
    for (int i = 0; i < t->n_words; i++) {
        t->words[i].start = fminf(fmaxf(t->words[i].start, from), to);
        t->words[i].end = fminf(fmaxf(t->words[i].end, from), to);
    }
    for (int i = 0; i < t->n_tokens; i++) {
        t->tokens[i].start = fminf(fmaxf(t->tokens[i].start, from), to);
        t->tokens[i].end = fminf(fmaxf(t->tokens[i].end, from), to);
    }
    for (int i = 0; i < t->n_segments; i++) {
        t->segments[i].start = fminf(fmaxf(t->segments[i].start, from), to);
        t->segments[i].end = fminf(fmaxf(t->segments[i].end, from), to);
    }
}

/* Decodes up to `to` into `raw`, and its words that are new into `scratch`. */
static rh_status decode(rh_transcriber *t, int64_t to, const atomic_bool *cancel, rh_error *err)
{
    rh_transcript_clear(&t->raw);
    rh_transcript_clear(&t->scratch);
    if (to - t->from < LEAST)
        return RH_OK;
    rh_asr_params p = rh_asr_params_default();
    p.timestamps = false; /* never more than one window */
    p.language = t->language[0] ? t->language : NULL;
    p.prompt = t->prompt[0] ? t->prompt : NULL;
    p.prefix = t->n_prefix_words ? t->prefix : NULL;
    p.draft = t->draft;
    p.n_draft = t->n_draft;
    p.cancel = cancel;
    p.deadline_us = rh_now_us() + 500000;
    rh_status st = rh_asr_transcribe(t->asr, t->sound + (t->from - t->base),
                                     (size_t)(to - t->from), &p, &t->raw, err);
    if (st != RH_OK)
        return st;
    rh_transcript_shift(&t->raw, (double)t->from / RATE);
    clamp(&t->raw, (float)t->from / RATE, (float)to / RATE);
    st = rh_transcript_slice(&t->scratch, &t->raw, prefix_length(t, &t->raw), t->raw.n_words);
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

static rh_status add_heard(rh_transcriber *t, const rh_transcript *text, bool final, float start,
                           float end)
{
    if (t->n_heard == t->cap_heard) {
        int cap = t->cap_heard ? t->cap_heard * 2 : 4;
        tr_heard *p = rh_realloc(t->heard, (size_t)cap * sizeof *p);
        if (!p)
            return RH_ERR_NOMEM;
        t->heard = p;
        t->cap_heard = cap;
    }
    tr_heard h = {.final = final, .start = start, .end = end};
    rh_transcript_init(&h.transcript);
    rh_status st = rh_transcript_append(&h.transcript, text, 0);
    if (st != RH_OK) {
        rh_transcript_done(&h.transcript);
        return st;
    }
    t->heard[t->n_heard++] = h;
    return RH_OK;
}

/* The encoder's output pooled over the utterance; engines may lack it. */
static void add_pooled(rh_transcriber *t, tr_heard *h)
{
    int n = 2 * rh_asr_model_describe(t->model).n_state;
    float *pooled = rh_alloc_array((size_t)n, sizeof *pooled);
    if (pooled && rh_asr_pooled(t->asr, pooled, (size_t)n, NULL) == RH_OK) {
        h->pooled = pooled;
        h->n_pooled = n;
    } else {
        rh_free(pooled);
    }
}

static void keep_language(rh_transcriber *t)
{
    if (!t->language[0] && t->raw.n_words > 2)
        memcpy(t->language, t->raw.language, sizeof t->language);
}

static rh_status make_final(rh_transcriber *t, int64_t to, int64_t settled,
                            const atomic_bool *cancel, rh_error *err)
{
    rh_status st = decode(t, to, cancel, err);
    if (st != RH_OK)
        return st;
    keep_language(t);
    if (t->scratch.n_words > 0) {
        float start = t->scratch.words[0].start;
        float end = t->scratch.words[t->scratch.n_words - 1].end;
        st = add_heard(t, &t->scratch, true, start, end);
        if (st != RH_OK)
            return rh_fail(err, st, "transcript: %s", rh_status_name(st));
        add_pooled(t, &t->heard[t->n_heard - 1]);
    }
    t->settled = settled;
    t->n_draft = 0;
    return RH_OK;
}

/* Up to where this decode and the one before say the same, and the words are not fresh. */
static int agreed(const rh_transcriber *t)
{
    const rh_transcript *a = &t->partial, *b = &t->scratch;
    int n = 0;
    bool must = t->seen - t->from > WINDOW;
    float until = (float)(t->seen - FRESH) / RATE;
    while (n < b->n_words && b->words[n].end <= until &&
           (must || (n < a->n_words && same_word(a, n, b, n))))
        n++;
    return must || n >= LEAST_AGREED ? n : 0;
}

/* A sentence's end near the end of the agreed words, or else all of them. */
static int best_cut(const rh_transcript *b, int n)
{
    for (int k = n; k > n / 2; k--) {
        const rh_asr_word *w = &b->words[k - 1];
        if (w->text_len && strchr(".?!", b->text[w->text_off + w->text_len - 1]))
            return k;
    }
    return n;
}

/* The next piece begins PREFIX_WORDS before word n and is forced to repeat them. */
static void begin_after(rh_transcriber *t, int n)
{
    const rh_transcript *b = &t->scratch;
    int first = n > PREFIX_WORDS ? n - PREFIX_WORDS : 0;
    const rh_asr_word *w = &b->words[first], *last = &b->words[n - 1];
    size_t len = last->text_off + last->text_len - w->text_off;
    while (len >= sizeof t->prefix && first + 1 < n) {
        w = &b->words[++first];
        len = last->text_off + last->text_len - w->text_off;
    }
    len = len < sizeof t->prefix ? len : 0;
    memcpy(t->prefix, b->text + w->text_off, len);
    t->prefix[len] = '\0';
    t->n_prefix_words = len ? n - first : 0;
    int64_t start = (int64_t)(w->start * RATE) - RATE / 10;
    t->from = start > t->from ? start : t->from;
    t->onset = t->from;
    t->settled = (int64_t)(last->end * RATE);
    t->partial_at = 0;
    t->n_draft = 0;
    int kept = 0;
    for (int i = 0; i < t->n_pauses; i++)
        if (t->pauses[i].start > t->settled)
            t->pauses[kept++] = t->pauses[i];
    t->n_pauses = kept;
}

static rh_status settle_words(rh_transcriber *t, int n)
{
    rh_status st = rh_transcript_slice(&t->raw, &t->scratch, 0, n);
    if (st == RH_OK)
        st = add_heard(t, &t->raw, true, t->raw.words[0].start, t->raw.words[n - 1].end);
    if (st == RH_OK)
        begin_after(t, n);
    return st;
}

static rh_status skip_window(rh_transcriber *t)
{
    t->from = t->settled = t->onset = t->seen - FRESH;
    t->n_prefix_words = t->n_draft = 0;
    t->partial_at = 0;
    t->n_pauses = 0;
    return RH_OK;
}

/* Decoding takes its share of the machine, never all of it. */
static void adapt_interval(rh_transcriber *t, int64_t took_us)
{
    int64_t base = (int64_t)t->o.partial_every_ms * RATE / 1000;
    int64_t want = took_us * 3 * RATE / 1000000;
    t->interval = want < base ? base : want < INTERVAL_MAX ? want : INTERVAL_MAX;
}

static rh_status make_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel,
                              rh_error *err)
{
    int64_t from_us = rh_now_us();
    rh_status st = decode(t, t->seen, cancel, err);
    if (st != RH_OK)
        return st;
    adapt_interval(t, rh_now_us() - from_us);
    int n = settle && t->partial_at ? agreed(t) : 0;
    if (n > 0) {
        st = settle_words(t, best_cut(&t->scratch, n));
        return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
    }
    if (settle && t->seen - t->from > WINDOW) /* sound, but no word in all of it */
        return skip_window(t);
    st = keep_draft(t, &t->raw);
    if (st == RH_OK && t->o.partials)
        st = add_heard(t, &t->scratch, false, (float)t->from / RATE, (float)t->seen / RATE);
    if (st != RH_OK)
        return rh_fail(err, st, "transcript: %s", rh_status_name(st));
    rh_transcript swap = t->partial;
    t->partial = t->scratch;
    t->scratch = swap;
    t->partial_at = t->seen;
    return RH_OK;
}

rh_status rh_tr_final(rh_transcriber *t, int64_t to, int64_t settled, const atomic_bool *cancel,
                      rh_error *err)
{
    rh_status st = rh_asr_stream_new(&t->asr, t->model, err);
    if (st == RH_OK)
        st = make_final(t, to, settled, cancel, err);
    rh_asr_stream_free(t->asr);
    t->asr = NULL;
    return st;
}

rh_status rh_tr_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = rh_asr_stream_new(&t->asr, t->model, err);
    if (st == RH_OK)
        st = make_partial(t, settle, cancel, err);
    rh_asr_stream_free(t->asr);
    t->asr = NULL;
    return st;
}
