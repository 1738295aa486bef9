/* Gaze from what was measured of both eyes, and whether they are hidden: made-up readings, no pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "vision/face_tracker_internal.h"

static rh_face_tracker t;
static const int64_t NOW = 1000000;

static int start(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < 2; i++) {
        t.eye[i].reading = (rh_eye_reading){.known = true, .opening = 0.3f, .weight = 1};
        t.eye[i].hidden = t.eye[i].hidden_if_open = -3;
        t.eye[i].t_us = NOW;
    }
    return 0;
}

static void turn_eye(int i, float yaw, float pitch)
{
    t.eye[i].yaw_in_head = yaw;
    t.eye[i].pitch_in_head = pitch;
}

static void gaze_over_45_degrees_in_the_head_is_never_known(void **state)
{
    (void)state;
    for (int head_yaw = -60; head_yaw <= 60; head_yaw += 30)
        for (int yaw = -90; yaw <= 90; yaw += 5)
            for (int pitch = -90; pitch <= 90; pitch += 5) {
                float y = 0, p = 0, turn = hypotf((float)yaw, (float)pitch);
                rh_angles head = {.yaw = (float)head_yaw, .pitch = -8};
                turn_eye(0, (float)yaw, (float)pitch);
                turn_eye(1, (float)yaw, (float)pitch);
                assert_int_equal(rh_join_gaze(&t, head, NOW, &y, &p), turn <= 45);
                assert_true(fabsf(y - head.yaw - (turn <= 45 ? (float)yaw : 0)) < 1e-3f);
                assert_true(fabsf(p - head.pitch - (turn <= 45 ? (float)pitch : 0)) < 1e-3f);
            }
    turn_eye(0, NAN, 0);
    turn_eye(1, NAN, 0);
    float y = 0, p = 0;
    (void)rh_join_gaze(&t, (rh_angles){.yaw = 3}, NOW, &y, &p);
    assert_true(y == 3 && p == 0); /* nor one that is no number */
}

static void an_eye_that_cannot_be_leaves_the_gaze_to_the_other(void **state)
{
    (void)state;
    float y = 0, p = 0;
    rh_angles head = {.yaw = 10, .pitch = 5};
    turn_eye(0, -57, 0);
    turn_eye(1, -12, 4);
    assert_true(rh_join_gaze(&t, head, NOW, &y, &p));
    assert_true(fabsf(y + 2) < 1e-3f && fabsf(p - 9) < 1e-3f);
}

static void hidden_eyes_have_no_gaze(void **state)
{
    (void)state;
    float y = 0, p = 0;
    rh_angles head = {.yaw = 10, .pitch = 5};
    turn_eye(0, 5, 5);
    turn_eye(1, 5, 5);
    t.eye[0].hidden = t.eye[1].hidden = 2;
    rh_judge_eyes(&t, 0, false, NOW);
    assert_true(t.eyes_hidden && !rh_join_gaze(&t, head, NOW, &y, &p));
    assert_true(y == head.yaw && p == head.pitch);
}

/* Readings of 10 a second; true when the eyes were called hidden at the end. */
static bool after(float hidden, float if_open, bool shut, int pictures)
{
    for (int k = 0; k < pictures; k++) {
        for (int i = 0; i < 2; i++) {
            t.eye[i].hidden = hidden;
            t.eye[i].hidden_if_open = if_open;
        }
        rh_judge_eyes(&t, 0.1f, shut, NOW);
    }
    return t.eyes_hidden;
}

static void blinks_hide_nothing_and_a_change_must_last(void **state)
{
    (void)state;
    assert_false(after(-3, -3, false, 1));
    assert_false(after(3, 0.9f, true, 50)); /* shut for long: there may be lids */
    assert_false(after(3, 3, false, 1));
    assert_true(after(3, 3, false, 20));
    assert_true(after(-3, -3, false, 1));
    assert_false(after(-3, -3, false, 20));
    assert_true(after(3, 3, true, 20)); /* shut, but no lid looks so */
    for (int i = 0; i < 2; i++)
        t.eye[i].reading.known = false;
    assert_false(after(3, 3, false, 1)); /* nothing is known of the eyes at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gaze_over_45_degrees_in_the_head_is_never_known, start),
        cmocka_unit_test_setup(an_eye_that_cannot_be_leaves_the_gaze_to_the_other, start),
        cmocka_unit_test_setup(hidden_eyes_have_no_gaze, start),
        cmocka_unit_test_setup(blinks_hide_nothing_and_a_change_must_last, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
