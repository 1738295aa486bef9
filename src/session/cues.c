#include "cues.h"

#include <math.h>
#include "rehearse/session/session.h"

enum {
    SAME_CUE_S = 60,
    WAIT_S = 6,
    LEAST_S = 15,      /* as in the report: in less time nothing is a habit */
    FILLERS_LEAST = 3, /* and what happens once or by chance is none */
    PAUSES_LEAST = 2,
};

static const double STILL = 0.8; /* what was due at 1 stays so down to here: measures waver */

/* Each: how far from the target, in units of what listeners notice; due from 1 on. */
static double too_fast(const rh_cue_view *v)
{
    return (v->fast_wpm - 184) / 20;
}

static double too_slow(const rh_cue_view *v)
{
    return v->slow_wpm > 0 ? (104 - v->slow_wpm) / 16 : 0;
}

static double minutes(const rh_cue_view *v)
{
    return fmax(v->heard_s, LEAST_S) / 60;
}

static double too_many_fillers(const rh_cue_view *v)
{
    return v->fillers >= FILLERS_LEAST ? (v->fillers / minutes(v) - 5) / 4 : 0;
}

/* As the report takes points off for them: none up to 1.6 s a minute, 7 at 3.4. Who speaks slowly, or nearly so, makes
 * long pauses too: then the pace is what there is to say. */
static double too_many_pauses(const rh_cue_view *v)
{
    bool slow = v->slow_wpm <= 0 || too_slow(v) >= STILL;
    return !slow && v->n_broken >= PAUSES_LEAST ? (v->broken_s / minutes(v) - 1.6) / 1.8 : 0;
}

static double too_flat(const rh_cue_view *v)
{
    return v->pitch_sd >= 0 ? (2.4 - v->pitch_sd) / 0.7 : 0;
}

static double too_quiet(const rh_cue_view *v)
{
    return v->speech_db < 0 ? (-36 - v->speech_db) / 6 : 0;
}

static double out_of_picture(const rh_cue_view *v)
{
    return v->has_video ? v->away_s / 4 : 0;
}

static double looks_elsewhere(const rh_cue_view *v)
{
    return v->has_video && v->away_s <= 0 && v->looking_share >= 0 ? (0.65 - v->looking_share) / 0.1 : 0;
}

static double long_answer(const rh_cue_view *v)
{
    return v->answer_s / 150;
}

static const struct {
    double (*distance)(const rh_cue_view *v);
    rh_cue cue;
} rules[] = {
    {out_of_picture, {"framing", "Back into the picture"}},
    {too_quiet, {"loudness", "A little louder"}},
    {looks_elsewhere, {"eye_contact", "Look at the camera"}},
    {too_fast, {"pace", "Slow down"}},
    {too_many_fillers, {"fillers", "Pause instead of um"}},
    {too_many_pauses, {"pauses", "Finish the thought"}},
    {too_flat, {"melody", "Let your voice move"}},
    {too_slow, {"pace", "A little faster"}},
    {long_answer, {"length", "Come to the end"}},
};
enum { RULES = sizeof rules / sizeof *rules };
_Static_assert(sizeof rules / sizeof *rules <= (size_t)RH_CUE_KINDS, "a time for each kind");

void rh_cue_state_init(rh_cue_state *s)
{
    s->last_t = -RH_CUE_INTERVAL_S;
    s->due_since = -1;
    for (int i = 0; i < RH_CUE_KINDS; i++)
        s->last_of[i] = -SAME_CUE_S;
}

/* Who is missing from the picture is told so first; else the farthest from its target. -1 = none is due. */
static int farthest(const rh_cue_state *s, const rh_cue_view *v)
{
    int best = -1;
    double most = 0;
    for (int i = 0; i < RULES; i++) {
        double d = rules[i].distance(v), least = s->due_since >= 0 && i == s->due ? STILL : 1;
        if (d < least || v->t - s->last_of[i] < SAME_CUE_S || (best >= 0 && (best == 0 || d <= most)))
            continue;
        best = i;
        most = d;
    }
    return best;
}

const rh_cue *rh_cue_next(rh_cue_state *s, const rh_cue_view *v)
{
    /* The first seconds belong to the person. */
    int i = v->t < 10 || v->t - s->last_t < RH_CUE_INTERVAL_S ? -1 : farthest(s, v);
    if (i < 0) {
        s->due_since = -1;
        return NULL;
    }
    if (s->due_since < 0)
        s->due_since = v->t;
    s->due = i;
    /* A pause is waited for, the shorter the farther it has come; but somebody who never pauses needs it most. */
    if (v->speaking && v->t - s->due_since < WAIT_S / rules[i].distance(v))
        return NULL;
    s->due_since = -1;
    s->last_t = s->last_of[i] = v->t;
    return &rules[i].cue;
}
