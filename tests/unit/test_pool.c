/* A pool whose jobs give way to what is more urgent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "server/server_internal.h"

enum { MOST = 8, LATER_US = 3600 * 1000000LL, ROOM = 2 * MOST + 1 };

/* The order in which jobs began (capitals) and ended; each worker of the pool is one thread, so no other writes. */
typedef struct {
    rh_server server;
    rh_job waits; /* as if it were to be collected: nobody wakes a loop that is not there */
    rh_pool *pool;
    char order[ROOM];
    atomic_int n_queued; /* jobs of the test that are in the pool */
    atomic_int n_begun, n_run;
} place;

typedef struct {
    rh_job job;
    place *at;
    char name;
    int after;    /* it works until so many jobs are in the pool, */
    int until;    /* and gives way until so many have run; 0 = does not */
    bool gave_up; /* a bound on both, so that a pool that fails ends */
} task;

static void note(place *at, char c)
{
    at->order[strlen(at->order)] = c;
}

static void nothing(rh_server *s, rh_job *job)
{
    (void)s;
    (void)job;
}

static void task_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    note(t->at, t->name);
    atomic_fetch_add(&t->at->n_begun, 1);
    while (atomic_load(&t->at->n_queued) < t->after)
        sched_yield();
    for (int tries = 0; t->until; tries++) {
        rh_pool_give_way(w);
        t->gave_up = tries == 1000;
        if (t->gave_up || atomic_load(&t->at->n_run) >= t->until)
            break;
    }
    atomic_fetch_add(&t->at->n_run, 1);
    note(t->at, (char)(t->name - 'A' + 'a'));
}

static void place_new(place *at)
{
    *at = (place){.waits.done = nothing};
    pthread_mutex_init(&at->server.done_lock, NULL);
    at->server.done_head = at->server.done_tail = &at->waits;
    assert_int_equal(rh_pool_new(&at->pool, &at->server, 1, MOST, 0, NULL), RH_OK);
}

static void put(place *at, task *t, int64_t due_us)
{
    t->job = (rh_job){.run = task_run, .done = nothing, .due_us = due_us};
    t->at = at;
    assert_int_equal(rh_pool_submit(at->pool, &t->job), RH_OK);
    atomic_fetch_add(&at->n_queued, 1);
}

/* The first, which runs when this returns. */
static void put_first(place *at, task *t, int64_t due_us)
{
    put(at, t, due_us);
    while (atomic_load(&at->n_begun) == 0)
        sched_yield();
}

/* All that was put in has run, each once. */
static void place_done(place *at, int n)
{
    rh_pool_close(at->pool);
    rh_pool_join(at->pool);
    int n_done = -1;
    for (const rh_job *j = at->server.done_head; j; j = j->next)
        n_done++;
    assert_int_equal(n_done, n);
    rh_pool_free(at->pool);
    pthread_mutex_destroy(&at->server.done_lock);
}

static void what_is_urgent_runs_within_what_may_wait(void **state)
{
    (void)state;
    place at;
    task partial = {.name = 'A', .after = 3, .until = 1}, other = {.name = 'B'}, final = {.name = 'C'};
    place_new(&at);
    int64_t now = rh_now_us();
    put_first(&at, &partial, now + LATER_US);
    put(&at, &other, now + 2 * LATER_US); /* may wait longer */
    put(&at, &final, 0);
    place_done(&at, 3);
    assert_false(partial.gave_up);
    assert_string_equal(at.order, "ACcaBb");
}

static void nothing_gives_way_to_what_may_wait(void **state)
{
    (void)state;
    place at;
    task partial = {.name = 'A', .after = 2, .until = 1}, other = {.name = 'B'};
    place_new(&at);
    int64_t now = rh_now_us();
    put_first(&at, &partial, now + 2 * LATER_US);
    put(&at, &other, now + LATER_US); /* due before it, but not soon */
    place_done(&at, 2);
    assert_true(partial.gave_up);
    assert_string_equal(at.order, "AaBb");
}

static void finals_give_way_to_none_and_partials_to_few(void **state)
{
    (void)state;
    place at;
    task partial = {.name = 'A', .after = 4, .until = 3};
    task finals[] = {{.name = 'B', .until = 9}, {.name = 'C', .until = 9}, {.name = 'D', .until = 9}};
    place_new(&at);
    put_first(&at, &partial, rh_now_us() + LATER_US);
    for (int i = 0; i < 3; i++)
        put(&at, &finals[i], i);
    place_done(&at, 4);
    assert_true(partial.gave_up && finals[0].gave_up);
    assert_string_equal(at.order, "ABbCcaDd");
}

static void a_pool_that_closes_meanwhile_loses_none(void **state)
{
    (void)state;
    place at;
    task partial = {.name = 'A', .after = 3, .until = 1}, final = {.name = 'B'};
    place_new(&at);
    put_first(&at, &partial, rh_now_us() + LATER_US);
    put(&at, &final, 0);
    rh_pool_close(at.pool);
    atomic_fetch_add(&at.n_queued, 1); /* it is closed: A goes on */
    place_done(&at, 2);
    assert_string_equal(at.order, "ABba");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_urgent_runs_within_what_may_wait),
        cmocka_unit_test(nothing_gives_way_to_what_may_wait),
        cmocka_unit_test(finals_give_way_to_none_and_partials_to_few),
        cmocka_unit_test(a_pool_that_closes_meanwhile_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
