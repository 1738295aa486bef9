/* queue.h - bounded queue of pointers between threads: what is due first comes first,
 * what is due at the same time in the order it came.
 *
 * The queue never owns what it carries. Threads: any number of producers and
 * consumers. */
#ifndef RH_QUEUE_H
#define RH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct rh_queue rh_queue;

/* RH_ERR_INVAL capacity outside 1..2^24; RH_ERR_NOMEM. */
rh_status rh_queue_new(rh_queue **out, size_t capacity, rh_error *err);
void rh_queue_free(rh_queue *q); /* NULL is fine; nobody may be waiting */
/* Behind what is due at `due` or before, whatever clock that is of. RH_ERR_LIMIT when full, RH_END when
 * closed. Never waits. */
rh_status rh_queue_push_due(rh_queue *q, void *item, int64_t due);
rh_status rh_queue_push(rh_queue *q, void *item);    /* due 0 */
bool rh_queue_remove(rh_queue *q, const void *item); /* one that nobody has popped yet; false: it is not there */
/* Waits up to timeout_us (-1 = for ever, 0 = not at all). RH_AGAIN timed out,
 * RH_END closed and empty. */
rh_status rh_queue_pop(rh_queue *q, void **item, int64_t timeout_us);
/* The first one, where it is due before `before`; else RH_AGAIN. Never waits. */
rh_status rh_queue_pop_due(rh_queue *q, void **item, int64_t before);
void rh_queue_close(rh_queue *q); /* wakes all waiters; what is inside can still be popped */
size_t rh_queue_len(rh_queue *q);

#endif
