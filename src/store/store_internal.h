/* store_internal.h - what the files of the store share: its statements, what waits to be
 * written, its thread. */
#ifndef RH_STORE_INTERNAL_H
#define RH_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "rehearse/base/queue.h"
#include "db.h"
#include "rehearse/store/store.h"

typedef struct store_op store_op;
typedef rh_status (*store_run)(rh_store *s, store_op *o, rh_error *err);

typedef enum {
    STORE_QUEUED, /* a write that nobody waits for: collected into transactions */
    STORE_READ,   /* somebody waits; sees what was written before, where that can be written */
    STORE_FLUSH,  /* ends when all that was queued before is committed */
    STORE_WRITE,  /* a transaction of its own; somebody waits */
} store_kind;

struct store_op {
    store_op *next; /* in the backlog, or among those that wait for the disk */
    store_kind how;
    bool durable; /* WRITE: on the disk itself when it ends, not only with the system */
    bool frees;   /* WRITE: may take the reserve, for afterwards there is more room */
    store_run run;
    char id[RH_SESSION_ID_MAX + 1];
    char *text;                  /* JSON or a name; owned by queued ones; may be NULL */
    char *kind;                  /* event kind, client; likewise */
    const char *person, *reader; /* of a call that waits: borrowed */
    double start, end;
    int n;
    uint64_t seq; /* of a numbered event */
    rh_store_receipt
        *receipt; /* a queued one's, its own reference: it is committed to the disk itself, which is noted here */
    int64_t give_up_us;
    /* a call that waits lives on its caller's stack */
    bool done;    /* {lock} */
    rh_status st; /* {lock} */
    rh_error err; /* {lock} */
    json_t *out;  /* {lock} */
};

struct rh_store {
    /* store thread only, once it runs */
    store_db *db;
    char reserve[4096];    /* path; "" = none */
    int64_t reserve_at_us; /* when to try to have it again; 0 = it is there */
    bool in_transaction;
    bool locked;                                   /* the trouble is another program's lock */
    int64_t commit_at_us, retry_at_us;             /* retry: 0 = the disk takes what comes */
    bool checkpoint_due;                           /* what was deleted is still in the log */
    store_op *backlog, **backlog_end, **unapplied; /* in order; those before `unapplied` are in the transaction */
    store_op *asks;                                /* calls that wait for the disk */
    rh_error refused;                              /* first queued write that was no good, since the last flush */

    rh_queue *queue;
    pthread_t thread;
    bool running;
    size_t n_lost;                          /* at the end: writes that found no room */
    atomic_size_t n_waiting, waiting_bytes; /* any thread: queued writes not committed */
    pthread_mutex_t lock;
    pthread_cond_t answered;
    rh_error trouble; /* {lock} why nothing can be written just now; code 0 = all is well */
};

/* store.c */
rh_status store_ask(rh_store *s, store_op *o, json_t **out, rh_error *err); /* waits */
rh_status store_ask_about(rh_store *s, store_op o, const char *id, json_t **out, rh_error *err);
/* A copy of `o` to the queue; takes its `text`, and copies its `kind`. */
rh_status store_enqueue(rh_store *s, store_op o, const char *id);

/* receipt.c */
void store_receipt_note(store_op *o); /* the write is committed to the disk itself */
rh_store_receipt *store_receipt_ref(rh_store_receipt *r);
void store_receipt_unref(rh_store_receipt *r); /* NULL is fine */

/* store_run.c */
/* The rows of a bound statement: each row's JSON in its first column, with its other columns. */
rh_status store_rows(store_query *q, json_t **out, rh_error *err);
/* Sessions without their parts, of a statement that begins with their columns. */
rh_status store_sessions(store_query *q, json_t **out, rh_error *err);
rh_status store_clear(rh_store *s, rh_sql which, const char *id, rh_error *err); /* one kind of its parts */
rh_status store_run_begin(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_segment(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_event(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_second(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_end(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_media(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_list(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_get(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_delete(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_older(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_unended(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_attempt(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_put_back(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_fail(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_forget_segments(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_report_llm(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_files(rh_store *s, store_op *o, rh_error *err);

/* store_thread.c */
void *store_thread(void *store);
void store_op_free(rh_store *s, store_op *o); /* a queued one */

/* store_reserve.c: some room on the disk that deleting can have when there is no other */
void store_reserve_open(rh_store *s, const char *database_path);
void store_reserve_keep(rh_store *s, int64_t now_us); /* has it again when there is room */
bool store_reserve_spend(rh_store *s);                /* false: there was none */

#endif
