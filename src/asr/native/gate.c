#include "gate.h"

#include <pthread.h>
#include <stdbool.h>
#include "rehearse/base/alloc.h"

enum { MAX_SLOTS = 64 };

typedef struct waiter {
    struct waiter *next;
    int64_t deadline; /* INT64_MAX = none */
    int slot;         /* -1 until one is given */
    pthread_cond_t wake;
} waiter;

struct rh_gate {
    pthread_mutex_t lock;
    waiter *queue;         /* {lock} most urgent first */
    bool taken[MAX_SLOTS]; /* {lock} */
    int n_slots, load;     /* load: {lock} */
};

rh_status rh_gate_new(rh_gate **out, int n_slots, rh_error *err)
{
    if (n_slots < 1)
        return rh_fail(err, RH_ERR_INVAL, "gate of %d slots", n_slots);
    rh_gate *g = rh_calloc(1, sizeof *g);
    if (!g)
        return rh_fail(err, RH_ERR_NOMEM, "gate: out of memory");
    g->n_slots = n_slots < MAX_SLOTS ? n_slots : MAX_SLOTS;
    pthread_mutex_init(&g->lock, NULL);
    *out = g;
    return RH_OK;
}

void rh_gate_free(rh_gate *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    rh_free(g);
}

static void enqueue(rh_gate *g, waiter *w)
{
    waiter **at = &g->queue;
    while (*at && (*at)->deadline <= w->deadline)
        at = &(*at)->next;
    w->next = *at;
    *at = w;
}

/* {lock} gives free slots to those in front */
static void admit(rh_gate *g)
{
    for (int i = 0; i < g->n_slots && g->queue; i++) {
        if (g->taken[i])
            continue;
        waiter *w = g->queue;
        g->queue = w->next;
        g->taken[i] = true;
        w->slot = i;
        pthread_cond_signal(&w->wake);
    }
}

int rh_gate_enter(rh_gate *g, int64_t deadline_us)
{
    waiter w = {.deadline = deadline_us > 0 ? deadline_us : INT64_MAX, .slot = -1};
    pthread_cond_init(&w.wake, NULL);
    pthread_mutex_lock(&g->lock);
    g->load++;
    enqueue(g, &w);
    admit(g);
    while (w.slot < 0)
        pthread_cond_wait(&w.wake, &g->lock);
    pthread_mutex_unlock(&g->lock);
    pthread_cond_destroy(&w.wake);
    return w.slot;
}

void rh_gate_leave(rh_gate *g, int slot)
{
    pthread_mutex_lock(&g->lock);
    g->taken[slot] = false;
    g->load--;
    admit(g);
    pthread_mutex_unlock(&g->lock);
}

int rh_gate_load(rh_gate *g)
{
    pthread_mutex_lock(&g->lock);
    int n = g->load;
    pthread_mutex_unlock(&g->lock);
    return n;
}
