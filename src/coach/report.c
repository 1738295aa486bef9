/* report.c - puts a report together from what was kept and what was measured. */
#include "rehearse/report.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/buf.h"
#include "report_internal.h"
#include "report_points.h"

/* A pause this long is shown in the transcript; about 0.6 s at a full stop is natural. */
static const double SHOWN_PAUSE_S = 0.8;
static const double LEAST_FACE = 20; /* % of pictures with a face, to judge where it looked */
static const double UNCLEAR_SCORE = 35; /* of a word shown as unclear, 0 to 100 */

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

static json_t *events(const json_t *session, const json_t *analysis)
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
    json_array_foreach(json_object_get(analysis, "disfluencies"), i, o)
        add_event(list, "repetition", o, rh_json_str(o, "text"));
    json_array_foreach(json_object_get(analysis, "pauses"), i, o)
    {
        double s = rh_json_num(o, "end") - rh_json_num(o, "start");
        if (s < SHOWN_PAUSE_S)
            continue;
        (void)snprintf(text, sizeof text, "pause of %.1f s", s);
        add_event(list, "pause", o, text);
    }
    return list;
}

/* ---- transcript with marks ---- */

static bool overlaps(const json_t *a, const json_t *b)
{
    double middle = (rh_json_num(a, "start") + rh_json_num(a, "end")) / 2;
    return middle >= rh_json_num(b, "start") && middle <= rh_json_num(b, "end");
}

static const json_t *find_at(const json_t *list, const json_t *word)
{
    json_t *o;
    size_t i;
    json_array_foreach(list, i, o)
        if (overlaps(word, o))
            return o;
    return NULL;
}

static void mark(json_t *w, const char *what, const char *note)
{
    json_object_set_new(w, "mark", json_string(what));
    json_object_set_new(w, "note", json_string(note));
}

static void mark_word(json_t *w, const json_t *analysis)
{
    const json_t *hit;
    char note[96];
    if ((hit = find_at(json_object_get(analysis, "fillers"), w)) != NULL) {
        mark(w, "filler", "filler word");
    } else if ((hit = find_at(json_object_get(analysis, "disfluencies"), w)) != NULL) {
        const char *kind = rh_json_str(hit, "kind");
        mark(w, strcmp(kind, "repetition") == 0 ? "repeat" : kind, kind);
    } else if (json_object_get(w, "score") && rh_json_num(w, "score") < UNCLEAR_SCORE) {
        (void)snprintf(note, sizeof note, "hard to make out: %.0f of 100", rh_json_num(w, "score"));
        mark(w, "mispronounced", note);
    }
}

/* A word or pause of the transcript from anything with start and end. */
static json_t *item(const json_t *span, const char *text)
{
    return json_pack("{s:s, s:f, s:f}", "text", text, "start", rh_json_num(span, "start"), "end",
                     rh_json_num(span, "end"));
}

/* Fillers that no word of the clean transcript stands for, between `from` and `to`. */
static void spliced_fillers(json_t *words, const json_t *analysis, const json_t *all, double from,
                            double to)
{
    json_t *f;
    size_t i;
    json_array_foreach(json_object_get(analysis, "fillers"), i, f)
    {
        double start = rh_json_num(f, "start");
        if (start < from || start >= to)
            continue;
        json_t *w;
        size_t k;
        bool written = false;
        json_array_foreach(all, k, w)
            written |= overlaps(w, f);
        if (written)
            continue;
        json_t *o = item(f, rh_json_str(f, "kind"));
        mark(o, "filler", "filler word, heard");
        json_array_append_new(words, o);
    }
}

static void pause_after(json_t *words, const json_t *analysis, double from, double to)
{
    json_t *p;
    size_t i;
    json_array_foreach(json_object_get(analysis, "pauses"), i, p)
    {
        double start = rh_json_num(p, "start"), s = rh_json_num(p, "end") - start;
        if (start < from || start >= to || s < SHOWN_PAUSE_S)
            continue;
        json_t *o = item(p, "");
        bool within = strcmp(rh_json_str(p, "place"), "within") == 0;
        mark(o, "pause", within ? "pause inside a sentence" : "pause");
        json_array_append_new(words, o);
    }
}

static bool ends_sentence(const char *text)
{
    size_t n = strlen(text);
    return n && strchr(".?!", text[n - 1]);
}

/* The clean words of a line. */
static json_t *plain(const json_t *all, size_t from, size_t to)
{
    rh_buf b;
    rh_buf_init(&b, 1 << 20);
    for (size_t i = from; i < to; i++) {
        if (i > from)
            (void)rh_buf_puts(&b, " ");
        (void)rh_buf_puts(&b, rh_json_str(json_array_get(all, i), "word"));
    }
    json_t *text = json_string(b.data ? b.data : "");
    rh_buf_done(&b);
    return text ? text : json_string("");
}

/* Lines of the transcript: a sentence or two each. */
static json_t *transcript(const json_t *session, const json_t *analysis)
{
    enum { LINE_WORDS = 12 };
    json_t *parts = json_array(), *part = NULL, *words = NULL, *w;
    const json_t *all = json_object_get(analysis, "words");
    size_t i, first = 0, n = json_array_size(all);
    if (n == 0) { /* nothing measured: what was kept while it ran */
        json_t *kept = json_object_get(session, "segments");
        json_decref(parts);
        return kept ? json_deep_copy(kept) : json_array();
    }
    double until = 0;
    json_array_foreach(all, i, w)
    {
        double start = rh_json_num(w, "start");
        if (!part) {
            first = i;
            words = json_array();
            part = json_pack("{s:f, s:o}", "start", start, "words", words);
        }
        spliced_fillers(words, analysis, all, until, start);
        json_t *copy = item(w, rh_json_str(w, "word"));
        json_object_set(copy, "score", json_object_get(w, "score"));
        mark_word(copy, analysis);
        json_array_append_new(words, copy);
        until = start;
        double next = i + 1 < n ? rh_json_num(json_array_get(all, i + 1), "start") : 1e9;
        pause_after(words, analysis, start, next);
        bool full = json_array_size(words) >= LINE_WORDS && ends_sentence(rh_json_str(w, "word"));
        if (full || i + 1 == n) {
            if (i + 1 == n)
                spliced_fillers(words, analysis, all, start, 1e9);
            json_object_set_new(part, "end", json_real(rh_json_num(w, "end")));
            json_object_set_new(part, "text", plain(all, first, i + 1));
            json_array_append_new(parts, part);
            part = NULL;
        }
    }
    return parts;
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
    copy_score(o, "clarity", analysis, "clarity_score");
    copy_score(o, "fluency", analysis, "fluency_score");
    copy_score(o, "pronunciation", analysis, "pronunciation_score");
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

static json_t *notes(const json_t *analysis, double face)
{
    json_t *list = json_array(), *o;
    size_t i;
    if (face >= 0 && face < LEAST_FACE)
        json_array_append_new(list, json_string("Hardly any face was in the picture: eye contact was not judged."));
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
    json_t *happened = events(session, analysis);
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
        "{s:i, s:s, s:f, s:s, s:s, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "version", 1, "id", rh_json_str(session, "id"), "created", rh_json_num(session, "created"),
        "question", rh_json_str(meta, "question"), "kind", v.kind, "duration_s", v.duration_s,
        "speech_s", round(v.speech_s * 10) / 10, "summary", summary(analysis, &v), "notes", notes(analysis, face),
        "scores", json_incref(marks), "measures", measures(analysis, v.speech_s), "keep", keep, "change",
        change, "timeline", timeline(session, analysis, v.duration_s), "events", happened, "transcript",
        transcript(session, analysis), "structure", structure(analysis), "evidence", evidence(analysis));
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
