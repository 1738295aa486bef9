#include "cues.h"

#include "rehearse/session/session.h"

enum { SAME_CUE_S = 60 };

/* Wide on purpose: interviews run near 190 wpm, and five fillers a minute do no harm. */
static bool too_fast(const rh_cue_view *v)
{
    return v->recent_wpm > 200;
}

static bool too_slow(const rh_cue_view *v)
{
    return v->recent_wpm > 0 && v->recent_wpm < 85;
}

static bool too_many_fillers(const rh_cue_view *v)
{
    return v->fillers_per_min > 12;
}

static bool too_quiet(const rh_cue_view *v)
{
    return v->speech_db < -45;
}

static bool out_of_picture(const rh_cue_view *v)
{
    return v->has_video && v->away_s > 4;
}

static bool looks_elsewhere(const rh_cue_view *v)
{
    return v->has_video && v->away_s <= 0 && v->looking_share >= 0 && v->looking_share < 0.3;
}

static bool long_answer(const rh_cue_view *v)
{
    return v->answer_s > 150;
}

static const struct {
    bool (*due)(const rh_cue_view *v);
    rh_cue cue;
} rules[] = {
    {out_of_picture, {"framing", "Back into the picture"}},
    {too_quiet, {"loudness", "A little louder"}},
    {looks_elsewhere, {"eye_contact", "Look at the camera"}},
    {too_fast, {"pace", "Slow down"}},
    {too_many_fillers, {"fillers", "Pause instead"}},
    {too_slow, {"pace", "A little faster"}},
    {long_answer, {"length", "Come to the end"}},
};

void rh_cue_state_init(rh_cue_state *s)
{
    s->last_t = -RH_CUE_INTERVAL_S;
    for (int i = 0; i < 8; i++)
        s->last_of[i] = -SAME_CUE_S;
}

const rh_cue *rh_cue_next(rh_cue_state *s, const rh_cue_view *v)
{
    /* The first seconds belong to the person. */
    if (v->speaking || v->t < 10 || v->t - s->last_t < RH_CUE_INTERVAL_S)
        return NULL;
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (!rules[i].due(v) || v->t - s->last_of[i] < SAME_CUE_S)
            continue;
        s->last_t = s->last_of[i] = v->t;
        return &rules[i].cue;
    }
    return NULL;
}
