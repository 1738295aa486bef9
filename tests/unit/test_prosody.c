/* Prosody from tables of pitch and level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "rehearse/speech/prosody.h"

enum { STEPS = 400 };
#define assert_near(a, b, tol) assert_true(fabs((double)(a) - (double)(b)) <= (tol))

typedef struct {
    float f0[STEPS], level[STEPS], other[STEPS];
    rh_contour c;
} curves;

/* A voice at `hz` from 0.5 to 3.5 s that swings by `swing` semitones, then moves
 * by `end_st` in its last 300 ms. */
static void make_voice(curves *v, float hz, float swing, float end_st)
{
    memset(v, 0, sizeof *v);
    for (int i = 0; i < STEPS; i++)
        v->level[i] = -70.0f;
    for (int i = 50; i < 350; i++) {
        float st = swing * sinf((float)i / 20.0f);
        if (i >= 320)
            st = end_st;
        v->f0[i] = hz * powf(2.0f, st / 12.0f);
        v->level[i] = -20.0f;
    }
    v->c = (rh_contour){.n = STEPS,
                        .f0_hz = v->f0,
                        .voicing = v->other,
                        .level_db = v->level,
                        .change_db = v->other,
                        .noise_db = -70.0f,
                        .speech_db = -20.0f,
                        .peak = 0.5f};
}

static const rh_word SAID[] = {{.text = "all", .start = 0.5f, .end = 1.5f},
                               {.text = "is", .start = 1.5f, .end = 2.5f},
                               {.text = "well.", .start = 2.5f, .end = 3.5f}};
static const rh_speech_input INPUT = {.words = SAID, .n_words = 3};

static void pitch_is_judged_in_semitones_for_low_and_high_voices(void **state)
{
    (void)state;
    static curves v;
    rh_prosody low = {0}, high = {0};
    make_voice(&v, 100.0f, 3.0f, 0.0f);
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &low, NULL), RH_OK);
    make_voice(&v, 220.0f, 3.0f, 0.0f);
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &high, NULL), RH_OK);
    assert_near(low.f0_sd_st, high.f0_sd_st, 0.01);
    assert_near(low.f0_spread_st, high.f0_spread_st, 0.01);
    assert_near(low.f0_sd_st, 3.0 / sqrt(2.0), 0.3);
    assert_near(low.voiced_s, 3.0, 0.001);
    assert_int_equal(low.sound, 0);
    rh_prosody_done(&low);
    rh_prosody_done(&high);
}

static void monotone_is_less_than_lively(void **state)
{
    (void)state;
    static curves v;
    rh_prosody flat = {0}, lively = {0};
    make_voice(&v, 120.0f, 0.5f, 0.0f);
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &flat, NULL), RH_OK);
    make_voice(&v, 120.0f, 4.0f, 0.0f);
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &lively, NULL), RH_OK);
    assert_true(flat.f0_spread_st < lively.f0_spread_st);
    assert_true(flat.f0_speed_st_s < lively.f0_speed_st_s);
    rh_prosody_done(&flat);
    rh_prosody_done(&lively);
}

static void sentence_ends_fall_rise_or_stay(void **state)
{
    (void)state;
    static curves v;
    const float moves[] = {-5.0f, 0.0f, 5.0f};
    const rh_end_kind kinds[] = {RH_END_FALL, RH_END_LEVEL, RH_END_RISE};
    for (int i = 0; i < 3; i++) {
        rh_prosody p = {0};
        make_voice(&v, 150.0f, 0.5f, moves[i]);
        assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &p, NULL), RH_OK);
        assert_int_equal(p.n_ends, 1);
        assert_int_equal(p.ends[0].kind, kinds[i]);
        assert_int_equal(p.ends[0].word, 2);
        assert_near(p.ends[0].t, 3.5, 0.02);
        rh_prosody_done(&p);
    }
}

static void bad_sound_is_named(void **state)
{
    (void)state;
    static curves v;
    rh_prosody p = {0};
    make_voice(&v, 150.0f, 2.0f, 0.0f);
    v.c.clipped = 0.01f;
    v.c.noise_db = -30.0f;
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &p, NULL), RH_OK);
    assert_int_equal(p.sound, RH_SOUND_CLIPPED | RH_SOUND_NOISY);
    assert_non_null(strstr(rh_sound_reason(p.sound), "clipped"));
    rh_prosody_done(&p);
    make_voice(&v, 150.0f, 0.0f, 0.0f); /* a hum */
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &p, NULL), RH_OK);
    assert_int_equal(p.sound, RH_SOUND_STEADY);
    rh_prosody_done(&p);
    memset(v.f0, 0, sizeof v.f0);
    assert_int_equal(rh_prosody_measure(&INPUT, &v.c, &p, NULL), RH_OK);
    assert_int_equal(p.sound, RH_SOUND_NO_VOICE);
    assert_int_equal(p.n_ends, 0);
    rh_prosody_done(&p);
    assert_string_equal(rh_sound_reason(0), "");
}

static void an_empty_curve_is_no_voice(void **state)
{
    (void)state;
    rh_contour c = {0};
    rh_prosody p = {0};
    assert_int_equal(rh_prosody_measure(&INPUT, &c, &p, NULL), RH_OK);
    assert_int_equal(p.sound, RH_SOUND_NO_VOICE);
    rh_prosody_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_is_judged_in_semitones_for_low_and_high_voices),
        cmocka_unit_test(monotone_is_less_than_lively),
        cmocka_unit_test(sentence_ends_fall_rise_or_stay),
        cmocka_unit_test(bad_sound_is_named),
        cmocka_unit_test(an_empty_curve_is_no_voice),
    };
    return cmocka_run_group_tests_name("prosody", tests, NULL, NULL);
}
