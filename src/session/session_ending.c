/* session_ending.c - how the voice ended: what the turn model is to hear is put aside when words have become final, and it
 * is asked by whoever has time, or where its answer is needed. Without turns that is seldom: the recogniser tells itself
 * what a pause parts, once it hears what follows. */
#include <math.h>
#include <string.h>
#include "finals.h"
#include "rehearse/asr/turn.h"
#include "rehearse/base/alloc.h"
#include "rehearse/speech/timing.h"
#include "session_internal.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    IDLE_WAIT_US = 1000000 /* as long as words that are shown may */
};

static const double SLACK_S = 0.3;       /* by which the end of the last word and that of the voice may differ */
static const double TAIL_SLACK_S = 0.05; /* the turn model says about the same with so much less of the pause */
static const double APART_S = 2;         /* of silence: the recogniser will not join what follows */
static const double AHEAD_S = 0.15;      /* its answer may be there before it is needed */

double rh_session_speech_end(const rh_session *s)
{
    return (double)s->heard_from / RATE + rh_transcriber_seen_s(s->transcriber) -
           rh_transcriber_quiet_s(s->transcriber);
}

/* The latest of `n` samples wait to be heard. Without memory nothing is judged. */
static void put_aside(rh_session *s, const float *sound, size_t n, rh_ending of)
{
    rh_ending *e = &s->ending;
    size_t use = n < RH_TURN_WINDOW ? n : RH_TURN_WINDOW;
    float *copy = rh_alloc_array(use, sizeof *copy);
    if (copy)
        memcpy(copy, sound + (n - use), use * sizeof *copy);
    pthread_mutex_lock(&e->lock);
    if (of.word == RH_NO_WORD && e->waits) /* of the same pause, from its final on */
        of.word = e->word;
    rh_free(e->sound);
    e->sound = copy;
    e->n = use;
    e->waits = copy != NULL;
    e->answered = false;
    e->speech_end = of.speech_end;
    e->pause = of.pause;
    e->word = of.word;
    pthread_mutex_unlock(&e->lock);
}

/* The turn model hears as much of every pause, so that its word means the same. */
void rh_session_note_ending(rh_session *s, const rh_heard *h)
{
    const rh_word_list *l = &s->said.words[RH_WORDS_CLEAN];
    double voice_end = rh_transcriber_seen_s(s->transcriber) - rh_transcriber_quiet_s(s->transcriber);
    double until = voice_end + RH_TURN_TAIL_S, sound_end = h->sound_from + (double)h->n_sound / RATE;
    bool pause = !rh_transcriber_voiced(s->transcriber) && voice_end >= (double)h->end - SLACK_S;
    bool turn = s->o.turns && pause && sound_end >= until - TAIL_SLACK_S;
    size_t n = rh_finals_ending(h, pause ? until : sound_end);
    if (!s->models->turn || n == 0 || l->n == 0 || (!turn && !rh_ends_sentence(l->at[l->n - 1].text)))
        return;
    put_aside(s, h->sound, n,
              (rh_ending){.speech_end = turn ? rh_session_speech_end(s) : -1, .pause = pause, .word = l->n - 1});
}

void rh_session_note_pause(rh_session *s, const rh_turn_view *v)
{
    size_t n, later = (size_t)(fmax(v->t - v->speech_end - RH_TURN_TAIL_S, 0) * RATE);
    if (rh_session_take_ending(s, v->speech_end))
        return;
    const float *sound = rh_transcriber_latest(s->transcriber, RH_TURN_WINDOW + later, &n);
    if (n > later)
        put_aside(s, sound, n - later, (rh_ending){.speech_end = v->speech_end, .pause = true, .word = RH_NO_WORD});
}

void rh_session_judge(rh_session *s)
{
    rh_ending *e = &s->ending;
    pthread_mutex_lock(&e->lock);
    if (e->waits) {
        if (rh_turn_over(s->models->turn, e->sound, e->n, &e->p, NULL) != RH_OK)
            e->p = -1;
        rh_free(e->sound);
        e->sound = NULL;
        e->waits = false;
        e->answered = true;
    }
    pthread_mutex_unlock(&e->lock);
}

bool rh_session_take_ending(rh_session *s, double speech_end)
{
    rh_word_list *l = &s->said.words[RH_WORDS_CLEAN];
    rh_ending *e = &s->ending;
    pthread_mutex_lock(&e->lock);
    bool news = e->answered && e->p >= 0;
    if (news && e->word + 1 == l->n)
        rh_finals_goes_on(&l->at[e->word], e->p);
    if (news && e->speech_end >= 0)
        rh_turns_judge(&s->turns, e->speech_end, e->p);
    e->answered = false;
    bool waits = e->waits && e->speech_end >= 0 && rh_turns_same_pause(e->speech_end, speech_end);
    pthread_mutex_unlock(&e->lock);
    return waits;
}

void rh_session_need_ending(rh_session *s, const rh_heard *h)
{
    const rh_asr_ending *j = &h->joined;
    if (h->transcript->n_words == 0 || j->stop + j->comma + j->trailing + j->end + j->more > 0)
        return;
    rh_session_judge(s);
    (void)rh_session_take_ending(s, -1);
}

int64_t rh_session_judge_wait_us(rh_session *s)
{
    rh_ending *e = &s->ending;
    if (!s->transcriber || pthread_mutex_trylock(&e->lock) != 0) /* it is being asked */
        return -1;
    bool waits = e->waits, pause = e->pause;
    double of = e->speech_end;
    pthread_mutex_unlock(&e->lock);
    bool voiced = rh_transcriber_voiced(s->transcriber);
    const rh_turn_view v = {.t = (double)s->heard_from / RATE + rh_transcriber_seen_s(s->transcriber),
                            .voiced = voiced,
                            .speech_end = rh_session_speech_end(s),
                            .interviewer_end = -1};
    if (!waits)
        return -1;
    if (!voiced && of >= 0 && rh_turns_same_pause(of, v.speech_end))
        return (int64_t)(1e6 * fmax(rh_turns_know_in_s(&s->turns, &v) - AHEAD_S, 0));
    return !pause || (!voiced && v.t - v.speech_end >= APART_S) ? IDLE_WAIT_US : -1;
}
