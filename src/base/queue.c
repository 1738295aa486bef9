#include "rehearse/base/queue.h"

#include <pthread.h>
#include <time.h>
#include "rehearse/base/alloc.h"

typedef struct {
    void *item;
    int64_t due;
} entry;

struct rh_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    bool closed;           /* {lock} */
    size_t head, len, cap; /* {lock} */
    entry entries[];       /* {lock} ring of cap */
};

rh_status rh_queue_new(rh_queue **out, size_t capacity, rh_error *err)
{
    if (capacity == 0 || capacity > ((size_t)1 << 24))
        return rh_fail(err, RH_ERR_INVAL, "queue capacity %zu outside 1..2^24", capacity);
    rh_queue *q = rh_calloc(1, sizeof *q + capacity * sizeof(entry));
    if (!q)
        return rh_fail(err, RH_ERR_NOMEM, "queue: out of memory");
    q->cap = capacity;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &attr);
    pthread_condattr_destroy(&attr);
    *out = q;
    return RH_OK;
}

void rh_queue_free(rh_queue *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    rh_free(q);
}

static entry *entry_at(rh_queue *q, size_t i)
{
    return &q->entries[(q->head + i) % q->cap];
}

rh_status rh_queue_push_due(rh_queue *q, void *item, int64_t due)
{
    rh_status st = RH_OK;
    pthread_mutex_lock(&q->lock);
    if (q->closed) {
        st = RH_END;
    } else if (q->len == q->cap) {
        st = RH_ERR_LIMIT;
    } else {
        size_t at = q->len++;
        for (; at > 0 && entry_at(q, at - 1)->due > due; at--)
            *entry_at(q, at) = *entry_at(q, at - 1);
        *entry_at(q, at) = (entry){item, due};
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return st;
}

rh_status rh_queue_push(rh_queue *q, void *item)
{
    return rh_queue_push_due(q, item, 0);
}

bool rh_queue_remove(rh_queue *q, const void *item)
{
    pthread_mutex_lock(&q->lock);
    size_t at = 0;
    while (at < q->len && entry_at(q, at)->item != item)
        at++;
    bool found = at < q->len;
    if (found)
        q->len--;
    for (; found && at < q->len; at++)
        *entry_at(q, at) = *entry_at(q, at + 1);
    pthread_mutex_unlock(&q->lock);
    return found;
}

/* {lock} held: the queue is not empty. */
static void *take_first(rh_queue *q)
{
    void *item = q->entries[q->head].item;
    q->head = (q->head + 1) % q->cap;
    q->len--;
    return item;
}

rh_status rh_queue_pop_due(rh_queue *q, void **item, int64_t before)
{
    rh_status st = RH_AGAIN;
    pthread_mutex_lock(&q->lock);
    if (q->len > 0 && q->entries[q->head].due < before) {
        *item = take_first(q);
        st = RH_OK;
    }
    pthread_mutex_unlock(&q->lock);
    return st;
}

rh_status rh_queue_pop(rh_queue *q, void **item, int64_t timeout_us)
{
    struct timespec until = {0};
    if (timeout_us > 0) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + timeout_us % 1000000 * 1000;
        until.tv_sec += timeout_us / 1000000 + ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
    }
    rh_status st = RH_OK;
    pthread_mutex_lock(&q->lock);
    while (q->len == 0 && !q->closed && st == RH_OK) {
        if (timeout_us == 0)
            st = RH_AGAIN;
        else if (timeout_us < 0)
            pthread_cond_wait(&q->filled, &q->lock);
        else if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
            st = RH_AGAIN;
    }
    if (q->len > 0) {
        *item = take_first(q);
        st = RH_OK;
    } else if (q->closed) {
        st = RH_END;
    }
    pthread_mutex_unlock(&q->lock);
    return st;
}

void rh_queue_close(rh_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

size_t rh_queue_len(rh_queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = q->len;
    pthread_mutex_unlock(&q->lock);
    return n;
}
