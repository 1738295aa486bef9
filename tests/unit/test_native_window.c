/* Windows of long recordings: segments and seeking by timestamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "asr/native/window.h"

enum { T0 = 1000 }; /* <|0.00|> */

static rh_window_plan make(const int32_t *tokens, int n, int n_hops)
{
    rh_window_plan p;
    rh_window_plan_make(&p, tokens, n, T0, n_hops);
    return p;
}

static void pairs_split_and_the_rest_is_decoded_again(void **state)
{
    (void)state;
    const int32_t t[] = {T0, 1, 2, T0 + 100, T0 + 100, 3, T0 + 250, T0 + 260, 4, 5};
    rh_window_plan p = make(t, 10, 3000);
    assert_int_equal(p.n_segments, 2);
    assert_int_equal(p.segments[0].end, 4);
    assert_float_equal(p.segments[1].start_s, 2.0f, 1e-5);
    assert_float_equal(p.segments[1].end_s, 5.0f, 1e-5);
    assert_int_equal(p.advance_hops, 500);
    assert_false(p.finished);
}

static void one_timestamp_at_the_end_takes_the_whole_window(void **state)
{
    (void)state;
    const int32_t t[] = {T0, 1, T0 + 100, T0 + 120, 2, T0 + 300};
    rh_window_plan p = make(t, 6, 3000);
    assert_int_equal(p.n_segments, 2);
    assert_float_equal(p.segments[1].end_s, 6.0f, 1e-5);
    assert_int_equal(p.advance_hops, 3000);
    assert_true(p.finished);
}

static void no_pair_gives_one_segment(void **state)
{
    (void)state;
    const int32_t t[] = {T0, 1, 2, T0 + 150}, bare[] = {1, 2, 3};
    rh_window_plan p = make(t, 4, 2000);
    assert_int_equal(p.n_segments, 1);
    assert_float_equal(p.segments[0].end_s, 3.0f, 1e-5);
    assert_int_equal(p.advance_hops, 2000);
    p = make(bare, 3, 2000);
    assert_int_equal(p.n_segments, 1);
    assert_float_equal(p.segments[0].end_s, 20.0f, 1e-5);
    p = make(bare, 0, 2000);
    assert_int_equal(p.n_segments, 0);
    assert_int_equal(p.advance_hops, 2000);
}

static void a_window_never_repeats(void **state)
{
    (void)state;
    const int32_t t[] = {T0, T0, 1, 2};
    rh_window_plan p = make(t, 4, 3000);
    assert_true(p.advance_hops >= 1);
    p = make(t, 2, 0);
    assert_true(p.advance_hops >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_split_and_the_rest_is_decoded_again),
        cmocka_unit_test(one_timestamp_at_the_end_takes_the_whole_window),
        cmocka_unit_test(no_pair_gives_one_segment),
        cmocka_unit_test(a_window_never_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
