/* Live cues: sparse, never in mid-sentence, the most useful one first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "session/cues.h"
#include "rehearse/session/session.h"

static const rh_cue_view calm = {.t = 60,
                                 .fast_wpm = 150,
                                 .slow_wpm = 155,
                                 .heard_s = 20,
                                 .fillers = 1,
                                 .pitch_sd = 3,
                                 .speech_db = -25,
                                 .has_video = true,
                                 .looking_share = 0.8,
                                 .answer_s = 40};

static void calm_speech_gets_no_cue(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_state_init(&s);
    assert_null(rh_cue_next(&s, &calm));
}

static void cue_waits_for_the_end_of_the_sentence(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_view v = calm;
    rh_cue_state_init(&s);
    v.fast_wpm = v.slow_wpm = 230;
    v.speaking = true;
    assert_null(rh_cue_next(&s, &v));
    v.speaking = false;
    assert_string_equal(rh_cue_next(&s, &v)->kind, "pace");
}

static void what_wavers_about_its_limit_stays_due(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_view v = calm;
    rh_cue_state_init(&s);
    v.looking_share = 0.56; /* below the limit never */
    for (int i = 0; i < 20; i++, v.t++)
        assert_null(rh_cue_next(&s, &v));
    v.speaking = true;
    v.looking_share = 0.54;
    assert_null(rh_cue_next(&s, &v));
    v.t++;
    v.looking_share = 0.56;
    assert_null(rh_cue_next(&s, &v));
    v.t++;
    v.speaking = false;
    assert_string_equal(rh_cue_next(&s, &v)->kind, "eye_contact");
    rh_cue_state_init(&s);
    v.speaking = true;
    v.looking_share = 0.54;
    assert_null(rh_cue_next(&s, &v));
    v.t++;
    v.looking_share = 0.6; /* well again */
    v.speaking = false;
    assert_null(rh_cue_next(&s, &v));
}

static void cues_are_at_least_twenty_seconds_apart(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_view v = calm;
    int n = 0;
    rh_cue_state_init(&s);
    v.fast_wpm = v.slow_wpm = 230;
    v.fillers = 7;
    v.looking_share = 0.1;
    double last = -1000;
    for (v.t = 0; v.t < 300; v.t += 0.5) {
        if (!rh_cue_next(&s, &v))
            continue;
        assert_true(v.t - last >= RH_CUE_INTERVAL_S);
        last = v.t;
        n++;
    }
    assert_in_range(n, 3, 15);
}

static void missing_face_comes_before_the_rest(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_view v = calm;
    rh_cue_state_init(&s);
    v.away_s = 6;
    v.looking_share = 0;
    v.fillers = 10;
    assert_string_equal(rh_cue_next(&s, &v)->kind, "framing");
}

/* When somebody is told who never pauses and speaks so fast, from second 12 on. */
static double told_without_a_pause(double wpm)
{
    rh_cue_state s;
    rh_cue_view v = calm;
    const rh_cue *cue = NULL;
    rh_cue_state_init(&s);
    v.fast_wpm = v.slow_wpm = wpm;
    v.speaking = true;
    for (v.t = 12; v.t < 32 && !cue; v.t += 0.5)
        cue = rh_cue_next(&s, &v);
    assert_non_null(cue);
    assert_string_equal(cue->kind, "pace");
    return v.t;
}

static void who_never_pauses_is_told_all_the_same(void **state)
{
    (void)state;
    double just = told_without_a_pause(205), much = told_without_a_pause(244);
    assert_true(just > 17 && just < 19);
    assert_true(much > 13.5 && much < 15);
}

/* Each planted fault gets its own cue within 20 s, and no other. */
static void planted_faults_get_their_cue(void **state)
{
    (void)state;
    enum { N = 8 };
    rh_cue_view faults[N] = {calm, calm, calm, calm, calm, calm, calm, calm};
    static const char *const kinds[N] = {"pace",     "pace",    "fillers", "eye_contact",
                                         "loudness", "framing", "pauses",  "melody"};
    faults[0].fast_wpm = 220;
    faults[1].fast_wpm = faults[1].slow_wpm = 75;
    faults[2].fillers = 4;
    faults[3].looking_share = 0.5;
    faults[4].speech_db = -44;
    faults[5].away_s = 5;
    faults[6].broken_s = 1.3;
    faults[6].n_broken = 2;
    faults[7].pitch_sd = 1.3;
    for (int i = 0; i < N; i++) {
        rh_cue_state s;
        int n = 0;
        rh_cue_state_init(&s);
        for (double t = 0; t < 30; t += 0.5) {
            rh_cue_view v = faults[i];
            v.t = t;
            v.speaking = (int)(t * 2) % 16 != 15;
            const rh_cue *cue = rh_cue_next(&s, &v);
            if (!cue)
                continue;
            n++;
            assert_string_equal(cue->kind, kinds[i]);
            assert_true(t <= 20);
        }
        assert_int_equal(n, 1);
    }
}

static const rh_cue *due_now(rh_cue_view v)
{
    rh_cue_state s;
    rh_cue_state_init(&s);
    return rh_cue_next(&s, &v);
}

/* Something that happens once is no habit, however bad; nor what is short, however often. */
static void pauses_need_to_be_a_habit(void **state)
{
    (void)state;
    rh_cue_view v = calm;
    v.n_broken = 1;
    v.broken_s = 1.2;
    assert_null(due_now(v));
    v.n_broken = 2;
    v.broken_s = 0.8; /* 2.4 s a minute: the report takes under 7 points off */
    assert_null(due_now(v));
    v.broken_s = 1.2;
    assert_string_equal(due_now(v)->kind, "pauses");
    v.slow_wpm = 90; /* a measure that wavers about the limit of pace is slow all the while */
    assert_null(due_now(v));
    v.slow_wpm = calm.slow_wpm;
    v.heard_s = 5; /* the same so far: not as if it went on like that */
    v.broken_s = 0.7;
    assert_null(due_now(v));
}

static void a_filler_now_and_then_is_fine(void **state)
{
    (void)state;
    rh_cue_view v = calm;
    v.heard_s = 10;
    v.fillers = 2;
    assert_null(due_now(v));
    v.heard_s = 20;
    v.fillers = 2.9;
    assert_null(due_now(v));
    v.fillers = 3.4;
    assert_string_equal(due_now(v)->kind, "fillers");
}

/* What is kind to slow speech judges the slow, what is kind to fast speech the fast. */
static void pace_is_judged_kindly(void **state)
{
    (void)state;
    rh_cue_view v = calm;
    v.fast_wpm = 200;
    v.slow_wpm = 230;
    assert_null(due_now(v));
    v.fast_wpm = 80;
    v.slow_wpm = 100;
    assert_null(due_now(v));
    v.slow_wpm = 86;
    assert_string_equal(due_now(v)->kind, "pace");
}

static void sound_only_is_never_told_to_look(void **state)
{
    (void)state;
    rh_cue_state s;
    rh_cue_view v = calm;
    rh_cue_state_init(&s);
    v.has_video = false;
    v.looking_share = -1;
    v.away_s = 100;
    assert_null(rh_cue_next(&s, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calm_speech_gets_no_cue),
        cmocka_unit_test(cue_waits_for_the_end_of_the_sentence),
        cmocka_unit_test(what_wavers_about_its_limit_stays_due),
        cmocka_unit_test(cues_are_at_least_twenty_seconds_apart),
        cmocka_unit_test(missing_face_comes_before_the_rest),
        cmocka_unit_test(who_never_pauses_is_told_all_the_same),
        cmocka_unit_test(planted_faults_get_their_cue),
        cmocka_unit_test(pauses_need_to_be_a_habit),
        cmocka_unit_test(a_filler_now_and_then_is_fine),
        cmocka_unit_test(pace_is_judged_kindly),
        cmocka_unit_test(sound_only_is_never_told_to_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
