/* score_rules.c - measures and rules; each rule takes points by straight lines between its knots. */
#include "score_rules.h"

#include <math.h>
#include <string.h>
#include "fillers_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"
#include "rehearse/speech/tongue.h"

typedef struct {
    const char *name, *unit, *advice;
    int n;
    float x[6], points[6];
} rule;

static const float FILLERS_LEAST_S = 15.0f; /* one hesitation in a short answer is no habit */
/* Unstressed syllables run together: by sound there are this much fewer at most. */
static const float HEARD_MOST = 1.3f;
static const float BREATH_S = 0.3f;       /* of a pause inside a clause: no listener minds */
static const float WITHIN_MOST_S = 1.2f;  /* one long pause is one pause */
static const float PAUSE_FREE_S = 2.0f;   /* between clauses and sentences */
static const float PAUSES_NATURAL = 0.3f; /* of speaking time: more is no matter of pace */

static const rule filler_rule = {
    "fillers", "a minute",         "Fillers showed often: a short silence in their place sounds surer.",
    5,         {2, 5, 12, 25, 40}, {0, -6, -30, -60, -80}};
static const rule fast_pace_rule = {
    "fast",
    "words a minute",
    "You spoke fast: breathe at every full stop; the listener needs it more than you do.",
    6,
    {170, 185, 200, 220, 250, 320},
    {0, -3, -9, -25, -48, -85}};
static const rule slow_pace_rule = {
    "slow", "words a minute",           "You spoke slowly: link the words of a phrase and let it run in one breath.",
    6,      {35, 60, 75, 90, 103, 115}, {-85, -55, -35, -18, -7, 0}};
static const rule fast_rule = {
    "very fast speech",        "syllables a second", "You spoke very fast: slow down so that endings can be heard.", 4,
    {6.8f, 7.5f, 8.5f, 10.0f}, {0, -6, -18, -35}};
static const rule slow_rule = {"very slow speech",
                               "syllables a second",
                               "You spoke very slowly: link the words of a phrase and let it run in one breath.",
                               4,
                               {0.6f, 1.0f, 1.4f, 1.8f},
                               {-25, -14, -5, 0}};
static const rule broken_rule = {
    "pauses inside clauses",
    "s a minute",
    "Silences broke up your sentences: pause at the full stop instead, it sounds like thought.",
    5,
    {1.6f, 3.0f, 5.0f, 9.0f, 16.0f},
    {0, -5, -14, -30, -55}};
static const rule overlong_rule = {"long silences",
                                   "s a minute",
                                   "Long silences broke up your answer: think first, then say a whole sentence.",
                                   4,
                                   {1.0f, 5.0f, 12.0f, 30.0f},
                                   {0, -7, -20, -45}};
static const rule repair_rule = {"repetitions and restarts",
                                 "a minute",
                                 "Words were said twice or begun anew: decide on the sentence before you start it.",
                                 4,
                                 {1.0f, 4.0f, 8.0f, 16.0f},
                                 {0, -12, -28, -45}};
static const rule silence_rule = {
    "silence", "share of time",           "Most of the time nothing was said: think first, then say a whole sentence.",
    4,         {0.5f, 0.6f, 0.7f, 0.85f}, {0, -5, -18, -40}};
/* The learned part already counts a word or two; this is for half a text. */
static const rule missing_rule = {
    "words left out",          "share of the text", "Words of the text were left out: read to the end of each line.", 4,
    {0.2f, 0.4f, 0.6f, 0.95f}, {0, -5, -15, -50}};
static const rule melody_rule = {"melody",
                                 "semitones",
                                 "Your voice stayed on one note: stress the one word in each sentence that matters.",
                                 5,
                                 {0.3f, 0.75f, 1.15f, 1.5f, 1.8f},
                                 {-50, -35, -20, -8, 0}};
static const rule noise_rule = {"background",
                                "dB",
                                "The background is loud: a quieter room or a closer microphone would help.",
                                5,
                                {2.0f, 6.0f, 10.0f, 15.0f, 22.0f},
                                {-50, -38, -27, -13, 0}};
static const rule muffled_rule = {
    "muffled",
    "dB",
    "Your consonants hardly came through: face the microphone and finish the ends of words.",
    4,
    {-52.0f, -40.0f, -31.0f, -26.0f},
    {-46, -34, -17, 0}};
static const rule quiet_rule = {
    "quiet",      "dBFS", "The recording is very quiet: come closer or turn the gain up.", 3, {-65.0f, -55.0f, -45.0f},
    {-40, -20, 0}};
static const rule clipped_rule = {
    "clipped", "% of the sound",   "The recording is clipped: turn the microphone's gain down.",
    3,         {0.1f, 1.0f, 5.0f}, {0, -12, -30}};

static const rule *const all_rules[] = {&filler_rule, &fast_pace_rule, &slow_pace_rule, &fast_rule,    &slow_rule,
                                        &broken_rule, &overlong_rule,  &repair_rule,    &silence_rule, &missing_rule,
                                        &melody_rule, &noise_rule,     &muffled_rule,   &quiet_rule,   &clipped_rule};

float rh_piecewise(const float *x, const float *points, int n, float at)
{
    if (!(at > x[0])) /* also NaN */
        return points[0];
    for (int i = 1; i < n; i++)
        if (at <= x[i])
            return points[i - 1] + (points[i] - points[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
    return points[n - 1];
}

void rh_score_add_part(rh_score *s, const char *name, float value, const char *unit, float points)
{
    if (s->n_parts < RH_SCORE_MAX_PARTS)
        s->parts[s->n_parts++] = (rh_score_part){name, value, unit, points};
}

const char *rh_rule_advice(const char *part)
{
    for (size_t i = 0; i < sizeof all_rules / sizeof *all_rules; i++)
        if (strcmp(all_rules[i]->name, part) == 0)
            return all_rules[i]->advice;
    return NULL;
}

static void apply(rh_score *s, const rule *r, float value, float weight)
{
    float points = isnan(value) ? 0.0f : weight * rh_piecewise(r->x, r->points, r->n, value);
    if (points < -0.05f)
        rh_score_add_part(s, r->name, value, r->unit, points);
}

/* ---- measures ---- */

/* The rules go by what words and sound both say: where the words are in doubt,
 * every copy of a recording brings other ones, and the sound stays. */

/* Syllables by sound for one by words; 1 when the sound was not measured. */
static float heard_share(const rh_speech_input *in, const rh_speech_report *r)
{
    bool known = in->contour && r->timing.n_syllables > 0;
    return known ? (float)r->timing.n_syllables_heard / (float)r->timing.n_syllables : 1.0f;
}

/* From the first voice to the last; 0 when unknown. */
static float voice_s(const rh_speech_input *in)
{
    return in->n_speech ? in->speech[in->n_speech - 1].end - in->speech[0].start : 0.0f;
}

/* Words that were not made out were said all the same, and a word that was
 * invented behind the last one took no time. */
static float slow_rate(const rh_speech_input *in, const rh_speech_report *r, float rate)
{
    int by_words = r->timing.n_syllables, by_sound = r->timing.n_syllables_heard;
    float s = voice_s(in), most = (float)(by_words > by_sound ? by_words : by_sound);
    return fmaxf(rate * fmaxf(heard_share(in, r), 1.0f), s > 0.2f ? most / s : 0.0f);
}

/* Share of silences of 250 ms and more in the time from the first voice to the
 * last, in any place: the recogniser's commas come and go. */
static float silence_share(const rh_speech_input *in, const rh_speech_report *r)
{
    const rh_contour *c = in->contour;
    if (!c || in->n_speech == 0)
        return 1.0f - r->timing.phonation_ratio;
    float limit = rh_silence_level(c);
    size_t from = (size_t)(in->speech[0].start * RH_CONTOUR_PER_S), silent = 0, run = 0;
    size_t to = from + (size_t)(voice_s(in) * RH_CONTOUR_PER_S);
    to = to < c->n ? to : c->n;
    for (size_t i = from; i < to; i++) {
        run = c->level_db[i] < limit ? run + 1 : 0;
        if (run == RH_CONTOUR_PER_S / 4)
            silent += run;
        else if (run > RH_CONTOUR_PER_S / 4)
            silent++;
    }
    return to > from ? (float)silent / (float)(to - from) : 0.0f;
}

/* Share of a text that neither the recogniser nor the sound has room for. The
 * first syllables do not count: one word of four is no half of a text. */
static float share_left_out(const rh_speech_input *in, const rh_speech_report *r)
{
    enum { SHORT_TEXT = 10 }; /* syllables */
    int expected = 0, n = 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        n += r->word_scores[i].expected != NULL;
        expected += r->word_scores[i].expected ? rh_tongue_of(in->language)->syllables(r->word_scores[i].expected) : 0;
    }
    float by_words = n ? (float)r->n_missed / (float)n : 0.0f;
    if (!in->contour)
        return by_words;
    float by_sound = 1.0f - HEARD_MOST * (float)r->timing.n_syllables_heard / (float)expected;
    float sure = fminf((float)expected / (2.0f * SHORT_TEXT), 1.0f);
    return fmaxf(fminf(by_words, by_sound), 0.0f) * (expected < SHORT_TEXT ? 0.0f : sure);
}

/* Words (characters) and syllables a minute while speaking, with no more pause than speech has anyway; as an English
 * speaker would have them. */
static void measure_paces(const rh_speech_input *in, const rh_speech_report *r, rh_rule_measures *m)
{
    const rh_timing *t = &r->timing;
    const rh_tongue *tongue = rh_tongue_of(in->language);
    float filled = 0.0f;
    for (size_t i = 0; i < in->n_fillers; i++)
        filled += in->fillers[i].n_words == 0 ? in->fillers[i].end - in->fillers[i].start : 0.0f;
    float whole = fmaxf(t->last_s - t->first_s, 1.0f);
    float spoken = fmaxf(whole - t->pause_s - filled, 0.3f * whole);
    float s = spoken + fminf(t->pause_s, PAUSES_NATURAL * spoken);
    float by_words = 60.0f * (float)t->n_words / s;
    float by_syllables = 60.0f * (float)t->n_syllables / (tongue->syllables_a_word * s);
    float both = 0.75f * by_words + 0.25f * by_syllables;
    float slow = fmaxf(by_words, both) * fmaxf(heard_share(in, r) / HEARD_MOST, 1.0f);
    float fast = fminf(by_words, both) * fminf(HEARD_MOST * heard_share(in, r), 1.0f);
    m->pace_slow = rh_tongue_english_pace(tongue, slow);
    m->pace_fast = rh_tongue_english_pace(tongue, fast);
}

static void measure_pauses(const rh_timing *t, float minutes, rh_rule_measures *m)
{
    for (size_t i = 0; i < t->n_pauses; i++) {
        float s = t->pauses[i].end - t->pauses[i].start;
        if (t->pauses[i].place == RH_PAUSE_WITHIN)
            m->broken += fminf(fmaxf(s - BREATH_S, 0.0f), WITHIN_MOST_S) / minutes;
        m->overlong += fmaxf(s - PAUSE_FREE_S, 0.0f) / minutes;
    }
}

static float repairs_a_minute(const rh_speech_input *in, float minutes)
{
    float n = 0.0f;
    for (size_t i = 0; i < in->n_disfluencies; i++)
        n += in->disfluencies[i].kind != RH_DISFLUENCY_PROLONGATION ? 1.0f : 0.0f;
    return n / minutes;
}

/* What lies between 2 and 4 kHz in its loudest places, against the loud places of the whole. */
static rh_status measure_treble(const rh_contour *c, rh_rule_measures *m, rh_error *err)
{
    if (!c->treble_db || c->n < RH_CONTOUR_PER_S)
        return RH_OK;
    float *sorted = rh_alloc_array(c->n, sizeof *sorted);
    if (!sorted)
        return rh_fail(err, RH_ERR_NOMEM, "scores: out of memory");
    memcpy(sorted, c->treble_db, c->n * sizeof *sorted);
    rh_sort_floats(sorted, c->n);
    m->treble_db = rh_quantile_sorted(sorted, c->n, 0.95f) - c->speech_db;
    rh_free(sorted);
    return RH_OK;
}

static rh_status measure_sound(const rh_contour *c, const rh_prosody *voice, rh_rule_measures *m, rh_error *err)
{
    static const float VOICE_LEAST_S = 3.0f;
    if (!c || c->n == 0)
        return RH_OK;
    if (voice->voiced_s >= VOICE_LEAST_S)
        m->melody_st = voice->f0_sd_st;
    m->snr_db = voice->snr_db;
    m->level_db = c->speech_db;
    m->clipped = 100.0f * c->clipped;
    return measure_treble(c, m, err);
}

rh_status rh_rules_measure(const rh_speech_input *in, const rh_speech_report *r, float articulation, float rate,
                           rh_rule_measures *out, rh_error *err)
{
    rh_rule_measures m = {.melody_st = NAN, .snr_db = NAN, .treble_db = NAN, .level_db = NAN};
    const rh_timing *t = &r->timing;
    float minutes = fmaxf(t->last_s - t->first_s, FILLERS_LEAST_S) / 60.0f;
    /* Loops of the recogniser put more syllables into a second than anybody says. */
    m.articulation = articulation * fminf(HEARD_MOST * heard_share(in, r), 1.0f);
    m.rate = slow_rate(in, r, rate);
    m.fillers = (float)r->filler_words_count / minutes;
    m.silence = silence_share(in, r);
    m.left_out = r->has_reference ? share_left_out(in, r) : 0.0f;
    m.repairs = repairs_a_minute(in, minutes);
    measure_paces(in, r, &m);
    measure_pauses(t, minutes, &m);
    rh_status st = measure_sound(in->contour, &r->voice, &m, err);
    if (st == RH_OK)
        *out = m;
    return st;
}

/* ---- rules ---- */

void rh_rules_fluency(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &broken_rule, m->broken, 1.0f);
    apply(s, &silence_rule, m->silence, 1.0f);
    apply(s, &repair_rule, m->repairs, 1.0f);
    apply(s, &filler_rule, m->fillers, 0.4f);
    apply(s, &fast_rule, m->articulation, 0.4f);
    apply(s, &slow_rule, m->rate, 1.0f);
}

void rh_rules_long_silence(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &overlong_rule, m->overlong, 1.0f);
}

void rh_rules_pronunciation(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &missing_rule, m->left_out, 1.0f);
}

void rh_rules_clarity(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &muffled_rule, m->treble_db, 1.0f);
    apply(s, &fast_rule, m->articulation, 1.0f);
    apply(s, &missing_rule, m->left_out, 1.0f);
}

void rh_rules_recording(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &noise_rule, m->snr_db, 1.0f);
    apply(s, &quiet_rule, m->level_db, 1.0f);
    apply(s, &clipped_rule, m->clipped, 1.0f);
}

void rh_rules_prosody(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &melody_rule, m->melody_st, 1.0f);
}

void rh_rules_pace(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &slow_pace_rule, m->pace_slow, 1.0f);
    apply(s, &fast_pace_rule, m->pace_fast, 1.0f);
}

void rh_rules_fillers(const rh_rule_measures *m, rh_score *s)
{
    apply(s, &filler_rule, m->fillers, 1.0f);
}
