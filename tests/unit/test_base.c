/* The base module: buffers, queues, allocation failure, statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/cpu.h"
#include "rehearse/base/queue.h"
#include "rehearse/base/status.h"

static void buf_keeps_within_its_maximum(void **state)
{
    (void)state;
    rh_buf b;
    rh_buf_init(&b, 10);
    assert_int_equal(rh_buf_puts(&b, "12345"), RH_OK);
    assert_int_equal(rh_buf_puts(&b, "678901"), RH_ERR_LIMIT);
    assert_string_equal(b.data, "12345");
    assert_int_equal(rh_buf_printf(&b, "%d", 67890), RH_OK);
    assert_int_equal(b.len, 10);
    char *s = rh_buf_take(&b);
    assert_string_equal(s, "1234567890");
    rh_free(s);
    rh_buf_done(&b);
}

static void failed_allocation_leaves_buf_unchanged(void **state)
{
    (void)state;
    rh_buf b;
    rh_buf_init(&b, 1 << 20);
    rh_alloc_fail_at(1);
    assert_int_equal(rh_buf_puts(&b, "x"), RH_ERR_NOMEM);
    assert_int_equal(b.len, 0);
    assert_int_equal(rh_buf_puts(&b, "x"), RH_OK);
    rh_buf_done(&b);
}

static void large_memory_is_zero_and_lies_on_a_large_page(void **state)
{
    (void)state;
    const size_t n = 700000;
    float *p = rh_calloc_large(n, sizeof *p);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % (1 << 21), 0);
    for (size_t i = 0; i < n; i++)
        assert_true(p[i] == 0.0f);
    rh_free(p);
    assert_null(rh_calloc_large(SIZE_MAX / 2, 3));
    assert_null(rh_calloc_large(SIZE_MAX, 1));
    rh_alloc_fail_at(1);
    assert_null(rh_calloc_large(1, 1));
}

static void alloc_array_checks_the_product(void **state)
{
    (void)state;
    assert_null(rh_alloc_array(SIZE_MAX / 2, 3));
}

static void what_is_due_first_comes_first(void **state)
{
    (void)state;
    enum { N = 5 };
    static const int64_t due[N] = {30, 10, 30, 0, 20};
    static const int order[N] = {3, 1, 4, 0, 2};
    int items[N];
    rh_queue *q = NULL;
    void *got;
    assert_int_equal(rh_queue_new(&q, N, NULL), RH_OK);
    for (int turn = 0; turn < N; turn++) { /* wherever the ring begins */
        for (int i = 0; i < N; i++)
            assert_int_equal(rh_queue_push_due(q, &items[i], due[i]), RH_OK);
        assert_true(rh_queue_remove(q, &items[order[turn]]));
        assert_false(rh_queue_remove(q, &items[order[turn]]));
        for (int i = 0; i < N; i++) {
            if (i == turn)
                continue;
            assert_int_equal(rh_queue_pop_due(q, &got, due[order[i]]), RH_AGAIN);
            if (i % 2)
                assert_int_equal(rh_queue_pop(q, &got, 0), RH_OK);
            else
                assert_int_equal(rh_queue_pop_due(q, &got, due[order[i]] + 1), RH_OK);
            assert_ptr_equal(got, &items[order[i]]);
        }
        assert_false(rh_queue_remove(q, got));
        assert_int_equal(rh_queue_push(q, &items[0]), RH_OK);
        assert_int_equal(rh_queue_pop(q, &got, 0), RH_OK);
    }
    rh_queue_free(q);
}

static void full_queue_refuses_and_closed_queue_drains(void **state)
{
    (void)state;
    rh_queue *q = NULL;
    assert_int_equal(rh_queue_new(&q, 0, NULL), RH_ERR_INVAL);
    assert_int_equal(rh_queue_new(&q, 2, NULL), RH_OK);
    int a, b, c;
    void *got;
    assert_int_equal(rh_queue_pop(q, &got, 0), RH_AGAIN);
    assert_int_equal(rh_queue_pop(q, &got, 1000), RH_AGAIN);
    assert_int_equal(rh_queue_push(q, &a), RH_OK);
    assert_int_equal(rh_queue_push(q, &b), RH_OK);
    assert_int_equal(rh_queue_push(q, &c), RH_ERR_LIMIT);
    rh_queue_close(q);
    assert_int_equal(rh_queue_push(q, &c), RH_END);
    assert_int_equal(rh_queue_pop(q, &got, -1), RH_OK);
    assert_ptr_equal(got, &a);
    assert_int_equal(rh_queue_pop(q, &got, -1), RH_OK);
    assert_ptr_equal(got, &b);
    assert_int_equal(rh_queue_pop(q, &got, -1), RH_END);
    rh_queue_free(q);
}

static void *pop_one(void *q)
{
    void *got = NULL;
    return rh_queue_pop(q, &got, -1) == RH_OK ? got : NULL;
}

static void push_wakes_a_waiting_thread(void **state)
{
    (void)state;
    rh_queue *q = NULL;
    int item;
    void *got;
    pthread_t t;
    assert_int_equal(rh_queue_new(&q, 4, NULL), RH_OK);
    pthread_create(&t, NULL, pop_one, q);
    assert_int_equal(rh_queue_push(q, &item), RH_OK);
    pthread_join(t, &got);
    assert_ptr_equal(got, &item);
    rh_queue_free(q);
}

static void error_carries_code_and_message(void **state)
{
    (void)state;
    rh_error e;
    assert_int_equal(rh_fail(&e, RH_ERR_INVAL, "side %d", 7), RH_ERR_INVAL);
    assert_int_equal(e.code, RH_ERR_INVAL);
    assert_string_equal(e.msg, "side 7");
    assert_string_equal(rh_status_name(RH_ERR_LIMIT), "limit exceeded");
}

static void cpu_is_counted(void **state)
{
    (void)state;
    assert_true(rh_cpu_count() >= 1);
    assert_non_null(rh_cpu_name());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_keeps_within_its_maximum),
        cmocka_unit_test(failed_allocation_leaves_buf_unchanged),
        cmocka_unit_test(large_memory_is_zero_and_lies_on_a_large_page),
        cmocka_unit_test(alloc_array_checks_the_product),
        cmocka_unit_test(what_is_due_first_comes_first),
        cmocka_unit_test(full_queue_refuses_and_closed_queue_drains),
        cmocka_unit_test(push_wakes_a_waiting_thread),
        cmocka_unit_test(error_carries_code_and_message),
        cmocka_unit_test(cpu_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
