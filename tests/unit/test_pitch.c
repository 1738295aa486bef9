/* The pitch track against tones, glides and noise whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/pitch.h"

enum { RATE = RH_PITCH_RATE_HZ };
static const double PI = 3.14159265358979323846;

/* A voice-like tone: harmonics up to 3 kHz that fall by 6 dB an octave, pitch
 * moving evenly (in octaves) from hz0 to hz1. */
static float *glide(size_t n, double hz0, double hz1, double amplitude)
{
    float *x = malloc(n * sizeof *x);
    double phase = 0.0;
    for (size_t i = 0; i < n; i++) {
        double hz = hz0 * pow(hz1 / hz0, (double)i / (double)n), sum = 0.0;
        phase += 2.0 * PI * hz / RATE;
        for (int k = 1; k * hz < 3000.0; k++)
            sum += sin(k * phase) / k;
        x[i] = (float)(amplitude * sum);
    }
    return x;
}

static float *white_noise(size_t n, double amplitude)
{
    float *x = malloc(n * sizeof *x);
    uint32_t s = 12345;
    for (size_t i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        x[i] = (float)(amplitude * ((double)s / 2147483648.0 - 1.0));
    }
    return x;
}

static void pitch_follows_glides_of_every_voice(void **state)
{
    (void)state;
    const double ranges[][2] = {{70, 110}, {110, 200}, {220, 180}, {200, 400}, {500, 300}, {95, 95}};
    for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
        size_t n = 2 * RATE;
        float *x = glide(n, ranges[r][0], ranges[r][1], 0.2);
        rh_pitch_track t = {0};
        assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
        assert_int_equal(t.n_hops, 200);
        for (size_t i = 5; i + 5 < t.n_hops; i++) {
            double truth = ranges[r][0] * pow(ranges[r][1] / ranges[r][0], (double)i / 200.0);
            assert_true(t.f0_hz[i] > 0.0f);
            assert_true(fabs(12.0 * log2((double)t.f0_hz[i] / truth)) < 0.2);
            assert_true(t.voicing[i] > 0.9f);
        }
        rh_pitch_track_done(&t);
        free(x);
    }
}

static void noise_and_silence_have_no_pitch(void **state)
{
    (void)state;
    size_t n = 2 * RATE, voiced = 0;
    float *x = white_noise(n, 0.1);
    rh_pitch_track t = {0};
    assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
    for (size_t i = 0; i < t.n_hops; i++)
        voiced += t.f0_hz[i] > 0.0f;
    assert_true(voiced < t.n_hops / 50);
    rh_pitch_track_done(&t);
    memset(x, 0, n * sizeof *x);
    assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
    for (size_t i = 0; i < t.n_hops; i++) {
        assert_true(t.f0_hz[i] <= 0.0f);
        assert_true(t.level_db[i] <= -99.0f);
    }
    rh_pitch_track_done(&t);
    free(x);
}

static void level_is_decibels_below_full_scale(void **state)
{
    (void)state;
    size_t n = RATE;
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)sin(2.0 * PI * 440.0 * (double)i / RATE);
    rh_pitch_track t = {0};
    assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
    assert_true(fabsf(t.level_db[50] + 3.0f) < 0.2f);
    assert_true(t.clipped < 0.2f); /* a loud sine sits near its top, but see below */
    rh_pitch_track_done(&t);
    free(x);
}

static void clipping_and_noise_are_measured(void **state)
{
    (void)state;
    size_t n = 3 * RATE;
    float *x = glide(n, 120, 180, 0.2), *noise = white_noise(n, 0.01);
    for (size_t i = 0; i < n; i++) /* voice in every other half second */
        x[i] = (i / (RATE / 2)) % 2 ? noise[i] : x[i] + noise[i];
    rh_pitch_track t = {0};
    assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
    assert_true(t.clipped < 0.001f);
    assert_true(t.snr_db > 22.0f && t.snr_db < 36.0f);
    rh_pitch_track_done(&t);
    for (size_t i = 0; i < n; i++)
        x[i] = fmaxf(-0.15f, fminf(0.15f, x[i]));
    assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
    assert_true(t.clipped > 0.01f);
    rh_pitch_track_done(&t);
    free(x);
    free(noise);
}

static void any_length_works_and_bad_samples_are_refused(void **state)
{
    (void)state;
    float *x = glide(2000, 100, 120, 0.2);
    rh_pitch_track t = {0};
    rh_error err;
    for (size_t n = 0; n < 2000; n += n < 10 ? 1 : 157) {
        assert_int_equal(rh_pitch_track_run(&t, x, n, NULL), RH_OK);
        assert_int_equal(t.n_hops, n ? (n - 1) / RH_PITCH_HOP + 1 : 0);
        rh_pitch_track_done(&t);
    }
    x[77] = NAN;
    assert_int_equal(rh_pitch_track_run(&t, x, 2000, &err), RH_ERR_INVAL);
    assert_non_null(strstr(err.msg, "77"));
    free(x);
}

static void failed_allocations_leave_nothing_behind(void **state)
{
    (void)state;
    float *x = glide(4000, 100, 120, 0.2);
    rh_pitch_track t = {0};
    rh_status st = RH_ERR_NOMEM;
    for (long k = 1; st != RH_OK; k++) {
        assert_in_range(k, 1, 20);
        rh_alloc_fail_at(k);
        st = rh_pitch_track_run(&t, x, 4000, NULL);
        rh_alloc_fail_at(0);
        if (st != RH_OK) {
            assert_int_equal(st, RH_ERR_NOMEM);
            assert_null(t.f0_hz);
        }
    }
    rh_pitch_track_done(&t);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_follows_glides_of_every_voice),
        cmocka_unit_test(noise_and_silence_have_no_pitch),
        cmocka_unit_test(level_is_decibels_below_full_scale),
        cmocka_unit_test(clipping_and_noise_are_measured),
        cmocka_unit_test(any_length_works_and_bad_samples_are_refused),
        cmocka_unit_test(failed_allocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests_name("pitch", tests, NULL, NULL);
}
