/* Arrays that grow, and the order of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/stats.h"

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
    (void)state;
    int *items = NULL;
    size_t cap = 0;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rh_array_reserve(&items, &cap, (size_t)i + 1, sizeof *items), RH_OK);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_true(cap >= 1000 && cap < 2048);
    rh_free(items);
}

static void without_memory_all_is_as_before(void **state)
{
    (void)state;
    int *items = NULL, *before;
    size_t cap = 0;
    assert_int_equal(rh_array_reserve(&items, &cap, 3, sizeof *items), RH_OK);
    items[2] = 7;
    before = items;
    size_t room = cap;
    rh_alloc_fail_at(1);
    assert_int_equal(rh_array_reserve(&items, &cap, room + 1, sizeof *items), RH_ERR_NOMEM);
    rh_alloc_fail_at(0);
    assert_int_equal(rh_array_reserve(&items, &cap, SIZE_MAX / 2, sizeof *items), RH_ERR_NOMEM);
    assert_ptr_equal(items, before);
    assert_int_equal(cap, room);
    assert_int_equal(items[2], 7);
    rh_free(items);
}

static void quantiles_lie_between_neighbours(void **state)
{
    (void)state;
    float x[] = {4, -1, 2, 8, 0};
    rh_sort_floats(x, 5);
    assert_true(x[0] == -1 && x[1] == 0 && x[2] == 2 && x[3] == 4 && x[4] == 8);
    assert_true(rh_quantile_sorted(x, 5, 0.5f) == 2);
    assert_true(rh_quantile_sorted(x, 5, 0.625f) == 3);
    assert_true(rh_quantile_sorted(x, 5, 1) == 8);
    assert_true(rh_quantile_sorted(x, 0, 0.5f) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
        cmocka_unit_test(without_memory_all_is_as_before),
        cmocka_unit_test(quantiles_lie_between_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
