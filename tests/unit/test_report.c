/* The report: made from what was measured, every claim with its moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/report/report.h"
#include "report/job_terms.h"

static json_t *session_of(double seconds)
{
    return json_pack("{s:s, s:f, s:f, s:{s:s, s:s}, s:[], s:[{s:s, s:s, s:f, s:f}]}", "id", "x", "created", 1000.0,
                     "duration_s", seconds, "meta", "question", "Why?", "kind", "technical", "segments", "events",
                     "kind", "look_away", "direction", "down", "start", 5.0, "end", 8.0);
}

/* 40 s in which the eyes met the camera for so much of the time; below 0: without pictures. */
static void see(rh_analysis *a, float eye_contact, float eyes_hidden)
{
    rh_face_second seconds[40];
    rh_time_span away = {5, 8};
    rh_face_track track = {.seconds = seconds, .n_seconds = 40, .away = &away, .n_away = 1};
    for (int i = 0; i < 40; i++) {
        for (int k = 0; k < RH_SEEN_KINDS; k++)
            seconds[i].mean[k] = NAN;
        if (eye_contact < 0)
            continue;
        seconds[i].mean[RH_SEEN_FACE] = 100;
        seconds[i].mean[RH_SEEN_EYE_CONTACT] = seconds[i].mean[RH_SEEN_ATTENTION] = eye_contact;
        seconds[i].mean[RH_SEEN_EYES_HIDDEN] = eyes_hidden;
    }
    rh_sight_done(&a->sight);
    assert_int_equal(rh_sight_measure(&track, &a->sight), RH_OK);
}

/* A hundred words, 0.3 s each every 0.4 s, as spoken at `wpm`; a pause inside a clause. */
static rh_analysis analysis_of(double wpm, int fillers)
{
    rh_analysis a = {.duration_s = 40,
                     .heard = true,
                     .speech_s = 38,
                     .text = rh_strdup("word word"),
                     .verbatim_text = rh_strdup("")};
    rh_speech_report_init(&a.report);
    rh_speech_report *r = &a.report;
    rh_pause pause = {10, 12, RH_PAUSE_WITHIN, 24};
    r->spoken = true;
    r->pace_wpm = (float)wpm;
    r->clarity = (rh_score){.known = true, .value = 90};
    r->fluency = (rh_score){.known = true, .value = 80};
    r->pronunciation = (rh_score){.known = true, .value = 95};
    r->pace = (rh_score){.known = true, .value = wpm > 200 ? 50 : 100};
    if (wpm > 200)
        r->pace.parts[r->pace.n_parts++] = (rh_score_part){"fast", (float)wpm, "words a minute", -50};
    r->hesitation = (rh_score){.known = true, .value = fmaxf(0, 100 - 4 * (float)fillers)};
    r->n_word_scores = 100;
    r->word_scores = rh_calloc(100, sizeof *r->word_scores);
    a.place = rh_calloc(100, sizeof *a.place);
    assert_int_equal(rh_word_table_segment(&a.said, 0, 40, "word word"), RH_OK);
    for (int i = 0; i < 100; i++) {
        rh_word w = {.text = i % 10 == 9 ? "end." : "word", .start = (float)i * 0.4f, .end = (float)i * 0.4f + 0.3f};
        assert_int_equal(rh_word_table_word(&a.said, RH_WORDS_CLEAN, &w, w.text, strlen(w.text)), RH_OK);
        r->word_scores[i] = (rh_word_score){.heard = w.text, .start = w.start, .end = w.end, .score = 90};
        a.place[i] = i;
    }
    for (int i = 0; i < fillers; i++) {
        rh_filler um = {RH_FILLER_UM, (float)i * 2 + 0.31f, (float)i * 2 + 0.39f, 1, i * 5, 0, NULL};
        assert_int_equal(rh_word_table_filler(&a.said, &um), RH_OK);
    }
    r->filler_words_count = r->fillers[RH_FILLER_UM] = fillers;
    r->timing.pause_s = 2;
    r->timing.n_within = 1;
    r->timing.pauses = rh_calloc(1, sizeof pause);
    r->timing.pauses[0] = pause;
    r->timing.n_pauses = 1;
    a.language.longest_sentence = -1;
    a.language.concreteness = 4;
    for (int i = 0; i < RH_STAR_PARTS; i++)
        a.language.star_sentence[i] = -1;
    see(&a, -1, 0);
    return a;
}

static const json_t *point_called(const json_t *list, const char *part)
{
    size_t i;
    json_t *p;
    json_array_foreach(list, i, p)
        if (strstr(json_string_value(json_object_get(p, "title")), part))
            return p;
    return NULL;
}

static json_t *build(double wpm, int fillers, float eye_contact)
{
    json_t *session = session_of(40), *report = NULL;
    rh_analysis a = analysis_of(wpm, fillers);
    see(&a, eye_contact, 0);
    assert_int_equal(rh_report_build(session, &a, NULL, &report, NULL), RH_OK);
    json_decref(session);
    rh_analysis_done(&a);
    return report;
}

static void terms_of_the_ad_are_told_with_their_moments(void **state)
{
    static const char *const said[] = {"We", "moved", "Kubernetes", "and", "then", "Kubernetes", "again."};
    json_t *pasted = json_pack("{s:s, s:s}", "job_ad", "Kubernetes, PostgreSQL", "cv", "Kubernetes, Kafka"), *o = NULL;
    rh_analysis a = {.heard = true};
    (void)state;
    rh_speech_report_init(&a.report);
    a.report.spoken = true;
    assert_int_equal(rh_word_table_segment(&a.said, 0, 7, "We"), RH_OK);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        rh_word w = {.text = said[i], .start = (float)i, .end = (float)i + 0.5f};
        assert_int_equal(rh_word_table_word(&a.said, RH_WORDS_CLEAN, &w, w.text, strlen(w.text)), RH_OK);
    }
    assert_int_equal(rh_report_job_terms(&a, pasted, &o), RH_OK);
    json_t *wanted = json_pack("{s:f, s:[{s:s, s:s, s:i, s:f, s:f}, {s:s, s:s, s:i}, {s:s, s:s, s:i}]}", "covered", 0.5,
                               "terms", "text", "Kubernetes", "from", "job_ad", "times", 2, "start", 2.0, "end", 2.5,
                               "text", "PostgreSQL", "from", "job_ad", "times", 0, "text", "Kafka", "from", "cv",
                               "times", 0); /* what both have is told once */
    assert_true(json_equal(o, wanted));
    json_t *report = json_pack("{s:O}", "job_terms", o);
    char *text = NULL;
    assert_int_equal(rh_report_markdown(report, &text, NULL), RH_OK);
    assert_non_null(strstr(text, "- Kubernetes (0:02)\n- not in this answer: PostgreSQL, Kafka\n"));
    rh_free(text);
    json_decref(report);
    json_decref(wanted);
    json_decref(o);
    assert_int_equal(rh_report_job_terms(&a, NULL, &o), RH_OK);
    assert_null(o);
    (void)snprintf(a.said.language, sizeof a.said.language, "de"); /* its nouns are not known */
    assert_int_equal(rh_report_job_terms(&a, pasted, &o), RH_OK);
    assert_null(o);
    json_decref(pasted);
    rh_analysis_done(&a);
}

static void good_and_bad_land_on_their_sides_with_moments(void **state)
{
    (void)state;
    json_t *r = build(140, 20, 30);
    assert_non_null(point_called(json_object_get(r, "keep"), "pace"));
    const json_t *p = point_called(json_object_get(r, "change"), "Filler");
    assert_non_null(p);
    assert_int_equal(json_array_size(json_object_get(p, "moments")), 3);
    p = point_called(json_object_get(r, "change"), "Look at");
    assert_non_null(p);
    assert_true(json_number_value(json_object_get(json_array_get(json_object_get(p, "moments"), 0), "start")) == 5);
    assert_true(json_array_size(json_object_get(r, "change")) <= 3);
    json_decref(r);
    r = build(260, 0, 90);
    assert_non_null(point_called(json_object_get(r, "change"), "Slow down"));
    assert_null(point_called(json_object_get(r, "change"), "Look at"));
    json_decref(r);
}

static void transcript_marks_fillers_and_long_pauses(void **state)
{
    (void)state;
    json_t *r = build(140, 2, -1), *part, *w;
    int fillers = 0, pauses = 0, words = 0;
    size_t i, k;
    json_array_foreach(json_object_get(r, "transcript"), i, part) {
        json_array_foreach(json_object_get(part, "words"), k, w) {
            const char *mark = json_string_value(json_object_get(w, "mark"));
            fillers += mark && strcmp(mark, "filler") == 0;
            pauses += mark && strcmp(mark, "pause") == 0;
            words += !mark;
        }
    }
    assert_int_equal(fillers, 2);
    assert_int_equal(pauses, 1);
    assert_int_equal(words, 100);
    assert_null(json_object_get(json_object_get(r, "scores"), "eye_contact")); /* no camera, no claim */
    json_decref(r);
}

static void disfluencies_are_events_and_marks(void **state)
{
    (void)state;
    json_t *session = session_of(40), *r = NULL;
    rh_analysis a = analysis_of(140, 1);
    rh_disfluency disfluency = {
        .kind = RH_DISFLUENCY_REPAIR, .start = 4, .end = 4.3f, .after_word = 9, .text = "we had,"};
    assert_int_equal(rh_word_table_disfluency(&a.said, &disfluency), RH_OK);
    a.report.prosody = (rh_score){.known = true, .value = 70, .advice = "Breathe."};
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    int events = 0;
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(r, "events"), i, e)
        events += strcmp(json_string_value(json_object_get(e, "kind")), "slip") == 0 &&
                  strcmp(json_string_value(json_object_get(e, "text")), "we had, (begun anew)") == 0;
    assert_int_equal(events, 1);
    const json_t *line = json_array_get(json_object_get(r, "transcript"), 0);
    const char *verbatim = json_string_value(json_object_get(line, "verbatim"));
    assert_non_null(strstr(verbatim, "we had, word"));
    assert_null(strstr(json_string_value(json_object_get(line, "text")), "we had"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(r, "advice"), "prosody")), "Breathe.");
    assert_true(json_number_value(json_object_get(json_object_get(r, "scores"), "prosody")) == 70);
    char *md = NULL;
    assert_int_equal(rh_report_markdown(r, &md, NULL), RH_OK);
    assert_non_null(strstr(md, "we had, (begun anew)"));
    assert_non_null(strstr(md, "Breathe."));
    rh_free(md);
    json_decref(session);
    rh_analysis_done(&a);
    json_decref(r);
}

/* In JSON and as text; not without a question, and not for a text read aloud. */
static void an_answer_has_what_might_be_asked_next(void **state)
{
    static const char *const said[] = {"Last", "year", "I", "redesigned", "our", "checkout", "page."};
    (void)state;
    json_t *session = session_of(20), *r = NULL, *meta = json_object_get(session, "meta");
    rh_word_table t = {0};
    rh_analysis a = {0};
    assert_int_equal(rh_word_table_segment(&t, 0, 20, "Last year I redesigned our checkout page."), RH_OK);
    for (int i = 0; i < 7; i++) {
        rh_word w = {.text = said[i], .start = (float)i, .end = (float)i + 0.5f, .p = 0.9f};
        assert_int_equal(rh_word_table_word(&t, RH_WORDS_CLEAN, &w, w.text, strlen(w.text)), RH_OK);
    }
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, 20, &a, NULL), RH_OK);
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    const json_t *next = json_array_get(json_object_get(r, "follow_ups"), 0);
    const char *text = json_string_value(json_object_get(next, "text"));
    char *md = NULL;
    assert_non_null(text);
    assert_non_null(strstr(text, "You said you redesigned your checkout page. "));
    assert_string_equal(json_string_value(json_object_get(next, "quote")), "redesigned our checkout page");
    assert_true(json_number_value(json_object_get(next, "start")) == 3 &&
                json_number_value(json_object_get(next, "end")) == 6.5);
    assert_int_equal(rh_report_markdown(r, &md, NULL), RH_OK);
    assert_non_null(strstr(
        md, "## After this answer, an interviewer might ask\n\n1. You said you redesigned your checkout page. "));
    rh_free(md);
    json_decref(r);
    json_object_set_new(meta, "reference", json_string("Last year I redesigned our checkout page."));
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    assert_null(json_object_get(r, "follow_ups"));
    json_decref(r);
    json_object_del(meta, "reference");
    json_object_set_new(meta, "question", json_string(""));
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    assert_null(json_object_get(r, "follow_ups"));
    json_decref(r);
    json_decref(session);
    rh_analysis_done(&a);
    rh_word_table_done(&t);
}

static void silence_is_said_and_not_judged(void **state)
{
    (void)state;
    json_t *session = session_of(20), *r = NULL;
    rh_word_table nothing = {0};
    rh_analysis a = {0};
    assert_int_equal(rh_analyse(&nothing, NULL, NULL, 0, 20, &a, NULL), RH_OK);
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(r, "keep")), 0);
    assert_int_equal(json_array_size(json_object_get(r, "change")), 0);
    assert_int_equal(json_object_size(json_object_get(r, "scores")), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(r, "notes"), 0)), a.report.reason);
    assert_string_equal(json_string_value(json_object_get(r, "summary")), "No speech was heard.");
    json_decref(session);
    rh_analysis_done(&a);
    json_decref(r);
}

static void markdown_escapes_what_people_said(void **state)
{
    (void)state;
    json_t *r = json_pack("{s:s, s:s, s:[{s:f, s:[{s:s, s:f, s:f}]}]}", "question", "<b>*why*</b>", "summary", "ok",
                          "transcript", "start", 61.0, "words", "text", "[x](y)", "start", 61.0, "end", 62.0);
    char *md = NULL;
    assert_int_equal(rh_report_markdown(r, &md, NULL), RH_OK);
    assert_non_null(strstr(md, "# \\<b\\>\\*why\\*\\</b\\>"));
    assert_non_null(strstr(md, "`1:01` \\[x\\](y)"));
    rh_free(md);
    json_decref(r);
}

static void html_holds_the_report_safely(void **state)
{
    (void)state;
    json_t *r = json_pack("{s:s}", "question", "</script><script>alert(1)</script>");
    char *html = NULL;
    rh_error err;
    assert_int_equal(rh_report_html(r, &(rh_report_page){.web_dir = "/nowhere"}, &html, &err), RH_ERR_IO);
    char folder[] = "/tmp/rh-report-XXXXXX", cmd[500];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(
        cmd, sizeof cmd,
        "cd %s && mkdir vendor css js && cd vendor && touch uPlot.min.css uPlot.iife.min.js"
        " && touch ../css/report.css && echo 'export const t = 1;' > ../js/words.js"
        " && printf '// report\\nimport { t } from \"./words.js\";\\nt;' > ../js/report.js"
        " && for l in en de es fr; do mkdir -p ../messages/$l; echo \"{\\\"$l\\\": 1}\" > ../messages/$l/report.json;"
        " echo {} > ../messages/$l/sentences.json; done",
        folder);
    assert_int_equal(system(cmd), 0);
    assert_int_equal(rh_report_html(r, &(rh_report_page){.web_dir = folder}, &html, &err), RH_OK);
    assert_null(strstr(html, "<script>alert"));
    assert_non_null(strstr(html, "\\u003c/script>\\u003cscript>alert(1)"));
    assert_null(strstr(html, "id=\"sound\""));
    /* The modules are one script: what they import is in it. The words are data, in each language. */
    const char *words = strstr(html, "export const t = 1;"), *script = strstr(html, "// report\nt;");
    assert_true(words && script && words < script);
    assert_null(strstr(html, "import"));
    assert_non_null(strstr(html, "id=\"words\">{\"en\":{\"report\":{\"en\": 1}\n},\"de\":{\"report\":{\"de\": 1}\n"));
    rh_free(html);
    enum { LONG = 100001 }; /* not a multiple of three, nor of what is encoded at once */
    uint8_t *sound = rh_calloc(1, LONG);
    memcpy(sound + LONG - 5, "hello", 5);
    rh_report_page page = {.web_dir = folder, .nonce = "abc", .sound = sound, .n_sound = LONG};
    assert_int_equal(rh_report_html(r, &page, &html, &err), RH_OK);
    char *at = strstr(html, " id=\"sound\">");
    assert_non_null(at);
    at += strlen(" id=\"sound\">");
    uint8_t *back = rh_alloc(RH_BASE64_DECODED_MAX(RH_BASE64_ENCODED_LEN(LONG)));
    size_t n = 0;
    assert_int_equal(
        rh_base64_decode(back, RH_BASE64_DECODED_MAX(RH_BASE64_ENCODED_LEN(LONG)), &n, at, strcspn(at, "<"), &err),
        RH_OK);
    assert_int_equal(n, LONG);
    assert_memory_equal(back, sound, LONG);
    assert_null(strstr(html, "<script>\n"));
    rh_free(back);
    rh_free(sound);
    rh_free(html);
    (void)snprintf(cmd, sizeof cmd, "rm -r %s", folder);
    assert_int_equal(system(cmd), 0);
    json_decref(r);
}

static void subtitles_have_times(void **state)
{
    (void)state;
    json_t *s = json_pack("[{s:f, s:f, s:s}]", "start", 3661.5, "end", 3662.25, "text", "Hello.");
    char *out = NULL;
    assert_int_equal(rh_transcript_text(s, RH_TRANSCRIPT_SRT, &out, NULL), RH_OK);
    assert_string_equal(out, "1\n01:01:01,500 --> 01:01:02,250\nHello.\n\n");
    rh_free(out);
    assert_int_equal(rh_transcript_text(s, RH_TRANSCRIPT_VTT, &out, NULL), RH_OK);
    assert_string_equal(out, "WEBVTT\n\n01:01:01.500 --> 01:01:02.250\nHello.\n\n");
    rh_free(out);
    assert_int_equal(rh_transcript_text(s, RH_TRANSCRIPT_TXT, &out, NULL), RH_OK);
    assert_string_equal(out, "Hello.\n");
    rh_free(out);
    json_decref(s);
}

static void what_was_not_visible_is_said(void **state)
{
    (void)state;
    static const float hidden[] = {10, 80};
    for (int k = 0; k < 2; k++) {
        json_t *session = session_of(40), *report = NULL;
        rh_analysis a = analysis_of(130, 0);
        see(&a, 70, hidden[k]);
        assert_int_equal(rh_report_build(session, &a, NULL, &report, NULL), RH_OK);
        json_t *notes = json_object_get(report, "notes");
        assert_int_equal(json_array_size(notes), k);
        if (k)
            assert_non_null(
                strstr(json_string_value(json_array_get(notes, 0)), "Your eyes were not visible 80 % of the time"));
        json_decref(session);
        rh_analysis_done(&a);
        json_decref(report);
    }
}

static void neighbouring_cues_never_overlap(void **state)
{
    (void)state;
    json_t *s =
        json_pack("[{s:f, s:f, s:s, s:[{s:s, s:f, s:f}, {s:s, s:f, s:f, s:b}, {s:s, s:f, s:f}]}, {s:f, s:f, s:s}]",
                  "start", 1.0, "end", 2.074, "text", "One, two.", "words", "word", "One,", "start", 1.0, "end", 1.4,
                  "word", "um", "start", 1.4, "end", 1.6, "heard", 1, "word", "two.", "start", 1.6, "end", 2.074,
                  "start", 2.0, "end", 3.0, "text", "Three & four.");
    char *out = NULL;
    assert_int_equal(rh_transcript_text(s, RH_TRANSCRIPT_VTT, &out, NULL), RH_OK);
    assert_string_equal(out, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne, two.\n\n"
                             "00:00:02.000 --> 00:00:03.000\nThree &amp; four.\n\n");
    rh_free(out);
    json_decref(s);
}

static void json_of_an_analysis_is_whole_or_there_is_none(void **state)
{
    (void)state;
    rh_analysis a = analysis_of(140, 20);
    json_t *(*const made[])(const rh_analysis *) = {rh_analysis_json, rh_marked_words};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        json_t *whole = made[i](&a), *o = NULL;
        long k = 0;
        while (!o && k < 1000000) {
            k += 1 + k / 50;
            rh_alloc_fail_at(k);
            o = made[i](&a);
            rh_alloc_fail_at(0);
        }
        json_object_del(o, "timestamp");
        json_object_del(whole, "timestamp");
        assert_true(k > 100 && json_equal(o, whole));
        json_decref(o);
        json_decref(whole);
    }
    rh_analysis_done(&a);
}

static void a_report_is_whole_or_there_is_none(void **state)
{
    (void)state;
    json_t *session = session_of(40), *whole = build(140, 20, 70), *r = NULL;
    rh_analysis a = analysis_of(140, 20);
    see(&a, 70, 0);
    rh_status st = RH_ERR_NOMEM;
    long k = 0;
    while (st == RH_ERR_NOMEM && k < 1000000) {
        k += 1 + k / 100;
        rh_alloc_fail_at(k);
        st = rh_report_build(session, &a, NULL, &r, NULL);
        rh_alloc_fail_at(0);
        assert_true(st == RH_OK ? r != NULL : r == NULL);
    }
    assert_int_equal(st, RH_OK);
    assert_true(k > 100);
    json_object_del(json_object_get(r, "analysis"), "timestamp");
    json_object_del(json_object_get(whole, "analysis"), "timestamp");
    assert_true(json_equal(r, whole));
    json_decref(r);
    json_decref(whole);
    json_decref(session);
    rh_analysis_done(&a);
}

/* An earlier session with its meta. */
static json_t *earlier(const char *id, const char *question, const char *kind)
{
    return json_pack("{s:s, s:f, s:{s:s*, s:s*}, s:{s:f}}", "id", id, "created", 5.0, "meta", "question", question,
                     "kind", kind, "scores", "overall", 70.0);
}

static void only_what_was_asked_alike_is_compared(void **state)
{
    (void)state;
    json_t *session = session_of(20), *r = NULL, *meta = json_object_get(session, "meta"), *trend;
    json_t *before = json_pack("[o, o, o, o]", earlier("same", "Why?", NULL), earlier("kind", "How?", "technical"),
                               earlier("other", "When?", "behavioural"), earlier("file", NULL, NULL));
    rh_analysis a = analysis_of(140, 0);
    assert_int_equal(rh_report_build(session, &a, before, &r, NULL), RH_OK);
    trend = json_object_get(r, "trend");
    assert_int_equal(json_array_size(trend), 3); /* with itself, the newest last */
    assert_string_equal(json_string_value(json_object_get(json_array_get(trend, 0), "id")), "kind");
    assert_string_equal(json_string_value(json_object_get(json_array_get(trend, 1), "id")), "same");
    json_decref(r);
    json_object_clear(meta); /* a file of which nothing is known has nothing to be compared with */
    assert_int_equal(rh_report_build(session, &a, before, &r, NULL), RH_OK);
    assert_int_equal(json_array_size(json_object_get(r, "trend")), 1);
    json_decref(r);
    json_decref(before);
    json_decref(session);
    rh_analysis_done(&a);
}

static void a_report_is_called_by_its_question_or_its_file(void **state)
{
    (void)state;
    json_t *session = session_of(20), *r = NULL, *meta = json_object_get(session, "meta");
    char *text = NULL;
    rh_analysis a = analysis_of(140, 0);
    json_object_set_new(session, "created", json_real(1764174300)); /* 26 November 2025, 16:25 */
    json_object_set_new(meta, "file_name", json_string("Probe *2*.m4a"));
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(r, "title")), "Why?");
    json_decref(r);
    json_object_del(meta, "question");
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(r, "title")), "Probe *2*.m4a");
    assert_string_equal(json_string_value(json_object_get(r, "question")), "");
    assert_int_equal(rh_report_markdown(r, &text, NULL), RH_OK);
    assert_ptr_equal(strstr(text, "# Probe \\*2\\*.m4a\n\n26 November 2025, 16:25 UTC; 20 s\n"), text);
    assert_non_null(strstr(text, "- **Pace** 140 words a minute (target 115 to 170): easy to follow\n"));
    rh_free(text);
    json_decref(r);
    json_decref(session);
    rh_analysis_done(&a);
}

static void figures_stand_beside_their_targets(void **state)
{
    (void)state;
    static const char *const names[] = {"Pace", "Eye contact", "Fillers"};
    json_t *r = build(140, 2, 55), *list = json_object_get(r, "measures");
    for (size_t i = 0; i < 3; i++) {
        const json_t *m = json_array_get(list, i);
        assert_string_equal(json_string_value(json_object_get(m, "name")), names[i]);
        assert_true(json_is_number(json_object_get(m, "low")) && json_is_number(json_object_get(m, "high")));
        assert_true(*json_string_value(json_object_get(m, "target")) != '\0');
    }
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "target")), "65 or more");
    json_decref(r);
}

static void praise_and_figures_do_not_contradict_each_other(void **state)
{
    static const struct {
        double wpm;
        bool praised;
    } paces[] = {{140, true}, {190, false}, {100, false}}; /* no points are lost at any of them */
    static const struct {
        float spread;
        const char *told;
    } voices[] = {{2, "flat"}, {5.5f, "moderate"}, {7, "lively"}};
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        json_t *r = build(paces[i].wpm, 20, 30);
        assert_int_equal(point_called(json_object_get(r, "keep"), "pace that is easy") != NULL, paces[i].praised);
        json_decref(r);
    }
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++) {
        json_t *session = session_of(40), *r = NULL;
        rh_analysis a = analysis_of(140, 0);
        a.report.voice.f0_spread_st = voices[i].spread;
        assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
        const json_t *list = json_object_get(r, "measures"),
                     *m = json_array_get(list, json_array_size(list) - 1); /* target: 6 to 12 semitones */
        assert_string_equal(json_string_value(json_object_get(m, "name")), "Pitch range");
        assert_string_equal(json_string_value(json_object_get(m, "note")), voices[i].told);
        json_decref(r);
        json_decref(session);
        rh_analysis_done(&a);
    }
}

static void nothing_is_drawn_of_eyes_that_were_not_judged(void **state)
{
    (void)state;
    static const float faces[] = {100, 5}; /* percent of the time in which there is one */
    for (int k = 0; k < 2; k++) {
        json_t *session = session_of(40), *r = NULL;
        rh_face_second seconds[40];
        rh_face_track track = {.seconds = seconds, .n_seconds = 40};
        rh_analysis a = analysis_of(140, 0);
        for (int i = 0; i < 40; i++) {
            for (int n = 0; n < RH_SEEN_KINDS; n++)
                seconds[i].mean[n] = NAN;
            seconds[i].mean[RH_SEEN_FACE] = faces[k];
            seconds[i].mean[RH_SEEN_EYE_CONTACT] = seconds[i].mean[RH_SEEN_ATTENTION] = k ? 0 : 80;
        }
        rh_sight_done(&a.sight);
        assert_int_equal(rh_sight_measure(&track, &a.sight), RH_OK);
        assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
        const json_t *line = json_object_get(r, "timeline");
        assert_int_equal(json_array_size(json_object_get(line, "eye_contact")), k ? 0 : 40);
        assert_int_equal(json_array_size(json_object_get(line, "attention")), k ? 0 : 40);
        json_decref(r);
        json_decref(session);
        rh_analysis_done(&a);
    }
}

static void a_next_step_is_promised_and_nothing_else(void **state)
{
    (void)state;
    json_t *r = build(140, 0, 90), *p = json_array_get(json_object_get(r, "change"), 0);
    assert_int_equal(json_array_size(json_object_get(r, "change")), 1);
    assert_string_equal(json_string_value(json_object_get(p, "kind")), "next_step");
    char *all = json_dumps(r, 0);
    assert_null(strstr(all, "stood out"));
    free(all);
    json_decref(r);
}

static int rising_claims(size_t measured, size_t sentences)
{
    json_t *session = session_of(40), *r = NULL;
    rh_analysis a = analysis_of(140, 0);
    a.sound_known = true;
    a.report.voice.ends = rh_calloc(measured, sizeof *a.report.voice.ends);
    a.report.voice.n_ends = a.report.voice.n_rises = measured;
    for (size_t i = 0; i < measured; i++)
        a.report.voice.ends[i] = (rh_sentence_end){.t = 3 + (float)i, .kind = RH_END_RISE, .change = 4};
    a.language.n_sentences = sentences;
    a.language.sentences = rh_calloc(sentences, sizeof *a.language.sentences);
    assert_int_equal(rh_report_build(session, &a, NULL, &r, NULL), RH_OK);
    int found = point_called(json_object_get(r, "change"), "sound like questions") != NULL;
    json_decref(r);
    json_decref(session);
    rh_analysis_done(&a);
    return found;
}

static void rising_voices_are_claimed_of_half_of_the_statements(void **state)
{
    (void)state;
    assert_int_equal(rising_claims(4, 12), 0);
    assert_int_equal(rising_claims(6, 12), 1);
    assert_int_equal(rising_claims(2, 2), 0); /* and of three at least */
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_asked_alike_is_compared),
        cmocka_unit_test(a_report_is_called_by_its_question_or_its_file),
        cmocka_unit_test(figures_stand_beside_their_targets),
        cmocka_unit_test(praise_and_figures_do_not_contradict_each_other),
        cmocka_unit_test(nothing_is_drawn_of_eyes_that_were_not_judged),
        cmocka_unit_test(a_next_step_is_promised_and_nothing_else),
        cmocka_unit_test(rising_voices_are_claimed_of_half_of_the_statements),
        cmocka_unit_test(terms_of_the_ad_are_told_with_their_moments),
        cmocka_unit_test(good_and_bad_land_on_their_sides_with_moments),
        cmocka_unit_test(transcript_marks_fillers_and_long_pauses),
        cmocka_unit_test(disfluencies_are_events_and_marks),
        cmocka_unit_test(an_answer_has_what_might_be_asked_next),
        cmocka_unit_test(silence_is_said_and_not_judged),
        cmocka_unit_test(markdown_escapes_what_people_said),
        cmocka_unit_test(html_holds_the_report_safely),
        cmocka_unit_test(subtitles_have_times),
        cmocka_unit_test(what_was_not_visible_is_said),
        cmocka_unit_test(neighbouring_cues_never_overlap),
        cmocka_unit_test(json_of_an_analysis_is_whole_or_there_is_none),
        cmocka_unit_test(a_report_is_whole_or_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
