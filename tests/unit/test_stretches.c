/* Where a piece of a recording is cut to be judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "rehearse/asr/asr.h"
#include "session/stretches.h"

enum { MOST_STEPS = 1500, A_SECOND = 50, SURE = 2, NEVER = 120 };

static uint8_t cost[MOST_STEPS * RH_ASR_PHONES];
static rh_stretch cut[RH_MOST_STRETCHES];

/* Speech all along. */
static void speak(size_t n)
{
    memset(cost, NEVER, n * RH_ASR_PHONES);
}

static void silence(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        cost[i * RH_ASR_PHONES] = SURE;
}

static size_t cut_up(size_t n)
{
    size_t count = rh_stretches_cut(cost, n, cut);
    assert_int_equal(cut[0].from, 0);
    assert_int_equal(cut[count - 1].to, n);
    for (size_t i = 0; i + 1 < count; i++)
        assert_int_equal(cut[i].to, cut[i + 1].from);
    return count;
}

static void what_is_short_is_judged_whole(void **state)
{
    (void)state;
    speak(12 * A_SECOND);
    silence(5 * A_SECOND, 7 * A_SECOND);
    assert_int_equal(cut_up(12 * A_SECOND), 1);
}

static void sentences_are_cut_in_the_middle_of_their_pauses(void **state)
{
    (void)state;
    speak(20 * A_SECOND);
    silence(4 * A_SECOND, 5 * A_SECOND);
    silence(11 * A_SECOND, 12 * A_SECOND);
    silence(16 * A_SECOND, 16 * A_SECOND + 10); /* a breath */
    assert_int_equal(cut_up(20 * A_SECOND), 3);
    assert_in_range(cut[0].to, 4 * A_SECOND + 20, 4 * A_SECOND + 30);
    assert_in_range(cut[1].to, 11 * A_SECOND + 20, 11 * A_SECOND + 30);
}

static void nothing_is_cut_near_an_end(void **state)
{
    (void)state;
    speak(14 * A_SECOND);
    silence(A_SECOND, 2 * A_SECOND - 5);
    silence(6 * A_SECOND, 6 * A_SECOND + 25);
    silence(13 * A_SECOND, 14 * A_SECOND);
    assert_int_equal(cut_up(14 * A_SECOND), 2);
    assert_in_range(cut[0].to, 6 * A_SECOND, 6 * A_SECOND + 25);
}

/* At the longest breath, and where there is none at what comes nearest to one. */
static void speech_without_a_pause_is_cut_all_the_same(void **state)
{
    (void)state;
    speak(18 * A_SECOND);
    silence(8 * A_SECOND, 8 * A_SECOND + 8);
    assert_int_equal(cut_up(18 * A_SECOND), 2);
    assert_in_range(cut[0].to, 8 * A_SECOND, 8 * A_SECOND + 8);
    speak(18 * A_SECOND);
    cost[9 * A_SECOND * RH_ASR_PHONES] = NEVER / 2;
    assert_int_equal(cut_up(18 * A_SECOND), 2);
    assert_in_range(cut[0].to, 9 * A_SECOND, 9 * A_SECOND + 1);
}

static void a_piece_of_pauses_is_cut_into_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    speak(MOST_STEPS);
    for (size_t i = 0; i + A_SECOND <= MOST_STEPS; i += A_SECOND)
        silence(i, i + 25);
    size_t n = cut_up(MOST_STEPS);
    assert_in_range(n, 7, RH_MOST_STRETCHES);
    for (size_t i = 0; i < n; i++)
        assert_true(cut[i].to - cut[i].from >= 2 * A_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_short_is_judged_whole),
        cmocka_unit_test(sentences_are_cut_in_the_middle_of_their_pauses),
        cmocka_unit_test(nothing_is_cut_near_an_end),
        cmocka_unit_test(speech_without_a_pause_is_cut_all_the_same),
        cmocka_unit_test(a_piece_of_pauses_is_cut_into_no_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
