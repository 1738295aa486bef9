/* report.c - puts a report together from what was kept and what was measured. */
#include "rehearse/report/report.h"
#include "rehearse/report/analysis_json.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/json.h"
#include "figures.h"
#include "follow_ups.h"
#include "points.h"
#include "report_internal.h"

/* A pause this long is shown in the transcript; about 0.6 s at a full stop is natural. */
static const double SHOWN_PAUSE_S = 0.8;
static const double LEAST_FACE = 20; /* % of pictures with a face, to judge where it looked */

/* ---- what was seen ---- */

typedef enum { FACE, EYE_CONTACT, ATTENTION, EYES_HIDDEN, MOUTH_HIDDEN, YAW, PITCH, SIGHTS } seen_kind;

/* Percent; means over the seconds that have it, -1 when none has. */
typedef struct {
    double mean[SIGHTS];
    double *at[SIGHTS]; /* [n], a value a second; not a number = not known */
    int n;
} sight;

static bool read_sight(sight *s, const json_t *seconds, double duration_s)
{
    static const char *const keys[SIGHTS] = {"face",         "eye_contact", "attention", "eyes_hidden",
                                             "mouth_hidden", "yaw",         "pitch"};
    s->n = (int)ceil(fmax(0, duration_s));
    double *at = rh_alloc_array(SIGHTS * (size_t)s->n + 1, sizeof *at);
    if (!at)
        return false;
    for (int k = 0; k < SIGHTS; k++, at += s->n) {
        double sum = 0;
        size_t n = 0, i;
        json_t *row;
        s->at[k] = at;
        for (int t = 0; t < s->n; t++)
            at[t] = NAN;
        json_array_foreach(seconds, i, row) {
            const json_t *v = json_object_get(row, keys[k]);
            json_int_t t = json_integer_value(json_object_get(row, "t"));
            if (!json_is_number(v))
                continue;
            sum += json_number_value(v);
            n++;
            if (t >= 0 && t < s->n)
                at[t] = json_number_value(v);
        }
        s->mean[k] = n ? sum / (double)n : -1;
    }
    return true;
}

/* ---- timeline ---- */

static json_t *column(const double *at, int n)
{
    json_t *list = json_array();
    for (int t = 0; t < n; t++)
        json_array_append_new(list, isnan(at[t]) ? json_null() : json_real(at[t]));
    return list;
}

static json_t *timeline(const sight *seen, const json_t *result)
{
    json_t *heard = json_object_get(result, "timeline");
    json_t *o = json_is_object(heard) ? json_copy(heard) : json_object();
    json_object_set_new(o, "step_s", json_integer(1));
    json_object_set_new(o, "eye_contact", column(seen->at[EYE_CONTACT], seen->n));
    json_object_set_new(o, "attention", column(seen->at[ATTENTION], seen->n));
    return o;
}

/* ---- events ---- */

static void add_event(json_t *events, const char *kind, double start, double end, const char *text)
{
    json_array_append_new(events, json_pack("{s:s, s:f, s:f, s:s}", "kind", kind, "start", rh_round(start, 1000), "end",
                                            rh_round(end, 1000), "text", text));
}

static void add_kept_events(json_t *list, const json_t *session)
{
    json_t *o;
    size_t i;
    char text[96];
    json_array_foreach(json_object_get(session, "events"), i, o) {
        const char *kind = rh_json_str(o, "kind"), *where = rh_json_str(o, "direction");
        bool away = strcmp(kind, "look_away") == 0;
        (void)snprintf(text, sizeof text, "looks %s", where);
        if (away || strcmp(kind, "cue") == 0)
            add_event(list, kind, rh_json_num(o, "start"), rh_json_num(o, "end"),
                      !away                        ? rh_json_str(o, "text")
                      : strcmp(where, "away") == 0 ? "not in the picture"
                                                   : text);
    }
}

static void add_heard_events(json_t *list, const rh_analysis *a)
{
    static const char *const disfluencies[] = {"said twice", "begun anew", "cut off", "drawn out"};
    char text[96];
    for (size_t i = 0; i < a->said.n_fillers; i++) {
        const rh_filler *f = &a->said.fillers[i];
        add_event(list, "filler", (double)f->start, (double)f->end, rh_filler_name(f->kind));
    }
    for (size_t i = 0; i < a->said.n_disfluencies; i++) {
        const rh_disfluency *p = &a->said.disfluencies[i];
        (void)snprintf(text, sizeof text, "%.60s (%s)", p->text, disfluencies[p->kind]);
        add_event(list, "slip", (double)p->start, (double)p->end, text);
    }
    for (size_t i = 0; i < a->report.timing.n_pauses; i++) {
        const rh_pause *p = &a->report.timing.pauses[i];
        if ((double)(p->end - p->start) < SHOWN_PAUSE_S)
            continue;
        (void)snprintf(text, sizeof text, "pause of %.1f s", (double)(p->end - p->start));
        add_event(list, "pause", (double)p->start, (double)p->end, text);
    }
}

static json_t *events(const json_t *session, const rh_analysis *a, const json_t *marked)
{
    json_t *list = json_array(), *o;
    size_t i;
    add_kept_events(list, session);
    if (a)
        add_heard_events(list, a);
    json_array_foreach(marked, i, o)
        if (strcmp(rh_json_str(o, "mark"), "mispronounced") == 0)
            add_event(list, "mispronounced", rh_json_num(o, "start"), rh_json_num(o, "end"), rh_json_str(o, "text"));
    return list;
}

/* ---- transcript with marks ---- */

static bool ends_sentence(const char *text)
{
    size_t n = strlen(text);
    return n && strchr(".?!", text[n - 1]);
}

static bool is_short_pause(const json_t *o)
{
    return strcmp(rh_json_str(o, "mark"), "pause") == 0 &&
           rh_json_num(o, "end") - rh_json_num(o, "start") < SHOWN_PAUSE_S;
}

/* The clean words of a line. */
static json_t *plain(const json_t *items)
{
    rh_buf b;
    json_t *o;
    size_t i;
    rh_buf_init(&b, 1 << 20);
    json_array_foreach(items, i, o) {
        if (!json_object_get(o, "word") || strcmp(rh_json_str(o, "mark"), "missed") == 0)
            continue;
        (void)rh_buf_printf(&b, "%s%s", b.len ? " " : "", rh_json_str(o, "text"));
    }
    json_t *text = json_string(b.data ? b.data : "");
    rh_buf_done(&b);
    return text ? text : json_string("");
}

static void add_line(json_t *lines, json_t *items)
{
    char *verbatim = rh_marked_verbatim(items);
    size_t n = json_array_size(items);
    json_array_append_new(lines, json_pack("{s:f, s:f, s:o, s:s, s:o}", "start",
                                           rh_json_num(json_array_get(items, 0), "start"), "end",
                                           rh_json_num(json_array_get(items, n - 1), "end"), "text", plain(items),
                                           "verbatim", verbatim ? verbatim : "", "words", items));
    rh_free(verbatim);
}

/* Lines of the transcript: a sentence or two each. */
static json_t *transcript(const json_t *session, const json_t *marked)
{
    enum { LINE_WORDS = 12 };
    json_t *lines = json_array(), *items = json_array(), *o;
    size_t i;
    if (json_array_size(marked) == 0) { /* nothing measured: what was kept while it ran */
        json_t *kept = json_object_get(session, "segments");
        json_decref(lines);
        json_decref(items);
        return kept ? json_deep_copy(kept) : json_array();
    }
    bool complete = false;
    json_array_foreach(marked, i, o) {
        bool pause = strcmp(rh_json_str(o, "mark"), "pause") == 0;
        if (is_short_pause(o))
            continue;
        if (complete && !pause) { /* a long pause stays with the words before it */
            add_line(lines, items);
            items = json_array();
        }
        json_array_append(items, o);
        complete = json_array_size(items) >= LINE_WORDS && (pause ? complete : ends_sentence(rh_json_str(o, "text")));
    }
    if (json_array_size(items))
        add_line(lines, items);
    else
        json_decref(items);
    return lines;
}

/* ---- scores ---- */

static double between(double v, double bad, double fine)
{
    return fmax(0, fmin(100, 100 * (v - bad) / (fine - bad)));
}

/* Degrees that the head turned from second to second, mean. */
static double restlessness(const sight *seen)
{
    double sum = 0;
    int n = 0;
    for (int t = 1; t < seen->n; t++) {
        double d = fabs(seen->at[YAW][t] - seen->at[YAW][t - 1]) + fabs(seen->at[PITCH][t] - seen->at[PITCH][t - 1]);
        if (isnan(d))
            continue;
        sum += d;
        n++;
    }
    return n ? sum / n : 0;
}

/* Facing, in the picture, steady; -1 without pictures of a face. */
static double presence(const sight *seen)
{
    if (seen->mean[FACE] < LEAST_FACE || seen->mean[ATTENTION] < 0)
        return seen->mean[FACE] >= 0 ? 0 : -1;
    double in_frame = between(seen->mean[FACE], 20, 95), faces = between(seen->mean[ATTENTION], 10, 80);
    return fmin(in_frame, faces) - 0.3 * between(restlessness(seen), 6, 20);
}

static json_t *scores(const rh_analysis *a, const rh_report_view *v, const sight *seen)
{
    static const double EYES = 0.2, PRESENCE = 0.05; /* beside the weights of what was heard */
    json_t *o = json_object();
    bool spoken = a && *a->text;
    for (int i = 0; i < RH_SCORES && spoken; i++)
        if (rh_score_of(&a->report, i)->known)
            json_object_set_new(o, rh_score_name(i), rh_rounded((double)rh_score_of(&a->report, i)->value, 10));
    double there = presence(seen), heard = spoken ? (double)rh_score_weight(&a->report) : 0;
    double sum = heard > 0 ? heard * (double)a->report.overall.value : 0, weight = heard;
    if (v->eye_contact >= 0) {
        json_object_set_new(o, "eye_contact", rh_rounded(v->eye_contact, 10));
        sum += EYES * between(v->eye_contact, 10, 70);
        weight += EYES;
    }
    if (v->attention >= 0)
        json_object_set_new(o, "attention", rh_rounded(v->attention, 10));
    if (there >= 0) {
        there = fmax(0, there);
        json_object_set_new(o, "presence", rh_rounded(there, 10));
        sum += PRESENCE * there;
        weight += PRESENCE;
    }
    if (heard > 0)
        json_object_set_new(o, "overall", rh_rounded(sum / weight, 10));
    return o;
}

/* Told from a fifth of the time on. */
static void note_hidden(json_t *list, double share, const char *what, const char *rest)
{
    static const double WORTH_TELLING = 20;
    char text[200];
    if (share < WORTH_TELLING)
        return;
    (void)snprintf(text, sizeof text, "Your %s %.0f %% of the time (%s.", what, share, rest);
    json_array_append_new(list, json_string(text));
}

static json_t *notes(const rh_analysis *a, const sight *seen)
{
    json_t *list = json_array();
    double face = seen->mean[FACE];
    if (face >= 0 && face < LEAST_FACE)
        json_array_append_new(list, json_string("Hardly any face was in the picture: eye contact was not judged."));
    if (face >= LEAST_FACE) {
        note_hidden(list, seen->mean[EYES_HIDDEN], "eyes were not visible",
                    "dark glasses, a hand, light): eye contact was then judged by your head");
        note_hidden(list, seen->mean[MOUTH_HIDDEN], "mouth was not visible", "a mask, a hand, a microphone)");
    }
    if (a && !a->report.spoken)
        json_array_append_new(list, json_string(a->report.reason));
    unsigned sound = a && a->sound_known ? a->prosody.sound & ~(unsigned)RH_SOUND_NO_VOICE : 0;
    for (unsigned bit = 1; bit <= sound; bit <<= 1)
        if (sound & bit)
            json_array_append_new(list, json_string(rh_sound_reason(bit)));
    return list;
}

static json_t *summary(const rh_report_view *v)
{
    char text[400] = "";
    size_t n = 0;
    if (v->a && v->speech_s >= 1) {
        double wpm = (double)v->a->report.pace_wpm;
        n += (size_t)snprintf(text, sizeof text, "You spoke for %.0f seconds at %.0f words a minute", v->speech_s, wpm);
        if (v->eye_contact >= 0)
            n += (size_t)snprintf(text + n, sizeof text - n, " and looked at the camera %.0f %% of the time",
                                  v->eye_contact);
        (void)snprintf(text + n, sizeof text - n, ".");
    } else if (v->eye_contact >= 0) {
        (void)snprintf(text, sizeof text, "You looked at the camera %.0f %% of the time. No speech was heard.",
                       v->eye_contact);
    } else {
        (void)snprintf(text, sizeof text, "No speech was heard.");
    }
    return json_string(text);
}

/* Only answers to the same question, or to the same kind of question, can be compared. */
static bool is_comparable(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"question", "kind"};
    bool told = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *x = rh_json_str(a, keys[i]), *y = rh_json_str(b, keys[i]);
        if (*x && strcmp(x, y) == 0)
            return true;
        told |= *x || *y;
    }
    return !told;
}

static json_t *trend(const json_t *session, const json_t *earlier, const json_t *now)
{
    json_t *list = json_array(), *o;
    size_t i;
    for (i = json_array_size(earlier); i-- > 0;) { /* newest first there, oldest first here */
        o = json_array_get(earlier, i);
        if (json_is_object(json_object_get(o, "scores")) &&
            is_comparable(json_object_get(o, "meta"), json_object_get(session, "meta")))
            json_array_append_new(list,
                                  json_pack("{s:O, s:O, s:O}", "id", json_object_get(o, "id"), "created",
                                            json_object_get(o, "created"), "scores", json_object_get(o, "scores")));
    }
    json_array_append_new(list, json_pack("{s:s, s:f, s:O}", "id", rh_json_str(session, "id"), "created",
                                          rh_json_num(session, "created"), "scores", now));
    return list;
}

/* Time of words, the pauses between them left out. */
static double speech_s(const rh_analysis *a)
{
    size_t n = a ? a->report.n_word_scores : 0;
    const rh_word_score *w = n ? a->report.word_scores : NULL;
    return n ? fmax(0, (double)(w[n - 1].end - w[0].start - a->report.timing.pause_s)) : 0;
}

/* Looks away, as spans; *n of them. Freed with rh_free(). */
static rh_time_span *looks_away(const json_t *session, size_t *n)
{
    const json_t *events = json_object_get(session, "events");
    rh_time_span *list = rh_calloc(json_array_size(events) + 1, sizeof *list);
    json_t *o;
    size_t i;
    *n = 0;
    json_array_foreach(events, i, o)
        if (list && strcmp(rh_json_str(o, "kind"), "look_away") == 0)
            list[(*n)++] = (rh_time_span){(float)rh_json_num(o, "start"), (float)rh_json_num(o, "end")};
    return list;
}

static void add_analysis(json_t *r, json_t *result)
{
    json_t *language = json_object_get(result, "language");
    json_object_set_new(r, "language", language ? json_incref(language) : json_null());
    json_object_set(r, "analysis", result ? result : json_null());
}

/* Where there are any. False without memory. */
static bool add_follow_ups(json_t *r, const rh_analysis *a, const json_t *meta)
{
    json_t *list = NULL;
    bool whole = rh_report_follow_ups(a, meta, &list) == RH_OK;
    if (json_array_size(list) > 0)
        json_object_set(r, "follow_ups", list);
    json_decref(list);
    return whole;
}

rh_status rh_report_build(const json_t *session, const rh_analysis *a, const json_t *earlier, json_t **out,
                          rh_error *err)
{
    const json_t *meta = json_object_get(session, "meta");
    double duration_s = rh_json_num(session, "duration_s");
    sight seen = {0};
    unsigned long failures = rh_alloc_failures();
    if (!read_sight(&seen, json_object_get(session, "seconds"), duration_s))
        return rh_fail(err, RH_ERR_NOMEM, "report: out of memory");
    bool has_face = seen.mean[FACE] >= LEAST_FACE;
    json_t *result = a ? rh_analysis_json(a) : NULL;
    json_t *marked = (a ? rh_marked_words(a) : json_array()), *happened = events(session, a, marked);
    rh_report_view v = {
        .a = a,
        .kind = rh_json_str(meta, "kind"),
        .speech_s = speech_s(a),
        .eye_contact = has_face ? seen.mean[EYE_CONTACT] : -1,
        .attention = has_face ? seen.mean[ATTENTION] : -1,
        .in_frame = seen.mean[FACE],
    };
    rh_time_span *away = looks_away(session, &v.n_away);
    v.away = away;
    json_t *keep = NULL, *change = NULL;
    rh_report_points(&v, &keep, &change);
    json_t *marks = scores(a, &v, &seen);
    json_t *r =
        json_pack("{s:i, s:s, s:f, s:s, s:s, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "version", 1, "id", rh_json_str(session, "id"), "created", rh_json_num(session, "created"),
                  "question", rh_json_str(meta, "question"), "kind", v.kind, "duration_s", duration_s, "speech_s",
                  rh_tenth(v.speech_s), "summary", summary(&v), "notes", notes(a, &seen), "scores", json_incref(marks),
                  "measures", rh_report_measures(a, v.speech_s), "keep", keep, "change", change, "timeline",
                  timeline(&seen, result), "events", happened, "transcript", transcript(session, marked), "structure",
                  rh_report_structure(a), "evidence", rh_report_evidence(a), "advice", rh_report_advice(a));
    json_decref(marked);
    rh_free(away);
    rh_free(seen.at[0]);
    bool whole = r && add_follow_ups(r, a, meta);
    if (r) {
        json_object_set_new(r, "trend", trend(session, earlier, marks));
        add_analysis(r, result);
    }
    json_decref(result);
    json_decref(marks);
    if (!whole || rh_alloc_failures() != failures) {
        json_decref(r);
        return rh_fail(err, RH_ERR_NOMEM, "report: out of memory");
    }
    *out = r;
    return RH_OK;
}
