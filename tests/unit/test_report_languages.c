/* What a report says, and what it leaves out, of answers in other languages than English. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/report/report.h"

/* Words of `text`, `per_s` a second, as one segment of a recording. */
static rh_analysis analysis_of(const char *language, const char *text, double per_s)
{
    char copy[2000];
    rh_word_table t = {.fillers_are = RH_FILLERS_SOUGHT};
    rh_analysis a = {0};
    size_t n = 1, i = 0;
    assert_true(strlen(text) < sizeof copy);
    strcpy(copy, text);
    strcpy(t.language, language);
    for (const char *s = text; *s; s++)
        n += *s == ' ';
    double length = (double)n / per_s;
    assert_int_equal(rh_word_table_segment(&t, 0, (float)length, text), RH_OK);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "), i++) {
        rh_word word = {.start = (float)((double)i / per_s), .end = (float)(((double)i + 0.9) / per_s), .p = 0.95f};
        assert_int_equal(rh_word_table_word(&t, RH_WORDS_CLEAN, &word, w, strlen(w)), RH_OK);
    }
    assert_int_equal(rh_word_table_question(&t, "Tell me about a time when you solved a problem.", "behavioural"),
                     RH_OK);
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, length, &a, NULL), RH_OK);
    rh_word_table_done(&t);
    return a;
}

static json_t *report_of(const char *language, const char *text, double per_s)
{
    json_t *report = NULL;
    rh_analysis a = analysis_of(language, text, per_s);
    json_t *session =
        json_pack("{s:s, s:f, s:f, s:{s:s, s:s}}", "id", "s", "created", 1.0, "duration_s", a.duration_s, "meta",
                  "question", "Tell me about a time when you solved a problem.", "kind", "behavioural");
    assert_int_equal(rh_report_build(session, &a, NULL, &report, NULL), RH_OK);
    json_decref(session);
    rh_analysis_done(&a);
    return report;
}

static bool says(const json_t *o, const char *text)
{
    char *all = json_dumps(o, JSON_ENCODE_ANY);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}

static int notes_with(const json_t *report, const char *text)
{
    int n = 0;
    size_t i;
    json_t *note;
    json_array_foreach(json_object_get(report, "notes"), i, note)
        n += strstr(json_string_value(note), text) != NULL;
    return n;
}

static const json_t *of(const json_t *o, const char *a, const char *b)
{
    return json_object_get(json_object_get(o, a), b);
}

static const char POLISH[] =
    "W mojej ostatniej pracy prowadziłem zespół pięciu osób. Mieliśmy za mało czasu, więc zaproponowałem nowy plan i "
    "podzieliłem zadania. Po trzech miesiącach skończyliśmy projekt przed terminem, a klient zamówił następny. Od tamtej "
    "pory zaczynam każdy projekt od rozmowy z całym zespołem i pytam, co może pójść źle.";

static void without_lists_nothing_is_claimed_and_that_is_said_once(void **state)
{
    static const char *const left_out[] = {"hedg",
                                           "Hardly any filler",
                                           "Filler words",
                                           "Said with confidence",
                                           "Sentences in one piece",
                                           "inside a clause",
                                           "Concrete facts",
                                           "story"};
    (void)state;
    json_t *r = report_of("pl", POLISH, 1.8);
    assert_int_equal(notes_with(r, "not measured in Polish"), 1);
    assert_int_equal(notes_with(r, "Fillers, hedges"), 1);
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        if (says(json_object_get(r, "keep"), left_out[i]) || says(json_object_get(r, "change"), left_out[i]) ||
            says(json_object_get(r, "advice"), left_out[i]))
            fail_msg("\"%s\" is said of Polish", left_out[i]);
    }
    assert_null(of(r, "scores", "fillers"));
    assert_null(of(r, "scores", "pace"));
    assert_null(of(r, "scores", "content"));
    assert_false(says(json_object_get(r, "measures"), "Fillers"));
    assert_true(json_is_null(of(r, "language", "hedges_per_100")));
    assert_true(json_is_null(of(r, "language", "i")));
    assert_null(json_object_get(r, "follow_ups"));
    assert_int_equal(json_array_size(of(r, "structure", "parts")), 0);
    assert_true(json_number_value(of(r, "analysis", "pace_wpm")) > 90); /* promised to older clients */
    assert_true(json_is_integer(of(r, "analysis", "filler_words_count")));
    assert_int_equal(json_array_size(of(r, "analysis", "not_measured")), 5);
    json_decref(r);
}

static void a_language_with_lists_is_told_what_they_find(void **state)
{
    static const char hesitant[] =
        "Also, ähm, ich glaube, das war vielleicht in meinem letzten Projekt, und wir hatten, äh, irgendwie zu wenig Zeit. "
        "Ich denke, wir haben dann, äh, eventuell ein paar Sachen anders gemacht, und ich glaube, das war so in etwa gut. "
        "Und dann, ähm, haben wir es wohl irgendwie geschafft, sozusagen, und ich würde sagen, es war in Ordnung.";
    (void)state;
    json_t *r = report_of("de", hesitant, 2.2);
    assert_int_equal(notes_with(r, "Structure and content are not measured in German."), 1);
    assert_true(says(json_object_get(r, "change"), "Filler words"));
    assert_true(says(json_object_get(r, "change"), "vielleicht"));
    assert_false(says(json_object_get(r, "change"), "I think"));
    assert_int_equal(json_integer_value(json_object_get(of(r, "analysis", "filler_words_detail"), "ähm")), 2);
    assert_int_equal(json_integer_value(json_object_get(of(r, "analysis", "filler_words_detail"), "äh")), 2);
    assert_true(json_number_value(of(r, "language", "hedges_per_100")) > 10);
    assert_null(of(r, "scores", "content"));
    json_decref(r);
}

static void characters_are_told_as_characters(void **state)
{
    static const char chinese[] =
        "我 在 上海 的 一家 公司 做了 三年 的 数据 分析。 去年 我们 的 系统 每天 晚上 都会 出错， "
        "所以 我 花了 两个 星期 重写 了 整个 API 流程。 现在 报告 早上 八点 就 准备 好了。";
    (void)state;
    json_t *r = report_of("zh", chinese, 2.5);
    assert_true(says(json_object_get(r, "summary"), "263 characters a minute"));
    assert_false(says(json_object_get(r, "summary"), "words"));
    assert_false(says(json_object_get(r, "measures"), "words a minute"));
    assert_true(says(json_object_get(r, "measures"), "160 to 280"));
    assert_true(says(json_object_get(r, "measures"), "characters a minute"));
    assert_string_equal(json_string_value(of(r, "analysis", "pace_unit")), "characters");
    assert_int_equal((int)json_number_value(of(r, "analysis", "characters_per_minute")), 263);
    assert_int_equal((int)json_number_value(of(r, "analysis", "pace_wpm")), 164);
    assert_true(json_is_null(json_array_get(of(r, "timeline", "pace_wpm"), 5)));
    assert_true(json_number_value(json_array_get(of(r, "timeline", "pace_cpm"), 5)) > 200);
    assert_true(says(json_object_get(r, "transcript"), "我在上海的一家公司做了三年的数据分析。"));
    assert_int_equal(notes_with(r, "not measured in Chinese"), 1);
    assert_null(strstr(json_string_value(of(r, "analysis", "verbatim_text")), "我 在"));
    assert_true(json_is_null(of(r, "language", "sentence_words")));
    json_decref(r);
}

static void another_language_than_the_one_given_is_told(void **state)
{
    (void)state;
    json_t *report = NULL,
           *session = json_pack("{s:s, s:f, s:f, s:{}}", "id", "s", "created", 1.0, "duration_s", 9.0, "meta");
    rh_analysis a = analysis_of("en", "He came to the town and had a look at all of it before the night was over.", 2);
    strcpy(a.other_language, "pl");
    assert_int_equal(rh_report_build(session, &a, NULL, &report, NULL), RH_OK);
    assert_int_equal(notes_with(report, "spoken Polish, and were understood as if it were English"), 1);
    json_decref(report);
    json_decref(session);
    rh_analysis_done(&a);
}

static void english_has_no_such_note(void **state)
{
    (void)state;
    json_t *r =
        report_of("en",
                  "In my last job the nightly report failed every week. I had to find out why, so I read the logs "
                  "and rewrote the queue in Go. As a result the failures dropped by ninety percent.",
                  2.4);
    assert_int_equal(notes_with(r, "not measured"), 0);
    assert_true(json_number_value(of(r, "scores", "content")) > 60);
    assert_string_equal(json_string_value(of(r, "analysis", "pace_unit")), "words");
    assert_null(of(r, "analysis", "characters_per_minute"));
    json_decref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_lists_nothing_is_claimed_and_that_is_said_once),
        cmocka_unit_test(a_language_with_lists_is_told_what_they_find),
        cmocka_unit_test(characters_are_told_as_characters),
        cmocka_unit_test(another_language_than_the_one_given_is_told),
        cmocka_unit_test(english_has_no_such_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
