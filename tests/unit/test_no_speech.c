/* What a recording without words holds, from tables of level, change, voicing and pitch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "speech/no_speech.h"

enum { STEPS = 500 };
static const char BEGIN[] = "There was no speech in the recording";

typedef struct {
    float f0[STEPS], voicing[STEPS], level[STEPS], change[STEPS];
} curves;

static void fill(curves *v, float level, float change, float voicing, float hz)
{
    for (size_t i = 0; i < STEPS; i++) {
        v->level[i] = level;
        v->change[i] = change;
        v->voicing[i] = voicing;
        v->f0[i] = hz;
    }
}

static const char *why(const curves *v, size_t n, bool is_voice)
{
    const rh_contour c = {.n = n, .f0_hz = v->f0, .voicing = v->voicing, .level_db = v->level, .change_db = v->change};
    const char *reason = rh_no_speech_reason(&c, is_voice);
    assert_memory_equal(reason, BEGIN, sizeof BEGIN - 1);
    assert_non_null(strchr(reason, ':')); /* what to do */
    return reason;
}

#define assert_names(v, is_voice, what) assert_non_null(strstr(why(v, STEPS, is_voice), what))

static void silence_is_named(void **state)
{
    (void)state;
    curves v;
    fill(&v, -100.0f, 0.0f, 0.0f, 0.0f);
    assert_names(&v, false, "only silence");
    fill(&v, -62.0f, 1.9f, 0.1f, 0.0f);
    assert_names(&v, false, "only silence");
    assert_names(&v, true, "only silence");
    v.level[100] = v.level[101] = -30.0f; /* a click of 20 ms in 5 s */
    assert_names(&v, false, "only silence");
}

static void a_steady_tone_or_hum_is_told_from_noise_by_its_change(void **state)
{
    (void)state;
    curves v;
    fill(&v, -20.0f, 0.1f, 1.0f, 440.0f);
    assert_names(&v, false, "steady tone");
    assert_names(&v, true, "steady tone");
    fill(&v, -20.0f, 0.0f, 0.0f, 0.0f); /* 50 Hz: below the pitch track */
    assert_names(&v, false, "steady tone");
    fill(&v, -20.0f, 1.9f, 0.1f, 0.0f);
    assert_names(&v, false, "steady noise");
    fill(&v, -50.0f, 1.6f, 0.0f, 0.0f);
    assert_names(&v, false, "steady noise");
}

static void held_notes_are_music(void **state)
{
    (void)state;
    curves v;
    fill(&v, -20.0f, 0.3f, 1.0f, 262.0f);
    for (size_t i = 0; i < STEPS; i++)
        v.f0[i] = i / 50 % 2 ? 262.0f : 330.0f;
    assert_names(&v, false, "music");
    fill(&v, -20.0f, 2.4f, 0.8f, 300.0f);
    assert_names(&v, false, "music");
    assert_names(&v, true, "a voice or something like one");
}

static void knocks_are_short_and_breath_swells(void **state)
{
    (void)state;
    curves v;
    fill(&v, -70.0f, 4.0f, 0.8f, 400.0f);
    for (size_t i = 0; i < STEPS; i++)
        if (i % 100 >= 50 && i % 100 < 70)
            v.level[i] = -15.0f;
    assert_names(&v, false, "short sounds");
    fill(&v, -90.0f, 2.1f, 0.1f, 0.0f);
    for (size_t i = 0; i < STEPS; i++)
        v.level[i] = -25.0f + 20.0f * log10f(0.001f + fabsf(sinf((float)i * 3.1416f / 250.0f)));
    assert_names(&v, false, "breathing");
    for (size_t i = 0; i < STEPS; i++) /* one breath of 0.9 s, the rest still */
        if (i < 200 || i >= 290)
            v.level[i] = -90.0f;
        else
            v.level[i] = -45.0f - 0.02f * ((float)i - 245.0f) * ((float)i - 245.0f);
    assert_names(&v, false, "breathing");
    for (size_t i = 0; i < STEPS; i++)
        v.level[i] = i % 50 < 25 ? -20.0f : -45.0f;
    assert_names(&v, false, "comes and goes");
    v.level[0] = -10.0f; /* a hit cut off at its beginning is no breath */
    for (size_t i = 0; i < 20; i++)
        v.level[i] = -10.0f - 2.0f * (float)i;
    assert_non_null(strstr(why(&v, 20, false), "comes and goes"));
}

static void what_is_neither_is_not_named_wrongly(void **state)
{
    (void)state;
    curves v;
    fill(&v, -20.0f, 2.5f, 0.5f, 0.0f);
    for (size_t i = 0; i < STEPS; i += 3)
        v.f0[i] = 200.0f;
    assert_names(&v, false, "sounds that are not words");
    assert_names(&v, true, "a voice or something like one");
}

static void without_curves_there_is_a_reason_too(void **state)
{
    (void)state;
    curves v = {0};
    assert_string_equal(why(&v, 0, false), rh_no_speech_reason(NULL, false));
    assert_non_null(strstr(rh_no_speech_reason(NULL, true), "voice"));
    fill(&v, NAN, NAN, NAN, NAN);
    (void)why(&v, STEPS, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_named),
        cmocka_unit_test(a_steady_tone_or_hum_is_told_from_noise_by_its_change),
        cmocka_unit_test(held_notes_are_music),
        cmocka_unit_test(knocks_are_short_and_breath_swells),
        cmocka_unit_test(what_is_neither_is_not_named_wrongly),
        cmocka_unit_test(without_curves_there_is_a_reason_too),
    };
    return cmocka_run_group_tests_name("no_speech", tests, NULL, NULL);
}
