/* timing.c - rules and limits of each measure: docs/scoring.md, Timing. */
#include "rehearse/speech/timing.h"

#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/tongue.h"
#include "fillers_internal.h"

static const float PAUSE_MIN_S = 0.25f;
enum { PAUSE_MIN_STEPS = RH_CONTOUR_PER_S / 4 };
static const float BRIDGE_S = 0.10f; /* a shorter sound between two silences is a click or breath */
static const float DIP_DB = 2.0f;    /* between syllables: de Jong and Wempe 2009 */
static const float STEP_S = 1.0f / RH_CONTOUR_PER_S;

bool rh_opens_clause(const char *language, const char *word)
{
    char key[RH_WORD_BYTES];
    const char *openers = rh_tongue_of(language)->openers;
    rh_word_key(word, key);
    return openers && rh_word_in(key, openers);
}

/* The level below which a step is silent: 25 dB under the loud ones (de Jong
 * and Wempe), and clear of the background where that is loud. */
float rh_silence_level(const rh_contour *c)
{
    float above_noise = fminf(c->noise_db + 6.0f, c->speech_db - 10.0f);
    return fmaxf(c->speech_db - 25.0f, above_noise);
}

const char *rh_pause_place_name(rh_pause_place place)
{
    static const char *const names[] = {"within", "clause", "sentence"};
    return names[place];
}

static rh_pause_place place_of(const rh_speech_input *in, size_t after)
{
    const rh_word *w = &in->words[after];
    bool goes_on = w->sequel == RH_SEQUEL_SAME_CLAUSE, stops = rh_ends_sentence(w->text);
    if (stops && !goes_on)
        return RH_PAUSE_SENTENCE;
    if (!rh_tongue_of(in->language)
             ->openers) /* where its clauses begin is not known: nothing is said against a pause */
        return RH_PAUSE_CLAUSE;
    bool comma = rh_ends_clause(w->text) && !stops && !goes_on;
    if (comma || w->sequel == RH_SEQUEL_NEW_CLAUSE || rh_opens_clause(in->language, w[1].text))
        return RH_PAUSE_CLAUSE;
    return RH_PAUSE_WITHIN;
}

static void add_pause(rh_timing *t, const rh_speech_input *in, float start, float end, size_t after)
{
    rh_pause *last = t->n_pauses ? &t->pauses[t->n_pauses - 1] : NULL;
    if (last && last->after_word == (int)after && start - last->end < BRIDGE_S) {
        last->end = end;
        return;
    }
    t->pauses[t->n_pauses++] = (rh_pause){start, end, place_of(in, after), (int)after};
}

static float middle(const rh_word *w)
{
    return 0.5f * (w->start + w->end);
}

/* Silent runs of the level curve, each given to the two words around it. Word
 * times from attention are good to some 60 ms and stretch over silence, so
 * a silence belongs behind the last word whose middle has passed. */
static void pauses_by_level(const rh_speech_input *in, const rh_contour *c, rh_timing *t)
{
    float limit = rh_silence_level(c);
    size_t after = 0;
    for (size_t i = 0; i < c->n;) {
        if (c->level_db[i] >= limit) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < c->n && c->level_db[i] < limit)
            i++;
        float start = (float)from * STEP_S, end = (float)i * STEP_S;
        if (i - from < PAUSE_MIN_STEPS || end <= t->first_s || start >= t->last_s)
            continue;
        float mid = 0.5f * (start + end);
        while (after + 1 < in->n_words && middle(&in->words[after + 1]) <= mid)
            after++;
        if (after + 1 < in->n_words && middle(&in->words[after]) <= mid)
            add_pause(t, in, start, end, after);
    }
}

static void pauses_by_words(const rh_speech_input *in, rh_timing *t)
{
    for (size_t i = 0; i + 1 < in->n_words; i++)
        if (in->words[i + 1].start - in->words[i].end >= PAUSE_MIN_S)
            add_pause(t, in, in->words[i].end, in->words[i + 1].start, i);
}

static void sum_pauses(rh_timing *t)
{
    for (size_t i = 0; i < t->n_pauses; i++) {
        const rh_pause *p = &t->pauses[i];
        float s = p->end - p->start;
        t->pause_s += s;
        t->longest_pause_s = fmaxf(t->longest_pause_s, s);
        if (p->place == RH_PAUSE_WITHIN) {
            t->n_within++;
            t->within_s += s;
        } else if (p->place == RH_PAUSE_CLAUSE) {
            t->n_clause++;
            t->clause_s += s;
        } else {
            t->n_sentence++;
            t->sentence_s += s;
        }
    }
    t->within_s = t->n_within ? t->within_s / (float)t->n_within : 0.0f;
    t->clause_s = t->n_clause ? t->clause_s / (float)t->n_clause : 0.0f;
    t->sentence_s = t->n_sentence ? t->sentence_s / (float)t->n_sentence : 0.0f;
}

static float overlap(float a0, float a1, float b0, float b1)
{
    float d = fminf(a1, b1) - fmaxf(a0, b0);
    return d > 0.0f ? d : 0.0f;
}

static rh_rate_point rate_in(const rh_speech_input *in, const rh_timing *t, float from, float to)
{
    int words = 0, syllables = 0;
    const rh_tongue *tongue = rh_tongue_of(in->language);
    for (size_t i = 0; i < in->n_words; i++)
        if (in->words[i].start >= from && in->words[i].start < to) {
            words += rh_tongue_units(tongue, in->words[i].text);
            syllables += tongue->syllables(in->words[i].text);
        }
    float silent = 0.0f;
    for (size_t i = 0; i < t->n_pauses; i++)
        silent += overlap(from, to, t->pauses[i].start, t->pauses[i].end);
    float spoken = fmaxf(to - from - silent, 0.1f);
    return (rh_rate_point){0.5f * (from + to), 60.0f * (float)words / (to - from), (float)syllables / spoken};
}

static void rates_over_time(const rh_speech_input *in, rh_timing *t)
{
    float from = t->first_s;
    double sum = 0.0, square = 0.0;
    do {
        float to = fminf(from + (float)RH_RATE_WINDOW_S, t->last_s);
        if (to - from < 0.5f)
            break;
        rh_rate_point r = rate_in(in, t, from, to);
        t->rates[t->n_rates++] = r;
        sum += (double)r.wpm;
        square += (double)r.wpm * (double)r.wpm;
        from += (float)RH_RATE_STEP_S;
    } while (from + 0.5f * (float)RH_RATE_WINDOW_S < t->last_s);
    double n = (double)t->n_rates, mean = n > 0.0 ? sum / n : 0.0;
    if (t->n_rates >= 3 && mean > 0.0)
        t->pace_variation = (float)(sqrt(fmax(0.0, square / n - mean * mean)) / mean);
}

/* Syllables by sound (de Jong and Wempe 2009): peaks of the smoothed level that
 * are voiced, loud enough and set off by a dip. */
static int syllables_heard(const rh_contour *c, float from_s, float to_s)
{
    float limit = rh_silence_level(c), valley = 1e9f, before = 0.0f, here = 0.0f, next = 0.0f;
    int count = 0;
    for (size_t i = 2; i + 2 < c->n; i++) {
        const float *l = c->level_db + i;
        before = here;
        here = next;
        next = (l[-2] + 2.0f * l[-1] + 3.0f * l[0] + 2.0f * l[1] + l[2]) / 9.0f;
        valley = fminf(valley, here);
        float t = (float)(i - 1) * STEP_S;
        bool peak = here > before && here >= next && here > limit && c->f0_hz[i - 1] > 0.0f;
        if (peak && here - valley >= DIP_DB && t >= from_s && t <= to_s) {
            count++;
            valley = here;
        }
    }
    return count;
}

static void count_words(const rh_speech_input *in, rh_timing *t)
{
    t->first_s = in->words[0].start;
    t->last_s = in->words[in->n_words - 1].end;
    const rh_tongue *tongue = rh_tongue_of(in->language);
    for (size_t i = 0; i < in->n_words; i++) {
        t->n_words += rh_tongue_units(tongue, in->words[i].text);
        t->n_syllables += tongue->syllables(in->words[i].text);
        t->last_s = fmaxf(t->last_s, in->words[i].end);
    }
    t->response_delay_s = in->onset_s > 0.0 ? (float)in->onset_s : t->first_s;
}

static void derive_rates(rh_timing *t)
{
    float total = fmaxf(t->last_s - t->first_s, 0.1f);
    float spoken = fmaxf(total - t->pause_s, 0.1f);
    float runs = (float)(t->n_pauses + 1);
    t->wpm = 60.0f * (float)t->n_words / total;
    t->speech_rate = (float)t->n_syllables / total;
    t->articulation_rate = (float)t->n_syllables / spoken;
    t->articulation_heard = (float)t->n_syllables_heard / spoken;
    t->phonation_ratio = spoken / total;
    t->pauses_per_minute = 60.0f * (float)t->n_pauses / total;
    t->mean_run_syllables = (float)t->n_syllables / runs;
    t->mean_run_s = spoken / runs;
}

rh_status rh_timing_measure(const rh_speech_input *in, const rh_contour *contour, rh_timing *out, rh_error *err)
{
    rh_timing t = {0};
    if (in->n_words == 0) {
        *out = t;
        return RH_OK;
    }
    count_words(in, &t);
    size_t steps = contour ? contour->n : 0;
    float length = fmaxf(t.last_s - t.first_s, 0.0f);
    /* Every pause takes 25 steps of the curve, or lies between two words. */
    size_t max_pauses = contour ? steps / 25 + 1 : in->n_words;
    size_t max_rates = (size_t)(length / (float)RH_RATE_STEP_S) + 2;
    t.pauses = rh_calloc(max_pauses, sizeof *t.pauses);
    t.rates = rh_calloc(max_rates, sizeof *t.rates);
    if (!t.pauses || !t.rates) {
        rh_timing_done(&t);
        return rh_fail(err, RH_ERR_NOMEM, "timing: out of memory");
    }
    if (contour) {
        pauses_by_level(in, contour, &t);
        t.n_syllables_heard = syllables_heard(contour, t.first_s, t.last_s);
    } else {
        pauses_by_words(in, &t);
    }
    sum_pauses(&t);
    rates_over_time(in, &t);
    derive_rates(&t);
    *out = t;
    return RH_OK;
}

void rh_timing_done(rh_timing *t)
{
    rh_free(t->pauses);
    rh_free(t->rates);
    *t = (rh_timing){0};
}
