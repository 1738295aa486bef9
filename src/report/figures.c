/* figures.c - what stands beside the scores: measures, what made each score, advice, the parts of an answer. */
#include "figures.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "report_internal.h"

/* `high` 0: there is no target. */
static void measure(json_t *list, const char *name, const char *unit, double low, double high, const char *note,
                    int decimals, double value)
{
    char text[32], target[48] = "";
    value = rh_round(value, 100);
    (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    if (low > 0 && strcmp(unit, "% of the time") == 0)
        (void)snprintf(target, sizeof target, "%.0f or more", low);
    else if (high > 0 && low > 0)
        (void)snprintf(target, sizeof target, "%.0f to %.0f", low, high);
    else if (high > 0)
        (void)snprintf(target, sizeof target, "up to %.0f", high);
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "name", name, "text", text, "unit", unit, "target", target,
                          "note", note, "value", value);
    json_object_set_new(o, "low", high > 0 ? json_real(low) : json_null());
    json_object_set_new(o, "high", high > 0 ? json_real(high) : json_null());
    json_array_append_new(list, o);
}

static void measure_pace(json_t *list, const rh_analysis *a, const rh_tongue *t, double pace)
{
    const char *unit = t->by_characters ? "characters a minute" : "words a minute";
    double middle = (double)(t->pace_low + t->pace_high) / 2;
    bool fast = pace > middle, heard_well = !a->report.pace.known || (double)a->report.pace.value >= 88;
    bool within = rh_round(pace, 1) >= (double)t->pace_low && rh_round(pace, 1) <= (double)t->pace_high;
    measure(list, "Pace", unit, (double)t->pace_low, (double)t->pace_high,
            !(t->pace_low > 0) ? ""
            : heard_well       ? within ? "easy to follow"
                                 : fast ? "a little fast"
                                        : "a little slow"
            : fast             ? "fast"
                               : "slow",
            0, pace);
}

json_t *rh_report_measures(const rh_analysis *a)
{
    json_t *list = json_array();
    double pace = rh_tenth((double)a->report.pace_wpm), looked = (double)a->sight.eye_contact;
    const rh_tongue *t = rh_tongue_of(a->said.language);
    if (pace > 0)
        measure_pace(list, a, t, pace);
    if (looked >= 0)
        measure(list, "Eye contact", "% of the time", 65, 100,
                looked < 40   ? "rare"
                : looked < 63 ? "a little rare"
                              : "natural",
                0, looked);
    if (pace <= 0)
        return list;
    double fillers = a->report.filler_words_count * 60 / fmax(a->speech_s, 10);
    if (t->finds_fillers)
        measure(list, "Fillers", "a minute", 0, 5,
                fillers > 12  ? "too many"
                : fillers > 5 ? "noticeable"
                              : "harmless",
                1, fillers);
    if (t->openers)
        measure(list, "Pauses", "inside clauses", 0, 0, "the fewer the better", 0, a->report.timing.n_within);
    double spread = (double)a->report.voice.f0_spread_st;
    if (spread > 0)
        measure(list, "Pitch range", "semitones", 6, 12,
                spread < 3   ? "flat"
                : spread < 6 ? "moderate"
                             : "lively",
                1, spread);
    return list;
}

static void part_text(const rh_score_part *p, char *text, size_t size)
{
    const char *name = p->name;
    double value = (double)p->value, points = (double)p->points;
    bool share = strcmp(p->unit, "share") == 0;
    if (strcmp(p->unit, "found") == 0 || !*p->unit) { /* there or not: it cost what it costs to be missing */
        (void)snprintf(text, size, "%c%s: not found (%+.0f points)", toupper((unsigned char)*name),
                       *name ? name + 1 : "", points);
        return;
    }
    (void)snprintf(text, size, "%c%s: %.*f%s%s (%+.0f point%s)", toupper((unsigned char)*name), *name ? name + 1 : "",
                   share || fabs(value) >= 20 ? 0
                   : fabs(value) >= 2         ? 1
                                              : 2,
                   share ? 100 * value : value, *p->unit ? " " : "", share ? "%" : p->unit, points,
                   fabs(points) < 1.5 ? "" : "s");
}

/* The parts that made each score, as sentences. */
json_t *rh_report_evidence(const rh_analysis *a)
{
    json_t *o = json_object();
    for (int i = 0; i < RH_SCORES; i++) {
        const rh_score *made = rh_score_of(&a->report, i);
        json_t *out = json_array();
        for (int k = 0; k < made->n_parts; k++) {
            char text[160];
            double points = rh_tenth((double)made->parts[k].points);
            if (fabs(points) < 0.5)
                continue;
            part_text(&made->parts[k], text, sizeof text);
            json_array_append_new(out, json_pack("{s:s, s:f}", "text", text, "points", points));
        }
        if (made->known)
            json_object_set(o, rh_score_name(i), out);
        json_decref(out);
    }
    return o;
}

/* What to do about each score, a sentence each. */
json_t *rh_report_advice(const rh_analysis *a)
{
    json_t *o = json_object();
    for (int i = 0; i < RH_SCORES; i++)
        if (rh_score_of(&a->report, i)->known)
            json_object_set_new(o, rh_score_name(i), json_string(rh_score_of(&a->report, i)->advice));
    return o;
}

static json_t *part_sentences(const rh_analysis *a, int part)
{
    int at = a->language.star_sentence[part];
    if (at < 0)
        return json_array();
    const rh_sentence *s = &a->language.sentences[at];
    char *text = rh_analysis_words(a, s->first_word, s->n_words);
    json_t *list = json_pack("[{s:f, s:f, s:s}]", "start", rh_round((double)s->start, 1000), "end",
                             rh_round((double)s->end, 1000), "text", text ? text : "");
    rh_free(text);
    return list;
}

json_t *rh_report_structure(const rh_analysis *a)
{
    static const struct {
        const char *name, *advice;
    } parts[RH_STAR_PARTS] = {
        {"Situation", "Say where and when it was, in one sentence."},
        {"Task", "Say what was asked of you."},
        {"Action", "Say what you did, step by step, with \"I\"."},
        {"Result", "End with what came of it, with a number if you have one."},
    };
    json_t *list = json_array();
    for (int i = 0; a->language.n_star > 0 && i < RH_STAR_PARTS; i++)
        json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:o}", "name", parts[i].name, "present",
                                              a->language.star_sentence[i] >= 0, "advice", parts[i].advice, "sentences",
                                              part_sentences(a, i)));
    return json_pack("{s:o, s:s}", "parts", list, "note",
                     "Found by rules over your words; a part that is there in other words may be missed.");
}
