/* store_thread.c - the thread that owns the database.
 *
 * Queued writes form the backlog. They are collected into one transaction, closed
 * RH_STORE_COMMIT_MS after its first write, and leave the backlog only when its COMMIT
 * has succeeded: when the disk is full or another program holds the database, the
 * transaction is rolled back and the same writes are tried again until it goes.
 * Meanwhile questions are answered from what is committed. Calls that write and wait
 * are tried again too, each until its own patience ends; a full disk is told at once. */
#include "store_internal.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

enum { RETRY_US = 200000, LAST_TRY_US = 5000000, GATHER_US = 20000 };

/* ---- transactions ---- */

static void roll_back(rh_store *s)
{
    s->in_transaction = false;
    store_db_roll_back(s->db);
}

/* Whether the same may succeed later. */
static bool passing(const rh_store *s)
{
    return store_db_trouble(s->db) != STORE_LASTING;
}

static bool is_locked(const rh_store *s)
{
    return store_db_trouble(s->db) == STORE_LOCKED;
}

static void tell_trouble(rh_store *s, const rh_error *err)
{
    s->locked = err && is_locked(s);
    pthread_mutex_lock(&s->lock);
    if (err)
        s->trouble = *err;
    else
        s->trouble = (rh_error){0};
    pthread_mutex_unlock(&s->lock);
    bool waits = err || s->asks || s->checkpoint_due;
    s->retry_at_us = waits ? rh_now_us() + RETRY_US : 0;
}

/* ---- the backlog ---- */

void store_op_free(rh_store *s, store_op *o)
{
    if (!o)
        return;
    atomic_fetch_sub(&s->n_waiting, 1);
    atomic_fetch_sub(&s->waiting_bytes, o->text ? strlen(o->text) : 0);
    if (o->bytes)
        atomic_fetch_sub(&s->audio_bytes, o->n_bytes);
    rh_free(o->text);
    rh_free(o->kind);
    rh_free(o->bytes);
    store_receipt_unref(o->receipt);
    rh_free(o);
}

static void drop(rh_store *s, store_op **at)
{
    store_op *o = *at;
    *at = o->next;
    if (s->backlog_end == &o->next)
        s->backlog_end = at;
    store_op_free(s, o);
}

/* The transaction is undone: all of the backlog is to be written again. */
static void start_over(rh_store *s, const rh_error *why)
{
    tell_trouble(s, why); /* before the code of the failure is gone */
    roll_back(s);
    s->unapplied = &s->backlog;
}

/* The transaction is committed: what is in it leaves the backlog. */
static void written(rh_store *s)
{
    s->in_transaction = false;
    while (&s->backlog != s->unapplied) {
        bool last = s->unapplied == &s->backlog->next;
        if (s->db->durable)
            store_receipt_note(s->backlog);
        if (s->backlog->releases)
            store_owners_forget(s, s->backlog->id);
        drop(s, &s->backlog);
        if (last)
            break;
    }
    s->unapplied = &s->backlog;
    tell_trouble(s, NULL);
}

static rh_status commit(rh_store *s)
{
    rh_error err = {0};
    if (!s->in_transaction)
        return RH_OK;
    rh_status st = store_db_commit(s->db, &err);
    if (st != RH_OK && s->db->in_doubt) { /* what is in the transaction stays so until that is known */
        tell_trouble(s, &err);
        s->in_transaction = false;
        return st;
    }
    if (st != RH_OK) {
        start_over(s, &err);
        return st;
    }
    written(s);
    return RH_OK;
}

/* After the answer to a commit was lost: written, or to be written again. */
static rh_status end_doubt(rh_store *s)
{
    rh_error err = {0};
    bool committed = false;
    rh_status st = store_db_resolve(s->db, &committed, &err);
    if (st != RH_OK)
        tell_trouble(s, &err);
    else if (committed)
        written(s);
    else
        s->unapplied = &s->backlog;
    return st;
}

static void refuse(rh_store *s, store_op **at, rh_status st, const rh_error *err)
{
    /* A session that was deleted while it ran has no row to write to: that is nobody's failure. */
    if (st != RH_ERR_NOTFOUND && s->refused.code == RH_OK)
        s->refused = *err;
    drop(s, at);
}

/* Whether something of what waits asks for a sync. */
static bool asks_sync(const rh_store *s)
{
    const store_op *o = *s->unapplied;
    while (o && !o->receipt)
        o = o->next;
    return o != NULL;
}

/* Puts what waits into the transaction. RH_OK: all of it is there. */
static rh_status apply(rh_store *s)
{
    if (s->db->in_doubt) {
        rh_status st = end_doubt(s);
        if (st != RH_OK)
            return st;
    }
    while (*s->unapplied) {
        rh_error err = {0};
        if (s->in_transaction && !s->db->durable && (*s->unapplied)->receipt) {
            rh_status st = commit(s);
            if (st != RH_OK)
                return st;
        }
        if (!s->in_transaction) {
            rh_status begun = store_db_begin(s->db, asks_sync(s), &err);
            if (begun != RH_OK) {
                tell_trouble(s, &err);
                return begun;
            }
            s->in_transaction = true;
            s->n_transactions++;
            s->commit_at_us = rh_now_us() + RH_STORE_COMMIT_MS * 1000;
        }
        store_op *o = *s->unapplied;
        rh_status st = o->run == store_run_begin || o->releases ? RH_OK : store_fence(s, o->id, &err);
        if (st == RH_OK)
            st = o->run(s, o, &err);
        if (st == RH_OK) {
            s->unapplied = &o->next;
        } else if (st == RH_END) { /* another node has the session: nothing of this is to be written */
            drop(s, s->unapplied);
        } else if (st == RH_ERR_NOMEM || passing(s) || !store_db_in_transaction(s->db)) {
            start_over(s, &err);
            return st;
        } else {
            refuse(s, s->unapplied, st, &err);
            if (s->db->spoiled) {
                roll_back(s);
                s->unapplied = &s->backlog;
            }
        }
    }
    return RH_OK;
}

static rh_status write_all(rh_store *s)
{
    rh_status st = apply(s);
    return st == RH_OK ? commit(s) : st;
}

/* A session that is deleted needs nothing of what waits to be written about it. */
static void forget(rh_store *s, const char *id)
{
    if (s->in_transaction)
        roll_back(s);
    s->unapplied = &s->backlog;
    for (store_op **at = &s->backlog; *at;)
        if (strcmp((*at)->id, id) == 0)
            drop(s, at);
        else
            at = &(*at)->next;
}

/* ---- calls that wait ---- */

static void answer(rh_store *s, store_op *o, rh_status st, const rh_error *err)
{
    pthread_mutex_lock(&s->lock);
    o->st = st;
    o->err = *err;
    o->err.code = st;
    o->done = true;
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
}

static rh_status run_once(rh_store *s, store_op *o, rh_error *err)
{
    unsigned long failures = rh_alloc_failures();
    json_decref(o->out);
    o->out = NULL;
    rh_status st = o->run(s, o, err);
    if (rh_alloc_failures() !=
        failures) /* an answer without a part of it is none, nor is what is said for want of it */
        st = rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    return st;
}

/* All of it, or nothing and an error. */
static rh_status transact(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = store_db_begin(s->db, o->durable, err);
    if (st == RH_OK) {
        s->n_transactions++;
        st = o->fenced ? store_fence(s, o->id, err) : RH_OK;
        if (st == RH_END)
            st = rh_fail(err, RH_ERR_NOTFOUND, "another server goes on with session \"%s\"", o->id);
        if (st == RH_OK)
            st = run_once(s, o, err);
        if (st == RH_OK)
            st = store_db_commit(s->db, err);
        if (st != RH_OK) {
            bool again = passing(s), locked = is_locked(s);
            roll_back(s);
            st = again && locked ? RH_AGAIN : again && st != RH_ERR_UNAVAILABLE ? RH_ERR_IO : st;
        }
    } else if (is_locked(s)) {
        st = RH_AGAIN;
    }
    return st;
}

static void checkpoint(rh_store *s)
{
    if (s->in_transaction)
        return;
    s->checkpoint_due = !store_db_tidy(s->db);
    if (s->checkpoint_due && !s->retry_at_us)
        s->retry_at_us = rh_now_us() + RETRY_US;
}

/* On a full disk the reserve goes first, then the log is brought into the database. */
static rh_status write_with_reserve(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = transact(s, o, err);
    if (st == RH_ERR_IO && o->frees && store_reserve_spend(s))
        st = transact(s, o, err);
    if (st == RH_ERR_IO && o->frees) {
        checkpoint(s);
        st = transact(s, o, err);
    }
    return st;
}

/* RH_AGAIN: it has to wait. */
static rh_status try_ask(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = write_all(s);
    bool locked = st != RH_OK && s->locked;
    if (st != RH_OK) {
        pthread_mutex_lock(&s->lock);
        *err = s->trouble;
        pthread_mutex_unlock(&s->lock);
    }
    switch (o->how) {
    case STORE_FLUSH:
        if (st == RH_OK && s->refused.code != RH_OK) {
            st = s->refused.code;
            *err = s->refused;
        }
        if (st == RH_OK || !locked)
            s->refused = (rh_error){0};
        return locked ? RH_AGAIN : st;
    case STORE_READ:
        st = run_once(s, o, err);
        if (st == RH_ERR_UNAVAILABLE && s->beat_at_us && !is_locked(s)) { /* all know at once, until a beat passes */
            int64_t soon = rh_now_us() + RETRY_US;
            tell_trouble(s, err);
            s->beat_at_us = s->beat_at_us < soon ? s->beat_at_us : soon;
        }
        return st != RH_OK && is_locked(s) ? RH_AGAIN : st;
    default: break;
    }
    if (locked)
        return RH_AGAIN;
    if (s->db->in_doubt)
        return st;
    if (o->frees)
        forget(s, o->id);
    else if (st != RH_OK)
        return st;
    st = write_with_reserve(s, o, err);
    if (o->frees && st == RH_OK)
        store_owners_note(s, o->id, RH_STANDING_DELETED);
    if (s->checkpoint_due && st == RH_OK)
        checkpoint(s);
    return st;
}

static void ask(rh_store *s, store_op *o)
{
    rh_error err = {0};
    rh_status st = try_ask(s, o, &err);
    if (st == RH_AGAIN && rh_now_us() < o->give_up_us) {
        o->next = s->asks;
        s->asks = o;
        if (!s->retry_at_us)
            s->retry_at_us = rh_now_us() + RETRY_US;
        return;
    }
    answer(s, o, st == RH_AGAIN ? RH_ERR_UNAVAILABLE : st, &err);
}

static void retry(rh_store *s)
{
    s->retry_at_us = 0;
    store_op *asks = s->asks;
    s->asks = NULL;
    (void)write_all(s);
    if (s->checkpoint_due)
        checkpoint(s);
    while (asks) {
        store_op *next = asks->next;
        ask(s, asks);
        asks = next;
    }
}

static void end(rh_store *s)
{
    int64_t until = rh_now_us() + LAST_TRY_US;
    while (write_all(s) != RH_OK && rh_now_us() < until)
        if (!s->locked && !store_reserve_spend(s))
            break; /* full, to the last byte */
    for (store_op *o; (o = s->asks) != NULL;) {
        s->asks = o->next;
        o->give_up_us = 0;
        ask(s, o);
    }
    if (s->checkpoint_due)
        checkpoint(s);
    for (; s->backlog; s->n_lost++)
        drop(s, &s->backlog);
    if (s->beat_at_us)
        store_leave(s);
}

static void beat(rh_store *s)
{
    rh_error err = {0};
    rh_status st = store_beat(s, &err);
    if (st != RH_OK || !s->backlog)
        tell_trouble(s, st == RH_OK ? NULL : &err);
}

static void write_gathered(rh_store *s)
{
    s->gathering = false;
    (void)write_all(s);
}

static void take(rh_store *s, store_op *o)
{
    /* Its client waits for it: it is not to wait for others but those that have come already. */
    bool awaited = (o->receipt && !o->bytes) || o->run == store_run_begin;
    o->next = NULL;
    *s->backlog_end = o;
    s->backlog_end = &o->next;
    if (s->retry_at_us)
        return;
    if (s->db->engine->shared) { /* what it locks is not to be locked while more comes */
        if (!s->gathering)
            s->commit_at_us = rh_now_us() + RH_STORE_COMMIT_MS * 1000;
        s->gathering = true;
    } else if (apply(s) != RH_OK) {
        return;
    }
    int64_t soon = rh_now_us() + GATHER_US;
    if (awaited && rh_queue_len(s->queue) == 0)
        write_gathered(s);
    else if (awaited && soon < s->commit_at_us)
        s->commit_at_us = soon;
}

void *store_thread(void *arg)
{
    rh_store *s = arg;
    for (;;) {
        int64_t now = rh_now_us(), due = INT64_MAX;
        if (s->in_transaction || s->gathering)
            due = s->commit_at_us;
        if (s->beat_at_us && s->beat_at_us < due)
            due = s->beat_at_us;
        if (s->retry_at_us && s->retry_at_us < due)
            due = s->retry_at_us;
        if (due <= now) {
            if (s->beat_at_us && s->beat_at_us <= now)
                beat(s);
            else if (s->retry_at_us && s->retry_at_us <= now)
                retry(s);
            else
                write_gathered(s);
            store_reserve_keep(s, now);
            continue;
        }
        void *item;
        rh_status st = rh_queue_pop(s->queue, &item, due == INT64_MAX ? -1 : due - now);
        if (st == RH_END)
            break;
        if (st != RH_OK)
            continue;
        store_op *o = item;
        if (o->how != STORE_QUEUED) {
            ask(s, o);
            continue;
        }
        take(s, o);
    }
    end(s);
    return NULL;
}
