/* The session's second-by-second record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>
#include <math.h>
#include "rehearse/base/alloc.h"
#include "session/timeline.h"

static rh_face reading(bool looking, float yaw)
{
    return (rh_face){.present = true, .looking = looking, .yaw_deg = yaw, .attention = 80};
}

static void long_look_to_the_side_is_one_event_with_direction(void **state)
{
    (void)state;
    rh_timeline t;
    rh_look_away away = {0};
    int events = 0;
    rh_timeline_init(&t);
    for (double s = 0; s < 10; s += 0.1) {
        bool aside = s >= 3 && s < 6;
        rh_face f = reading(!aside, aside ? 30 : 0);
        if (s >= 6 && events == 0) { /* as the tracker tells it, on the camera's clock */
            f.away_ended = true;
            f.away = (rh_away){50000000, 53000000, RH_LOOK_RIGHT};
        }
        events += rh_timeline_face(&t, &f, s, &away);
    }
    assert_int_equal(events, 1);
    assert_string_equal(away.direction, "right"); /* image left = the person's right */
    assert_true(away.start > 2.9 && away.start < 3.15 && away.end > 5.9 && away.end < 6.2);
    assert_true(rh_timeline_looking(&t, 3, 6) < 0.05);
    assert_true(rh_timeline_looking(&t, 7, 10) > 0.95);
    rh_timeline_done(&t);
}

static void glance_is_no_event(void **state)
{
    (void)state;
    rh_timeline t;
    rh_look_away away;
    rh_timeline_init(&t);
    for (double s = 0; s < 5; s += 0.1) {
        rh_face f = reading(s < 2 || s > 2.6, 20);
        f.away_ended = s > 2.6;
        f.away = (rh_away){2000000, 2600000, RH_LOOK_RIGHT};
        assert_false(rh_timeline_face(&t, &f, s, &away));
    }
    rh_timeline_done(&t);
}

static void near(double value, double expected)
{
    assert_true(fabs(value - expected) < 0.02);
}

static void say(rh_timeline *t, double start, double end, bool filler)
{
    rh_timeline_word(t, &(rh_timeline_said){.start = start, .end = end, .units = 1, .syllables = 2, .filler = filler});
}

/* Words of 0.3 s, 0.4 s apart, with a pause of 1 s inside a clause after every tenth. */
static void speak_with_pauses(rh_timeline *t, rh_pause_place place)
{
    double at = 0;
    rh_final_delivery d = {.n_voiced = 100};
    for (int i = 0; i < 40; i++, at += 0.4) {
        if (i && i % 10 == 0) {
            d.pauses[d.n_pauses++] = (rh_pause){(float)at, (float)at + 1, place, i - 1};
            at += 1;
        }
        say(t, at, at + 0.3, false);
    }
    d.end = at;
    rh_timeline_delivery(t, &d);
}

static void pauses_count_for_pace_as_far_as_speech_has_them(void **state)
{
    (void)state;
    rh_timeline t;
    rh_timeline_init(&t);
    speak_with_pauses(&t, RH_PAUSE_SENTENCE);
    rh_timeline_pace p = rh_timeline_paced(&t, 0);
    near(p.units, 40.0 * 60 / 18.9); /* 3 s of 18.9: all of them */
    near(p.syllables, 2 * p.units);
    rh_final_delivery thinks = {.end = 18.9, .n_pauses = 1, .pauses = {{2, 2.9f, RH_PAUSE_SENTENCE, 5}}};
    for (int i = 0; i < 10; i++)
        rh_timeline_delivery(&t, &thinks); /* most of the time silent: it counts for 0.3 of what is left */
    near(rh_timeline_paced(&t, 0).units, 40 * 60 / (6.9 * 1.3));
    near(rh_timeline_paced(&t, 18).units, 0);
    rh_timeline_done(&t);
}

static void only_pauses_inside_clauses_are_minded(void **state)
{
    (void)state;
    rh_timeline t;
    rh_timeline_init(&t);
    speak_with_pauses(&t, RH_PAUSE_SENTENCE);
    assert_int_equal(rh_timeline_delivered(&t, 0).n_broken, 0);
    rh_timeline_done(&t);
    speak_with_pauses(&t, RH_PAUSE_WITHIN);
    rh_delivered d = rh_timeline_delivered(&t, 0);
    assert_int_equal(d.n_broken, 3);
    near(d.broken_s, 2.1);                                      /* of each what is over a breath */
    assert_int_equal(rh_timeline_delivered(&t, 8).n_broken, 2); /* the first is over by then */
    assert_int_equal(rh_timeline_delivered(&t, 30).n_voiced, 0);
    rh_timeline_done(&t);
}

/* Of the sounds that nobody writes live recognition shows a good half. */
static void fillers_count_as_what_was_said(void **state)
{
    (void)state;
    rh_timeline t;
    rh_timeline_init(&t);
    for (int i = 0; i < 400; i++) { /* more than are remembered */
        bool filler = i % 50 == 49;
        rh_timeline_word(&t,
                         &(rh_timeline_said){
                             .start = i, .end = i + 0.3, .units = 1, .filler = filler, .unwritten = filler && i > 360});
    }
    near(rh_timeline_filled(&t, 300), 1 + 1 / 0.6);
    assert_int_equal(t.n_fillers, 8);
    rh_timeline_done(&t);
}

static void what_is_not_final_yet_counts_until_it_is(void **state)
{
    (void)state;
    rh_timeline t;
    rh_final_delivery d = {.end = 12, .n_voiced = 5, .n_pauses = 1, .n_fillers = 2, .n_unwritten = 1};
    d.pauses[0] = (rh_pause){10, 10.9f, RH_PAUSE_WITHIN, 3};
    rh_timeline_init(&t);
    rh_timeline_ahead(&t, &d);
    rh_timeline_ahead(&t, &d); /* the same words, heard again */
    assert_int_equal(rh_timeline_delivered(&t, 0).n_broken, 1);
    assert_int_equal(rh_timeline_delivered(&t, 0).n_voiced, 5);
    assert_true(rh_timeline_filled(&t, 0) > 2);
    assert_true(rh_timeline_filled(&t, 13) == 0);
    rh_timeline_delivery(&t, &d);
    assert_int_equal(rh_timeline_delivered(&t, 0).n_broken, 1);
    assert_true(rh_timeline_filled(&t, 0) == 0); /* its fillers come as words */
    rh_timeline_done(&t);
}

static void pace_counts_words_not_fillers(void **state)
{
    (void)state;
    rh_timeline t;
    rh_timeline_init(&t);
    for (int i = 0; i < 50; i++)
        say(&t, i * 0.4, i * 0.4 + 0.3, i % 10 == 9);
    double wpm = rh_timeline_wpm(&t, 20, 20);
    assert_true(wpm > 125 && wpm < 145); /* 45 words in 20 s */
    assert_int_equal(t.n_fillers, 5);
    assert_true(rh_timeline_wpm(&t, 100, 20) == 0);
    rh_timeline_done(&t);
}

static void times_outside_a_session_are_ignored(void **state)
{
    (void)state;
    rh_timeline t;
    rh_timeline_init(&t);
    assert_null(rh_timeline_at(&t, -1));
    assert_null(rh_timeline_at(&t, RH_SESSION_MAX_S));
    assert_null(rh_timeline_at(&t, (double)NAN));
    assert_non_null(rh_timeline_at(&t, RH_SESSION_MAX_S - 1));
    rh_timeline_done(&t);
}

static void second_without_a_face_is_no_eye_contact(void **state)
{
    (void)state;
    rh_timeline_bin s = {.n_faces = 5};
    json_t *o = rh_timeline_bin_json(&s);
    assert_true(json_number_value(json_object_get(o, "eye_contact")) == 0);
    assert_true(json_number_value(json_object_get(o, "face")) == 0);
    json_decref(o);
    s = (rh_timeline_bin){0};
    o = rh_timeline_bin_json(&s);
    assert_null(json_object_get(o, "eye_contact"));
    json_decref(o);
}

static void what_an_earlier_run_saw_comes_back_and_gives_way_to_new_pictures(void **state)
{
    (void)state;
    rh_timeline t;
    rh_face_track seen = {0};
    rh_timeline_bin bin = {
        .n_faces = 4, .n_present = 3, .n_looking = 2, .n_eyes_hidden = 1, .yaw = 30, .attention = 240};
    json_t *row = rh_timeline_bin_json(&bin), *nothing = json_object();
    rh_timeline_init(&t);
    rh_timeline_restore(&t, 0, row);
    rh_timeline_restore(&t, 1, row);
    rh_timeline_restore(&t, 2, nothing);
    rh_face f = reading(false, 20);
    rh_look_away away;
    (void)rh_timeline_face(&t, &f, 1.5, &away);
    rh_timeline_away(&t, 3, 5);
    assert_int_equal(rh_timeline_faces(&t, 3.5, &seen), RH_OK);
    assert_int_equal(seen.n_seconds, 4);
    const float *first = seen.seconds[0].mean, *second = seen.seconds[1].mean;
    assert_true(first[RH_SEEN_FACE] == 75 && first[RH_SEEN_EYE_CONTACT] == 100 && first[RH_SEEN_YAW] == 10);
    assert_true(fabsf(first[RH_SEEN_EYES_HIDDEN] - 33.3f) < 0.01f && first[RH_SEEN_ATTENTION] == 80);
    assert_true(second[RH_SEEN_FACE] == 100 && second[RH_SEEN_EYE_CONTACT] == 0 && second[RH_SEEN_YAW] == 20);
    assert_true(isnan(seen.seconds[2].mean[RH_SEEN_FACE]) && isnan(seen.seconds[3].mean[RH_SEEN_FACE]));
    assert_true(seen.n_away == 1 && seen.away[0].start == 3 && seen.away[0].end == 5);
    rh_face_track_done(&seen);
    rh_timeline_done(&t);
    json_decref(row);
    json_decref(nothing);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_look_to_the_side_is_one_event_with_direction),
        cmocka_unit_test(glance_is_no_event),
        cmocka_unit_test(pauses_count_for_pace_as_far_as_speech_has_them),
        cmocka_unit_test(only_pauses_inside_clauses_are_minded),
        cmocka_unit_test(fillers_count_as_what_was_said),
        cmocka_unit_test(what_is_not_final_yet_counts_until_it_is),
        cmocka_unit_test(pace_counts_words_not_fillers),
        cmocka_unit_test(times_outside_a_session_are_ignored),
        cmocka_unit_test(second_without_a_face_is_no_eye_contact),
        cmocka_unit_test(what_an_earlier_run_saw_comes_back_and_gives_way_to_new_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
