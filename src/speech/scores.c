/* scores.c - five scores from named measures.
 *
 * Every score is 100 plus the points that each measure takes away; a measure's
 * points are a curve of straight pieces (score_curves in this file), flat
 * outside its ends. So a score can always be taken apart into its parts, and
 * the advice speaks of the part that cost most. Formulas, sources and known
 * weaknesses: docs/scoring.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "speech_internal.h"

enum { CURVE_POINTS = 6 };

typedef struct {
    const char *name, *unit;
    const char *advice; /* when this part cost most */
    int n;
    float x[CURVE_POINTS], points[CURVE_POINTS]; /* x ascending */
} curve;

static float curve_at(const curve *c, float x)
{
    if (x <= c->x[0])
        return c->points[0];
    for (int i = 1; i < c->n; i++)
        if (x <= c->x[i])
            return c->points[i - 1] + (c->points[i] - c->points[i - 1]) *
                                          (x - c->x[i - 1]) / (c->x[i] - c->x[i - 1]);
    return c->points[c->n - 1];
}

static void add_part(rh_score *s, const curve *c, float x)
{
    rh_score_part *p = &s->parts[s->n_parts++];
    *p = (rh_score_part){c->name, x, c->unit, curve_at(c, x)};
}

static void close_score(rh_score *s, const curve *const *curves, const char *praise)
{
    float total = 100.0f, worst = -3.0f;
    const char *advice = praise;
    for (int i = 0; i < s->n_parts; i++) {
        total += s->parts[i].points;
        if (s->parts[i].points < worst) {
            worst = s->parts[i].points;
            advice = curves[i]->advice;
        }
    }
    s->known = true;
    s->value = fminf(fmaxf(total, 0.0f), 100.0f);
    snprintf(s->advice, sizeof s->advice, "%s", advice);
}

/* Pace: a wide plateau, since coaches ask for 100 to 165 words a minute, TED
 * talks average 163 and interviews run near 190. */
static const curve pace_curve = {
    "pace", "wpm", "Your pace was far from easy listening: aim at 110 to 180 words a minute.",
    6, {40, 80, 105, 195, 230, 300}, {-30, -12, 0, 0, -8, -25}};
static const curve pause_share_curve = {
    "pause share", "", "Long silences broke up your answer: think first, then say a whole sentence.",
    4, {0.12f, 0.3f, 0.5f, 0.75f}, {0, -10, -25, -45}};
static const curve inner_pause_curve = {
    "pauses inside clauses", "a minute",
    "Many pauses fell inside a clause: carry each thought to its comma before you stop.",
    4, {3, 8, 16, 30}, {0, -6, -16, -25}};
static const curve filler_curve = {
    "fillers", "a minute",
    "Fillers showed often: a short silence in their place sounds surer.",
    4, {2, 5, 12, 25}, {0, -2, -12, -25}};
static const curve run_curve = {
    "words between pauses", "", "You spoke in very short runs: link a few words more in one breath.",
    4, {1, 2, 4, 6}, {-15, -8, -2, 0}};
static const curve sureness_curve = {
    "word sureness", "", "Several words could be taken for others: finish each word before the next.",
    5, {0.3f, 0.6f, 0.8f, 0.9f, 0.97f}, {-60, -32, -14, -6, 0}};
static const curve unsure_share_curve = {
    "unclear words", "", "Some single words were hard to make out: look at the marked ones.",
    4, {0.0f, 0.1f, 0.3f, 0.6f}, {0, -4, -15, -30}};
static const curve speed_curve = {
    "syllable rate", "a second", "You spoke very fast: slow down so that endings can be heard.",
    4, {5.5f, 6.5f, 7.5f, 9.0f}, {0, -4, -12, -25}};
static const curve word_score_curve = {
    "mean word score", "", "Many words differed from how they are usually said: practise the marked ones slowly.",
    5, {20, 50, 70, 85, 95}, {-70, -45, -25, -10, 0}};
static const curve completeness_curve = {
    "words of the text said", "", "Words of the text were left out: read to the end of each line.",
    3, {0.3f, 0.8f, 1.0f}, {-40, -12, 0}};

static float mean_p(const rh_word *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)w[i].p;
    return n ? (float)(sum / (double)n) : 0.0f;
}

static float unsure_share(const rh_word *w, size_t n)
{
    size_t unsure = 0;
    for (size_t i = 0; i < n; i++)
        unsure += w[i].p < 0.5f;
    return n ? (float)unsure / (float)n : 0.0f;
}

static float inner_pauses_per_minute(const rh_speech_report *r, float whole_s)
{
    int inside = 0;
    for (size_t i = 0; i < r->n_pauses; i++)
        inside += r->pauses[i].inside;
    return 60.0f * (float)inside / fmaxf(whole_s, 6.0f);
}

static void score_fluency(const rh_speech_input *in, rh_speech_report *r)
{
    static const curve *const curves[] = {&pace_curve, &pause_share_curve, &inner_pause_curve,
                                          &run_curve, &filler_curve};
    float whole = in->words[in->n_words - 1].end - in->words[0].start;
    rh_score *s = &r->fluency;
    add_part(s, &pace_curve, r->pace_wpm);
    add_part(s, &pause_share_curve, 1.0f - r->phonation_ratio);
    add_part(s, &inner_pause_curve, inner_pauses_per_minute(r, whole));
    add_part(s, &run_curve, r->n_pauses ? r->mean_run_words : run_curve.x[run_curve.n - 1]);
    add_part(s, &filler_curve, r->fillers_per_minute);
    close_score(s, curves, "You spoke in an even flow: keep it.");
}

static void score_clarity(const rh_speech_input *in, rh_speech_report *r)
{
    static const curve *const curves[] = {&sureness_curve, &unsure_share_curve, &speed_curve,
                                          &completeness_curve};
    rh_score *s = &r->clarity;
    add_part(s, &sureness_curve, mean_p(in->words, in->n_words));
    add_part(s, &unsure_share_curve, unsure_share(in->words, in->n_words));
    add_part(s, &speed_curve, r->articulation_rate);
    if (r->has_reference)
        add_part(s, &completeness_curve, r->completeness);
    close_score(s, curves, "Your words were easy to make out: keep it.");
}

static void score_pronunciation(rh_speech_report *r)
{
    static const curve *const curves[] = {&word_score_curve, &completeness_curve};
    rh_score *s = &r->pronunciation;
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        if (r->word_scores[i].what == RH_MISSED || r->word_scores[i].what == RH_ADDED)
            continue;
        sum += (double)r->word_scores[i].score;
        n++;
    }
    add_part(s, &word_score_curve, n ? (float)(sum / (double)n) : 0.0f);
    if (r->has_reference)
        add_part(s, &completeness_curve, r->completeness);
    close_score(s, curves, "Your pronunciation came through well: keep it.");
}

static void score_overall(rh_speech_report *r)
{
    static const curve weights[] = {
        {"fluency", "points", "Work on fluency first: it cost you most.", 2, {0, 100}, {-35, 0}},
        {"clarity", "points", "Work on clarity first: it cost you most.", 2, {0, 100}, {-30, 0}},
        {"pronunciation", "points", "Work on pronunciation first: it cost you most.", 2, {0, 100}, {-35, 0}},
    };
    static const curve *const curves[] = {&weights[0], &weights[1], &weights[2]};
    rh_score *s = &r->overall;
    add_part(s, &weights[0], r->fluency.value);
    add_part(s, &weights[1], r->clarity.value);
    add_part(s, &weights[2], r->pronunciation.value);
    close_score(s, curves, "You came across clearly and fluently: keep it.");
}

void rh_measure_scores(const rh_speech_input *in, rh_speech_report *r)
{
    r->confidence = mean_p(in->words, in->n_words);
    score_fluency(in, r);
    score_clarity(in, r);
    score_pronunciation(r);
    score_overall(r);
}
