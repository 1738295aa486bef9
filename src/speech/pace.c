/* pace.c - pauses, pace and runs from words and voice activity.
 *
 * A pause is a silence of at least 250 ms between the first and the last word
 * (Goldman-Eisler 1968: shorter ones belong to articulation). It is found in
 * the voice probability where that is given, else between speech spans, else
 * between words, whose times are the least exact. */
#include <math.h>
#include "rehearse/alloc.h"
#include "speech_internal.h"

static const float pause_min_s = 0.25f;
/* Silero's own hysteresis: speech starts at 0.5 and ends below 0.35. */
static const float voice_on = 0.5f, voice_off = 0.35f;

typedef struct {
    rh_speech_pause *at;
    size_t n, cap;
} pause_list;

static rh_status add_pause(pause_list *l, float start, float end)
{
    if (end - start < pause_min_s)
        return RH_OK;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        rh_speech_pause *p = rh_realloc(l->at, cap * sizeof *p);
        if (!p)
            return RH_ERR_NOMEM;
        l->at = p;
        l->cap = cap;
    }
    l->at[l->n++] = (rh_speech_pause){.start = start, .end = end};
    return RH_OK;
}

static rh_status pauses_of_voice(const rh_speech_input *in, float first, float last, pause_list *l)
{
    float step = in->voice_step_s, silent_from = -1.0f;
    rh_status st = RH_OK;
    for (size_t i = 0; i < in->n_voice && !st; i++) {
        float t = (float)i * step;
        if (silent_from < 0.0f && in->voice_p[i] < voice_off) {
            silent_from = t;
        } else if (silent_from >= 0.0f && in->voice_p[i] >= voice_on) {
            if (silent_from >= first && t <= last)
                st = add_pause(l, silent_from, t);
            silent_from = -1.0f;
        }
    }
    return st;
}

static rh_status pauses_of_spans(const rh_speech_input *in, float first, float last, pause_list *l)
{
    rh_status st = RH_OK;
    for (size_t i = 1; i < in->n_speech && !st; i++)
        if (in->speech[i - 1].end >= first && in->speech[i].start <= last)
            st = add_pause(l, in->speech[i - 1].end, in->speech[i].start);
    return st;
}

static rh_status pauses_of_words(const rh_speech_input *in, pause_list *l)
{
    rh_status st = RH_OK;
    for (size_t i = 1; i < in->n_words && !st; i++)
        st = add_pause(l, in->words[i - 1].end, in->words[i].start);
    return st;
}

/* The word before each pause is the last that starts clearly before it. */
static void place_pauses(const rh_speech_input *in, pause_list *l)
{
    size_t w = 0;
    for (size_t i = 0; i < l->n; i++) {
        while (w + 1 < in->n_words && in->words[w + 1].start < l->at[i].start - 0.05f)
            w++;
        l->at[i].after_word = w;
        l->at[i].inside = !rh_word_ends_clause(in->words[w].text);
    }
}

static void count_runs(const rh_speech_input *in, rh_speech_report *r)
{
    float voice = in->words[in->n_words - 1].end - in->words[0].start;
    float whole = fmaxf(voice, 0.1f);
    r->pause_s = r->longest_pause_s = 0.0f;
    for (size_t i = 0; i < r->n_pauses; i++) {
        float s = r->pauses[i].end - r->pauses[i].start;
        r->pause_s += s;
        r->longest_pause_s = fmaxf(r->longest_pause_s, s);
    }
    float spoken = fmaxf(whole - r->pause_s, 0.1f);
    r->phonation_ratio = fminf(spoken / whole, 1.0f);
    r->articulation_rate = (float)r->n_syllables / spoken;
    r->mean_run_words = (float)r->n_words / (float)(r->n_pauses + 1);
    /* Two words in half a second are no pace of 240: at least a second counts. */
    r->pace_wpm = 60.0f * (float)r->n_words / fmaxf(whole, 1.0f);
}

rh_status rh_measure_timing(const rh_speech_input *in, rh_speech_report *r, rh_error *err)
{
    float first = in->words[0].start, last = in->words[in->n_words - 1].end;
    pause_list l = {0};
    rh_status st;
    if (in->n_voice > 0 && in->voice_step_s > 0.0f)
        st = pauses_of_voice(in, first, last, &l);
    else if (in->n_speech > 0)
        st = pauses_of_spans(in, first, last, &l);
    else
        st = pauses_of_words(in, &l);
    r->pauses = l.at;
    r->n_pauses = l.n;
    if (st)
        return rh_fail(err, st, "pauses: out of memory");
    place_pauses(in, &l);
    r->n_syllables = 0;
    for (size_t i = 0; i < in->n_words; i++)
        r->n_syllables += rh_word_syllables(in->words[i].text);
    count_runs(in, r);
    return RH_OK;
}
