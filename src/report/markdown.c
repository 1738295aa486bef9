/* markdown.c - a report as Markdown, for notes and for reading in a terminal. */
#include "rehearse/report/report.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/json.h"

enum { MAX_BYTES = 4 << 20 };

static void clock_time(rh_buf *b, double s)
{
    int whole = (int)floor(s > 0 ? s : 0);
    rh_buf_printf(b, "%d:%02d", whole / 60, whole % 60);
}

/* Text that somebody else wrote must not become markup. */
static void escaped(rh_buf *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("\\`*_[]<>#|", *s))
            rh_buf_add(b, "\\", 1);
        rh_buf_add(b, *s == '\n' ? " " : s, 1);
    }
}

static void moments(rh_buf *b, const json_t *list)
{
    size_t i;
    json_t *m;
    if (json_array_size(list) == 0)
        return;
    rh_buf_puts(b, " (");
    json_array_foreach(list, i, m) {
        if (i)
            rh_buf_puts(b, "; ");
        clock_time(b, rh_json_num(m, "start"));
        if (*rh_json_str(m, "text")) {
            rh_buf_puts(b, " ");
            escaped(b, rh_json_str(m, "text"));
        }
    }
    rh_buf_puts(b, ")");
}

static void points(rh_buf *b, const char *title, const json_t *list)
{
    size_t i;
    json_t *p;
    if (json_array_size(list) == 0)
        return;
    rh_buf_printf(b, "\n## %s\n\n", title);
    json_array_foreach(list, i, p) {
        rh_buf_printf(b, "%zu. **", i + 1);
        escaped(b, rh_json_str(p, "title"));
        rh_buf_puts(b, "** ");
        escaped(b, rh_json_str(p, "detail"));
        if (*rh_json_str(p, "advice")) {
            rh_buf_puts(b, " ");
            escaped(b, rh_json_str(p, "advice"));
        }
        moments(b, json_object_get(p, "moments"));
        rh_buf_puts(b, "\n");
    }
}

static void scores(rh_buf *b, const json_t *report)
{
    const char *key;
    json_t *v;
    const json_t *advice = json_object_get(report, "advice");
    rh_buf_puts(b, "\n## Scores\n\n| what | value | advice |\n|---|---|---|\n");
    json_object_foreach(json_object_get(report, "scores"), key, v) {
        if (!json_is_number(v))
            continue;
        rh_buf_puts(b, "| ");
        for (const char *c = key; *c; c++)
            rh_buf_add(b, *c == '_' ? " " : c, 1);
        rh_buf_printf(b, " | %.0f of 100 | ", json_number_value(v));
        escaped(b, rh_json_str(advice, key));
        rh_buf_puts(b, " |\n");
    }
}

/* What is nearest to a number first, each beside its target. */
static void measures(rh_buf *b, const json_t *report)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(report, "measures"), i, v) {
        const char *target = rh_json_str(v, "target"), *note = rh_json_str(v, "note");
        rh_buf_printf(b, "%s- **%s** %s %s%s%s%s%s%s\n", i ? "" : "\n", rh_json_str(v, "name"), rh_json_str(v, "text"),
                      rh_json_str(v, "unit"), *target ? " (target " : "", target, *target ? ")" : "", *note ? ": " : "",
                      note);
    }
}

static void one_word(rh_buf *b, const json_t *w, const json_t *next)
{
    const char *mark = rh_json_str(w, "mark");
    rh_buf_puts(b, " ");
    if (strcmp(mark, "pause") == 0) {
        rh_buf_printf(b, "[%.1f s]", rh_json_num(w, "end") - rh_json_num(w, "start"));
        return;
    }
    const char *style = strcmp(mark, "filler") == 0          ? "*"
                        : strcmp(mark, "mispronounced") == 0 ? "**"
                        : strcmp(mark, "missed") == 0        ? "~~"
                                                             : "";
    rh_buf_puts(b, style);
    escaped(b, rh_json_str(w, "text"));
    rh_buf_puts(b, style);
    /* Two words of one disfluency get one remark, behind the second. */
    bool said_otherwise = *mark && !*style && strcmp(mark, rh_json_str(next, "mark")) != 0;
    if (said_otherwise)
        rh_buf_printf(b, " (%s)", rh_json_str(w, "note"));
}

static void transcript(rh_buf *b, const json_t *parts)
{
    size_t i, k;
    json_t *part, *w;
    if (json_array_size(parts) == 0)
        return;
    rh_buf_puts(b, "\n## What you said\n\nFillers are *in italics*, unclear words **bold**, words left out of the "
                   "text ~~struck~~, long pauses in brackets; slips are named behind the words.\n");
    json_array_foreach(parts, i, part) {
        rh_buf_puts(b, "\n`");
        clock_time(b, rh_json_num(part, "start"));
        rh_buf_puts(b, "`");
        const json_t *words = json_object_get(part, "words");
        if (json_array_size(words) == 0) {
            rh_buf_puts(b, " ");
            escaped(b, rh_json_str(part, "text"));
        }
        json_array_foreach(words, k, w)
            one_word(b, w, json_array_get(words, k + 1));
        rh_buf_puts(b, "\n");
    }
}

static void structure(rh_buf *b, const json_t *parts)
{
    size_t i;
    json_t *p;
    if (json_array_size(parts) == 0)
        return;
    rh_buf_puts(b, "\n## Structure of your answer\n\n");
    json_array_foreach(parts, i, p) {
        rh_buf_printf(b, "- **%s**:", rh_json_str(p, "name"));
        if (json_is_true(json_object_get(p, "present")))
            moments(b, json_object_get(p, "sentences"));
        else
            rh_buf_puts(b, " not found");
        rh_buf_puts(b, "\n");
    }
}

static void follow_ups(rh_buf *b, const json_t *list)
{
    size_t i;
    json_t *next;
    if (json_array_size(list) == 0)
        return;
    rh_buf_puts(b, "\n## After this answer, an interviewer might ask\n\n");
    json_array_foreach(list, i, next) {
        rh_buf_printf(b, "%zu. ", i + 1);
        escaped(b, rh_json_str(next, "text"));
        rh_buf_puts(b, " (");
        clock_time(b, rh_json_num(next, "start"));
        rh_buf_puts(b, ")\n");
    }
}

/* Those that were said with their moments, the others after them. */
static void job_terms(rh_buf *b, const json_t *found)
{
    const json_t *list = json_object_get(found, "terms");
    json_t *t;
    size_t i, n = 0;
    if (json_array_size(list) == 0)
        return;
    rh_buf_puts(b, "\n## Terms of the job ad and the CV\n\n");
    json_array_foreach(list, i, t) {
        if (rh_json_num(t, "times") < 1)
            continue;
        rh_buf_puts(b, "- ");
        escaped(b, rh_json_str(t, "text"));
        rh_buf_puts(b, " (");
        clock_time(b, rh_json_num(t, "start"));
        rh_buf_puts(b, ")\n");
    }
    json_array_foreach(list, i, t) {
        if (rh_json_num(t, "times") >= 1)
            continue;
        rh_buf_puts(b, n++ ? ", " : "- not in this answer: ");
        escaped(b, rh_json_str(t, "text"));
    }
    rh_buf_puts(b, n ? "\n" : "");
}

static void remark(rh_buf *b, const char *title, const json_t *r)
{
    if (!json_is_object(r))
        return;
    rh_buf_printf(b, "- **%s** ", title);
    escaped(b, rh_json_str(r, "text"));
    rh_buf_puts(b, " You said (");
    clock_time(b, rh_json_num(r, "start"));
    rh_buf_puts(b, "): \"");
    escaped(b, rh_json_str(r, "quote"));
    rh_buf_puts(b, "\"\n");
}

/* What a language model added, by itself: nobody is to take it for something measured. */
static void language_model(rh_buf *b, const json_t *llm)
{
    static const char *const names[][2] = {{"answered_question", "Answers the question"},
                                           {"structure", "Structure"},
                                           {"specificity", "Specific"},
                                           {"impact", "Impact"},
                                           {"reflection", "Reflection"}};
    char title[64];
    size_t i;
    json_t *r;
    if (strcmp(rh_json_str(llm, "state"), "done") != 0)
        return;
    rh_buf_puts(b, "\n## What ");
    escaped(b, rh_json_str(llm, "model"));
    rh_buf_puts(b, " said\n\nA language model's opinion; the quotes are your own words.\n\n");
    json_array_foreach(json_object_get(llm, "rubric"), i, r) {
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strcmp(names[k][0], rh_json_str(r, "name")) == 0) {
                (void)snprintf(title, sizeof title, "%s: %.0f of 5.", names[k][1], rh_json_num(r, "score"));
                remark(b, title, r);
            }
    }
    remark(b, "To the question:", json_object_get(llm, "relevance"));
    json_array_foreach(json_object_get(llm, "follow_ups"), i, r)
        remark(b, "It would ask:", r);
    remark(b, "Perhaps rather:", json_object_get(llm, "rewrite"));
}

/* In a form that no reader takes for another day: "26 November 2026, 16:05 UTC; 34 s". */
static void when(rh_buf *b, double created, double duration_s)
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    struct tm tm;
    time_t t = (time_t)created;
    if (created < 1 || !gmtime_r(&t, &tm))
        return;
    rh_buf_printf(b, "%d %s %d, %02d:%02d UTC; %.0f s\n\n", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
                  tm.tm_hour, tm.tm_min, duration_s);
}

/* What was noted at moments, by the person or by somebody with a link. */
static void moment_notes(rh_buf *b, const json_t *list)
{
    size_t i;
    json_t *n;
    if (json_array_size(list) > 0)
        rh_buf_puts(b, "\n## Notes\n\n");
    json_array_foreach(list, i, n) {
        rh_buf_puts(b, "- ");
        clock_time(b, rh_json_num(n, "t"));
        rh_buf_puts(b, " ");
        if (*rh_json_str(n, "author")) {
            escaped(b, rh_json_str(n, "author"));
            rh_buf_puts(b, ": ");
        }
        escaped(b, *rh_json_str(n, "text") ? rh_json_str(n, "text") : "(a bookmark)");
        rh_buf_puts(b, "\n");
    }
}

rh_status rh_report_markdown(const json_t *report, char **out, rh_error *err)
{
    rh_buf b;
    size_t i;
    json_t *note;
    rh_buf_init(&b, MAX_BYTES);
    const char *title = rh_json_str(report, "title");
    rh_buf_puts(&b, "# ");
    if (!*title) /* a report kept by an earlier version */
        title = rh_json_str(report, "question");
    escaped(&b, *title ? title : "Practice");
    rh_buf_puts(&b, "\n\n");
    when(&b, rh_json_num(report, "created"), rh_json_num(report, "duration_s"));
    escaped(&b, rh_json_str(report, "summary"));
    rh_buf_puts(&b, "\n");
    json_array_foreach(json_object_get(report, "notes"), i, note) {
        rh_buf_puts(&b, "\n> ");
        escaped(&b, json_string_value(note) ? json_string_value(note) : "");
        rh_buf_puts(&b, "\n");
    }
    measures(&b, report);
    points(&b, "Keep doing", json_object_get(report, "keep"));
    points(&b, "Work on", json_object_get(report, "change"));
    scores(&b, report);
    structure(&b, json_object_get(json_object_get(report, "structure"), "parts"));
    job_terms(&b, json_object_get(report, "job_terms"));
    follow_ups(&b, json_object_get(report, "follow_ups"));
    language_model(&b, json_object_get(report, "llm"));
    transcript(&b, json_object_get(report, "transcript"));
    moment_notes(&b, json_object_get(report, "moment_notes"));
    char *s = rh_buf_take(&b);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "report: out of memory");
    *out = s;
    return RH_OK;
}
