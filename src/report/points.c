#include "points.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"

enum { MAX_POINTS = 24, SHOWN = 3, MOMENTS = 3 };

/* Below this much speech nothing can be said about a delivery. */
static const double LEAST_SPEECH_S = 3;

typedef struct {
    double good;                           /* 0..100 */
    const char *praise, *problem, *advice; /* titles, and what to do */
    char detail[240];
    json_t *moments;
} point;

typedef bool (*rule)(const rh_report_view *v, point *p);

/* `v` on a straight line from `bad` (0) to `fine` (100). */
static double between(double v, double bad, double fine)
{
    return fmax(0, fmin(100, 100 * (v - bad) / (fine - bad)));
}

static void add_moment(point *p, float start_s, float end_s, const char *text)
{
    double start = rh_round((double)start_s, 1000), end = rh_round((double)end_s, 1000);
    if (!p->moments)
        p->moments = json_array();
    if (json_array_size(p->moments) >= MOMENTS)
        return;
    json_array_append_new(p->moments,
                          json_pack("{s:f, s:f, s:s}", "start", start, "end", end, "text", text ? text : ""));
}

/* The longest spans become moments. */
static void longest(point *p, const rh_time_span *list, size_t n, const char *unit)
{
    const rh_time_span *taken[MOMENTS] = {0};
    for (int k = 0; k < MOMENTS; k++) {
        const rh_time_span *best = NULL;
        for (size_t i = 0; i < n; i++) {
            bool is_taken = false;
            for (int m = 0; m < k; m++)
                is_taken |= taken[m] == &list[i];
            if (!is_taken && (!best || list[i].end - list[i].start > best->end - best->start))
                best = &list[i];
        }
        if (!best)
            return;
        char text[64];
        taken[k] = best;
        (void)snprintf(text, sizeof text, "%.1f s%s", (double)(best->end - best->start), unit);
        add_moment(p, best->start, best->end, text);
    }
}

/* The longest pauses inside clauses. */
static void longest_within(point *p, const rh_timing *t)
{
    rh_time_span *list = rh_calloc(t->n_pauses + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; list && i < t->n_pauses; i++)
        if (t->pauses[i].place == RH_PAUSE_WITHIN)
            list[n++] = (rh_time_span){t->pauses[i].start, t->pauses[i].end};
    longest(p, list, n, "");
    rh_free(list);
}

static void add_remarks(point *p, const rh_analysis *a, rh_remark_kind kind)
{
    for (size_t i = 0; i < a->language.n_remarks; i++) {
        const rh_remark *r = &a->language.remarks[i];
        if (r->kind != kind)
            continue;
        char *text = rh_analysis_term(a, r->first_word, r->n_words);
        add_moment(p, r->start, r->end, text);
        rh_free(text);
    }
}

/* ---- how it was said ---- */

static bool pace(const rh_report_view *v, point *p)
{
    double wpm = (double)v->a->report.pace_wpm;
    if (wpm <= 0)
        return false;
    bool fast = wpm > 165;
    p->good = fast ? between(wpm, 240, 170) : between(wpm, 70, 115);
    p->praise = "A pace that is easy to follow";
    p->problem = fast ? "Slow down a little" : "Speak a little faster";
    p->advice = fast ? "Breathe at every full stop; the listener needs it more than you do."
                     : "Decide on the next sentence before you start it, then say it in one go.";
    (void)snprintf(p->detail, sizeof p->detail,
                   "You spoke %.0f words a minute; 100 to 165 is comfortable, interviews run up to 190.", wpm);
    return true;
}

static bool broken_sentences(const rh_report_view *v, point *p)
{
    const rh_timing *t = &v->a->report.timing;
    double n = t->n_within, per_minute = n * 60 / fmax(v->speech_s, 10);
    p->good = between(per_minute, 14, 3);
    p->praise = "Sentences in one piece";
    p->problem = "Pauses in mid-sentence";
    p->advice = "Pause at the full stop instead: it sounds like thought, not like searching.";
    if (n < 1)
        (void)snprintf(p->detail, sizeof p->detail, "No pause fell inside a clause, where pauses hurt most.");
    else
        (void)snprintf(p->detail, sizeof p->detail, "%.0f pause%s fell inside a clause, where they hurt most.", n,
                       n == 1 ? "" : "s");
    longest_within(p, t);
    return true;
}

static bool fillers(const rh_report_view *v, point *p)
{
    double n = v->a->report.filler_words_count;
    double per_minute = n * 60 / fmax(v->speech_s, 10);
    p->good = between(per_minute, 14, 3);
    p->praise = "Hardly any filler words";
    p->problem = "Filler words";
    p->advice = "When you feel one coming, close your mouth and pause.";
    if (n < 1)
        (void)snprintf(p->detail, sizeof p->detail, "None was heard.");
    else
        (void)snprintf(p->detail, sizeof p->detail, "%.0f filler%s, %.1f a minute; up to 5 a minute nobody minds.", n,
                       n == 1 ? "" : "s", per_minute);
    for (size_t i = 0; i < v->a->said.n_fillers; i++) {
        const rh_filler *f = &v->a->said.fillers[i];
        add_moment(p, f->start, f->end, rh_filler_name(f->kind));
    }
    return true;
}

static bool clear_words(const rh_report_view *v, point *p)
{
    const rh_speech_report *r = &v->a->report;
    int n = 0;
    p->good = rh_tenth((double)r->clarity.value);
    p->praise = "Clear words";
    p->problem = "Speak more clearly";
    p->advice = "Finish the ends of words and open your mouth a little more.";
    for (size_t i = 0; i < r->n_word_scores; i++) {
        const rh_word_score *w = &r->word_scores[i];
        if (w->score >= RH_UNCLEAR_SCORE)
            continue;
        n++;
        add_moment(p, w->start, w->end, w->heard);
    }
    if (n)
        (void)snprintf(p->detail, sizeof p->detail, "Clarity %.0f of 100; %d word%s could hardly be understood.",
                       p->good, n, n == 1 ? "" : "s");
    else
        (void)snprintf(p->detail, sizeof p->detail, "Clarity %.0f of 100.", p->good);
    return true;
}

static bool melody(const rh_report_view *v, point *p)
{
    double spread = (double)v->a->prosody.f0_spread_st;
    if (v->a->prosody.voiced_s < 5)
        return false;
    p->good = between(spread, 2, 5.5);
    p->praise = "A lively voice";
    p->problem = "Let your voice move";
    p->advice = "Stress the one word in each sentence that matters.";
    (void)snprintf(p->detail, sizeof p->detail, "Your pitch moved over %.1f semitones; lively speakers use 5 to 10.",
                   spread);
    return true;
}

static bool endings(const rh_report_view *v, point *p)
{
    const rh_prosody *t = &v->a->prosody;
    double falls = (double)t->n_falls, rises = (double)t->n_rises;
    if (falls + rises < 3)
        return false;
    p->good = between(rises / (falls + rises), 0.7, 0.2);
    p->praise = "Sentences that come to an end";
    p->problem = "Statements that sound like questions";
    p->advice = "Let your voice drop on the last word.";
    (void)snprintf(p->detail, sizeof p->detail, "%.0f of %.0f statements ended with a rising voice.", rises,
                   falls + rises);
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].kind == RH_END_RISE && !t->ends[i].question)
            add_moment(p, fmaxf(0, t->ends[i].t - 2), t->ends[i].t, NULL);
    return true;
}

/* ---- what was said ---- */

static bool concrete(const rh_report_view *v, point *p)
{
    const rh_language *l = &v->a->language;
    double n = l->counts[RH_REMARK_NUMBER] + l->counts[RH_REMARK_NAME];
    if (v->speech_s < 20)
        return false;
    p->good = between((double)l->concreteness, 0, 4);
    p->praise = "Concrete facts";
    p->problem = "Be more concrete";
    p->advice = "Name one number, one tool or one person: how many, how long, by how much.";
    (void)snprintf(p->detail, sizeof p->detail, "%.0f number%s and name%s in your answer.", n, n == 1 ? "" : "s",
                   n == 1 ? "" : "s");
    add_remarks(p, v->a, RH_REMARK_NUMBER);
    return true;
}

static bool hedges(const rh_report_view *v, point *p)
{
    const rh_language *l = &v->a->language;
    double n = l->counts[RH_REMARK_HEDGE];
    if (v->speech_s < 15)
        return false;
    p->good = between((double)l->hedges_per_100, 5, 0.8);
    p->praise = "Said with confidence";
    p->problem = "Words that take back what you say";
    p->advice = "Leave out \"maybe\" and \"I think\" where you do know.";
    (void)snprintf(p->detail, sizeof p->detail, "%.0f hedging word%s, %.1f in a hundred words.", n, n == 1 ? "" : "s",
                   (double)l->hedges_per_100);
    add_remarks(p, v->a, RH_REMARK_HEDGE);
    return true;
}

static bool own_part(const rh_report_view *v, point *p)
{
    const rh_language *l = &v->a->language;
    double i = l->n_i, we = l->n_we;
    if (i + we < 6)
        return false;
    p->good = between((double)l->i_share, 0.15, 0.55);
    p->praise = "Your own part is clear";
    p->problem = "Say what you did yourself";
    p->advice = "Credit the team once, then tell what you decided and did.";
    (void)snprintf(p->detail, sizeof p->detail, "You said \"I\" or \"my\" %.0f times, \"we\" or \"our\" %.0f times.", i,
                   we);
    return true;
}

static bool story(const rh_report_view *v, point *p)
{
    const rh_language *l = &v->a->language;
    int found = 0;
    const char *missing = NULL;
    bool asks_for_story = strcmp(v->kind, "behavioural") == 0;
    for (int i = 0; i < RH_STAR_PARTS; i++) {
        if (l->star_sentence[i] >= 0) {
            const rh_sentence *s = &l->sentences[l->star_sentence[i]];
            found++;
            add_moment(p, s->start, s->end, rh_star_name(i));
        } else if (!missing || i == RH_STAR_RESULT) {
            missing = rh_star_name(i); /* a missing result matters most */
        }
    }
    if (v->speech_s < 20 || (!asks_for_story && found < 3))
        return false;
    p->good = found * 25;
    p->praise = "A story with a beginning and an end";
    p->problem = "Tell the whole story";
    p->advice = "Situation and task in two sentences, what you did in four, the result in one.";
    if (missing)
        (void)snprintf(p->detail, sizeof p->detail, "%d of the 4 parts were found; the %s is missing.", found, missing);
    else
        (void)snprintf(p->detail, sizeof p->detail, "All 4 parts of the story were found.");
    return true;
}

static bool length(const rh_report_view *v, point *p)
{
    bool shorter = v->speech_s < 30;
    if (v->speech_s < LEAST_SPEECH_S)
        return false;
    p->good = shorter ? between(v->speech_s, 5, 40) : between(v->speech_s, 260, 140);
    p->praise = "A good length";
    p->problem = shorter ? "Say more" : "Come to the point sooner";
    p->advice = shorter ? "Add one example: what happened, what you did, what came of it."
                        : "Aim at one to two minutes; the interviewer will ask for more.";
    (void)snprintf(p->detail, sizeof p->detail, "You spoke for %.0f seconds; most answers are best at 60 to 120.",
                   v->speech_s);
    return true;
}

/* ---- how it looked ---- */

static bool eyes(const rh_report_view *v, point *p)
{
    if (v->eye_contact < 0)
        return false;
    p->good = between(v->eye_contact, 20, 75);
    p->praise = "Eyes on the camera";
    p->problem = "Look at the camera more";
    p->advice = "Put the question next to the camera, and look there while you think.";
    (void)snprintf(p->detail, sizeof p->detail, "You looked at the camera %.0f %% of the time.", v->eye_contact);
    longest(p, v->away, v->n_away, " away");
    return true;
}

static bool facing(const rh_report_view *v, point *p)
{
    if (v->attention < 0)
        return false;
    p->good = between(v->attention, 30, 85);
    p->praise = "You faced your listener";
    p->problem = "Turn your head to the camera";
    p->advice = "Put the camera straight in front of you, at the height of your eyes.";
    (void)snprintf(p->detail, sizeof p->detail, "Your head faced the camera: %.0f of 100.", v->attention);
    return true;
}

static const rule rules[] = {pace,   broken_sentences, fillers, clear_words, melody, endings, concrete,
                             hedges, own_part,         story,   length,      eyes,   facing};

static json_t *as_json(point *p, bool praise)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:f}", "title", praise ? p->praise : p->problem, "detail", p->detail,
                     "advice", praise ? "" : p->advice, "moments", p->moments ? json_incref(p->moments) : json_array(),
                     "good", round(p->good));
}

void rh_report_points(const rh_report_view *v, json_t **keep, json_t **change)
{
    point points[MAX_POINTS];
    int n = 0;
    bool heard = v->a && v->speech_s >= LEAST_SPEECH_S;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        bool seeing = rules[i] == eyes || rules[i] == facing;
        point p = {0};
        if ((seeing || heard) && rules[i](v, &p))
            points[n++] = p;
        else
            json_decref(p.moments);
    }
    for (int i = 1; i < n; i++) /* best first; ties keep the order of the table */
        for (int k = i; k > 0 && points[k].good > points[k - 1].good; k--) {
            point swap = points[k];
            points[k] = points[k - 1];
            points[k - 1] = swap;
        }
    *keep = json_array();
    *change = json_array();
    int best = 0;
    for (; best < n && best < SHOWN && points[best].good >= 60; best++)
        json_array_append_new(*keep, as_json(&points[best], true));
    for (int i = n - 1; i >= best && n - i <= SHOWN && points[i].good < 85; i--)
        json_array_append_new(*change, as_json(&points[i], false));
    for (int i = 0; i < n; i++)
        json_decref(points[i].moments);
}
