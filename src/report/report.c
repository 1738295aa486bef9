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
#include "rehearse/asr/asr.h"
#include "figures.h"
#include "follow_ups.h"
#include "job_terms.h"
#include "points.h"
#include "report_internal.h"

/* A pause this long is shown in the transcript; about 0.6 s at a full stop is natural. */
static const double SHOWN_PAUSE_S = 0.8;

/* ---- timeline ---- */

static json_t *column(const rh_face_track *t, rh_seen kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_seconds; i++) {
        float v = t->seconds[i].mean[kind];
        json_array_append_new(list, isnan(v) ? json_null() : rh_rounded((double)v, 10));
    }
    return list;
}

static json_t *timeline(const rh_analysis *a, const json_t *result)
{
    json_t *heard = json_object_get(result, "timeline");
    json_t *o = json_is_object(heard) ? json_copy(heard) : json_object();
    json_object_set_new(o, "step_s", json_integer(1));
    bool judged = a->sight.eye_contact >= 0; /* nothing is drawn of what was not */
    json_object_set_new(o, "eye_contact", judged ? column(&a->sight.track, RH_SEEN_EYE_CONTACT) : json_array());
    json_object_set_new(o, "attention", judged ? column(&a->sight.track, RH_SEEN_ATTENTION) : json_array());
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
        add_event(list, "filler", (double)f->start, (double)f->end, rh_filler_said(rh_tongue_of(a->said.language), f));
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
    add_heard_events(list, a);
    json_array_foreach(marked, i, o)
        if (strcmp(rh_json_str(o, "mark"), "mispronounced") == 0)
            add_event(list, "mispronounced", rh_json_num(o, "start"), rh_json_num(o, "end"), rh_json_str(o, "text"));
    return list;
}

/* ---- transcript with marks ---- */

static bool ends_sentence(const char *text)
{
    static const char *const stops[] = {".", "?", "!", "。", "？", "！"};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (n >= strlen(stops[i]) && strcmp(text + n - strlen(stops[i]), stops[i]) == 0)
            return true;
    return false;
}

static bool is_short_pause(const json_t *o)
{
    return strcmp(rh_json_str(o, "mark"), "pause") == 0 &&
           rh_json_num(o, "end") - rh_json_num(o, "start") < SHOWN_PAUSE_S;
}

/* The clean words of a line. */
static json_t *plain(const json_t *items, const rh_tongue *t)
{
    const char *before = "";
    rh_buf b;
    json_t *o;
    size_t i;
    rh_buf_init(&b, 1 << 20);
    json_array_foreach(items, i, o) {
        if (!json_object_get(o, "word") || strcmp(rh_json_str(o, "mark"), "missed") == 0)
            continue;
        const char *word = rh_json_str(o, "text");
        (void)rh_buf_printf(&b, "%s%s", b.len && rh_tongue_parts(t, before, word) ? " " : "", word);
        before = word;
    }
    json_t *text = json_string(b.data ? b.data : "");
    rh_buf_done(&b);
    return text ? text : json_string("");
}

static void add_line(json_t *lines, json_t *items, const rh_tongue *t)
{
    char *verbatim = rh_marked_verbatim(items, t);
    size_t n = json_array_size(items);
    json_array_append_new(lines, json_pack("{s:f, s:f, s:o, s:s, s:o}", "start",
                                           rh_json_num(json_array_get(items, 0), "start"), "end",
                                           rh_json_num(json_array_get(items, n - 1), "end"), "text", plain(items, t),
                                           "verbatim", verbatim ? verbatim : "", "words", items));
    rh_free(verbatim);
}

/* Lines of the transcript: a sentence or two each. */
static json_t *transcript(const json_t *session, const json_t *marked, const rh_tongue *t)
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
            add_line(lines, items, t);
            items = json_array();
        }
        json_array_append(items, o);
        complete = json_array_size(items) >= LINE_WORDS && (pause ? complete : ends_sentence(rh_json_str(o, "text")));
    }
    if (json_array_size(items))
        add_line(lines, items, t);
    else
        json_decref(items);
    return lines;
}

/* ---- scores ---- */

static void put_score(json_t *o, const char *name, float value)
{
    if (value >= 0)
        json_object_set_new(o, name, rh_rounded((double)value, 10));
}

static json_t *scores(const rh_analysis *a)
{
    json_t *o = json_object();
    for (int i = 0; i < RH_SCORES; i++)
        if (rh_score_of(&a->report, i)->known)
            put_score(o, rh_score_name(i), rh_score_of(&a->report, i)->value);
    put_score(o, "eye_contact", a->sight.eye_contact);
    put_score(o, "attention", a->sight.attention);
    put_score(o, "presence", a->sight.presence);
    put_score(o, "overall", a->overall);
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

/* What needs lists is said to be missing once, here; elsewhere nothing is said of it. */
static void note_language(json_t *list, const char *code)
{
    const rh_tongue *t = rh_tongue_of(code);
    const struct {
        bool known;
        const char *name;
    } all[] = {{t->finds_fillers, "fillers"},
               {t->hedges, "hedges"},
               {t->openers, "pauses inside clauses"},
               {t->has_structure, "structure"},
               {t->has_structure, "content"}};
    size_t n = 0, told = 0;
    char name[RH_ASR_LANG_NAME];
    rh_buf b;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        n += !all[i].known;
    if (n == 0)
        return;
    rh_asr_language_name(code, name);
    rh_buf_init(&b, 400);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!all[i].known && ++told)
            (void)rh_buf_printf(&b, "%s%s", told == 1 ? "" : told == n ? " and " : ", ", all[i].name);
    if (rh_buf_printf(&b, " are not measured in %s%s.", name,
                      t->pace_low > 0 ? "" : "; its pace is shown without a target") == RH_OK) {
        b.data[0] = (char)toupper((unsigned char)b.data[0]);
        json_array_append_new(list, json_string(b.data));
    }
    rh_buf_done(&b);
}

/* Words of another language than was given are guesses: who reads them should know. */
static void note_other_language(json_t *list, const rh_analysis *a)
{
    char spoken[RH_ASR_LANG_NAME], given[RH_ASR_LANG_NAME];
    rh_asr_language_name(a->other_language, spoken);
    rh_asr_language_name(a->said.language, given);
    json_array_append_new(list,
                          json_sprintf("You seem to have spoken %s, and were understood as if it were %s: choose the "
                                       "language you speak, then the words and figures hold.",
                                       spoken, given));
}

static json_t *notes(const rh_analysis *a)
{
    json_t *list = json_array();
    const rh_sight *seen = &a->sight;
    if (seen->in_frame >= 0 && seen->in_frame < RH_SIGHT_LEAST_FACE)
        json_array_append_new(list, json_string("Hardly any face was in the picture: eye contact was not judged."));
    note_hidden(list, (double)seen->eyes_hidden, "eyes were not visible",
                "dark glasses, a hand, light): eye contact was then judged by your head");
    note_hidden(list, (double)seen->mouth_hidden, "mouth was not visible", "a mask, a hand, a microphone)");
    if (a->heard && !a->report.spoken)
        json_array_append_new(list, json_string(a->report.reason));
    if (a->heard && a->report.spoken)
        note_language(list, a->said.language);
    if (*a->other_language)
        note_other_language(list, a);
    unsigned sound = a->sound_known ? a->report.voice.sound & ~(unsigned)RH_SOUND_NO_VOICE : 0;
    for (unsigned bit = 1; bit <= sound; bit <<= 1)
        if (sound & bit)
            json_array_append_new(list, json_string(rh_sound_reason(bit)));
    return list;
}

/* Of the person and to nobody: mentors read it too. */
static json_t *summary(const rh_analysis *a)
{
    char text[400] = "";
    size_t n = 0;
    double looked = (double)a->sight.eye_contact;
    if (a->speech_s >= 1) {
        n += (size_t)snprintf(text, sizeof text, "%.0f seconds of speech at %.0f %s a minute", a->speech_s,
                              (double)a->report.pace_wpm,
                              rh_tongue_of(a->said.language)->by_characters ? "characters" : "words");
        if (looked >= 0)
            n += (size_t)snprintf(text + n, sizeof text - n, ", looking at the camera %.0f %% of the time", looked);
        (void)snprintf(text + n, sizeof text - n, ".");
    } else if (looked >= 0) {
        (void)snprintf(text, sizeof text, "Looking at the camera %.0f %% of the time. No speech was heard.", looked);
    } else {
        (void)snprintf(text, sizeof text, "No speech was heard.");
    }
    return json_string(text);
}

/* Only answers to the same question, or to the same kind of question, can be compared. */
static bool is_comparable(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"question", "kind"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *x = rh_json_str(a, keys[i]), *y = rh_json_str(b, keys[i]);
        if (*x && strcmp(x, y) == 0)
            return true;
    }
    return false;
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

/* What a report is called: its question, else the name of its file. */
static const char *title(const json_t *meta)
{
    const char *question = rh_json_str(meta, "question");
    return *question ? question : rh_json_str(meta, "file_name");
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

/* Of a session that answers a question of an interview: which. */
static void add_interview(json_t *r, const json_t *meta)
{
    static const char *const keys[] = {"interview", "question_index", "follow_up"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(meta, keys[i]);
        if (value)
            json_object_set(r, keys[i], value);
    }
}

static bool add_job_terms(json_t *r, const rh_analysis *a, const json_t *pasted)
{
    json_t *terms = NULL;
    bool whole = rh_report_job_terms(a, pasted, &terms) == RH_OK;
    if (terms)
        json_object_set_new(r, "job_terms", terms);
    return whole;
}

rh_status rh_report_build(const json_t *session, const rh_analysis *a, const json_t *earlier, json_t **out,
                          rh_error *err)
{
    const json_t *meta = json_object_get(session, "meta");
    unsigned long failures = rh_alloc_failures();
    json_t *result = a->heard ? rh_analysis_json(a) : NULL;
    json_t *marked = a->heard ? rh_marked_words(a) : json_array(), *happened = events(session, a, marked);
    json_t *keep = NULL, *change = NULL, *marks = scores(a);
    rh_report_points(a, &keep, &change);
    json_t *r =
        json_pack("{s:i, s:s, s:f, s:s, s:s, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "version", 1, "id", rh_json_str(session, "id"), "created", rh_json_num(session, "created"),
                  "question", rh_json_str(meta, "question"), "kind", rh_json_str(meta, "kind"), "duration_s",
                  rh_json_num(session, "duration_s"), "speech_s", rh_tenth(a->speech_s), "summary", summary(a), "notes",
                  notes(a), "scores", json_incref(marks), "measures", rh_report_measures(a), "keep", keep, "change",
                  change, "timeline", timeline(a, result), "events", happened, "transcript",
                  transcript(session, marked, rh_tongue_of(a->said.language)), "structure", rh_report_structure(a),
                  "evidence", rh_report_evidence(a), "advice", rh_report_advice(a));
    json_decref(marked);
    bool whole = r && add_follow_ups(r, a, meta) && add_job_terms(r, a, json_object_get(session, "pasted"));
    if (r) {
        add_interview(r, meta);
        json_object_set_new(r, "trend", trend(session, earlier, marks));
        json_object_set_new(r, "title", json_string(title(meta)));
        json_object_set_new(r, "file_name", json_string(rh_json_str(meta, "file_name")));
        json_object_set_new(r, "spoken_language", json_string(*a->said.language ? a->said.language : "en"));
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
