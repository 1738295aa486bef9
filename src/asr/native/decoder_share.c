/* Passes of several streams at once. Whoever finds the team free leads: it
 * waits a moment for the other streams that are decoding, takes the waiting
 * rows in order of their deadlines, and runs them in one pass. */
#include <errno.h>
#include <time.h>
#include "decoder_internal.h"

/* What choosing a token takes at most; the pass that others then share costs several times that. */
enum { GATHER_US = 300 };

void dec_share_begin(rh_dec_model *m)
{
    pthread_mutex_lock(&m->lock);
    m->n_decoding++;
    pthread_mutex_unlock(&m->lock);
}

void dec_share_end(rh_dec_model *m)
{
    pthread_mutex_lock(&m->lock);
    m->n_decoding--;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static bool before(const dec_job *a, const dec_job *b)
{
    if (a->deadline_us == b->deadline_us || a->deadline_us == 0)
        return false; /* first come, first served */
    return b->deadline_us == 0 || a->deadline_us < b->deadline_us;
}

static void enqueue(rh_dec_model *m, dec_job *job)
{
    dec_job **at = &m->queue;
    while (*at && !before(job, *at))
        at = &(*at)->next;
    job->next = *at;
    *at = job;
}

static int queued(const rh_dec_model *m)
{
    int n = 0;
    for (const dec_job *j = m->queue; j; j = j->next)
        n++;
    return n;
}

static void gather(rh_dec_model *m)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += GATHER_US * 1000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    while (queued(m) < m->n_decoding)
        if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
            return;
}

/* {lock} held, and left held. */
static void lead(rh_dec_model *m)
{
    dec_row rows[DEC_MAX_ROWS];
    dec_job *taken = NULL, **taken_end = &taken;
    int n = 0;
    m->busy = true;
    gather(m);
    for (dec_job **at = &m->queue; *at;) {
        dec_job *j = *at;
        if (n + j->n > DEC_MAX_ROWS) {
            at = &j->next;
            continue;
        }
        for (int i = 0; i < j->n; i++)
            rows[n++] = j->rows[i];
        *at = j->next;
        j->next = NULL;
        *taken_end = j;
        taken_end = &j->next;
    }
    pthread_mutex_unlock(&m->lock);
    dec_pass(m, rows, n);
    pthread_mutex_lock(&m->lock);
    for (dec_job *j = taken, *next; j; j = next) {
        next = j->next;
        j->done = true;
    }
    m->busy = false;
    pthread_cond_broadcast(&m->changed);
}

void dec_share_run(rh_dec_model *m, const dec_row *rows, int n, int64_t deadline_us)
{
    dec_job job = {.rows = rows, .n = n, .deadline_us = deadline_us};
    pthread_mutex_lock(&m->lock);
    enqueue(m, &job);
    if (m->busy)
        pthread_cond_broadcast(&m->changed); /* a leader may be gathering */
    while (!job.done) {
        if (!m->busy)
            lead(m);
        else
            pthread_cond_wait(&m->changed, &m->lock);
    }
    pthread_mutex_unlock(&m->lock);
}

void dec_share_lock(rh_dec_model *m)
{
    pthread_mutex_lock(&m->lock);
    while (m->busy)
        pthread_cond_wait(&m->changed, &m->lock);
    m->busy = true;
    pthread_mutex_unlock(&m->lock);
}

void dec_share_unlock(rh_dec_model *m)
{
    pthread_mutex_lock(&m->lock);
    m->busy = false;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}
