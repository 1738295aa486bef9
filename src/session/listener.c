#include "rehearse/session/listener.h"

#include <math.h>
#include <string.h>
#include "rehearse/session/model_set.h"
#include "curves.h"
#include "finals.h"
#include "rehearse/asr/transcriber.h"
#include "rehearse/base/alloc.h"
#include "rehearse/session/hearing.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    SETTLE_MS = 2300,     /* a result at latest 4 s after the one before: some 0.5 s to decode,
                             the same to decode again where nothing is settled, and a piece of sound */
    NEW_SOUND_S = 2,      /* between two results of somebody who speaks */
    KEEP_S = RH_TRANSCRIBER_MAX_BEHIND_S + 40, /* words come no later than that after their sound */
};

static const double REST_S = 0.9;

struct rh_listener {
    rh_transcriber *transcriber;
    rh_word_table said;
    rh_curves curves;      /* of the sound fed, what may still be measured */
    int64_t fed;           /* samples */
    double fed_at_result;  /* s, when the last result was given */
    double measured;       /* s, the end of the last result */
};

rh_status rh_listener_new(rh_listener **out, const rh_model_set *m, rh_error *err)
{
    if (!m->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    rh_listener *l = rh_calloc(1, sizeof *l);
    if (!l)
        return rh_fail(err, RH_ERR_NOMEM, "listener: out of memory");
    l->said.fillers_are = RH_FILLERS_KNOWN;
    rh_hearing_model_name(m->asr, l->said.model);
    rh_transcriber_options o = rh_transcriber_options_default();
    o.partials = false;
    o.verbatim = true;
    o.settle_ms = SETTLE_MS;
    o.language = m->language[0] ? m->language : NULL;
    rh_status st = rh_transcriber_new(&l->transcriber, m->asr, m->vad, &o, err);
    if (st == RH_OK)
        *out = l;
    else
        rh_listener_free(l);
    return st;
}

void rh_listener_free(rh_listener *l)
{
    if (!l)
        return;
    rh_transcriber_free(l->transcriber);
    rh_word_table_done(&l->said);
    rh_curves_done(&l->curves);
    rh_free(l);
}

static double fed_s(const rh_listener *l)
{
    return (double)l->fed / RATE;
}

rh_status rh_listener_feed(rh_listener *l, const float *samples, size_t n, rh_error *err)
{
    rh_status st = rh_transcriber_feed(l->transcriber, samples, n, err);
    if (st != RH_OK)
        return st;
    l->fed += (int64_t)n;
    /* Without its curves speech is still recognised and measured by its words. */
    if (rh_curves_feed(&l->curves, samples, n, NULL) != RH_OK)
        rh_curves_done(&l->curves);
    return RH_OK;
}

void rh_listener_clear(rh_listener *l)
{
    rh_word_table none = {.fillers_are = RH_FILLERS_KNOWN};
    memcpy(none.model, l->said.model, sizeof none.model);
    rh_transcriber_reset(l->transcriber);
    rh_curves_done(&l->curves);
    rh_word_table_done(&l->said);
    l->said = none;
    l->fed = 0;
    l->fed_at_result = l->measured = 0;
}

/* The end of the last final. */
static double heard_s(const rh_listener *l)
{
    return l->said.n_segments ? (double)l->said.segments[l->said.n_segments - 1].end : 0;
}

static bool has_new_words(const rh_listener *l)
{
    size_t i = l->said.n_segments;
    while (i > 0 && l->said.segments[i - 1].end > (float)l->measured)
        if (*l->said.segments[--i].text)
            return true;
    return false;
}

double rh_listener_measured_s(const rh_listener *l)
{
    return l->measured;
}

double rh_listener_waiting_s(const rh_listener *l)
{
    return fmax(0, fed_s(l) - l->measured);
}

static bool result_due(const rh_listener *l)
{
    return has_new_words(l) && (fed_s(l) - l->fed_at_result >= NEW_SOUND_S ||
                                (!rh_transcriber_speaking(l->transcriber) &&
                                 rh_transcriber_quiet_s(l->transcriber) >= REST_S));
}

bool rh_listener_ready(rh_listener *l)
{
    return rh_transcriber_due(l->transcriber) || result_due(l);
}

rh_listener_rest rh_listener_what_rests(const rh_listener *l)
{
    if (rh_transcriber_voiced(l->transcriber))
        return RH_REST_VOICED;
    return has_new_words(l) || rh_transcriber_speaking(l->transcriber) ? RH_REST_QUIET : RH_REST_NOTHING;
}

static rh_status take_finals(rh_listener *l, bool *any)
{
    rh_heard h;
    rh_status st = RH_OK;
    while (st == RH_OK && rh_transcriber_next(l->transcriber, &h) == RH_OK)
        if (h.final && h.transcript->text) {
            st = rh_finals_add(&l->said, &h);
            *any = true;
        }
    return st;
}

rh_status rh_listener_recognise(rh_listener *l, bool all, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = RH_OK, taken = RH_OK;
    bool any = false;
    if (all) {
        st = rh_transcriber_finish(l->transcriber, cancel, err);
        taken = take_finals(l, &any);
    }
    while (!all && st == RH_OK && taken == RH_OK) {
        st = rh_transcriber_work(l->transcriber, cancel, err);
        taken = take_finals(l, &any);
    }
    if (taken != RH_OK)
        return rh_fail(err, taken, "listener: %s", rh_status_name(taken));
    return st == RH_OK || st == RH_AGAIN ? (any ? RH_OK : RH_AGAIN) : st;
}

rh_status rh_listener_result(rh_listener *l, rh_listener_part part, double from_s, rh_analysis *out, rh_error *err)
{
    bool all = part != RH_PART_SETTLED;
    if (part != RH_PART_ALL && !(all ? has_new_words(l) : result_due(l))) {
        if (!has_new_words(l))
            rh_curves_forget(&l->curves, fmin(from_s, fed_s(l) - KEEP_S));
        return RH_AGAIN;
    }
    double until = fmax(l->measured, all ? fmax(fed_s(l), heard_s(l)) : heard_s(l));
    rh_contour c = {0};
    (void)rh_curves_part(&l->curves, from_s, until, &c, NULL);
    rh_status st = rh_analyse(&l->said, c.n ? &c : NULL, from_s, until, out, err);
    if (st != RH_OK)
        return st;
    l->measured = until;
    l->fed_at_result = fed_s(l);
    rh_curves_forget(&l->curves, from_s);
    rh_word_table_forget(&l->said, from_s - KEEP_S);
    return RH_OK;
}

const rh_word_table *rh_listener_said(const rh_listener *l)
{
    return &l->said;
}
