#include "curves.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/stats.h"
#include "rehearse/media/pitch.h"

enum { PIECE = 10 * RH_PITCH_RATE_HZ };

void rh_curves_done(rh_curves *c)
{
    rh_free(c->waiting);
    for (int k = 0; k < RH_CURVES; k++)
        rh_free(c->at[k]);
    *c = (rh_curves){0};
}

/* Whole steps of what waits; a rest shorter than a step goes on waiting. */
static rh_status track(rh_curves *c, rh_error *err)
{
    size_t steps = c->n_waiting / RH_PITCH_HOP, used = steps * RH_PITCH_HOP;
    rh_pitch_track t = {0};
    rh_status st = RH_OK;
    if (steps == 0)
        return RH_OK;
    for (int k = 0; k < RH_CURVES && st == RH_OK; k++)
        st = rh_array_reserve(&c->at[k], &c->cap[k], c->n + steps, sizeof(float));
    if (st != RH_OK)
        return rh_fail(err, st, "curves: out of memory");
    st = rh_pitch_track_run(&t, c->waiting, c->n_waiting, err);
    if (st != RH_OK)
        return st;
    if (steps > t.n_hops)
        steps = t.n_hops;
    const float *const curves[] = {t.f0_hz, t.voicing, t.level_db, t.change_db, t.treble_db};
    for (int k = 0; k < RH_CURVE_CLIPPED; k++)
        memcpy(c->at[k] + c->n, curves[k], steps * sizeof(float));
    for (size_t i = 0; i < steps; i++)
        c->at[RH_CURVE_CLIPPED][c->n + i] = t.clipped;
    c->n += steps;
    rh_pitch_track_done(&t);
    c->n_waiting -= used;
    memmove(c->waiting, c->waiting + used, c->n_waiting * sizeof(float));
    return RH_OK;
}

rh_status rh_curves_feed(rh_curves *c, const float *samples, size_t n, rh_error *err)
{
    if (n == 0)
        return RH_OK;
    if (rh_array_reserve(&c->waiting, &c->cap_waiting, c->n_waiting + n, sizeof *c->waiting) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "curves: out of memory");
    memcpy(c->waiting + c->n_waiting, samples, n * sizeof *samples);
    c->n_waiting += n;
    rh_status st = c->n_waiting >= PIECE ? track(c, err) : RH_OK;
    if (st != RH_OK)
        c->n_waiting -= n;
    return st;
}

/* Quiet and loud level as of a recording: tenths of the steps. */
static rh_status levels(rh_contour *out, rh_error *err)
{
    float *sorted = rh_alloc_array(out->n, sizeof *sorted);
    if (!sorted)
        return rh_fail(err, RH_ERR_NOMEM, "curves: out of memory");
    memcpy(sorted, out->level_db, out->n * sizeof *sorted);
    rh_sort_floats(sorted, out->n);
    out->noise_db = sorted[out->n / 10];
    out->speech_db = sorted[(out->n - 1) - out->n / 10];
    rh_free(sorted);
    return RH_OK;
}

rh_status rh_curves_part(rh_curves *c, double from_s, double to_s, rh_contour *out, rh_error *err)
{
    *out = (rh_contour){0};
    rh_status st = track(c, err);
    size_t from = (size_t)(from_s * RH_CONTOUR_PER_S + 0.5), to = (size_t)(to_s * RH_CONTOUR_PER_S + 0.5);
    if (st != RH_OK || from < c->first || from >= c->first + c->n || to <= from)
        return st;
    size_t at = from - c->first, n = (to < c->first + c->n ? to : c->first + c->n) - from;
    double clipped = 0;
    for (size_t i = at; i < at + n; i++)
        clipped += (double)c->at[RH_CURVE_CLIPPED][i];
    *out = (rh_contour){.n = n,
                        .f0_hz = c->at[RH_CURVE_F0] + at,
                        .voicing = c->at[RH_CURVE_VOICING] + at,
                        .level_db = c->at[RH_CURVE_LEVEL] + at,
                        .change_db = c->at[RH_CURVE_CHANGE] + at,
                        .treble_db = c->at[RH_CURVE_TREBLE] + at,
                        .clipped = (float)(clipped / (double)n),
                        .peak = 1};
    return levels(out, err);
}

void rh_curves_forget(rh_curves *c, double before_s)
{
    size_t before = before_s > 0 ? (size_t)(before_s * RH_CONTOUR_PER_S) : 0;
    size_t drop = before > c->first ? before - c->first : 0;
    if (drop > c->n)
        drop = c->n;
    for (int k = 0; drop && k < RH_CURVES; k++)
        memmove(c->at[k], c->at[k] + drop, (c->n - drop) * sizeof(float));
    c->n -= drop;
    c->first += drop;
}
