#include "turns.h"

#include <math.h>
#include <stddef.h>

static const double SOON_S = 0.45; /* the first look at a pause, behind the final that it makes */
static const double LATE_S = 1.1;  /* the second one: a voice that goes on would have */
static const double SURE_WAIT_S = 0.7;
static const double SLACK_S = 0.1; /* by which times of words and of voice activity differ */
static const float SURE_P = 0.9f, MAYBE_P = 0.35f;

void rh_turns_init(rh_turns *t, double patience_s)
{
    *t = (rh_turns){.patience_s = patience_s, .after = -1, .heard_to = -1, .asked_for = {-1, -1}, .p_voice = -1};
}

double rh_turns_after(const rh_turns *t)
{
    return t->after;
}

void rh_turns_hear(rh_turns *t, const rh_turn_words *last, int n_words, double from, double heard_to, bool final)
{
    if (heard_to <= t->after)
        return;
    if (!t->open && t->n_final + t->n_new == 0)
        t->from = fmax(from, t->after);
    if (final)
        t->n_final += n_words;
    t->n_new = final ? 0 : n_words;
    if (n_words)
        t->last = *last;
    t->heard_to = fmax(t->heard_to, heard_to);
}

static double quiet_from(const rh_turn_view *v)
{
    return fmax(v->speech_end, v->interviewer_end);
}

static double quiet_s(const rh_turn_view *v)
{
    return v->voiced || v->interviewer ? 0 : v->t - quiet_from(v);
}

bool rh_turns_ask(rh_turns *t, const rh_turn_view *v)
{
    double quiet = quiet_s(v);
    int which = quiet >= LATE_S;
    if (!t->open || quiet < SOON_S || t->heard_to < v->speech_end - SLACK_S || t->asked_for[which] == v->speech_end)
        return false;
    t->asked_for[0] = t->asked_for[which] = v->speech_end;
    return true;
}

void rh_turns_judge(rh_turns *t, double speech_end, float p)
{
    t->asked_for[0] = speech_end;
    t->p_voice = p;
}

static float probability_of(const rh_turn_words *last, int n_words, float p_voice)
{
    float p = p_voice < 0 ? 0.5f : p_voice;
    if (last->open == RH_OPEN || last->filler)
        return p * 0.05f;
    if (last->stop == RH_STOP_TRAILING || last->stop == RH_STOP_COMMA)
        return p * 0.2f;
    if (n_words < 8)
        p *= 0.6f;
    if (last->open == RH_MAYBE_OPEN)
        p *= 0.4f;
    return last->stop == RH_STOP_FULL ? p : p * 0.5f;
}

static rh_turn_told end_turn(rh_turns *t, const rh_turn_view *v, rh_turn_reason why, float p)
{
    double said_to = v->voiced || !t->open ? v->t : v->speech_end;
    rh_turn_told told = {.news = RH_TURN_ENDED,
                         .t = said_to,
                         .silence_s = fmax(v->t - fmax(said_to, v->interviewer_end), 0),
                         .reason = why,
                         .probability = p};
    double patience_s = t->patience_s;
    rh_turns_init(t, patience_s);
    t->after = v->t;
    t->answered = true;
    return told;
}

/* The silence after which the turn is over. */
static double wait_s(const rh_turns *t, float p)
{
    if (t->last.open == RH_OPEN || t->last.filler || p < MAYBE_P)
        return RH_TURN_SILENCE_S;
    return p >= SURE_P ? fmin(SURE_WAIT_S, t->patience_s) : t->patience_s;
}

static float probability(const rh_turns *t, const rh_turn_view *v)
{
    bool asked = t->asked_for[0] == v->speech_end;
    return probability_of(&t->last, t->n_final + t->n_new, asked ? t->p_voice : -1);
}

static void look_at_interviewer(rh_turns *t, const rh_turn_view *v)
{
    if (v->interviewer || v->interviewer_end > t->after)
        t->answered = false;
}

rh_turn_told rh_turns_step(rh_turns *t, const rh_turn_view *v)
{
    look_at_interviewer(t, v);
    if (!t->open && t->n_final + t->n_new > 0) {
        t->open = true;
        return (rh_turn_told){.news = RH_TURN_STARTED, .t = t->from};
    }
    double quiet = quiet_s(v);
    if (!t->open || quiet <= 0)
        return (rh_turn_told){0};
    float p = probability(t, v);
    if (quiet >= RH_TURN_SILENCE_S)
        return end_turn(t, v, RH_TURN_SILENCE, p);
    if (t->heard_to >= v->speech_end - SLACK_S && quiet >= wait_s(t, p))
        return end_turn(t, v, RH_TURN_FINISHED, p);
    return (rh_turn_told){0};
}

rh_turn_told rh_turns_command(rh_turns *t, const rh_turn_view *v)
{
    look_at_interviewer(t, v);
    if (!t->open && t->answered)
        return (rh_turn_told){0};
    return end_turn(t, v, RH_TURN_COMMAND, t->open ? probability(t, v) : 0);
}

const char *rh_turn_reason_name(rh_turn_reason r)
{
    static const char *const names[] = {"finished", "silence", "command"};
    return names[r];
}
