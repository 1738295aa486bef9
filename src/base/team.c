#include "rehearse/base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/base/alloc.h"

/* Pauses before a waiting member sleeps: about 50 us, a few times what a phase
 * or the choice of a token takes. */
enum { SPINS = 2000 };

struct rh_team {
    int n;
    pthread_t threads[RH_TEAM_MAX];
    int n_started;
    rh_team_fn fn;
    void *arg;
    atomic_int next;    /* unit of work to give out */
    atomic_int arrived; /* members at the barrier */
    atomic_uint phase;  /* grows when a barrier opens */
    atomic_uint job;    /* grows when a job starts */
    atomic_bool quit;
    atomic_int sleepers; /* {lock} for changes */
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until *what is no longer `old`. */
static void wait_for(rh_team *t, atomic_uint *what, unsigned old)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(what, memory_order_acquire) != old)
            return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(what) == old)
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

/* Sequentially consistent with wait_for(): either the sleeper sees the new
 * value, or we see the sleeper. */
static void change(rh_team *t, atomic_uint *what)
{
    atomic_fetch_add(what, 1);
    if (atomic_load(&t->sleepers) == 0)
        return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

int rh_team_next(rh_team *t)
{
    return atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
}

void rh_team_barrier(rh_team *t)
{
    unsigned phase = atomic_load_explicit(&t->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 == t->n) {
        atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&t->next, 0, memory_order_relaxed);
        change(t, &t->phase);
    } else {
        wait_for(t, &t->phase, phase);
    }
}

typedef struct {
    rh_team *team;
    int member;
} start;

static void *member_main(void *arg)
{
    start s = *(start *)arg;
    rh_free(arg);
    rh_team *t = s.team;
    for (unsigned seen = 0;; seen++) {
        wait_for(t, &t->job, seen);
        if (atomic_load(&t->quit))
            return NULL;
        t->fn(t->arg, s.member);
        rh_team_barrier(t);
    }
}

rh_status rh_team_new(rh_team **out, int n_threads, rh_error *err)
{
    if (n_threads < 1 || n_threads > RH_TEAM_MAX)
        return rh_fail(err, RH_ERR_INVAL, "%d threads: 1 to %d are possible", n_threads, RH_TEAM_MAX);
    rh_team *t = rh_calloc(1, sizeof *t);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "thread team: out of memory");
    t->n = n_threads;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    for (int i = 1; i < n_threads; i++) {
        start *s = rh_alloc(sizeof *s);
        if (s)
            *s = (start){t, i};
        if (!s || pthread_create(&t->threads[t->n_started], NULL, member_main, s) != 0) {
            rh_free(s);
            rh_team_free(t);
            return rh_fail(err, RH_ERR_NOMEM, "thread team: thread %d of %d would not start", i, n_threads);
        }
        t->n_started++;
    }
    *out = t;
    return RH_OK;
}

void rh_team_free(rh_team *t)
{
    if (!t)
        return;
    atomic_store(&t->quit, true);
    change(t, &t->job);
    for (int i = 0; i < t->n_started; i++)
        pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    rh_free(t);
}

int rh_team_size(const rh_team *t)
{
    return t->n;
}

void rh_team_run(rh_team *t, rh_team_fn fn, void *arg)
{
    t->fn = fn;
    t->arg = arg;
    atomic_store_explicit(&t->next, 0, memory_order_relaxed);
    if (t->n > 1)
        change(t, &t->job);
    fn(arg, 0);
    rh_team_barrier(t); /* the end of the job: members are back in member_main() */
}
