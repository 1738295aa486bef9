#include "turns.h"

#include <math.h>
#include <stddef.h>
#include "turn_table.h"

static const double LOOK_S = 0.45; /* into a pause, behind the final that it makes */
static const double SURE_WAIT_S = 0.7;
static const double AHEAD_S = 0.15;         /* the interviewer takes as long to begin to speak */
static const double DOUBT_PATIENCES = 1.75; /* what is rather no end, and may be one */
static const double LONGER = 1.25;          /* than the longest pause after which the person went on */
static const double LONGER_AT_MOST_S = 3.2;
static const double SLACK_S = 0.1;  /* by which times of words and of voice activity differ */
static const double SAME_S = 0.001; /* times are reckoned, and differ in their last bits */
enum { ENOUGH_WORDS = 12 };         /* a shorter answer is over only where that is sure */
static const float DOUBT_P = 0.06f;

void rh_turns_init(rh_turns *t, double patience_s)
{
    *t = (rh_turns){.patience_s = patience_s, .after = -1, .heard_to = -1, .asked_for = -1, .p_quiet = -1};
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
    if (n_words) {
        bool inner = last->n_words < n_words;
        t->last = *last;
        t->second = t->closed || inner;
        t->closed = t->closed || (final && (inner || last->stop == RH_STOP_FULL));
    }
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

bool rh_turns_ask(const rh_turns *t, const rh_turn_view *v)
{
    return t->open && quiet_s(v) >= LOOK_S && t->heard_to >= v->speech_end - SLACK_S &&
           !rh_turns_same_pause(t->asked_for, v->speech_end);
}

double rh_turns_know_in_s(const rh_turns *t, const rh_turn_view *v)
{
    return fmin(SURE_WAIT_S, t->patience_s) - quiet_s(v);
}

bool rh_turns_same_pause(double speech_end, double other)
{
    return fabs(speech_end - other) < SAME_S;
}

void rh_turns_judge(rh_turns *t, double speech_end, float p)
{
    t->asked_for = speech_end;
    t->p_voice = p;
}

static float log_odds(float p, float least)
{
    p = fminf(fmaxf(p, least), 1 - least);
    return logf(p / (1 - p));
}

/* Whether a sentence ends behind the last word, by what the recogniser expects there (log-odds), or else by the sign
 * that it wrote. */
static float sentence_over(const rh_turn_words *w)
{
    static const float LEAST = 0.02f, BY_SIGN = 0.5f;
    float goes_on = w->comma_next + w->dots_next + w->word_next;
    if (w->stop_next + goes_on + w->end_next <= 0)
        return w->stop == RH_STOP_FULL ? BY_SIGN : -BY_SIGN;
    return logf((w->stop_next + LEAST) / (goes_on + LEAST));
}

/* How likely it is that the turn is over; words that can't end a sentence settle it. */
static float probability(const rh_turns *t, const rh_turn_view *v)
{
    const rh_turn_words *w = &t->last;
    const float known[RH_TURN_FEATURES] = {
        1,
        sentence_over(w),
        rh_turns_same_pause(t->asked_for, v->speech_end) ? log_odds(t->p_voice, 0.01f) : 0,
        w->open == RH_MAYBE_OPEN,
        w->n_words < 4,
    };
    float z = 0;
    for (int i = 0; i < RH_TURN_FEATURES; i++)
        z += rh_turn_weights[i] * known[i];
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

/* The silence after which the turn is over. Behind the first sentence, which seldom is the whole answer, people take
 * breath, and it shows for how long; in doubt, who has paused for longer gets more time. */
static double wait_s(const rh_turns *t, float p)
{
    double s = RH_TURN_SILENCE_S, soonest = fmin(SURE_WAIT_S, t->patience_s);
    double likely = fmax(t->patience_s - AHEAD_S, soonest);
    bool enough = t->n_final + t->n_new >= ENOUGH_WORDS;
    if (p >= rh_turn_sure && enough && t->second)
        s = fmin(fmax(soonest, LONGER * t->breath), likely);
    else if (p >= (enough ? rh_turn_likely : rh_turn_sure))
        s = likely;
    else if (p >= DOUBT_P)
        s = fmax(DOUBT_PATIENCES * t->patience_s, fmin(LONGER * t->longest, LONGER_AT_MOST_S));
    return fmin(s, RH_TURN_SILENCE_S);
}

/* Notes how long the person was silent before they went on. */
static void note_silence(rh_turns *t, const rh_turn_view *v, double quiet)
{
    if (t->open && !v->interviewer && quiet < t->quiet) {
        t->longest = fmax(t->longest, t->quiet);
        if (t->p_quiet >= rh_turn_likely)
            t->breath = fmax(t->breath, t->quiet);
        t->p_quiet = -1;
    }
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
    bool known = t->heard_to >= v->speech_end - SLACK_S;
    t->p_quiet = known ? p : -1;
    if (known && quiet >= wait_s(t, p))
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
