/* pitch_path.c - the best path through each hop's pitch candidates.
 *
 * Costs of Boersma (1993) for 10 ms steps: a voiced candidate scores its
 * strength less a small charge for low octaves, the unvoiced state scores
 * VOICING_MIN and more in quiet hops, jumps cost by the octave. */
#include "pitch_internal.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"

static const float VOICING_MIN = 0.45f; /* strength from which a hop is voiced */
static const float OCTAVE_COST = 0.03f; /* per octave below the ceiling */
static const float JUMP_COST = 0.35f;   /* per octave between neighbours */
static const float VOICING_COST = 0.14f;
static const float SILENCE_DB = -30.5f; /* below the loud hops: 0.03 of their amplitude */

enum { STATES = RH_PITCH_CANDIDATES + 1, UNVOICED = RH_PITCH_CANDIDATES };

typedef struct {
    float min_hz, max_hz, loud_db;
} path_range;

static float unvoiced_score(float level_db, const path_range *r)
{
    float amplitude = powf(10.0f, (level_db - r->loud_db) / 20.0f);
    float silence = powf(10.0f, SILENCE_DB / 20.0f);
    float extra = 2.0f - amplitude * (1.0f + VOICING_MIN) / silence;
    return VOICING_MIN + (extra > 0.0f ? extra : 0.0f);
}

static float voiced_score(const rh_pitch_hop *h, int c, const path_range *r)
{
    if (h->hz[c] < r->min_hz || h->hz[c] > r->max_hz)
        return -1e9f; /* also the empty places */
    return h->strength[c] - OCTAVE_COST * log2f((float)RH_PITCH_MAX_HZ / h->hz[c]);
}

static float move_cost(const rh_pitch_hop *from, int a, const rh_pitch_hop *to, int b)
{
    if (a == UNVOICED && b == UNVOICED)
        return 0.0f;
    if (a == UNVOICED || b == UNVOICED)
        return VOICING_COST;
    if (from->hz[a] <= 0.0f || to->hz[b] <= 0.0f)
        return 0.0f; /* the state's own score rules it out */
    return JUMP_COST * fabsf(log2f(from->hz[a] / to->hz[b]));
}

static void score_states(const rh_pitch_hop *h, float level_db, const path_range *r, float *score)
{
    for (int c = 0; c < RH_PITCH_CANDIDATES; c++)
        score[c] = voiced_score(h, c, r);
    score[UNVOICED] = unvoiced_score(level_db, r);
}

static void run_path(const rh_pitch_hop *hops, const float *level_db, size_t n, const path_range *r,
                     unsigned char *back, float *f0_hz)
{
    float best[STATES], next[STATES], own[STATES];
    score_states(&hops[0], level_db[0], r, best);
    for (size_t i = 1; i < n; i++) {
        score_states(&hops[i], level_db[i], r, own);
        for (int b = 0; b < STATES; b++) {
            next[b] = -1e30f;
            for (int a = 0; a < STATES; a++) {
                float s = best[a] - move_cost(&hops[i - 1], a, &hops[i], b);
                if (s > next[b]) {
                    next[b] = s;
                    back[i * STATES + (size_t)b] = (unsigned char)a;
                }
            }
            next[b] += own[b];
        }
        memcpy(best, next, sizeof best);
    }
    int state = 0;
    for (int s = 1; s < STATES; s++)
        if (best[s] > best[state])
            state = s;
    for (size_t i = n; i-- > 0;) {
        f0_hz[i] = state == UNVOICED ? 0.0f : hops[i].hz[state];
        if (i > 0)
            state = back[i * STATES + (size_t)state];
    }
}

/* The speaker's own range from a first path: 0.75 of the lower quartile to
 * 1.75 of the upper one. Octave errors lie outside it. */
static void own_range(const float *f0_hz, size_t n, float *sorted, path_range *r)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (f0_hz[i] > 0.0f)
            sorted[m++] = f0_hz[i];
    if (m < 20)
        return; /* too little voice to know better */
    rh_sort_floats(sorted, m);
    r->min_hz = fmaxf((float)RH_PITCH_MIN_HZ, 0.75f * sorted[m / 4]);
    r->max_hz = fminf((float)RH_PITCH_MAX_HZ, 1.75f * sorted[3 * m / 4]);
}

rh_status rh_pitch_path(const rh_pitch_hop *hops, const float *level_db, size_t n, float *f0_hz, rh_error *err)
{
    if (n == 0)
        return RH_OK;
    unsigned char *back = rh_calloc(n, STATES);
    float *sorted = rh_alloc_array(n, sizeof *sorted);
    rh_status st = RH_OK;
    if (back && sorted) {
        memcpy(sorted, level_db, n * sizeof *sorted);
        rh_sort_floats(sorted, n);
        path_range r = {(float)RH_PITCH_MIN_HZ, (float)RH_PITCH_MAX_HZ, sorted[(n - 1) - (n - 1) / 50]};
        run_path(hops, level_db, n, &r, back, f0_hz);
        own_range(f0_hz, n, sorted, &r);
        run_path(hops, level_db, n, &r, back, f0_hz);
    } else {
        st = rh_fail(err, RH_ERR_NOMEM, "pitch: out of memory");
    }
    rh_free(back);
    rh_free(sorted);
    return st;
}
