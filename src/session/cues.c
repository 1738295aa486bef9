#include "cues.h"

#include "rehearse/session/session.h"

enum { SAME_CUE_S = 60, WAIT_S = 6 };

/* Each: how far from the target, in units of what listeners notice; due from 1 on. */
static double too_fast(const rh_cue_view *v)
{
    return (v->recent_wpm - 178) / 20;
}

static double too_slow(const rh_cue_view *v)
{
    return v->recent_wpm > 0 ? (104 - v->recent_wpm) / 16 : 0;
}

static double too_many_fillers(const rh_cue_view *v)
{
    return (v->fillers_per_min - 5) / 4;
}

static double too_many_pauses(const rh_cue_view *v)
{
    return (v->pauses_per_min - 3) / 3;
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
    {too_many_fillers, {"fillers", "Pause instead"}},
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
        double d = rules[i].distance(v);
        if (d < 1 || v->t - s->last_of[i] < SAME_CUE_S || (best >= 0 && (best == 0 || d <= most)))
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
    /* A pause is waited for, but somebody who never pauses needs it most. */
    if (v->speaking && v->t - s->due_since < WAIT_S)
        return NULL;
    s->due_since = -1;
    s->last_t = s->last_of[i] = v->t;
    return &rules[i].cue;
}
