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
    bool durable;  /* WRITE: on the disk itself when it ends, not only with the system */
    bool frees;    /* WRITE: may take the reserve, for afterwards there is more room */
    bool fenced;   /* WRITE: of a session, which must be this node's */
    bool releases; /* QUEUED: nothing of its session follows */
    store_run run;
    char id[RH_SESSION_ID_MAX + 1];
    char *text;                  /* JSON or a name; owned by queued ones; may be NULL */
    char *kind;                  /* event kind, client; likewise */
    const char *person, *reader; /* of a call that waits: borrowed */
    double start, end;
    int n;
    int64_t n64;
    void *bytes; /* samples; owned */
    size_t n_bytes;
    void *reading; /* of sound that is read: where it goes */
    uint64_t seq;  /* of a numbered event */
    rh_store_receipt
        *receipt; /* a queued one's, its own reference: it is committed to the disk itself, which is noted here */
    int64_t give_up_us;
    /* a call that waits lives on its caller's stack */
    bool done;    /* {lock} */
    rh_status st; /* {lock} */
    rh_error err; /* {lock} */
    json_t *out;  /* {lock} */
};

/* A session that this node has, or had. */
typedef struct store_owned {
    struct store_owned *next;
    char id[RH_SESSION_ID_MAX + 1];
    int64_t epoch;
    uint64_t fenced_in;   /* the transaction in which that is known to be its epoch */
    uint64_t seen_in;     /* the last round of looking in which it was */
    rh_standing standing; /* {owners.lock} */
} store_owned;

typedef struct {
    pthread_mutex_t lock; /* of the lists, and of what others may read of an entry */
    store_owned *buckets[256];
    uint64_t n_rounds;
} store_owners;

struct rh_store {
    char node[RH_NODE_ID_LEN + 1], name[80]; /* this node; name "": it is not told to others */
    store_owners owners;

    /* store thread only, once it runs */
    store_db *db;
    char reserve[4096];    /* path; "" = none */
    int64_t reserve_at_us; /* when to try to have it again; 0 = it is there */
    bool in_transaction;
    uint64_t n_transactions;                       /* begun so far */
    bool gathering;                                /* a shared database: what has come is written at commit_at_us */
    int64_t beat_at_us;                            /* 0 = nobody has to know that this node lives */
    bool locked;                                   /* the trouble is another program's lock */
    int64_t commit_at_us, retry_at_us;             /* retry: 0 = the disk takes what comes */
    bool checkpoint_due;                           /* what was deleted is still in the log */
    store_op *backlog, **backlog_end, **unapplied; /* in order; those before `unapplied` are in the transaction */
    store_op *asks;                                /* calls that wait for the disk */
    rh_error refused;                              /* first queued write that was no good, since the last flush */

    rh_queue *queue;
    pthread_t thread;
    bool running;
    size_t n_lost;                                       /* at the end: writes that found no room */
    atomic_size_t n_waiting, waiting_bytes, audio_bytes; /* any thread: queued writes not committed */
    pthread_mutex_t lock;
    pthread_cond_t answered;
    rh_error trouble; /* {lock} why nothing can be written just now; code 0 = all is well */
};

/* store.c */
rh_status store_ask(rh_store *s, store_op *o, json_t **out, rh_error *err);                          /* waits */
rh_status store_ask_page(rh_store *s, store_op *o, rh_store_page page, json_t **out, rh_error *err); /* of a list */
rh_status store_ask_about(rh_store *s, store_op o, const char *id, json_t **out, rh_error *err);
/* Erases those whose ids the rows of the answer have; *n: how many went. */
typedef rh_status store_erase(rh_store *s, const char *media_dir, const char *id, rh_error *err);
rh_status store_erase_rows(rh_store *s, store_op *o, store_erase *erase, const char *media_dir, int *n, rh_error *err);
/* A text of the caller's, for an operation that is waited for. */
static inline char *store_lent(const char *text)
{
    return (char *)(uintptr_t)text;
}
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
rh_status store_run_attempt(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_put_back(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_fail(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_forget_segments(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_report_llm(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_files(rh_store *s, store_op *o, rh_error *err);

/* jobs.c */
typedef struct {
    const char *id, *kind, *session, *data; /* session NULL: of none; data: JSON */
} store_job;
/* In a transaction. RH_ERR_BUSY: `most` wait already. */
rh_status store_job_add(rh_store *s, const store_job *j, int most, rh_error *err);
/* A session of state queued with its job. o: id, text (its meta), start (Unix time), n (the most that wait) */
rh_status store_run_recording(rh_store *s, store_op *o, rh_error *err);
/* The same of a transcription (transcriptions.c); text: its data. */
rh_status store_run_transcription(rh_store *s, store_op *o, rh_error *err);
/* Waits for a durable write about `id` with that value (may be NULL) as its text. */
rh_status store_write_json(rh_store *s, store_op o, const char *id, const json_t *value, rh_error *err);

/* owners.c */
void store_owners_open(rh_store *s);
void store_owners_close(rh_store *s);
/* This node has it now, since that epoch. */
rh_status store_owners_set(rh_store *s, const char *id, int64_t epoch, rh_error *err);
int64_t store_owners_epoch(rh_store *s, const char *id); /* -1: it is not ours */
void store_owners_note(rh_store *s, const char *id, rh_standing standing);
void store_owners_forget(rh_store *s, const char *id);
/* In a transaction, before anything is written of a session. RH_END: it is another's, or deleted. */
rh_status store_fence(rh_store *s, const char *id, rh_error *err);
rh_status store_register(rh_store *s, const char *name, rh_error *err); /* before the thread runs */
rh_status store_beat(rh_store *s, rh_error *err);                       /* and looks what has been taken */
void store_leave(rh_store *s); /* others need not wait to see that it is gone */

/* store_thread.c */
void *store_thread(void *store);
void store_op_free(rh_store *s, store_op *o); /* a queued one */

/* store_reserve.c: some room on the disk that deleting can have when there is no other */
void store_reserve_open(rh_store *s, const char *database_path);
void store_reserve_keep(rh_store *s, int64_t now_us); /* has it again when there is room */
bool store_reserve_spend(rh_store *s);                /* false: there was none */

#endif
