#include "turns.h"

#include <math.h>
#include <stddef.h>
#include "turn_table.h"

static const double SOON_S = 0.45; /* the first look at a pause, behind the final that it makes */
static const double LATE_S = 1.2;  /* the second one: a voice that goes on would have */
static const double SURE_WAIT_S = 0.7;
static const double DOUBT_PATIENCES = 1.8; /* what is rather no end, and may be one */
static const double LONGER = 1.25;         /* than the longest pause after which the person went on */
static const double LONGER_AT_MOST_S = 3.2;
static const double SLACK_S = 0.1; /* by which times of words and of voice activity differ */
enum { ENOUGH_WORDS = 12 };        /* a shorter answer is seldom over */
static const float DOUBT_P = 0.12f;

void rh_turns_init(rh_turns *t, double patience_s)
{
    *t = (rh_turns){.patience_s = patience_s, .after = -1, .heard_to = -1, .asked_for = {-1, -1}};
}

void rh_turns_restore(rh_turns *t, double after, double from, int n_words, double heard_to)
{
    t->after = after;
    t->answered = after >= 0 && from < 0;
    t->open = from >= 0;
    if (!t->open)
        return;
    t->from = from;
    t->n_final = n_words;
    t->heard_to = heard_to;
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

rh_turn_look rh_turns_ask(const rh_turns *t, const rh_turn_view *v)
{
    double quiet = quiet_s(v);
    rh_turn_look look = quiet >= LATE_S ? RH_TURN_LATE : RH_TURN_SOON;
    bool known = t->heard_to >= v->speech_end - SLACK_S && t->asked_for[look] != v->speech_end;
    return t->open && quiet >= SOON_S && known ? look : RH_TURN_NO_LOOK;
}

void rh_turns_judge(rh_turns *t, rh_turn_look look, double speech_end, float p)
{
    t->asked_for[look] = speech_end;
    t->p_voice[look] = p;
}

static float log_odds(float p, float least)
{
    p = fminf(fmaxf(p, least), 1 - least);
    return logf(p / (1 - p));
}

/* How likely it is that the turn is over, by the latest look at the pause; words that can't end a
 * sentence settle it. */
static float probability(const rh_turns *t, const rh_turn_view *v)
{
    const rh_turn_words *w = &t->last;
    int look = t->asked_for[RH_TURN_LATE] == v->speech_end ? RH_TURN_LATE : RH_TURN_SOON;
    bool asked = t->asked_for[look] == v->speech_end;
    const float known[RH_TURN_FEATURES] = {
        1,
        asked ? log_odds(t->p_voice[look], 0.02f) : 0,
        w->stop == RH_STOP_FULL,
        w->stop == RH_STOP_FULL && w->p_stop > 0 ? log_odds(w->p_stop, 0.05f) : 0,
        w->stop == RH_STOP_COMMA,
        w->stop == RH_STOP_TRAILING,
        w->open == RH_MAYBE_OPEN,
        fminf(logf(1 + (float)(t->n_final + t->n_new)), 3),
        w->n_words < 4,
    };
    float z = 0;
    for (int i = 0; i < RH_TURN_FEATURES; i++)
        z += rh_turn_weights[look][i] * known[i];
    float p = 1 / (1 + expf(-z));
    return w->open == RH_OPEN || w->filler ? fminf(p, 0.01f) : p;
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

/* The silence after which the turn is over. In doubt, who has paused for longer in it gets more time. */
static double wait_s(const rh_turns *t, float p)
{
    double s = RH_TURN_SILENCE_S;
    bool enough = t->n_final + t->n_new >= ENOUGH_WORDS;
    if (p >= rh_turn_sure && enough)
        s = fmin(SURE_WAIT_S, t->patience_s);
    else if (p >= rh_turn_likely && enough)
        s = t->patience_s;
    else if (p >= DOUBT_P)
        s = fmax(DOUBT_PATIENCES * t->patience_s, fmin(LONGER * t->longest, LONGER_AT_MOST_S));
    return fmin(s, RH_TURN_SILENCE_S);
}

/* Notes how long the person was silent before they went on. */
static void note_silence(rh_turns *t, const rh_turn_view *v, double quiet)
{
    if (t->open && !v->interviewer && quiet < t->quiet)
        t->longest = fmax(t->longest, t->quiet);
    t->quiet = t->open ? quiet : 0;
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
    note_silence(t, v, quiet);
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
