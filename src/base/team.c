#include "rehearse/base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "rehearse/base/alloc.h"

/* Pauses before a waiting member sleeps: about 50 us, a few times what a phase
 * or the choice of a token takes. */
enum { SPINS = 2000 };

/* What the team is at, in one number: how many members beside the caller are inside the phase, whether it is open,
 * and its number. Who is inside keeps it from changing; who comes too late finds another number. */
enum { OPEN = 1 << 16, PHASE = OPEN << 1, INSIDE = OPEN - 1 };

struct rh_team {
    int n;
    pthread_t threads[RH_TEAM_MAX];
    int n_started;
    rh_team_fn fn; /* of the open phase, like the next two */
    void *arg;
    uint64_t first;       /* number of the job's first phase */
    atomic_int next[2];   /* unit to give out, of phases with even and odd numbers */
    _Atomic uint64_t at;  /* as above */
    atomic_bool quit;     /* {lock} for changes */
    atomic_bool sleeping; /* {lock} for changes; members wait for a phase, */
    atomic_bool awaited;  /* and the caller for those inside */
    pthread_mutex_t lock;
    pthread_cond_t opened, left;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* A phase that the member has not been in, or the end. */
static bool is_new(rh_team *t, uint64_t seen)
{
    uint64_t at = atomic_load(&t->at);
    return ((at & OPEN) && at / PHASE != seen) || atomic_load(&t->quit);
}

static void wait_for_phase(rh_team *t, uint64_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (is_new(t, seen))
            return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    for (;;) {
        atomic_store(&t->sleeping, true);
        if (is_new(t, seen))
            break;
        pthread_cond_wait(&t->opened, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
}

/* Sequentially consistent with wait_for_phase(): either the sleeper sees what is new, or we see the sleeper. */
static void wake_members(rh_team *t)
{
    if (!atomic_load(&t->sleeping))
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->sleeping, false);
    pthread_cond_broadcast(&t->opened);
    pthread_mutex_unlock(&t->lock);
}

/* Until nobody is inside; what the team was at then. */
static uint64_t wait_for_members(rh_team *t)
{
    uint64_t at;
    for (int i = 0; i < SPINS; i++) {
        at = atomic_load(&t->at);
        if (!(at & INSIDE))
            return at;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->awaited, true);
    while ((at = atomic_load(&t->at)) & INSIDE)
        pthread_cond_wait(&t->left, &t->lock);
    atomic_store(&t->awaited, false);
    pthread_mutex_unlock(&t->lock);
    return at;
}

static void leave(rh_team *t)
{
    uint64_t before = atomic_fetch_sub(&t->at, 1);
    if ((before & INSIDE) > 1 || !atomic_load(&t->awaited))
        return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_signal(&t->left);
    pthread_mutex_unlock(&t->lock);
}

/* The open phase ends when nobody is inside, and `to` is what the team is at. */
static void close_phase(rh_team *t, uint64_t to)
{
    uint64_t at;
    do
        at = wait_for_members(t);
    while (!atomic_compare_exchange_weak(&t->at, &at, to));
}

int rh_team_next(rh_team *t)
{
    uint64_t phase = atomic_load_explicit(&t->at, memory_order_relaxed) / PHASE;
    return atomic_fetch_add_explicit(&t->next[phase % 2], 1, memory_order_relaxed);
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
    for (uint64_t seen = 0;;) {
        wait_for_phase(t, seen);
        if (atomic_load(&t->quit))
            return NULL;
        uint64_t at = atomic_load(&t->at);
        if (!(at & OPEN) || at / PHASE == seen || !atomic_compare_exchange_weak(&t->at, &at, at + 1))
            continue; /* over, or somebody else came or went */
        seen = at / PHASE;
        t->fn(t->arg, s.member, (int)(seen - t->first));
        leave(t);
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
    pthread_cond_init(&t->opened, NULL);
    pthread_cond_init(&t->left, NULL);
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
    wake_members(t);
    for (int i = 0; i < t->n_started; i++)
        pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->opened);
    pthread_cond_destroy(&t->left);
    pthread_mutex_destroy(&t->lock);
    rh_free(t);
}

int rh_team_size(const rh_team *t)
{
    return t->n;
}

void rh_team_run(rh_team *t, rh_team_fn fn, void *arg, int n_phases)
{
    uint64_t phase = atomic_load(&t->at) / PHASE + 1;
    t->fn = fn;
    t->arg = arg;
    t->first = phase;
    for (int i = 0; i < n_phases; i++, phase++) {
        atomic_store_explicit(&t->next[phase % 2], 0,
                              memory_order_relaxed); /* nobody is in the phase before the last */
        if (i == 0)
            atomic_store(&t->at, phase * PHASE + OPEN);
        else
            close_phase(t, phase * PHASE + OPEN);
        wake_members(t);
        fn(arg, 0, i);
    }
    if (n_phases > 0)
        close_phase(t, (phase - 1) * PHASE);
}
