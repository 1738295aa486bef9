/* Timing from tables of words and level curves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/timing.h"

#define WORDS(a) (a), sizeof(a) / sizeof((a)[0])
#define assert_near(a, b, tol) assert_true(fabs((double)(a) - (double)(b)) <= (tol))

static const rh_word TALK[] = {
    {.text = "I", .start = 1.0f, .end = 1.2f},          {.text = "led", .start = 1.2f, .end = 1.5f},
    {.text = "the", .start = 2.0f, .end = 2.2f},        {.text = "team,", .start = 2.2f, .end = 2.6f},
    {.text = "and", .start = 3.0f, .end = 3.2f},        {.text = "we", .start = 3.2f, .end = 3.3f},
    {.text = "delivered.", .start = 3.3f, .end = 4.0f}, {.text = "It", .start = 5.0f, .end = 5.1f},
    {.text = "worked.", .start = 5.1f, .end = 5.5f},
};

static void syllables_follow_spelling(void **state)
{
    (void)state;
    const struct {
        const char *word;
        int n;
    } cases[] = {
        {"cat", 1},
        {"make", 1},
        {"makes", 1},
        {"changes", 2},
        {"walked", 1},
        {"wanted", 2},
        {"table", 2},
        {"settled", 2},
        {"people", 2},
        {"actually,", 4},
        {"creative", 3},
        {"question?", 2},
        {"situation", 4},
        {"experience", 4},
        {"being", 2},
        {"trying", 2},
        {"beyond", 2},
        {"didn't", 2},
        {"don't", 1},
        {"boss's", 2},
        {"o'clock", 2},
        {"movement", 2},
        {"basically", 3},
        {"well-known", 2},
        {"USA", 3},
        {"AWS", 5},
        {"I", 1},
        {"25", 3},
        {"1990", 4},
        {"2020", 4},
        {"1,500", 4},
        {"2,500", 6},
        {"20th", 2},
        {"Montr\xC3\xA9"
         "al",
         2},
        {"--", 0},
        {"", 0},
        {"hmm", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (rh_syllables(cases[i].word) != cases[i].n)
            fail_msg("%s: %d, not %d", cases[i].word, rh_syllables(cases[i].word), cases[i].n);
}

/* Live: where a pause cuts, the recogniser ends a sentence that the voice did not. */
static void a_full_stop_in_mid_speech_ends_no_sentence(void **state)
{
    (void)state;
    rh_word said[] = {{.text = "That", .end = 0.3f},
                      {.text = "makes", .start = 0.3f, .end = 0.6f},
                      {.text = "me.", .start = 0.6f, .end = 0.9f, .sequel = RH_SEQUEL_SAME_CLAUSE},
                      {.text = "Feel", .start = 1.8f, .end = 2.1f},
                      {.text = "good.", .start = 2.1f, .end = 2.4f, .sequel = RH_SEQUEL_SAME_CLAUSE},
                      {.text = "Because", .start = 3.3f, .end = 3.6f},
                      {.text = "it's", .start = 3.6f, .end = 3.9f},
                      {.text = "steel.", .start = 3.9f, .end = 4.2f},
                      {.text = "Yes.", .start = 5.1f, .end = 5.4f}};
    rh_speech_input in = {.words = said, .n_words = sizeof said / sizeof said[0]};
    rh_timing t = {0};
    assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_OK);
    assert_int_equal(t.n_pauses, 3);
    assert_int_equal(t.pauses[0].place, RH_PAUSE_WITHIN);
    assert_int_equal(t.pauses[1].place, RH_PAUSE_CLAUSE);
    assert_int_equal(t.pauses[2].place, RH_PAUSE_SENTENCE);
    rh_timing_done(&t);
}

/* Live: both sides of a pause are heard, and the recogniser says where it would write a sign. */
static void what_is_known_of_a_pause_counts_before_its_sign(void **state)
{
    (void)state;
    rh_word said[] = {{.text = "Americans", .end = 0.3f, .sequel = RH_SEQUEL_NEW_CLAUSE},
                      {.text = "ask", .start = 1.2f, .end = 1.5f},
                      {.text = "the...", .start = 1.5f, .end = 1.8f, .sequel = RH_SEQUEL_SAME_CLAUSE},
                      {.text = "country,", .start = 2.7f, .end = 3.0f, .sequel = RH_SEQUEL_SAME_CLAUSE},
                      {.text = "for", .start = 3.9f, .end = 4.2f, .sequel = RH_SEQUEL_SAME_CLAUSE},
                      {.text = "that", .start = 5.1f, .end = 5.4f, .sequel = RH_SEQUEL_NEW_CLAUSE}};
    static const rh_pause_place places[] = {RH_PAUSE_CLAUSE, RH_PAUSE_WITHIN, RH_PAUSE_WITHIN, RH_PAUSE_CLAUSE};
    rh_speech_input in = {.words = said, .n_words = sizeof said / sizeof said[0]};
    rh_timing t = {0};
    assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_OK);
    assert_int_equal(t.n_pauses, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(t.pauses[i].place, places[i]);
    rh_timing_done(&t);
}

static void pauses_get_their_place_from_words(void **state)
{
    (void)state;
    rh_speech_input in = {.n_words = 0};
    in.words = TALK;
    in.n_words = sizeof TALK / sizeof TALK[0];
    rh_timing t = {0};
    assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_OK);
    assert_int_equal(t.n_pauses, 3);
    assert_int_equal(t.pauses[0].place, RH_PAUSE_WITHIN);
    assert_int_equal(t.pauses[0].after_word, 1);
    assert_int_equal(t.pauses[1].place, RH_PAUSE_CLAUSE);
    assert_int_equal(t.pauses[2].place, RH_PAUSE_SENTENCE);
    assert_near(t.pause_s, 0.5 + 0.4 + 1.0, 1e-4);
    assert_near(t.sentence_s, 1.0, 1e-4);
    assert_near(t.longest_pause_s, 1.0, 1e-4);
    assert_int_equal(t.n_words, 9);
    assert_int_equal(t.n_syllables, 11);
    assert_near(t.wpm, 60.0 * 9 / 4.5, 1e-3);
    assert_near(t.speech_rate, 11 / 4.5, 1e-3);
    assert_near(t.articulation_rate, 11 / 2.6, 1e-3);
    assert_near(t.phonation_ratio, 2.6 / 4.5, 1e-3);
    assert_near(t.mean_run_syllables, 11 / 4.0, 1e-4);
    assert_near(t.response_delay_s, 1.0, 1e-6);
    assert_int_equal(t.n_rates, 1);
    rh_timing_done(&t);
}

enum { STEPS = 600 };

/* Loud and voiced inside [from, to), quiet outside; a dip every 20 steps. */
static void speak(float *level, float *f0, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        level[i] = -20.0f - 8.0f * fabsf((float)((i - from) % 20) - 10.0f) / 10.0f;
        f0[i] = 120.0f;
    }
}

static void silence_on_the_curve_beats_word_times(void **state)
{
    (void)state;
    float level[STEPS], f0[STEPS] = {0};
    for (size_t i = 0; i < STEPS; i++)
        level[i] = -70.0f;
    speak(level, f0, 100, 180); /* "I led" is heard to go on to 1.8 s */
    speak(level, f0, 200, 400); /* and 200 ms are no pause */
    speak(level, f0, 500, 560);
    rh_contour c = {.n = STEPS,
                    .f0_hz = f0,
                    .voicing = f0,
                    .level_db = level,
                    .change_db = f0,
                    .noise_db = -70.0f,
                    .speech_db = -21.0f};
    rh_speech_input in = {.words = TALK, .n_words = sizeof TALK / sizeof TALK[0]};
    rh_timing t = {0};
    assert_int_equal(rh_timing_measure(&in, &c, &t, NULL), RH_OK);
    assert_int_equal(t.n_pauses, 1);
    assert_int_equal(t.pauses[0].place, RH_PAUSE_SENTENCE);
    assert_int_equal(t.pauses[0].after_word, 6);
    assert_near(t.pauses[0].end - t.pauses[0].start, 1.0, 0.011);
    assert_in_range(t.n_syllables_heard, 15, 19); /* 4 + 10 + 3 of 20 steps each */
    rh_timing_done(&t);
}

static void rates_follow_a_change_of_pace(void **state)
{
    (void)state;
    rh_word w[150];
    size_t n = 0;
    for (float at = 0.0f; at < 20.0f; at += 0.25f)
        w[n++] = (rh_word){.text = "word", .start = at, .end = at + 0.25f};
    for (float at = 20.0f; at < 40.0f; at += 0.5f)
        w[n++] = (rh_word){.text = "word", .start = at, .end = at + 0.5f};
    rh_speech_input in = {.words = w, .n_words = n};
    rh_timing t = {0};
    assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_OK);
    assert_int_equal(t.n_rates, 7);
    assert_near(t.rates[0].wpm, 240, 1);
    assert_near(t.rates[6].wpm, 120, 1);
    assert_near(t.rates[3].wpm, 180, 1);
    assert_true(t.pace_variation > 0.2f);
    rh_timing_done(&t);
}

static void nothing_said_measures_nothing(void **state)
{
    (void)state;
    rh_speech_input in = {.duration_s = 5.0};
    rh_timing t = {.wpm = 7.0f};
    assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_OK);
    assert_true(t.wpm <= 0.0f && t.n_pauses == 0 && t.pauses == NULL);
    rh_timing_done(&t);
}

static void failed_allocation_changes_nothing(void **state)
{
    (void)state;
    rh_speech_input in = {.words = TALK, .n_words = sizeof TALK / sizeof TALK[0]};
    for (long k = 1; k <= 2; k++) {
        rh_timing t = {0};
        rh_alloc_fail_at(k);
        assert_int_equal(rh_timing_measure(&in, NULL, &t, NULL), RH_ERR_NOMEM);
        rh_alloc_fail_at(0);
        assert_null(t.pauses);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syllables_follow_spelling),
        cmocka_unit_test(pauses_get_their_place_from_words),
        cmocka_unit_test(a_full_stop_in_mid_speech_ends_no_sentence),
        cmocka_unit_test(what_is_known_of_a_pause_counts_before_its_sign),
        cmocka_unit_test(silence_on_the_curve_beats_word_times),
        cmocka_unit_test(rates_follow_a_change_of_pace),
        cmocka_unit_test(nothing_said_measures_nothing),
        cmocka_unit_test(failed_allocation_changes_nothing),
    };
    return cmocka_run_group_tests_name("timing", tests, NULL, NULL);
}
