/* transcriber_decode.c - decodes an utterance, or what there is of it so far. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/words.h"
#include "rehearse/asr/verbatim.h"
#include "transcriber_internal.h"
#include "asr/transcript_internal.h"

enum {
    RATE = TR_RATE,
    LEAST = RATE / 10,      /* below it there is nothing to decode */
    FRESH = RATE * 7 / 10,  /* words so near the newest sound may still change */
    STOOD = RATE * 18 / 10, /* words so long ago stay, though one decode alone heard them */
    STOOD_LATE = RATE,      /* where none has been settled for long */
    UNHEARD = RATE * 5 / 2, /* speech without a word, after a context: it was left out */
    SEQUEL = RATE,          /* sound behind a pause that tells what the pause parts; with less it is asked again */
    LATE = RATE / 4,
    INTERVAL_MAX = 5 * RATE,
    WINDOW = 28 * RATE, /* the model sees 30 s */
};

static const float LONGEST_WORD_S = 0.8f;
static const float SURE = 0.5f;            /* of a word that one decode alone heard */
static const float ALONE = 0.5f;           /* s of speech in which there should be a word */
static const float HASTE = 8, AT_ONCE = 2; /* words a second of speech, and beyond them, that nobody exceeds */

static rh_status keep_draft(rh_transcriber *t, const rh_transcript *raw)
{
    if (rh_array_reserve(&t->draft, &t->cap_draft, (size_t)raw->n_tokens, sizeof *t->draft) != RH_OK)
        return RH_ERR_NOMEM;
    for (int i = 0; i < raw->n_tokens; i++)
        t->draft[i] = raw->tokens[i].id;
    t->n_draft = raw->n_tokens;
    return RH_OK;
}

static bool same_word(const rh_transcript *a, int i, const rh_transcript *b, int k)
{
    char x[RH_WORD_BYTES], y[RH_WORD_BYTES];
    const rh_asr_word *u = &a->words[i], *v = &b->words[k];
    (void)rh_word_form(a->text + u->text_off, u->text_len, "", x);
    (void)rh_word_form(b->text + v->text_off, v->text_len, "", y);
    return strcmp(x, y) == 0;
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

static rh_asr_params params_of(const rh_transcriber *t, const atomic_bool *cancel)
{
    rh_asr_params p = rh_asr_params_default();
    p.timestamps = false; /* never more than one window */
    p.language = t->language[0] ? t->language : NULL;
    p.prompt = t->prompt[0] ? t->prompt : NULL;
    p.prefix = t->context[0] ? t->context : NULL;
    p.terms = t->o.terms;
    p.draft = t->draft;
    p.n_draft = t->n_draft;
    p.cancel = cancel;
    p.give_way = t->gives_way ? t->o.give_way : NULL;
    p.give_way_user = t->o.give_way_user;
    p.deadline_us = rh_now_us() + 500000;
    return p;
}

/* Puts the times of a decode that began at `from` right. */
static void place(const rh_transcriber *t, rh_transcript *text, int64_t to)
{
    rh_transcript_shift(text, (double)t->from / RATE);
    clamp(text, (float)rh_tr_fresh(t) / RATE, (float)to / RATE);
}

/* Adds [start, end) of the sound being decoded. */
static size_t add_speech(const rh_transcriber *t, rh_speech_span *s, size_t n, int64_t start, int64_t end)
{
    start = start > t->from ? start : t->from;
    if (start < end)
        s[n++] = (rh_speech_span){(size_t)(start - t->from), (size_t)(end - t->from)};
    return n;
}

/* Where in [from, to) somebody speaks. */
static size_t find_speech(const rh_transcriber *t, int64_t to, rh_speech_span *s)
{
    int64_t at = t->context[0] ? t->from : t->onset, until = t->speech_end < to ? t->speech_end : to;
    size_t n = 0;
    for (int i = 0; i < t->n_pauses && t->pauses[i].start < until; i++) {
        n = add_speech(t, s, n, at, t->pauses[i].start);
        at = t->pauses[i].end;
    }
    return add_speech(t, s, n, at, until);
}

static float speech_since(const rh_transcriber *t, int64_t start, int64_t to)
{
    rh_speech_span speech[TR_MAX_PAUSES + 1];
    size_t n = find_speech(t, to, speech);
    return rh_speech_within(speech, n, (float)(start - t->from) / RATE, (float)(to - t->from) / RATE);
}

static rh_status decode_once(rh_transcriber *t, int64_t to, const rh_asr_params *p, rh_error *err)
{
    rh_asr_params q = *p;
    rh_speech_span speech[TR_MAX_PAUSES + 1];
    q.n_speech = find_speech(t, to, speech);
    q.speech = speech;
    return rh_asr_transcribe(t->asr, t->sound + (t->from - t->base), (size_t)(to - t->from), &q, &t->scratch, err);
}

/* The rule by which a decode counts as failed (openai-whisper's). */
static bool failed(const rh_transcript *text, const rh_asr_params *p)
{
    for (int i = 0; i < text->n_segments; i++)
        if (text->segments[i].compression_ratio > p->compression_max || text->segments[i].avg_logprob < p->logprob_min)
            return true;
    return false;
}

/* A context that ends like a sentence may end the decode too, whatever follows, or lead it past what comes
 * next: speech without a word. */
static bool left_out(const rh_transcriber *t, int64_t to)
{
    const rh_transcript *text = &t->scratch;
    rh_speech_span speech[TR_MAX_PAUSES + 1];
    size_t n = find_speech(t, to, speech);
    float heard = (float)(t->context_end - t->from) / RATE;
    for (int i = 0; i <= text->n_words; i++) {
        float next = i < text->n_words ? text->words[i].start : (float)(to - t->from) / RATE;
        if (rh_speech_within(speech, n, heard, next) > (float)UNHEARD / RATE)
            return true;
        if (i < text->n_words)
            heard = fminf(text->words[i].end, next + LONGEST_WORD_S);
    }
    return false;
}

/* Behind a context the decoder may make a sentence of a click or a breath: more words than anybody says in that time. */
static bool is_crowded(const rh_transcriber *t, int64_t to)
{
    return t->context[0] && (float)t->scratch.n_words > AT_ONCE + HASTE * speech_since(t, t->context_end, to);
}

/* Words of a decode without the context that belong to it. */
static int n_known(const rh_transcriber *t)
{
    const rh_transcript *s = &t->scratch;
    float end = (float)(t->context_end - t->from) / RATE;
    const char *last = strrchr(t->context, ' ');
    char x[RH_WORD_BYTES], y[RH_WORD_BYTES];
    int n = 0;
    while (n < s->n_words && (s->words[n].start + s->words[n].end) / 2 < end)
        n++;
    if (n == s->n_words || s->words[n].start > end + 0.2f)
        return n;
    last = last ? last + 1 : t->context;
    (void)rh_word_form(last, strlen(last), "", x);
    (void)rh_word_form(s->text + s->words[n].text_off, s->words[n].text_len, "", y);
    return strcmp(x, y) == 0 ? n + 1 : n; /* times differ by a little from decode to decode */
}

/* The first n words of the decode. */
static rh_status drop_words(rh_transcriber *t, int n)
{
    rh_transcript *s = &t->scratch;
    if (n == 0)
        return RH_OK;
    rh_status st = rh_transcript_slice(&t->piece, s, n, s->n_words);
    if (st != RH_OK)
        return st;
    t->piece.encode_us = s->encode_us;
    t->piece.decode_us = s->decode_us;
    t->piece.n_steps = s->n_steps;
    rh_transcript swap = t->scratch;
    t->scratch = t->piece;
    t->piece = swap;
    return RH_OK;
}

/* What closes a word that is final already, and the rest of one that grew since, can't
 * be reported any more. */
static rh_status drop_head(rh_transcriber *t)
{
    int n = 0;
    while (n < t->scratch.n_words && rh_word_clings(&t->scratch, n, t->context[0] != '\0'))
        n++;
    return drop_words(t, n);
}

/* Decodes up to `to` into `scratch`: what follows the context. A decode that may be
 * `final` is made again where it failed, however long that takes. */
static rh_status decode(rh_transcriber *t, int64_t to, bool final, const atomic_bool *cancel, rh_error *err)
{
    rh_transcript_clear(&t->scratch);
    rh_transcript_clear(&t->verbatim);
    if (to - rh_tr_fresh(t) < LEAST)
        return RH_OK;
    rh_asr_params p = params_of(t, cancel);
    p.fallback = final && !t->context[0];
    rh_status st = decode_once(t, to, &p, err);
    bool crowded = st == RH_OK && is_crowded(t, to);
    t->doubtful = st == RH_OK && (crowded || failed(&t->scratch, &p) || (t->context[0] && left_out(t, to)));
    if (t->doubtful && t->context[0] && (final || crowded || rh_tr_overdue(t))) {
        /* A context may talk the decoder into saying it for ever: the same sound without it. */
        t->n_draft = 0;
        p = params_of(t, cancel);
        p.prefix = NULL;
        p.fallback = final;
        t->doubtful = false;
        st = decode_once(t, to, &p, err);
        if (st == RH_OK)
            st = drop_words(t, n_known(t));
    }
    if (st == RH_OK && final && t->context[0] && t->scratch.n_words == 0 &&
        speech_since(t, t->context_end, to) > ALONE) {
        /* Of what is new nothing was made, with the context or in its company: by itself. */
        t->from = t->context_end;
        t->context[0] = t->context_verbatim[0] = '\0';
        t->n_draft = 0;
        t->doubtful = false;
        p = params_of(t, cancel);
        p.fallback = true;
        st = decode_once(t, to, &p, err);
    }
    if (st == RH_OK)
        st = drop_head(t);
    if (st == RH_OK)
        place(t, &t->scratch, to);
    return st;
}

/* The same sound decoded again with its hesitations, into `verbatim`. */
static rh_status decode_verbatim(rh_transcriber *t, const atomic_bool *cancel, rh_error *err)
{
    if (!t->o.verbatim || t->scratch.n_words == 0)
        return RH_OK;
    rh_asr_params p = params_of(t, cancel);
    if (p.prefix)
        p.prefix = t->context_verbatim;
    double from_s = (double)t->from / RATE;
    rh_transcript_shift(&t->scratch, -from_s); /* both decodes in the times of their sound */
    rh_status st = rh_asr_verbatim(t->asr, &t->scratch, &p, &t->verbatim, err);
    rh_transcript_shift(&t->scratch, from_s);
    if (st == RH_ERR_UNSUPPORTED)
        return RH_OK; /* the clean words and the sound must do */
    if (st == RH_OK)  /* not clamped: what was said before the new sound shows by its times */
        rh_transcript_shift(&t->verbatim, from_s);
    return st;
}

/* How what was just decoded was said; models may lack it. */
static void pool(rh_transcriber *t)
{
    t->has_pooled = rh_asr_pooled(t->asr, t->pooled, NULL) == RH_OK;
}

/* How likely which sound is when, of what was just decoded; models may lack it. The dictionary is English. */
static void take_sounds(rh_transcriber *t)
{
    rh_free(t->phone_cost);
    t->phone_cost = NULL;
    t->phones_from = t->from;
    if (t->o.sounds && strcmp(t->scratch.language, "en") == 0)
        (void)rh_asr_phones(t->asr, &t->phone_cost, &t->n_phone_steps, NULL);
}

static void keep_language(rh_transcriber *t, const rh_transcript *text)
{
    if (!t->language[0] && text->n_words > 2)
        memcpy(t->language, text->language, sizeof t->language);
}

/* `text` is final, and all sound before `to` done with. */
static rh_status finish(rh_transcriber *t, const rh_transcript *text, int64_t to, rh_error *err)
{
    keep_language(t, text);
    if (text->n_words > 0) {
        rh_status st = rh_tr_add_final(t, text, to, to);
        if (st != RH_OK)
            return rh_fail(err, st, "transcript: %s", rh_status_name(st));
    }
    rh_tr_remember(t, text, text->n_words, to);
    t->settled = to;
    t->n_draft = 0;
    return RH_OK;
}

static rh_status make_final(rh_transcriber *t, int64_t to, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = decode(t, to, true, cancel, err);
    if (st != RH_OK)
        return st;
    pool(t);
    take_sounds(t);
    rh_tr_join(t);
    rh_tr_expect(t);
    st = decode_verbatim(t, cancel, err);
    return st == RH_OK ? finish(t, &t->scratch, to, err) : st;
}

rh_status rh_tr_promote(rh_transcriber *t, int64_t to, rh_error *err)
{
    return finish(t, &t->partial, to, err);
}

/* The words that will not change: those on which this decode and the one before agree
 * and that are not fresh, and those long past that this one is sure of. Where they are
 * overdue doubts count less. */
static int standing(const rh_transcriber *t)
{
    const rh_transcript *a = &t->partial, *b = &t->scratch;
    bool agree = t->partial_at != 0, overdue = rh_tr_overdue(t);
    float fresh_s = (float)(t->seen - FRESH) / RATE;
    float stood_s = (float)(t->seen - (overdue ? STOOD_LATE : STOOD)) / RATE;
    int n = 0;
    for (; n < b->n_words; n++) {
        const rh_asr_word *w = &b->words[n];
        float end = fminf(w->end, w->start + LONGEST_WORD_S); /* the rest is a pause */
        agree = agree && n < a->n_words && same_word(a, n, b, n);
        if (end > fresh_s || (!agree && (end > stood_s || (w->p < SURE && !overdue))))
            break;
    }
    return n;
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

/* The first n words of the decode are final; the rest is decoded again, with them as
 * context, and compared with what this decode made of it. */
static rh_status settle_words(rh_transcriber *t, int n)
{
    const rh_transcript *text = &t->scratch;
    int64_t settled = (int64_t)(text->words[n - 1].end * RATE);
    rh_asr_ending expected = t->expected; /* behind the last of all words */
    rh_status st = rh_transcript_slice(&t->piece, text, 0, n);
    if (n < text->n_words)
        t->expected = (rh_asr_ending){0};
    if (st == RH_OK)
        st = rh_tr_add_final(t, &t->piece, t->seen, settled);
    t->expected = expected;
    if (st != RH_OK)
        return st;
    keep_language(t, &t->piece);
    rh_tr_remember(t, text, n, settled);
    t->settled = settled;
    rh_tr_go_on(t, settled, t->seen);
    return rh_transcript_slice(&t->piece, text, n, text->n_words);
}

/* What was heard of the open utterance so far and is not final: told, and kept as the
 * draft of the next decode. */
static rh_status show(rh_transcriber *t, rh_transcript *text)
{
    rh_status st = keep_draft(t, text);
    if (st == RH_OK && t->o.partials)
        st = rh_tr_add_partial(t, text);
    if (st != RH_OK)
        return st;
    rh_transcript swap = t->partial;
    t->partial = *text;
    *text = swap;
    t->partial_at = t->seen;
    return RH_OK;
}

static rh_status skip_window(rh_transcriber *t)
{
    t->settled = t->seen - STOOD;
    t->last_text[0] = '\0';
    rh_tr_go_on(t, t->settled, t->seen);
    return RH_OK;
}

/* Decoding takes its share of the machine, never all of it: partials come further
 * apart when they take long or have to wait for their turn. */
static void adapt_interval(rh_transcriber *t, int64_t took_us, int64_t late)
{
    int64_t base = (int64_t)t->o.partial_every_ms * RATE / 1000;
    int64_t want = took_us * 3 * RATE / 1000000;
    if (late > LATE && want < t->interval + late)
        want = t->interval + late;
    else if (late > 0 && want < t->interval * 3 / 4)
        want = t->interval * 3 / 4;
    t->interval = want < base ? base : want < INTERVAL_MAX ? want : INTERVAL_MAX;
}

static rh_status make_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel, rh_error *err)
{
    int64_t from_us = rh_now_us(), late = t->partial_at ? t->seen - t->partial_at - t->interval : 0;
    rh_status st = decode(t, t->seen, false, cancel, err);
    if (st != RH_OK)
        return st;
    adapt_interval(t, rh_now_us() - from_us, late);
    int n = settle && (!t->doubtful || rh_tr_overdue(t)) ? standing(t) : 0;
    bool may_end = t->seen >= t->speech_end + TR_PAUSE_DECODE / 2;
    t->expected = (rh_asr_ending){0};
    if (may_end)
        rh_tr_expect(t);
    if (n > 0 || may_end) { /* words of it may become final */
        pool(t);
        take_sounds(t);
        rh_tr_join(t);
        st = decode_verbatim(t, cancel, err);
    } else if (!t->doubtful && t->joined_at - t->onset < SEQUEL) {
        rh_tr_join(t);
    }
    if (st != RH_OK)
        return st;
    if (n > 0) {
        st = settle_words(t, best_cut(&t->scratch, n));
        if (st == RH_OK)
            st = show(t, &t->piece);
    } else if (settle && t->seen - t->from > WINDOW) {
        return skip_window(t); /* sound, but no word in all of it */
    } else {
        st = show(t, &t->scratch);
    }
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

rh_status rh_tr_final(rh_transcriber *t, int64_t to, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = rh_asr_stream_new(&t->asr, t->model, err);
    if (st == RH_OK)
        st = make_final(t, to, cancel, err);
    rh_asr_stream_free(t->asr);
    t->asr = NULL;
    return st;
}

rh_status rh_tr_partial(rh_transcriber *t, bool settle, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = rh_asr_stream_new(&t->asr, t->model, err);
    t->gives_way = true;
    if (st == RH_OK)
        st = make_partial(t, settle, cancel, err);
    t->gives_way = false;
    rh_asr_stream_free(t->asr);
    t->asr = NULL;
    return st;
}
