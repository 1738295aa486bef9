/* The video result: the protocol's keys, rounding, all zero without a face. */
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

static const char *const numbers[] = {
    "yaw",        "pitch", "roll",     "attention_score", "eye_contact_score", "confidence",       "gaze_yaw",
    "gaze_pitch", "smile", "distance", "centered",        "brightness",        "blinks_per_minute"};
static const char *const flags[] = {"is_looking_at_camera", "face_detected", "blink"};

static void without_a_face_all_is_zero_and_false(void **state)
{
    (void)state;
    rh_face f;
    memset(&f, 0, sizeof f);
    json_t *o = rh_face_json(&f, 1702847200.123, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_true(json_is_real(json_object_get(o, numbers[i])));
        assert_true(json_real_value(json_object_get(o, numbers[i])) == 0.0);
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        assert_true(json_is_false(json_object_get(o, flags[i])));
    assert_true(json_real_value(json_object_get(o, "timestamp")) == 1702847200.123);
    json_decref(o);
}

static void numbers_are_rounded_and_finite(void **state)
{
    (void)state;
    rh_face f;
    memset(&f, 0, sizeof f);
    f.present = true;
    f.yaw_deg = 5.2499f;
    f.pitch_deg = -0.04f;
    f.roll_deg = NAN;
    f.confidence = 0.923f;
    json_t *o = rh_face_json(&f, 1, NULL);
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15));
    assert_non_null(strstr(text, "\"yaw\":5.2,"));
    assert_non_null(strstr(text, "\"pitch\":0.0,"));
    assert_non_null(strstr(text, "\"roll\":0.0,"));
    assert_non_null(strstr(text, "\"confidence\":0.92,"));
    free(text);
    json_decref(o);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_face_all_is_zero_and_false),
        cmocka_unit_test(numbers_are_rounded_and_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
