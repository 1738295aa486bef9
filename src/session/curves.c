#include "curves.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"
#include "rehearse/media/pitch.h"

enum { PIECE = 10 * RH_PITCH_RATE_HZ };

void rh_curves_done(rh_curves *c)
{
    rh_free(c->waiting);
    rh_free(c->f0_hz);
    rh_free(c->voicing);
    rh_free(c->level_db);
    rh_free(c->change_db);
    rh_free(c->clipped);
    *c = (rh_curves){0};
}

static bool grow(float **x, size_t cap)
{
    float *p = rh_realloc(*x, cap * sizeof *p);
    if (p)
        *x = p;
    return p != NULL;
}

static rh_status room(rh_curves *c, size_t extra, rh_error *err)
{
    if (c->n + extra <= c->cap)
        return RH_OK;
    size_t cap = 2 * (c->n + extra);
    if (!grow(&c->f0_hz, cap) || !grow(&c->voicing, cap) || !grow(&c->level_db, cap) ||
        !grow(&c->change_db, cap) || !grow(&c->clipped, cap))
        return rh_fail(err, RH_ERR_NOMEM, "curves: out of memory");
    c->cap = cap;
    return RH_OK;
}

/* Whole steps of what waits; a rest shorter than a step goes on waiting. */
static rh_status track(rh_curves *c, rh_error *err)
{
    size_t steps = c->n_waiting / RH_PITCH_HOP, used = steps * RH_PITCH_HOP;
    rh_pitch_track t = {0};
    if (steps == 0)
        return RH_OK;
    rh_status st = room(c, steps, err);
    if (st == RH_OK)
        st = rh_pitch_track_run(&t, c->waiting, c->n_waiting, err);
    if (st != RH_OK)
        return st;
    if (steps > t.n_hops)
        steps = t.n_hops;
    memcpy(c->f0_hz + c->n, t.f0_hz, steps * sizeof(float));
    memcpy(c->voicing + c->n, t.voicing, steps * sizeof(float));
    memcpy(c->level_db + c->n, t.level_db, steps * sizeof(float));
    memcpy(c->change_db + c->n, t.change_db, steps * sizeof(float));
    for (size_t i = 0; i < steps; i++)
        c->clipped[c->n + i] = t.clipped;
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
    if (c->n_waiting + n > c->cap_waiting) {
        size_t cap = c->n_waiting + n + PIECE;
        if (!grow(&c->waiting, cap))
            return rh_fail(err, RH_ERR_NOMEM, "curves: out of memory");
        c->cap_waiting = cap;
    }
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
        clipped += (double)c->clipped[i];
    *out = (rh_contour){.n = n, .f0_hz = c->f0_hz + at, .voicing = c->voicing + at,
                        .level_db = c->level_db + at, .change_db = c->change_db + at,
                        .clipped = (float)(clipped / (double)n), .peak = 1};
    return levels(out, err);
}

void rh_curves_forget(rh_curves *c, double before_s)
{
    size_t before = before_s > 0 ? (size_t)(before_s * RH_CONTOUR_PER_S) : 0;
    size_t drop = before > c->first ? before - c->first : 0;
    if (drop > c->n)
        drop = c->n;
    float *const all[] = {c->f0_hz, c->voicing, c->level_db, c->change_db, c->clipped};
    for (int i = 0; drop && i < 5; i++)
        memmove(all[i], all[i] + drop, (c->n - drop) * sizeof(float));
    c->n -= drop;
    c->first += drop;
}
