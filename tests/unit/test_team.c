/* Teams of threads: each unit of each phase is done once, and phases come one after the other, however many
 * members there are for the processors, and whichever of them are there. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "rehearse/base/team.h"

enum { UNITS = 7, PHASES = 50, JOBS = 40 };

typedef struct {
    rh_team *team;
    int done[PHASES][UNITS]; /* a unit's is written by whoever does it, and read in the next phase */
    atomic_int wrong;
} job;

static void add_up(void *arg, int member, int phase)
{
    job *j = arg;
    (void)member;
    for (int u; (u = rh_team_next(j->team)) < UNITS;) {
        int before = 0;
        for (int i = 0; phase > 0 && i < UNITS; i++)
            before += j->done[phase - 1][i];
        if (phase > 0 && before != UNITS * phase)
            atomic_fetch_add(&j->wrong, 1);
        j->done[phase][u] += phase + 1;
    }
}

static void run_jobs(int members, int phases)
{
    job j = {0};
    assert_int_equal(rh_team_new(&j.team, members, NULL), RH_OK);
    for (int n = 0; n < JOBS; n++) {
        for (int p = 0; p < PHASES; p++)
            for (int u = 0; u < UNITS; u++)
                j.done[p][u] = 0;
        rh_team_run(j.team, add_up, &j, phases);
        for (int p = 0; p < PHASES; p++)
            for (int u = 0; u < UNITS; u++)
                assert_int_equal(j.done[p][u], p < phases ? p + 1 : 0);
    }
    assert_int_equal(atomic_load(&j.wrong), 0);
    rh_team_free(j.team);
}

static void each_unit_is_done_once_and_phases_follow_each_other(void **state)
{
    (void)state;
    for (int members = 1; members <= 8; members++)
        run_jobs(members, PHASES);
    run_jobs(3, 1);
    run_jobs(3, 0);
}

typedef struct {
    rh_team *team;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int inside;         /* {lock} members that hold the only unit of the first phase */
    bool go, over;      /* {lock} */
    atomic_int phase_2; /* units of the second that were done before the first was over */
} held;

/* The unit goes to whoever comes first; the caller, where it does not get it, is to wait for it. */
static void hold(void *arg, int member, int phase)
{
    held *h = arg;
    (void)member;
    for (int u; (u = rh_team_next(h->team)) < 1;) {
        pthread_mutex_lock(&h->lock);
        if (phase == 1 && !h->over)
            atomic_fetch_add(&h->phase_2, 1);
        h->inside += phase == 0;
        pthread_cond_broadcast(&h->changed);
        while (phase == 0 && !h->go)
            pthread_cond_wait(&h->changed, &h->lock);
        h->over = true;
        pthread_mutex_unlock(&h->lock);
    }
}

static void *let_go(void *arg)
{
    held *h = arg;
    pthread_mutex_lock(&h->lock);
    while (h->inside == 0)
        pthread_cond_wait(&h->changed, &h->lock);
    h->go = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void a_phase_waits_for_the_unit_that_somebody_holds(void **state)
{
    (void)state;
    held h = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    assert_int_equal(rh_team_new(&h.team, 4, NULL), RH_OK);
    for (int i = 0; i < 200; i++) {
        pthread_t other;
        h.inside = 0;
        h.go = h.over = false;
        assert_int_equal(pthread_create(&other, NULL, let_go, &h), 0);
        rh_team_run(h.team, hold, &h, 2);
        pthread_join(other, NULL);
        assert_int_equal(h.inside, 1);
    }
    assert_int_equal(atomic_load(&h.phase_2), 0);
    rh_team_free(h.team);
}

typedef struct {
    rh_team *team;
    pthread_t caller;
    int units; /* that the caller did */
} alone;

static void only_the_caller(void *arg, int member, int phase)
{
    alone *a = arg;
    (void)phase;
    for (int u; member == 0 && (u = rh_team_next(a->team)) < UNITS;)
        a->units += pthread_equal(pthread_self(), a->caller) != 0;
}

static void the_caller_gets_through_alone(void **state)
{
    (void)state;
    alone a = {.caller = pthread_self()};
    assert_int_equal(rh_team_new(&a.team, 4, NULL), RH_OK);
    rh_team_run(a.team, only_the_caller, &a, PHASES);
    assert_int_equal(a.units, UNITS * PHASES);
    rh_team_free(a.team);
}

static void sizes_outside_the_limits_are_refused(void **state)
{
    (void)state;
    rh_team *t = NULL;
    rh_error err;
    assert_int_equal(rh_team_new(&t, 0, &err), RH_ERR_INVAL);
    assert_int_equal(rh_team_new(&t, RH_TEAM_MAX + 1, &err), RH_ERR_INVAL);
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_is_done_once_and_phases_follow_each_other),
        cmocka_unit_test(a_phase_waits_for_the_unit_that_somebody_holds),
        cmocka_unit_test(the_caller_gets_through_alone),
        cmocka_unit_test(sizes_outside_the_limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
