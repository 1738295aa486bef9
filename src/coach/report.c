/* report.c - puts a report together from what was kept and what was measured. */
#include "rehearse/coach/report.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "report_internal.h"
#include "report_points.h"

/* A pause this long is shown in the transcript; about 0.6 s at a full stop is natural. */
static const double SHOWN_PAUSE_S = 0.8;
static const double LEAST_FACE = 20; /* % of pictures with a face, to judge where it looked */

/* A "number" or "null" copied under another name. */
static void copy_score(json_t *to, const char *name, const json_t *from, const char *key)
{
    json_t *v = json_object_get(from, key);
    if (json_is_number(v))
        json_object_set(to, name, v);
}

/* Mean over the seconds that have `key`; -1 when none has. */
static double mean_second(const json_t *seconds, const char *key)
{
    double sum = 0;
    size_t n = 0, i;
    json_t *s;
    json_array_foreach(seconds, i, s)
    {
        json_t *v = json_object_get(s, key);
        if (!json_is_number(v))
            continue;
        sum += json_number_value(v);
        n++;
    }
    return n ? sum / (double)n : -1;
}

/* ---- timeline ---- */

static json_t *column(const json_t *seconds, const char *key, int n)
{
    json_t *list = json_array(), *s;
    size_t i;
    for (int t = 0; t < n; t++)
        json_array_append_new(list, json_null());
    json_array_foreach(seconds, i, s)
    {
        json_int_t t = json_integer_value(json_object_get(s, "t"));
        json_t *v = json_object_get(s, key);
        if (json_is_number(v) && t >= 0 && t < n)
            json_array_set(list, (size_t)t, v);
    }
    return list;
}

static json_t *timeline(const json_t *session, const json_t *analysis, double duration_s)
{
    const json_t *seconds = json_object_get(session, "seconds");
    json_t *heard = json_object_get(analysis, "timeline");
    json_t *o = json_is_object(heard) ? json_copy(heard) : json_object();
    int n = (int)ceil(duration_s);
    json_object_set_new(o, "step_s", json_integer(1));
    json_object_set_new(o, "eye_contact", column(seconds, "eye_contact", n));
    json_object_set_new(o, "attention", column(seconds, "attention", n));
    return o;
}

/* ---- events ---- */

static void add_event(json_t *events, const char *kind, const json_t *span, const char *text)
{
    json_array_append_new(events, json_pack("{s:s, s:f, s:f, s:s}", "kind", kind, "start",
                                            rh_json_num(span, "start"), "end",
                                            rh_json_num(span, "end"), "text", text));
}

static const char *slip_name(const char *kind)
{
    return strcmp(kind, "repetition") == 0 ? "said twice"
           : strcmp(kind, "restart") == 0  ? "begun anew"
           : strcmp(kind, "cut-off") == 0  ? "cut off"
                                           : "drawn out";
}

static json_t *events(const json_t *session, const json_t *analysis, const json_t *marked)
{
    json_t *list = json_array(), *o;
    size_t i;
    char text[96];
    json_array_foreach(json_object_get(session, "events"), i, o)
    {
        const char *kind = rh_json_str(o, "kind");
        if (strcmp(kind, "look_away") == 0) {
            const char *where = rh_json_str(o, "direction");
            if (strcmp(where, "away") == 0)
                where = "not in the picture";
            (void)snprintf(text, sizeof text, "%s%s", strcmp(where, "not in the picture") == 0 ? "" : "looks ", where);
            add_event(list, kind, o, text);
        } else if (strcmp(kind, "cue") == 0) {
            add_event(list, kind, o, rh_json_str(o, "text"));
        }
    }
    json_array_foreach(json_object_get(analysis, "fillers"), i, o)
        add_event(list, "filler", o, rh_json_str(o, "kind"));
    json_array_foreach(json_object_get(analysis, "slips"), i, o)
    {
        (void)snprintf(text, sizeof text, "%.60s (%s)", rh_json_str(o, "text"), slip_name(rh_json_str(o, "kind")));
        add_event(list, "slip", o, text);
    }
    json_array_foreach(json_object_get(analysis, "pauses"), i, o)
    {
        double s = rh_json_num(o, "end") - rh_json_num(o, "start");
        if (s < SHOWN_PAUSE_S)
            continue;
        (void)snprintf(text, sizeof text, "pause of %.1f s", s);
        add_event(list, "pause", o, text);
    }
    json_array_foreach(marked, i, o)
        if (strcmp(rh_json_str(o, "mark"), "mispronounced") == 0)
            add_event(list, "mispronounced", o, rh_json_str(o, "text"));
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
    json_array_foreach(items, i, o)
    {
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
    json_array_foreach(marked, i, o)
    {
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

/* ---- figures ---- */

static void measure(json_t *list, const char *name, const char *unit, const char *note,
                    int decimals, double value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:f}", "name", name, "text", text,
                                          "unit", unit, "note", note, "value", value));
}

static json_t *measures(const json_t *analysis, double speech_s)
{
    json_t *list = json_array();
    const json_t *timing = json_object_get(analysis, "timing"), *prosody = json_object_get(analysis, "prosody");
    double wpm = rh_json_num(analysis, "pace_wpm");
    if (wpm <= 0)
        return list;
    measure(list, "Pace", "words a minute",
            wpm > 200 ? "fast" : wpm < 95 ? "slow" : "easy to follow", 0, wpm);
    double fillers = rh_json_num(analysis, "filler_words_count") * 60 / fmax(speech_s, 10);
    measure(list, "Fillers", "a minute", fillers > 12 ? "too many" : fillers > 5 ? "noticeable" : "harmless",
            1, fillers);
    if (timing)
        measure(list, "Pauses", "inside clauses", "the fewer the better", 0,
                rh_json_num(timing, "pauses_within"));
    double spread = rh_json_num(prosody, "f0_spread_st");
    if (spread > 0)
        measure(list, "Pitch range", "semitones", spread < 3 ? "flat" : spread < 5 ? "moderate" : "lively",
                1, spread);
    return list;
}

static json_t *scores(const json_t *analysis, double eye_contact, double attention)
{
    json_t *o = json_object();
    copy_score(o, "overall", analysis, "overall_score");
    copy_score(o, "clarity", analysis, "clarity_score");
    copy_score(o, "fluency", analysis, "fluency_score");
    copy_score(o, "pronunciation", analysis, "pronunciation_score");
    copy_score(o, "prosody", analysis, "prosody_score");
    if (!*rh_json_str(analysis, "transcribed_text"))
        json_object_clear(o);
    if (eye_contact >= 0)
        json_object_set_new(o, "eye_contact", json_real(round(eye_contact * 10) / 10));
    if (attention >= 0)
        json_object_set_new(o, "attention", json_real(round(attention * 10) / 10));
    return o;
}

static void part_text(const json_t *p, double points, char *text, size_t size)
{
    const char *unit = rh_json_str(p, "unit"), *name = rh_json_str(p, "name");
    double value = rh_json_num(p, "value");
    bool share = strcmp(unit, "share") == 0;
    if (strcmp(name, "scale") == 0)
        name = "fitted to the raters' scale";
    (void)snprintf(text, size, "%c%s: %.*f%s%s (%+.0f point%s)", toupper((unsigned char)*name), *name ? name + 1 : "",
                   share || fabs(value) >= 20 ? 0 : fabs(value) >= 2 ? 1 : 2, share ? 100 * value : value,
                   *unit ? " " : "", share ? "%" : unit, points, fabs(points) < 1.5 ? "" : "s");
}

/* The parts that made each score, as sentences. */
static json_t *evidence(const json_t *analysis)
{
    json_t *o = json_object(), *made, *p;
    const char *score;
    size_t i;
    json_object_foreach(json_object_get(analysis, "scores"), score, made)
    {
        json_t *out = json_array();
        json_array_foreach(json_object_get(made, "parts"), i, p)
        {
            char text[160];
            double points = rh_json_num(p, "points");
            if (fabs(points) >= 0.5)
                part_text(p, points, text, sizeof text);
            else
                continue;
            json_array_append_new(out, json_pack("{s:s, s:f}", "text", text, "points", points));
        }
        json_object_set_new(o, score, out);
    }
    return o;
}

/* What to do about each score, a sentence each. */
static json_t *advice(const json_t *analysis)
{
    json_t *o = json_object(), *made;
    const char *score;
    json_object_foreach(json_object_get(analysis, "scores"), score, made)
        json_object_set(o, score, json_object_get(made, "advice"));
    return o;
}

static json_t *structure(const json_t *analysis)
{
    static const struct {
        const char *key, *name, *advice;
    } parts[] = {
        {"situation", "Situation", "Say where and when it was, in one sentence."},
        {"task", "Task", "Say what was asked of you."},
        {"action", "Action", "Say what you did, step by step, with \"I\"."},
        {"result", "Result", "End with what came of it, with a number if you have one."},
    };
    const json_t *star = json_object_get(json_object_get(analysis, "language"), "star");
    json_t *list = json_array();
    int found = 0;
    for (int i = 0; star && i < 4; i++) {
        json_t *s = json_object_get(star, parts[i].key);
        bool there = json_is_object(s);
        found += there;
        json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:o}", "name", parts[i].name, "present",
                                              (int)there, "advice", parts[i].advice, "sentences",
                                              there ? json_pack("[O]", s) : json_array()));
    }
    return json_pack("{s:o, s:s}", "parts", found ? list : (json_decref(list), json_array()), "note",
                     "Found by rules over your words; a part that is there in other words may be missed.");
}

/* Told from a fifth of the time on. */
static void note_hidden(json_t *list, const json_t *seconds, const char *key, const char *what, const char *rest)
{
    static const double WORTH_TELLING = 20;
    char text[200];
    double share = mean_second(seconds, key);
    if (share < WORTH_TELLING)
        return;
    (void)snprintf(text, sizeof text, "Your %s %.0f %% of the time (%s.", what, share, rest);
    json_array_append_new(list, json_string(text));
}

static json_t *notes(const json_t *analysis, const json_t *seconds, double face)
{
    json_t *list = json_array(), *o;
    size_t i;
    if (face >= 0 && face < LEAST_FACE)
        json_array_append_new(list, json_string("Hardly any face was in the picture: eye contact was not judged."));
    if (face >= LEAST_FACE) {
        note_hidden(list, seconds, "eyes_hidden", "eyes were not visible",
                    "dark glasses, a hand, light): eye contact was then judged by your head");
        note_hidden(list, seconds, "mouth_hidden", "mouth was not visible", "a mask, a hand, a microphone)");
    }
    const char *reason = rh_json_str(analysis, "reason");
    if (*reason)
        json_array_append_new(list, json_string(reason));
    json_array_foreach(json_object_get(analysis, "sound"), i, o)
        if (strcmp(rh_json_str(o, "kind"), "no_voice") != 0)
            json_array_append_new(list, json_string(rh_json_str(o, "text")));
    return list;
}

static json_t *summary(const json_t *analysis, const rh_report_view *v)
{
    char text[400] = "";
    size_t n = 0;
    if (v->analysis && v->speech_s >= 1) {
        double wpm = rh_json_num(analysis, "pace_wpm");
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

static json_t *trend(const json_t *session, const json_t *earlier, const json_t *now)
{
    json_t *list = json_array(), *o;
    size_t i;
    for (i = json_array_size(earlier); i-- > 0;) { /* newest first there, oldest first here */
        o = json_array_get(earlier, i);
        if (json_is_object(json_object_get(o, "scores")))
            json_array_append_new(list, json_pack("{s:O, s:O, s:O}", "id", json_object_get(o, "id"), "created",
                                                  json_object_get(o, "created"), "scores",
                                                  json_object_get(o, "scores")));
    }
    json_array_append_new(list, json_pack("{s:s, s:f, s:O}", "id", rh_json_str(session, "id"), "created",
                                          rh_json_num(session, "created"), "scores", now));
    return list;
}

rh_status rh_report_build(const json_t *session, const json_t *analysis, const json_t *earlier,
                          json_t **out, rh_error *err)
{
    const json_t *meta = json_object_get(session, "meta"), *seconds = json_object_get(session, "seconds");
    json_t *marked = rh_marked_words(analysis), *happened = events(session, analysis, marked);
    double face = mean_second(seconds, "face");
    double pauses = rh_json_num(json_object_get(analysis, "timing"), "pause_s");
    const json_t *words = json_object_get(analysis, "words");
    size_t n_words = json_array_size(words);
    double span = n_words ? rh_json_num(json_array_get(words, n_words - 1), "end") -
                                rh_json_num(json_array_get(words, 0), "start")
                          : 0;
    rh_report_view v = {
        .analysis = analysis,
        .events = happened,
        .kind = rh_json_str(meta, "kind"),
        .duration_s = rh_json_num(session, "duration_s"),
        .speech_s = fmax(0, span - pauses),
        .eye_contact = face >= LEAST_FACE ? mean_second(seconds, "eye_contact") : -1,
        .attention = face >= LEAST_FACE ? mean_second(seconds, "attention") : -1,
    };
    json_t *keep = NULL, *change = NULL;
    rh_report_points(&v, &keep, &change);
    json_t *marks = scores(analysis, v.eye_contact, v.attention);
    json_t *r = json_pack(
        "{s:i, s:s, s:f, s:s, s:s, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "version", 1, "id", rh_json_str(session, "id"), "created", rh_json_num(session, "created"),
        "question", rh_json_str(meta, "question"), "kind", v.kind, "duration_s", v.duration_s,
        "speech_s", round(v.speech_s * 10) / 10, "summary", summary(analysis, &v), "notes", notes(analysis, seconds, face),
        "scores", json_incref(marks), "measures", measures(analysis, v.speech_s), "keep", keep, "change",
        change, "timeline", timeline(session, analysis, v.duration_s), "events", happened, "transcript",
        transcript(session, marked), "structure", structure(analysis), "evidence", evidence(analysis),
        "advice", advice(analysis));
    json_decref(marked);
    if (r) {
        json_object_set_new(r, "trend", trend(session, earlier, marks));
        json_object_set(r, "analysis", json_is_object(analysis) ? (json_t *)analysis : json_null());
        json_object_set_new(r, "language", json_incref(json_object_get(analysis, "language")
                                                           ? json_object_get(analysis, "language")
                                                           : json_null()));
    }
    json_decref(marks);
    if (!r)
        return rh_fail(err, RH_ERR_NOMEM, "report: out of memory");
    *out = r;
    return RH_OK;
}
