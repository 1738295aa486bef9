/* A word table and the measures of any range of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/speech/analysis.h"

/* One word every half second from `start_s`, 0.4 s long: a segment that ends with its last word. */
static rh_status say(rh_word_table *t, float start_s, const char *text)
{
    char copy[200], *rest = copy;
    size_t n = 1;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (const char *s = text; *s; s++)
        n += *s == ' ';
    rh_status st = rh_word_table_segment(t, start_s, start_s + 0.5f * (float)n, text);
    for (char *w; st == RH_OK && (w = strsep(&rest, " ")); start_s += 0.5f) {
        rh_word word = {.start = start_s, .end = start_s + 0.4f, .p = 0.9f, .p_rival = 0.05f, .entropy = 0.2f};
        st = rh_word_table_word(t, RH_WORDS_CLEAN, &word, w, strlen(w));
        if (st == RH_OK)
            st = rh_word_table_word(t, RH_WORDS_VERBATIM, &word, w, strlen(w));
    }
    return st;
}

static rh_word_table talk(void)
{
    rh_word_table t = {.fillers_are = RH_FILLERS_KNOWN, .language = "en"};
    assert_int_equal(say(&t, 0, "We built three bridges."), RH_OK);
    assert_int_equal(say(&t, 3, "I think they held."), RH_OK);
    rh_filler um = {RH_FILLER_UM, 2.9f, 3.0f, 0.8f, 3, 0, NULL};
    assert_int_equal(rh_word_table_filler(&t, &um), RH_OK);
    rh_disfluency twice = {
        .kind = RH_DISFLUENCY_REPETITION, .start = 3.5f, .end = 3.9f, .after_word = 4, .text = "think"};
    assert_int_equal(rh_word_table_disfluency(&t, &twice), RH_OK);
    assert_int_equal(say(&t, 6, "Nobody fell."), RH_OK);
    return t;
}

static void ranges_meet_without_a_gap_or_a_word_twice(void **state)
{
    (void)state;
    rh_word_table t = talk();
    static const double cuts[] = {0, 2, 2.5, 5, 7};
    char all[200] = "";
    size_t n = 0;
    for (int i = 0; i + 1 < 5; i++) {
        rh_analysis a = {0};
        assert_int_equal(rh_analyse(&t, NULL, NULL, cuts[i], cuts[i + 1], &a, NULL), RH_OK);
        strcat(strcat(all, *all && *a.text ? " " : ""), a.text);
        n += a.said.words[RH_WORDS_CLEAN].n;
        for (size_t k = 0; k < a.report.n_word_scores; k++)
            assert_true((double)a.report.word_scores[k].start >= cuts[i] &&
                        (double)a.report.word_scores[k].end <= cuts[i + 1]);
        rh_analysis_done(&a);
    }
    assert_string_equal(all, "We built three bridges. I think they held. Nobody fell.");
    assert_int_equal(n, 10);
    rh_word_table_done(&t);
}

static void a_range_has_its_own_indices_and_the_whole_s_times(void **state)
{
    (void)state;
    rh_word_table t = talk();
    rh_analysis a = {0};
    assert_int_equal(rh_analyse(&t, NULL, NULL, 2, 7, &a, NULL), RH_OK);
    assert_true(a.from_s == 2 && a.duration_s == 5);
    assert_string_equal(a.verbatim_text, "um, I think they held. Nobody fell.");
    assert_int_equal(a.said.fillers[0].after_word, -1); /* it came before the words of its segment */
    assert_int_equal(a.said.disfluencies[0].after_word, 0);
    assert_float_equal(a.said.disfluencies[0].start, 3.5f, 1e-5f);
    assert_int_equal(a.report.fillers[RH_FILLER_UM], 1);
    const rh_timing *g = &a.report.timing;
    assert_int_equal((int)g->n_pauses, 1);
    assert_float_equal(g->pauses[0].start, 4.9f, 1e-4f);
    assert_float_equal(g->first_s, 3.0f, 1e-4f);
    assert_float_equal(a.language.sentences[1].start, 6.0f, 1e-4f);
    assert_int_equal(a.language.counts[RH_REMARK_HEDGE], 1);
    assert_int_equal(a.n_seconds, 5);
    assert_true(isnan(a.seconds[0].pitch_st) && !a.sound_known);
    json_t *o = rh_analysis_json(&a);
    const json_t *pause = json_array_get(json_object_get(o, "pauses"), 0);
    assert_int_equal(json_integer_value(json_object_get(pause, "after_word")), 3);
    assert_true(json_number_value(json_object_get(json_object_get(o, "timeline"), "from_s")) == 2);
    json_decref(o);
    rh_analysis_done(&a);
    rh_word_table_done(&t);
}

static void words_of_a_text_that_were_left_out_move_the_places(void **state)
{
    (void)state;
    rh_word_table t = {.fillers_are = RH_FILLERS_KNOWN, .language = "en"};
    rh_analysis a = {0};
    assert_int_equal(say(&t, 0, "We built bridges."), RH_OK);
    rh_filler um = {RH_FILLER_UM, 0.92f, 0.98f, 0.8f, 1, 0, NULL};
    assert_int_equal(rh_word_table_filler(&t, &um), RH_OK);
    t.reference = rh_strdup("We also built bridges.");
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, 2, &a, NULL), RH_OK);
    assert_int_equal(a.report.n_missed, 1);
    assert_int_equal(a.place[1], 2);
    json_t *o = rh_analysis_json(&a);
    const json_t *filler = json_array_get(json_object_get(o, "fillers"), 0);
    assert_int_equal(json_integer_value(json_object_get(filler, "after_word")), 2);
    json_decref(o);
    rh_analysis_done(&a);
    rh_word_table_done(&t);
}

/* Where pieces were heard verbatim their borders are not trusted: the sounds heard stand in. */
static void heard_sounds_are_confirmed_over_the_whole(void **state)
{
    (void)state;
    rh_word_table t = talk();
    rh_analysis a = {0};
    t.fillers_are = RH_FILLERS_CONFIRMED;
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, 7, &a, NULL), RH_OK);
    const rh_word_list *v = &a.said.words[RH_WORDS_VERBATIM];
    assert_int_equal((int)v->n, 11);
    assert_string_equal(v->at[4].text, "um");
    assert_int_equal(a.said.fillers_are, RH_FILLERS_KNOWN);
    rh_analysis_done(&a);
    rh_word_table_done(&t);
}

static void what_is_long_told_is_forgotten(void **state)
{
    (void)state;
    rh_word_table t = {.fillers_are = RH_FILLERS_KNOWN};
    for (int i = 0; i < 600; i++)
        assert_int_equal(say(&t, (float)i, "Yes, yes."), RH_OK);
    rh_word_table_forget(&t, 100);
    assert_int_equal((int)t.n_segments, 600); /* too few to be worth it */
    rh_word_table_forget(&t, 590);
    assert_int_equal((int)t.n_segments, 10);
    assert_string_equal(t.words[RH_WORDS_CLEAN].at[0].text, "Yes,");
    assert_float_equal(t.words[RH_WORDS_CLEAN].at[0].start, 590.0f, 1e-3f);
    rh_word_table_done(&t);
}

/* Eyes on the camera half of the time are worth 66.7 points, a head that turns 13 degrees a second takes 15. */
static void what_was_seen_counts_beside_what_was_said(void **state)
{
    (void)state;
    rh_word_table t = talk();
    rh_analysis a = {0};
    rh_face_second seconds[8];
    rh_face_track faces = {.seconds = seconds, .n_seconds = 8};
    for (int i = 0; i < 8; i++)
        seconds[i] = (rh_face_second){{[RH_SEEN_FACE] = 100,
                                       [RH_SEEN_EYE_CONTACT] = i % 2 ? 100 : 0,
                                       [RH_SEEN_ATTENTION] = 90,
                                       [RH_SEEN_YAW] = i % 2 ? 13 : 0}};
    assert_int_equal(rh_analyse(&t, NULL, &faces, 0, 7, &a, NULL), RH_OK);
    float weight = rh_score_weight(&a.report), said = a.report.overall.value;
    assert_true(a.heard && weight > 0);
    assert_float_equal(a.sight.eye_contact, 50, 1e-3f);
    assert_float_equal(a.sight.presence, 85, 1e-3f);
    assert_float_equal(a.overall, (weight * said + 0.2f * 66.667f + 0.05f * 85) / (weight + 0.25f), 1e-3f);
    rh_analysis_done(&a);
    assert_int_equal(rh_analyse(&t, NULL, NULL, 0, 7, &a, NULL), RH_OK);
    assert_true(a.sight.in_frame < 0 && a.sight.eye_contact < 0 && a.sight.presence < 0);
    assert_float_equal(a.overall, said, 1e-3f);
    rh_analysis_done(&a);
    for (int i = 0; i < 8; i++) /* too little of a face to say where it looked */
        seconds[i].mean[RH_SEEN_FACE] = 19;
    assert_int_equal(rh_analyse(NULL, NULL, &faces, 0, 7, &a, NULL), RH_OK);
    assert_true(!a.heard && a.overall < 0 && a.sight.eye_contact < 0 && a.sight.presence == 0);
    rh_analysis_done(&a);
    rh_word_table_done(&t);
}

static void missing_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    rh_word_table t = talk();
    rh_status st = RH_ERR_NOMEM;
    for (int at = 1; st != RH_OK; at++) {
        rh_analysis a = {0};
        rh_alloc_fail_at(at);
        st = rh_analyse(&t, NULL, NULL, 0, 7, &a, NULL);
        rh_alloc_fail_at(0);
        assert_true(st == RH_OK || st == RH_ERR_NOMEM);
        rh_analysis_done(&a);
        assert_true(at < 10000);
    }
    rh_word_table_done(&t);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_meet_without_a_gap_or_a_word_twice),
        cmocka_unit_test(a_range_has_its_own_indices_and_the_whole_s_times),
        cmocka_unit_test(words_of_a_text_that_were_left_out_move_the_places),
        cmocka_unit_test(heard_sounds_are_confirmed_over_the_whole),
        cmocka_unit_test(what_is_long_told_is_forgotten),
        cmocka_unit_test(what_was_seen_counts_beside_what_was_said),
        cmocka_unit_test(missing_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
