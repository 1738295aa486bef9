/* Many channels to one: whatever channel speech is on, with whatever sign, it comes out at its level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "media/audio_mix_internal.h"
#include "rehearse/media/audio.h"

enum { RATE_HZ = 16000, N = 11 * RATE_HZ, MAX = RH_AUDIO_MAX_CHANNELS };

static float speech[N], *channels[MAX], mixed[N];

static int read_speech(void **state)
{
    (void)state;
    rh_audio a;
    if (rh_audio_read_file(&a, "tests/fixtures/jfk_16k.wav", 60, NULL) != RH_OK)
        return -1;
    for (size_t i = 0; i < N; i++)
        speech[i] = i < a.n ? a.samples[i] * 0.5f : 0;
    rh_audio_done(&a);
    for (int c = 0; c < MAX; c++)
        channels[c] = calloc(N, sizeof **channels);
    return 0;
}

static int drop_speech(void **state)
{
    (void)state;
    for (int c = 0; c < MAX; c++)
        free(channels[c]);
    return 0;
}

static float noise(float level)
{
    static uint32_t seed = 1;
    seed = seed * 1664525 + 1013904223;
    return level * ((float)(seed >> 8) / (float)(1 << 23) - 1);
}

/* Mixes the first n_channels in pieces. */
static void mix(int n_channels, size_t piece)
{
    rh_mixer *m = NULL;
    assert_int_equal(rh_mixer_new(&m, n_channels, RATE_HZ, NULL), RH_OK);
    size_t got = 0, n_out;
    for (size_t at = 0; at <= N; at += piece) {
        const float *part[MAX], *out;
        for (int c = 0; c < n_channels; c++)
            part[c] = channels[c] + at;
        size_t n = at + piece <= N ? piece : N - at;
        if (n > 0) {
            assert_int_equal(rh_mixer_feed(m, part, n, &out, &n_out, NULL), RH_OK);
            assert_true(got + n_out <= N);
            if (n_out)
                memcpy(mixed + got, out, n_out * sizeof *out);
            got += n_out;
        }
    }
    const float *out;
    assert_int_equal(rh_mixer_feed(m, NULL, 0, &out, &n_out, NULL), RH_OK);
    if (n_out)
        memcpy(mixed + got, out, n_out * sizeof *out);
    assert_int_equal(got + n_out, N);
    rh_mixer_free(m);
}

/* How loud the speech is in the mix, in dB of its own level, and how much of the mix it is, from `from_s`
 * to `to_s` seconds. */
static void compare(double from_s, double to_s, double *level_db, double *likeness)
{
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = (size_t)(from_s * RATE_HZ); i < (size_t)(to_s * RATE_HZ); i++) {
        double x = (double)speech[i], y = (double)mixed[i];
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    *level_db = 20 * log10(fmax(fabs(xy) / xx, 1e-9));
    *likeness = fabs(xy) / sqrt(xx * yy);
}

static void heard(double from_s, double to_s, double least_likeness)
{
    double db, likeness;
    compare(from_s, to_s, &db, &likeness);
    if (fabs(db) > 1.5 || likeness < least_likeness)
        fail_msg("%g to %g s: %.1f dB, likeness %.3f", from_s, to_s, db, likeness);
}

static void silence(void)
{
    for (int c = 0; c < MAX; c++)
        memset(channels[c], 0, N * sizeof **channels);
}

static void speech_on_one_of_many_is_as_loud_as_it_was(void **state)
{
    (void)state;
    static const int counts[] = {2, 3, 6, 8, 9, 15, 17, 64};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        for (int on = 0; on<counts[k]; on += counts[k]> 8 ? counts[k] - 1 : 1) {
            silence();
            memcpy(channels[on], speech, sizeof speech);
            mix(counts[k], N);
            heard(0, 11, 0.999);
        }
}

static void steady_noise_of_the_others_is_left_out(void **state)
{
    (void)state;
    for (int on = 0; on < 6; on++) {
        silence();
        for (size_t i = 0; i < N; i++)
            for (int c = 0; c < 6; c++)
                channels[c][i] = c == on ? speech[i]
                                 : c % 2 ? noise(0.1f) /* louder than the speech */
                                         : 0.2f * (float)sin((double)i * 2 * M_PI * 50 / RATE_HZ);
        mix(6, 1000);
        heard(1, 11, 0.95);
    }
    for (size_t i = 0; i < N; i++)
        channels[0][i] = noise(0.2f);
    memcpy(channels[1], speech, sizeof speech);
    mix(2, N);
    heard(1, 11, 0.95);
}

static void opposite_signs_do_not_cancel(void **state)
{
    (void)state;
    static const float right[] = {-1, -0.9f, -1.1f, -0.5f};
    for (size_t k = 0; k < 4; k++) {
        for (size_t i = 0; i < N; i++) {
            channels[0][i] = speech[i] + noise(0.001f);
            channels[1][i] = right[k] * speech[i] + noise(0.001f);
        }
        mix(2, 777);
        heard(0, 11, 0.99);
    }
    /* A plug turned in the middle; two of four turned. */
    for (size_t i = 0; i < N; i++)
        channels[1][i] = i < N / 2 ? speech[i] : -speech[i];
    memcpy(channels[0], speech, sizeof speech);
    mix(2, N);
    heard(0, 5, 0.99);
    heard(5, 11, 0.95);
    memcpy(channels[2], speech, sizeof speech);
    memcpy(channels[3], channels[1], sizeof speech);
    mix(4, N);
    heard(0, 11, 0.97);
}

static void equal_channels_give_exactly_their_mean(void **state)
{
    (void)state;
    memcpy(channels[0], speech, sizeof speech);
    memcpy(channels[1], speech, sizeof speech);
    mix(2, 4096);
    assert_memory_equal(mixed, speech, sizeof speech);
}

static void two_people_on_two_channels_are_both_heard(void **state)
{
    (void)state;
    silence();
    for (size_t i = 0; i < N; i++) /* they take turns of 2 s; the second is softer by 14 dB */
        channels[i / (2 * RATE_HZ) % 2][i] = i / (2 * RATE_HZ) % 2 ? speech[i] * 0.2f : speech[i];
    mix(2, 333);
    for (int turn = 0; turn < 5; turn++) {
        double db, likeness;
        compare(2 * turn + 0.1, 2 * turn + 2, &db, &likeness);
        assert_true(likeness > 0.97 && fabs(db - (turn % 2 ? -14 : 0)) < 1.5);
    }
}

static void the_same_displaced_in_time_is_not_added_to_itself(void **state)
{
    (void)state;
    silence();
    memcpy(channels[0], speech, sizeof speech);
    memcpy(channels[1] + 60, speech, sizeof speech - 60 * sizeof *speech);
    mix(2, N);
    double db, late_db, likeness, late_likeness;
    compare(0, 10, &db, &likeness);
    memmove(mixed, mixed + 60, sizeof mixed - 60 * sizeof *mixed);
    compare(0, 10, &late_db, &late_likeness);
    assert_true(fmax(likeness, late_likeness) > 0.93); /* the one or the other, not a comb of both */
    assert_true(fmin(fabs(db), fabs(late_db)) < 1);
}

static void pieces_make_no_difference(void **state)
{
    (void)state;
    static float whole[N];
    for (size_t i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            channels[c][i] = c == 1 ? -speech[i] : c == 2 ? speech[i] * 0.7f : noise(0.01f);
    mix(3, N);
    memcpy(whole, mixed, sizeof whole);
    mix(3, 17);
    assert_memory_equal(whole, mixed, sizeof whole);
}

static double active_s(const float *s, float gain, float hiss)
{
    rh_activity a = {0};
    for (size_t i = 0; i < N; i++) {
        float x = s[i] * gain + noise(hiss);
        rh_activity_add(&a, &x, 1, RATE_HZ);
    }
    return rh_activity_s(&a);
}

static void speech_is_told_from_noise(void **state)
{
    (void)state;
    static float none[N];
    assert_true(active_s(speech, 1, 0) > 5);
    assert_true(active_s(speech, 0.03f, 0) > 3);
    assert_true(active_s(none, 1, 0) == 0);
    assert_true(active_s(none, 1, 0.0001f) == 0);
    assert_true(active_s(none, 1, 0.1f) == 0);
    /* A mains hum with its harmonics, and rumble that wanders */
    static float hum[N], rumble[N];
    for (size_t i = 0; i < N; i++) {
        double t = (double)i / RATE_HZ;
        hum[i] = (float)(0.1 * sin(314 * t) + 0.05 * sin(628 * t) + 0.05 * sin(942 * t));
        rumble[i] = i ? 0.999f * rumble[i - 1] + noise(0.005f) : 0;
    }
    assert_true(active_s(hum, 1, 0.0001f) < 0.1);
    assert_true(active_s(rumble, 1, 0.0001f) < 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_on_one_of_many_is_as_loud_as_it_was),
        cmocka_unit_test(steady_noise_of_the_others_is_left_out),
        cmocka_unit_test(opposite_signs_do_not_cancel),
        cmocka_unit_test(equal_channels_give_exactly_their_mean),
        cmocka_unit_test(two_people_on_two_channels_are_both_heard),
        cmocka_unit_test(the_same_displaced_in_time_is_not_added_to_itself),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(speech_is_told_from_noise),
    };
    return cmocka_run_group_tests(tests, read_speech, drop_speech);
}
