/* pool.c - a fixed number of threads taking jobs from one bounded queue. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/queue.h"
#include "server_internal.h"

enum {
    MAX_POOL_THREADS = 64,
    MOST_FIRST = 2,   /* jobs that one gives way to: its own session is not looked at meanwhile */
    SOON_US = 300000, /* what is due so soon would come late behind half a decode */
};

typedef struct {
    rh_worker worker;
    pthread_t thread;
} member;

struct rh_pool {
    rh_queue *queue;
    int n_threads, nice;
    bool joined;
    member members[MAX_POOL_THREADS];
};

static void run(rh_worker *w, rh_job *job)
{
    w->due_us = job->due_us;
    job->run(job, w);
    if (w->pool->nice >= RH_NICE_FILES)
        rh_alloc_give_back(); /* recordings come rarely and take much */
    rh_job_finished(w->server, job);
}

static void *work(void *arg)
{
    rh_worker *w = arg;
    /* On Linux niceness is a thread's own: video answers come before transcripts. */
    if (w->pool->nice)
        (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), w->pool->nice);
    void *item;
    while (rh_queue_pop(w->pool->queue, &item, -1) == RH_OK) {
        w->n_first = 0;
        run(w, item);
    }
    rh_face_tracker_free(w->tracker);
    return NULL;
}

void rh_pool_give_way(rh_worker *w)
{
    int64_t own = w->due_us;
    int n = w->n_first;
    void *item;
    while (n < MOST_FIRST) {
        int64_t soon = rh_now_us() + SOON_US;
        if (rh_queue_pop_due(w->pool->queue, &item, own < soon ? own : soon) != RH_OK)
            break;
        w->n_first = MOST_FIRST;
        run(w, item);
        n++;
    }
    w->n_first = n;
    w->due_us = own;
}

rh_status rh_pool_new(rh_pool **out, rh_server *s, int n_threads, size_t capacity, int nice, rh_error *err)
{
    rh_pool *p = rh_calloc(1, sizeof *p);
    if (!p)
        return rh_fail(err, RH_ERR_NOMEM, "pool: out of memory");
    p->nice = nice;
    rh_status st = rh_queue_new(&p->queue, capacity, err);
    for (int i = 0; st == RH_OK && i < n_threads && i < MAX_POOL_THREADS; i++) {
        member *m = &p->members[i];
        m->worker.pool = p;
        m->worker.server = s;
        int e = pthread_create(&m->thread, NULL, work, &m->worker);
        if (e)
            st = rh_fail(err, RH_ERR_NOMEM, "cannot start a thread: %s", strerror(e));
        else
            p->n_threads++;
    }
    if (st == RH_OK)
        *out = p;
    else
        rh_pool_free(p);
    return st;
}

rh_status rh_pool_submit(rh_pool *p, rh_job *job)
{
    return rh_queue_push_due(p->queue, job, job->due_us);
}

rh_job *rh_pool_start(rh_pool *p, const void *job, size_t size)
{
    rh_job *j = rh_alloc(size);
    if (j)
        memcpy(j, job, size);
    if (j && rh_pool_submit(p, j) == RH_OK)
        return j;
    rh_free(j);
    return NULL;
}

bool rh_pool_withdraw(rh_pool *p, const rh_job *job)
{
    return rh_queue_remove(p->queue, job);
}

size_t rh_pool_waiting(const rh_pool *p)
{
    return rh_queue_len(p->queue);
}

void rh_pool_close(rh_pool *p)
{
    if (p && p->queue)
        rh_queue_close(p->queue);
}

void rh_pool_join(rh_pool *p)
{
    for (int i = 0; p && !p->joined && i < p->n_threads; i++)
        pthread_join(p->members[i].thread, NULL);
    if (p)
        p->joined = true;
}

void rh_pool_free(rh_pool *p)
{
    if (!p)
        return;
    rh_pool_close(p);
    rh_pool_join(p);
    rh_queue_free(p->queue);
    rh_free(p);
}

void rh_job_finished(rh_server *s, rh_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&s->done_lock);
    bool first = s->done_head == NULL;
    if (first)
        s->done_head = job;
    else
        s->done_tail->next = job;
    s->done_tail = job;
    pthread_mutex_unlock(&s->done_lock);
    if (first)
        rh_net_wake(s->net);
}

void rh_jobs_collect(rh_server *s)
{
    pthread_mutex_lock(&s->done_lock);
    rh_job *job = s->done_head;
    s->done_head = s->done_tail = NULL;
    pthread_mutex_unlock(&s->done_lock);
    while (job) {
        rh_job *next = job->next;
        job->done(s, job);
        job = next;
    }
}
