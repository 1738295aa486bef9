/* session_turns.c - whose turn it is: what the session heard is told to turns.c, and what that
 * says to the client. The interviewer's voice is kept out where sound comes in (rh_session_feed). */
#include <math.h>
#include <string.h>
#include "rehearse/base/json.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ };

void rh_session_interviewer(rh_session *s, bool speaking)
{
    pthread_mutex_lock(&s->feed_lock);
    if (s->interviewer && !speaking)
        s->interviewer_end = (double)s->spool.n / RATE;
    s->interviewer = speaking;
    pthread_mutex_unlock(&s->feed_lock);
}

void rh_session_end_turn(rh_session *s)
{
    pthread_mutex_lock(&s->feed_lock);
    s->turn_asked = true;
    pthread_mutex_unlock(&s->feed_lock);
}

void rh_session_restore_turn(rh_session *s, const json_t *told)
{
    const json_t *event, *word, *segment;
    size_t i, k;
    double from = -1, after = -1;
    int n_words = 0;
    json_array_foreach(told, i, event) {
        const char *type = rh_json_str(event, "type");
        if (strcmp(type, "turn.started") == 0)
            from = rh_json_num(event, "t");
        else if (strcmp(type, "turn.ended") == 0)
            after = rh_json_num(event, "t");
    }
    json_array_foreach(s->segments, i, segment)
        json_array_foreach(json_object_get(segment, "words"), k, word)
            n_words += rh_json_num(word, "start") >= after && !json_object_get(word, "heard");
    rh_turns_restore(&s->turns, after, from > after ? from : -1, n_words, rh_session_said_until(s));
}

/* The words of the transcript that are none of a turn that is over. */
static int first_of_turn(const rh_turns *turns, const rh_transcript *t, double offset_s)
{
    int i = 0;
    while (i < t->n_words && offset_s + (double)(t->words[i].start + t->words[i].end) / 2 <= rh_turns_after(turns))
        i++;
    return i;
}

void rh_session_hear_turn(rh_session *s, const rh_heard *h, double offset_s)
{
    const rh_transcript *t = h->transcript;
    double from = offset_s + (double)h->start, to = offset_s + (double)h->end;
    if (!s->o.turns)
        return;
    rh_turn_words last = {0};
    int first = first_of_turn(&s->turns, t, offset_s);
    if (first < t->n_words) {
        const rh_asr_word *a = &t->words[first], *b = &t->words[t->n_words - 1];
        const char *text = t->text + a->text_off;
        last = rh_turn_words_of(text, b->text_off + b->text_len - a->text_off, t->language);
        last.stop_next = h->expected.stop;
        last.comma_next = h->expected.comma;
        last.dots_next = h->expected.trailing;
        last.end_next = h->expected.end;
        last.word_next = h->expected.more;
        from = offset_s + (double)a->start;
    }
    if (h->final)
        to = fmax(to, offset_s + h->fresh_to);
    rh_turns_hear(&s->turns, &last, t->n_words - first, from, to, h->final);
}

static void tell(rh_session *s, const rh_turn_told *told)
{
    if (told->news == RH_TURN_STARTED)
        rh_session_send(s, json_pack("{s:s, s:o}", "type", "turn.started", "t", rh_rounded(told->t, 1000)));
    else if (told->news == RH_TURN_ENDED)
        rh_session_send(s, json_pack("{s:s, s:o, s:s, s:o, s:o}", "type", "turn.ended", "t", rh_rounded(told->t, 1000),
                                     "reason", rh_turn_reason_name(told->reason), "probability",
                                     rh_rounded((double)told->probability, 1000), "silence_s",
                                     rh_rounded(told->silence_s, 1000)));
}

/* How the voice ended, where that may decide: asked here only where the answer has not come when it is needed. */
static void ask_model(rh_session *s, const rh_turn_view *v)
{
    if (!s->models->turn || !rh_turns_ask(&s->turns, v))
        return;
    rh_session_note_pause(s, v);
    if (rh_turns_know_in_s(&s->turns, v) > 0)
        return;
    rh_session_judge(s);
    (void)rh_session_take_ending(s, v->speech_end);
}

void rh_session_take_turn(rh_session *s)
{
    if (!s->o.turns)
        return;
    bool busy = s->transcriber && rh_transcriber_due(s->transcriber); /* no word waits for the turn model */
    rh_turn_view v = {0};
    pthread_mutex_lock(&s->feed_lock);
    bool asked = s->turn_asked;
    v.interviewer = s->interviewer;
    v.interviewer_end = s->interviewer_end;
    v.t = (double)s->spool.n / RATE;
    s->turn_asked = false;
    pthread_mutex_unlock(&s->feed_lock);
    double now = v.t;
    if (s->transcriber) {
        v.t = (double)s->heard_from / RATE + rh_transcriber_seen_s(s->transcriber);
        v.voiced = rh_transcriber_voiced(s->transcriber);
        v.speech_end = v.voiced ? v.t : rh_session_speech_end(s);
        (void)rh_session_take_ending(s, v.speech_end);
        if (!busy)
            ask_model(s, &v);
    }
    rh_turn_told told = rh_turns_step(&s->turns, &v);
    tell(s, &told);
    if (told.news == RH_TURN_STARTED)
        told = rh_turns_step(&s->turns, &v);
    else
        told = (rh_turn_told){0};
    if (told.news == RH_TURN_NOTHING && asked) {
        v.t = now; /* all that was said up to now belongs to it */
        told = rh_turns_command(&s->turns, &v);
    }
    tell(s, &told);
}
