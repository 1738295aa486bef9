/* live_audio.c - what a client of the older sockets says, in results.
 *
 * The transcriber decides what is final; a result holds the finals since the
 * one before. So the texts of all results are the transcript. One comes every
 * SETTLE_MS of speech or so, and when nobody has spoken for REST_S. */
#include <string.h>
#include "audio_result.h"
#include "coach_internal.h"
#include "curves.h"
#include "delivery.h"
#include "live_fillers.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include <stdio.h>
#include "rehearse/base/cpu.h"
#include "rehearse/coach/hearing.h"
#include "rehearse/asr/transcriber.h"
#include "speech_table.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    SETTLE_MS = 2300,     /* a result at latest 4 s after the one before: some 0.5 s to decode,
                             the same to decode again where nothing is settled, and a piece of sound */
    NEW_SOUND = 2 * RATE, /* between two results of somebody who speaks */
    MAX_TEXT = 1 << 20,    /* bytes of a result */
    KEEP_CURVES_S = RH_TRANSCRIBER_MAX_BEHIND_S + 40, /* words come no later than that after their sound */
};

static const double REST_S = 0.9;

struct rh_live_audio {
    rh_coach *coach;
    rh_transcriber *ears;
    int64_t fed;           /* samples since the start or the last clear */
    int64_t fed_at_result; /* when the last result was given */
    int64_t reported;      /* samples before this one are in results */
    int64_t heard;         /* end of the last final */
    rh_buf text;           /* finals not reported yet */
    rh_speech_table table;
    rh_live_fillers finder;
    rh_curves curves;          /* of the sound fed, what may still be measured */
    rh_disfluency slips;       /* of the finals not reported yet; `verbatim` is in `said` */
    size_t cap_fillers, cap_slips;
    rh_speech_filler *fillers; /* the same fillers, for the scores */
    rh_buf said;               /* finals not reported yet, verbatim */
    char language[RH_ASR_LANG_LEN];
    char model[RH_HEARING_MODEL];
    rh_live_audio_told told;
    void *told_user;
};

rh_status rh_live_audio_new(rh_live_audio **out, rh_coach *c, rh_error *err)
{
    if (!c->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    rh_live_audio *l = rh_calloc(1, sizeof *l);
    if (!l)
        return rh_fail(err, RH_ERR_NOMEM, "live audio: out of memory");
    l->coach = c;
    rh_buf_init(&l->text, MAX_TEXT);
    rh_buf_init(&l->said, MAX_TEXT);
    rh_speech_table_init(&l->table);
    rh_live_fillers_init(&l->finder);
    rh_hearing_model_name(c->asr, l->model);
    rh_transcriber_options o = rh_transcriber_options_default();
    o.partials = false;
    o.verbatim = true;
    o.settle_ms = SETTLE_MS;
    o.language = c->language[0] ? c->language : NULL;
    rh_status st = rh_transcriber_new(&l->ears, c->asr, c->vad, &o, err);
    if (st != RH_OK) {
        rh_live_audio_free(l);
        return st;
    }
    *out = l;
    return RH_OK;
}

void rh_live_audio_free(rh_live_audio *l)
{
    if (!l)
        return;
    rh_transcriber_free(l->ears);
    rh_speech_table_done(&l->table);
    rh_curves_done(&l->curves);
    rh_disfluency_done(&l->slips);
    rh_live_fillers_done(&l->finder);
    rh_free(l->fillers);
    rh_buf_done(&l->text);
    rh_buf_done(&l->said);
    rh_free(l);
}

rh_status rh_live_audio_feed(rh_live_audio *l, const float *samples, size_t n, rh_error *err)
{
    rh_status st = rh_transcriber_feed(l->ears, samples, n, err);
    if (st != RH_OK)
        return st;
    l->fed += (int64_t)n;
    /* Without its curves speech is still recognised and measured by its words. */
    if (rh_curves_feed(&l->curves, samples, n, NULL) != RH_OK)
        rh_curves_done(&l->curves);
    return RH_OK;
}

void rh_live_audio_listen(rh_live_audio *l, rh_live_audio_told told, void *user)
{
    l->told = told;
    l->told_user = user;
}

double rh_live_audio_reported_s(const rh_live_audio *l)
{
    return (double)l->reported / RATE;
}

double rh_live_audio_buffered_s(const rh_live_audio *l)
{
    return (double)(l->fed - l->reported) / RATE;
}

/* Words that wait shall be reported. */
static bool result_due(const rh_live_audio *l)
{
    return l->text.len > 0 &&
           (l->fed - l->fed_at_result >= NEW_SOUND ||
            (!rh_transcriber_speaking(l->ears) && rh_transcriber_quiet_s(l->ears) >= REST_S));
}

bool rh_live_audio_ready(rh_live_audio *l)
{
    return rh_transcriber_due(l->ears) || result_due(l);
}

rh_live_rest rh_live_audio_rest(const rh_live_audio *l)
{
    if (rh_transcriber_voiced(l->ears))
        return RH_LIVE_VOICED;
    return l->text.len > 0 || rh_transcriber_speaking(l->ears) ? RH_LIVE_QUIET : RH_LIVE_NOTHING;
}

static rh_status room(void *items, size_t n, size_t *cap, size_t size)
{
    void **p = items;
    if (n <= *cap)
        return RH_OK;
    void *q = rh_realloc(*p, 2 * n * size);
    if (!q)
        return RH_ERR_NOMEM;
    *p = q;
    *cap = 2 * n;
    return RH_OK;
}

static rh_status add_text(rh_buf *b, const char *text)
{
    while (*text == ' ')
        text++;
    rh_status st = b->len > 0 && *text ? rh_buf_puts(b, " ") : RH_OK;
    return st == RH_OK ? rh_buf_puts(b, text) : st;
}

/* Indices of words count from the first one not reported. */
static rh_status take_slips(rh_live_audio *l, const rh_heard *h, int first_word)
{
    rh_disfluency d = {0}, *all = &l->slips;
    rh_status st = rh_live_fillers_find(&l->finder, h, &d, NULL);
    if (st == RH_OK)
        st = room(&all->fillers, all->n_fillers + d.n_fillers, &l->cap_fillers, sizeof *all->fillers);
    if (st == RH_OK)
        st = room(&all->slips, all->n_slips + d.n_slips, &l->cap_slips, sizeof *all->slips);
    for (size_t i = 0; i < d.n_fillers && st == RH_OK; i++) {
        all->fillers[all->n_fillers] = d.fillers[i];
        all->fillers[all->n_fillers++].after_word += first_word;
    }
    for (size_t i = 0; i < d.n_slips && st == RH_OK; i++) {
        all->slips[all->n_slips] = d.slips[i];
        all->slips[all->n_slips++].after_word += first_word;
    }
    if (st == RH_OK)
        st = add_text(&l->said, d.verbatim && *d.verbatim ? d.verbatim : h->transcript->text);
    rh_disfluency_done(&d);
    return st;
}

static rh_status take(rh_live_audio *l, const rh_heard *h)
{
    const rh_transcript *t = h->transcript;
    if (!h->final || !t->text)
        return RH_OK;
    int first_word = (int)l->table.input.n_words;
    rh_status st = add_text(&l->text, t->text);
    if (st == RH_OK)
        st = rh_speech_table_add(&l->table, t, 0, t->n_words, h->start, h->end, h->pooled,
                                 h->n_pooled);
    if (st == RH_OK)
        st = rh_speech_table_span(&l->table, h->start, h->end);
    if (st == RH_OK)
        st = take_slips(l, h, first_word);
    memcpy(l->language, t->language, sizeof l->language);
    l->heard = (int64_t)(h->end * RATE);
    return st;
}

static rh_status take_all(rh_live_audio *l)
{
    rh_heard h;
    rh_status st = RH_OK;
    while (st == RH_OK && rh_transcriber_next(l->ears, &h) == RH_OK)
        st = take(l, &h);
    return st;
}

static rh_status recognise(rh_live_audio *l, bool all, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = RH_OK, taken = RH_OK;
    if (all) {
        st = rh_transcriber_finish(l->ears, cancel, err);
        taken = take_all(l);
    }
    while (!all && st == RH_OK && taken == RH_OK) {
        st = rh_transcriber_work(l->ears, cancel, err);
        taken = take_all(l);
    }
    if (taken != RH_OK)
        return rh_fail(err, taken, "live audio: %s", rh_status_name(taken));
    return st == RH_AGAIN ? RH_OK : st;
}

/* Times from the start of the part that is reported. */
static void make_relative(rh_live_audio *l, float from_s)
{
    rh_speech_table *t = &l->table;
    for (size_t i = 0; i < l->slips.n_fillers; i++) {
        l->slips.fillers[i].start -= from_s;
        l->slips.fillers[i].end -= from_s;
    }
    for (size_t i = 0; i < l->slips.n_slips; i++) {
        l->slips.slips[i].start -= from_s;
        l->slips.slips[i].end -= from_s;
    }
    for (size_t i = 0; i < t->input.n_words; i++) {
        t->words[i].start -= from_s;
        t->words[i].end -= from_s;
    }
    for (size_t i = 0; i < t->input.n_speech; i++) {
        t->spans[i].start -= from_s;
        t->spans[i].end -= from_s;
    }
    for (size_t i = 0; i < t->input.n_segments; i++) {
        t->segments[i].start -= from_s;
        t->segments[i].end -= from_s;
    }
}

static rh_status name_fillers(rh_live_audio *l)
{
    size_t n = l->slips.n_fillers;
    rh_speech_filler *list = rh_realloc(l->fillers, (n + 1) * sizeof *list);
    if (!list)
        return RH_ERR_NOMEM;
    l->fillers = list;
    for (size_t i = 0; i < n; i++)
        list[i] = (rh_speech_filler){l->slips.fillers[i].start, l->slips.fillers[i].end,
                                     rh_filler_name(l->slips.fillers[i].kind)};
    return RH_OK;
}

/* What a recording's result has besides the scores. */
static rh_status add_delivery(rh_live_audio *l, const rh_speech_input *in, double from_s, json_t *o, rh_error *err)
{
    l->slips.verbatim = l->said.data;
    rh_status st = rh_delivery_add(o, in, NULL, 0, err);
    if (st == RH_OK)
        st = rh_disfluency_add(o, &l->slips, err);
    l->slips.verbatim = NULL;
    if (st == RH_OK)
        st = rh_delivery_place(o, in, err);
    if (st == RH_OK)
        rh_audio_result_move(o, from_s);
    return st;
}

static rh_status measure(rh_live_audio *l, int64_t until, json_t **out, rh_error *err)
{
    rh_speech_report report;
    rh_contour contour = {0};
    json_t *o = NULL;
    rh_speech_report_init(&report);
    double from_s = (double)l->reported / RATE;
    make_relative(l, (float)from_s);
    rh_speech_table_finish(&l->table, (double)(until - l->reported) / RATE);
    rh_speech_input *in = &l->table.input;
    (void)rh_curves_part(&l->curves, from_s, (double)until / RATE, &contour, NULL);
    in->language = l->language[0] ? l->language : NULL;
    in->model = l->model;
    in->contour = contour.n ? &contour : NULL;
    rh_status st = name_fillers(l);
    in->fillers = l->fillers;
    in->n_fillers = l->slips.n_fillers;
    in->fillers_known = true;
    if (st == RH_OK)
        st = rh_speech_measure(in, &report, err);
    if (st == RH_OK)
        st = rh_audio_result(&o, l->text.data ? l->text.data : "", l->language, in->duration_s, &report, err);
    if (st == RH_OK && l->told && l->text.len > 0)
        l->told(l->told_user, in, l->text.data, from_s);
    if (st == RH_OK)
        st = add_delivery(l, in, from_s, o, err);
    in->contour = NULL;
    if (st == RH_OK)
        *out = o;
    else
        json_decref(o);
    rh_speech_report_done(&report);
    return st;
}

/* What was reported is done with. */
static void start_anew(rh_live_audio *l)
{
    rh_buf_clear(&l->text);
    rh_buf_clear(&l->said);
    rh_speech_table_clear(&l->table);
    l->slips.n_fillers = l->slips.n_slips = 0;
}

rh_status rh_live_audio_result(rh_live_audio *l, rh_live_part part, const atomic_bool *cancel,
                               json_t **out, rh_error *err)
{
    bool all = part != RH_LIVE_SETTLED;
    rh_status st = recognise(l, all, cancel, err);
    if (st != RH_OK)
        return st;
    if (part != RH_LIVE_ALL && (all ? l->text.len == 0 : !result_due(l))) {
        if (l->text.len == 0)
            rh_curves_forget(&l->curves, (double)l->fed / RATE - KEEP_CURVES_S);
        return RH_AGAIN;
    }
    int64_t until = all ? l->fed : l->heard > l->reported ? l->heard : l->reported;
    st = measure(l, until, out, err);
    if (st != RH_OK)
        return st;
    l->reported = until;
    l->fed_at_result = l->fed;
    start_anew(l);
    rh_curves_forget(&l->curves, (double)l->reported / RATE);
    return RH_OK;
}

void rh_live_audio_clear(rh_live_audio *l)
{
    rh_transcriber_reset(l->ears);
    start_anew(l);
    rh_curves_done(&l->curves);
    rh_live_fillers_clear(&l->finder);
    l->fed = l->fed_at_result = l->reported = l->heard = 0;
}
