/* Words, fillers, disfluencies and pauses in order of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/report/report.h"

/* The items as "text<mark>" joined by blanks; pauses as "_". */
static void flat(const json_t *items, char *out, size_t cap)
{
    size_t i;
    json_t *o;
    *out = '\0';
    json_array_foreach(items, i, o) {
        const char *text = json_string_value(json_object_get(o, "text"));
        const char *mark = json_string_value(json_object_get(o, "mark"));
        size_t n = strlen(out);
        assert_true(n + strlen(text) + 40 < cap);
        if (mark && strcmp(mark, "pause") == 0)
            text = "_", mark = NULL;
        strcat(strcat(out, i ? " " : ""), text);
        if (mark)
            strcat(strcat(strcat(out, "<"), mark), ">");
    }
}

static float at(const json_t *o, const char *key)
{
    return (float)rh_json_num(o, key);
}

static int whole(const json_t *o, const char *key)
{
    return (int)json_integer_value(json_object_get(o, key));
}

static int one_of(const char *name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    fail_msg("%s", name);
    return 0;
}

/* An analysis with what the JSON says of words, fillers, disfluencies and pauses; texts stay its. */
static rh_analysis analysis_of(const json_t *from)
{
    static const char *const fates[] = {"said", "missed", "added", "replaced", "mispronounced"};
    static const char *const disfluencies[] = {"repetition", "restart", "cut-off", "drawn"};
    const json_t *words = json_object_get(from, "words"), *fillers = json_object_get(from, "fillers");
    const json_t *disfluency_list = json_object_get(from, "slips"), *pauses = json_object_get(from, "pauses");
    rh_analysis a = {0};
    json_t *o;
    size_t i;
    a.report.word_scores = rh_calloc(json_array_size(words) + 1, sizeof *a.report.word_scores);
    a.said.fillers = rh_calloc(json_array_size(fillers) + 1, sizeof *a.said.fillers);
    a.said.disfluencies = rh_calloc(json_array_size(disfluency_list) + 1, sizeof *a.said.disfluencies);
    a.report.timing.pauses = rh_calloc(json_array_size(pauses) + 1, sizeof *a.report.timing.pauses);
    json_array_foreach(words, i, o) {
        const char *what = rh_json_str(o, "what");
        a.report.has_reference |= *what != '\0';
        a.report.word_scores[a.report.n_word_scores++] =
            (rh_word_score){.what = *what ? (rh_said)one_of(what, fates, 5) : RH_SAID,
                            .expected = json_string_value(json_object_get(o, "expected")),
                            .heard = json_string_value(json_object_get(o, "word")),
                            .start = at(o, "start"),
                            .end = at(o, "end"),
                            .score = at(o, "score")};
    }
    json_array_foreach(fillers, i, o) {
        int kind = 0;
        while (strcmp(rh_filler_said(rh_tongue_of("en"), &(rh_filler){.kind = (rh_filler_kind)kind}),
                      rh_json_str(o, "kind")) != 0)
            assert_true(++kind < RH_FILLER_KINDS);
        a.said.fillers[a.said.n_fillers++] = (rh_filler){(rh_filler_kind)kind,   at(o, "start"),    at(o, "end"), 1,
                                                         whole(o, "after_word"), whole(o, "words"), NULL};
    }
    json_array_foreach(disfluency_list, i, o) {
        rh_disfluency *s = &a.said.disfluencies[a.said.n_disfluencies++];
        *s = (rh_disfluency){(rh_disfluency_kind)one_of(rh_json_str(o, "kind"), disfluencies, 4), at(o, "start"),
                             at(o, "end"), whole(o, "after_word"), ""};
        strcpy(s->text, rh_json_str(o, "text"));
    }
    json_array_foreach(pauses, i, o)
        a.report.timing.pauses[a.report.timing.n_pauses++] =
            (rh_pause){at(o, "start"), at(o, "end"), RH_PAUSE_WITHIN, whole(o, "after_word")};
    return a;
}

static void expect(const char *analysis, const char *want, const char *verbatim)
{
    char got[1000];
    json_error_t err;
    json_t *from = json_loads(analysis, 0, &err);
    if (!from)
        fail_msg("%s", err.text);
    rh_analysis a = analysis_of(from);
    json_t *items = rh_marked_words(&a);
    assert_non_null(items);
    flat(items, got, sizeof got);
    assert_string_equal(got, want);
    char *said = rh_marked_verbatim(items, rh_tongue_of("en"));
    assert_string_equal(said, verbatim);
    rh_free(said);
    json_decref(items);
    rh_free(a.report.word_scores);
    rh_free(a.said.fillers);
    rh_free(a.said.disfluencies);
    rh_free(a.report.timing.pauses);
    json_decref(from);
}

#define WORD(text, start, end) "{\"word\": \"" text "\", \"start\": " #start ", \"end\": " #end ", \"score\": 90}"

static void fillers_are_marked_or_put_in(void **state)
{
    (void)state;
    /* The second filler is no word of the clean text, though it overlaps one in time. */
    expect(
        "{\"words\": [" WORD("We,", 0, 1) "," WORD("you", 1, 2) "," WORD("know,", 2, 3) "," WORD(
            "left.", 3,
            5) "], \"fillers\": [{\"kind\": \"you know\", \"start\": 1, \"end\": 3, \"after_word\": 0, \"words\": 2},"
               "{\"kind\": \"um\", \"start\": 3.2, \"end\": 4.8, \"after_word\": 2, \"words\": 0}]}",
        "We, you<filler> know,<filler> um<filler> left.", "We, you know, um, left.");
}

/* The recogniser's word may begin in the pause before it. */
static void a_filler_of_the_text_is_where_it_sounds(void **state)
{
    (void)state;
    rh_word_score words[] = {{.heard = "Well", .start = 0, .end = 5, .score = 90},
                             {.heard = "um,", .start = 5.26f, .end = 6.6f, .score = 90}};
    rh_filler um = {RH_FILLER_UM, 5.84f, 6.56f, 1, 0, 1, NULL};
    rh_analysis a = {.report = {.word_scores = words, .n_word_scores = 2}, .said = {.fillers = &um, .n_fillers = 1}};
    json_t *items = rh_marked_words(&a);
    assert_int_equal(json_array_size(items), 2);
    const json_t *o = json_array_get(items, 1);
    assert_string_equal(rh_json_str(o, "mark"), "filler");
    assert_true(rh_json_num(o, "start") == 5.84 && rh_json_num(o, "end") == 6.56);
    json_decref(items);
}

static void disfluencies_are_put_in_where_the_clean_text_has_them_not(void **state)
{
    (void)state;
#define SLIP(kind, text, start, after)                                                                                 \
    "{\"kind\": \"" kind "\", \"text\": \"" text "\", \"start\": " #start ", \"end\": " #start                         \
    ", \"after_word\": " #after "}"
#define TOWN WORD("to", 0, 1) "," WORD("the", 1, 2) "," WORD("town", 2, 3)
    expect("{\"words\": [" TOWN "], \"slips\": [" SLIP("repetition", "the", 1.1, 0) "]}", "to the<repeat> the town",
           "to the the town");
    expect("{\"words\": [" WORD("the", 0, 1) "," TOWN "], \"slips\": [" SLIP("repetition", "to", 1.1, 0) "]}",
           "the to<repeat> to the town", "the to to the town");
    expect(
        "{\"words\": [" WORD("the", 0, 1) "," WORD("the", 1, 2) "], \"slips\": [" SLIP("repetition", "The", 0, -1) "]}",
        "the<repeat> the", "the the");
    expect("{\"words\": [" TOWN
           "], \"slips\": [" SLIP("cut-off", "Ton-", 1.9, 1) "," SLIP("drawn", "town", 2.2, 1) "]}",
           "to the Ton-<cutoff> town<drawn>", "to the Ton- town");
    expect("{\"words\": [" WORD("we", 0, 1) "," WORD("had,", 1, 2) "," WORD("we", 2, 3) "," WORD(
               "went", 3, 4) "], \"slips\": [" SLIP("restart", "we had,", 0, -1) "]}",
           "we<false_start> had,<false_start> we went", "we had, we went");
}

static void pauses_and_fillers_come_in_order(void **state)
{
    (void)state;
    expect("{\"words\": [" WORD("So", 0, 1) "," WORD(
               "no.", 5, 6) "], \"pauses\": ["
                            "{\"start\": 1, \"end\": 2, \"place\": \"within\", \"after_word\": 0},"
                            "{\"start\": 3, \"end\": 5, \"place\": \"within\", \"after_word\": 0}], \"fillers\": ["
                            "{\"kind\": \"um\", \"start\": 2.2, \"end\": 2.8, \"after_word\": 0, \"words\": 0}]}",
           "So _ um<filler> _ no.", "So um, no.");
}

static void fates_against_a_text_are_told_apart(void **state)
{
    (void)state;
    expect(
        "{\"words\": [{\"expected\": \"the\", \"what\": \"missed\", \"start\": 1, \"end\": 1, \"score\": 0},"
        "{\"word\": \"very\", \"what\": \"added\", \"start\": 1, \"end\": 2, \"score\": 0},"
        "{\"word\": \"dog\", \"expected\": \"cat\", \"what\": \"replaced\", \"start\": 2, \"end\": 3, \"score\": 0},"
        "{\"word\": \"sad\", \"expected\": \"sat\", \"what\": \"mispronounced\", \"start\": 3, \"end\": 4, \"score\": 40},"
        "{\"word\": \"down\", \"expected\": \"down\", \"what\": \"said\", \"start\": 4, \"end\": 5, \"score\": 12}],"
        "\"fillers\": [{\"kind\": \"like\", \"start\": 1, \"end\": 2, \"after_word\": -1, \"words\": 1}]}",
        "the<missed> very<filler> dog<replaced> sad<mispronounced> down<mispronounced>", "very dog sad down");
}

static void kept_sessions_give_what_was_really_said(void **state)
{
    (void)state;
    json_t *s = json_loads("{\"segments\": [{\"start\": 1, \"end\": 2, \"text\": \"We left.\", \"words\": ["
                           "{\"word\": \"We\"}, {\"word\": \"um\", \"filler\": \"um\", \"heard\": true},"
                           "{\"word\": \"left.\"}]}, {\"start\": 3, \"end\": 4, \"text\": \"Yes.\"}]}",
                           0, NULL);
    json_t *lines = rh_verbatim_segments(s);
    assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 0), "text")), "We um, left.");
    assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 1), "text")), "Yes.");
    json_decref(lines);
    json_object_set_new(
        s, "report",
        json_loads("{\"transcript\": [{\"start\": 1, \"end\": 2, \"verbatim\": \"We we left.\"}]}", 0, NULL));
    lines = rh_verbatim_segments(s);
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(lines, 0), "text")), "We we left.");
    json_decref(lines);
    json_decref(s);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fillers_are_marked_or_put_in),
        cmocka_unit_test(a_filler_of_the_text_is_where_it_sounds),
        cmocka_unit_test(disfluencies_are_put_in_where_the_clean_text_has_them_not),
        cmocka_unit_test(pauses_and_fillers_come_in_order),
        cmocka_unit_test(fates_against_a_text_are_told_apart),
        cmocka_unit_test(kept_sessions_give_what_was_really_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
