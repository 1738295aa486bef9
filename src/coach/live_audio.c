/* live_audio.c - what a client of the older sockets says, in results.
 *
 * The transcriber decides what is final; a result holds the finals since the
 * one before. So the texts of all results are the transcript. */
#include <math.h>
#include <string.h>
#include "audio_result.h"
#include "coach_internal.h"
#include "live_fillers.h"
#include "rehearse/alloc.h"
#include "rehearse/buf.h"
#include "rehearse/hearing.h"
#include "rehearse/transcriber.h"
#include "speech_table.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    NEW_SOUND = 3 * RATE,  /* at least this much between two results */
    LOOK_EVERY = RATE / 2, /* sound between two looks for something settled */
    MAX_TEXT = 1 << 20,    /* bytes of a result */
};

struct rh_live_audio {
    rh_coach *coach;
    rh_transcriber *ears;
    int64_t fed;           /* samples since the start or the last clear */
    int64_t fed_at_result; /* when the last result was given */
    int64_t fed_at_look;
    int64_t reported;      /* samples before this one are in results */
    int64_t heard;         /* end of the last final */
    rh_buf text;           /* finals not reported yet */
    rh_speech_table table;
    rh_live_fillers finder;
    rh_speech_filler *fillers; /* of the finals not reported yet */
    size_t n_fillers, cap_fillers;
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
    rh_speech_table_init(&l->table);
    rh_live_fillers_init(&l->finder);
    rh_hearing_model_name(c->asr, l->model);
    rh_transcriber_options o = rh_transcriber_options_default();
    o.partials = false;
    o.verbatim = true;
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
    rh_live_fillers_done(&l->finder);
    rh_free(l->fillers);
    rh_buf_done(&l->text);
    rh_free(l);
}

rh_status rh_live_audio_feed(rh_live_audio *l, const float *samples, size_t n, rh_error *err)
{
    rh_status st = rh_transcriber_feed(l->ears, samples, n, err);
    if (st == RH_OK)
        l->fed += (int64_t)n;
    return st;
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

bool rh_live_audio_ready(const rh_live_audio *l)
{
    return l->fed - l->fed_at_result >= NEW_SOUND && l->fed - l->fed_at_look >= LOOK_EVERY;
}

static rh_status take_fillers(rh_live_audio *l, const rh_heard *h)
{
    rh_disfluency d = {0};
    rh_status st = rh_live_fillers_find(&l->finder, h, &d, NULL);
    if (st == RH_OK && l->n_fillers + d.n_fillers > l->cap_fillers) {
        size_t cap = 2 * (l->n_fillers + d.n_fillers);
        rh_speech_filler *p = rh_realloc(l->fillers, cap * sizeof *p);
        if (p) {
            l->fillers = p;
            l->cap_fillers = cap;
        } else {
            st = RH_ERR_NOMEM;
        }
    }
    for (size_t i = 0; i < d.n_fillers && st == RH_OK; i++)
        l->fillers[l->n_fillers++] = (rh_speech_filler){d.fillers[i].start, d.fillers[i].end,
                                                        rh_filler_name(d.fillers[i].kind)};
    rh_disfluency_done(&d);
    return st;
}

static rh_status take(rh_live_audio *l, const rh_heard *h)
{
    const rh_transcript *t = h->transcript;
    if (!h->final || !t->text)
        return RH_OK;
    const char *text = t->text;
    while (*text == ' ')
        text++;
    rh_status st = l->text.len > 0 && *text ? rh_buf_puts(&l->text, " ") : RH_OK;
    if (st == RH_OK)
        st = rh_buf_puts(&l->text, text);
    if (st == RH_OK)
        st = rh_speech_table_add(&l->table, t, 0, t->n_words, h->start, h->end, h->pooled,
                                 h->n_pooled);
    if (st == RH_OK)
        st = rh_speech_table_span(&l->table, h->start, h->end);
    if (st == RH_OK)
        st = take_fillers(l, h);
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
    for (size_t i = 0; i < l->n_fillers; i++) {
        l->fillers[i].start -= from_s;
        l->fillers[i].end -= from_s;
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

/* With times from the first sample, as words have them. */
static json_t *fillers_json(const rh_live_audio *l, double from_s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n_fillers; i++) {
        const rh_speech_filler *f = &l->fillers[i];
        json_array_append_new(list, json_pack("{s:s, s:f, s:f}", "kind", f->kind, "start",
                                              round(1000 * (from_s + (double)f->start)) / 1000, "end",
                                              round(1000 * (from_s + (double)f->end)) / 1000));
    }
    return list;
}

static rh_status measure(rh_live_audio *l, int64_t until, json_t **out, rh_error *err)
{
    rh_speech_report report;
    rh_speech_report_init(&report);
    double from_s = (double)l->reported / RATE;
    make_relative(l, (float)from_s);
    rh_speech_table_finish(&l->table, (double)(until - l->reported) / RATE);
    rh_speech_input *in = &l->table.input;
    in->language = l->language[0] ? l->language : NULL;
    in->model = l->model;
    in->fillers = l->fillers;
    in->n_fillers = l->n_fillers;
    in->fillers_known = true;
    rh_status st = rh_speech_measure(in, &report, err);
    if (st == RH_OK)
        st = rh_audio_result(out, l->text.data ? l->text.data : "", l->language, in->duration_s,
                             from_s, &report, err);
    if (st == RH_OK && l->told && l->text.len > 0)
        l->told(l->told_user, in, l->text.data, from_s);
    if (st == RH_OK)
        json_object_set_new(*out, "fillers", fillers_json(l, from_s));
    rh_speech_report_done(&report);
    return st;
}

rh_status rh_live_audio_result(rh_live_audio *l, bool all, const atomic_bool *cancel, json_t **out,
                               rh_error *err)
{
    l->fed_at_look = l->fed;
    rh_status st = recognise(l, all, cancel, err);
    if (st != RH_OK)
        return st;
    if (!all && l->text.len == 0)
        return RH_AGAIN;
    int64_t until = all ? l->fed : l->heard > l->reported ? l->heard : l->reported;
    st = measure(l, until, out, err);
    if (st != RH_OK)
        return st;
    l->reported = until;
    l->fed_at_result = l->fed;
    rh_buf_clear(&l->text);
    rh_speech_table_clear(&l->table);
    l->n_fillers = 0;
    return RH_OK;
}

void rh_live_audio_clear(rh_live_audio *l)
{
    rh_transcriber_reset(l->ears);
    rh_live_fillers_clear(&l->finder);
    rh_buf_clear(&l->text);
    rh_speech_table_clear(&l->table);
    l->n_fillers = 0;
    l->fed = l->fed_at_result = l->fed_at_look = l->reported = l->heard = 0;
}
