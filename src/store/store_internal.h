/* store_internal.h - what the files of the store share: its statements, what waits to be
 * written, its thread. */
#ifndef RH_STORE_INTERNAL_H
#define RH_STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "rehearse/base/queue.h"
#include "rehearse/store/store.h"

typedef enum {
    RH_SQL_BEGIN,
    RH_SQL_TOUCH,
    RH_SQL_SEGMENT,
    RH_SQL_EVENT,
    RH_SQL_SECOND,
    RH_SQL_END,
    RH_SQL_MEDIA,
    RH_SQL_LIST,
    RH_SQL_GET,
    RH_SQL_SEGMENTS,
    RH_SQL_EVENTS,
    RH_SQL_SECONDS,
    RH_SQL_DELETE,
    RH_SQL_OLDER,
    RH_SQL_UNENDED,
    RH_SQL_RECORDING,
    RH_SQL_PENDING,
    RH_SQL_ATTEMPT,
    RH_SQL_CLEAR_SEGMENTS,
    RH_SQL_CLEAR_EVENTS,
    RH_SQL_CLEAR_SECONDS,
    RH_SQL_PUT_BACK,
    RH_SQL_FAIL,
    RH_SQL_REPORT_LLM,
    RH_SQL_FILES,
    RH_SQL_INTERVIEW_NEW,
    RH_SQL_INTERVIEWS,
    RH_SQL_INTERVIEW,
    RH_SQL_INTERVIEW_SESSIONS,
    RH_SQL_INTERVIEW_DELETE,
    RH_SQL_INTERVIEWS_OLDER,
    RH_SQL_SESSION_THERE,
    RH_SQL_NOTE_NEW,
    RH_SQL_NOTES,
    RH_SQL_NOTE_DELETE,
    RH_SQL_GOAL_SET,
    RH_SQL_GOAL_DELETE,
    RH_SQL_GOALS,
    RH_SQL_SHARE_NEW,
    RH_SQL_SHARES,
    RH_SQL_SHARE,
    RH_SQL_SHARE_DELETE,
    RH_SQL_SHARES_EXPIRE,
    RH_SQL_HOLD,
    RH_SQL_HELD,
    RH_SQL_TELL,
    RH_SQL_TELL_SEGMENT,
    RH_SQL_TOLD,
    RH_SQL_TOLD_FORGET,
    RH_SQL_COUNT
} rh_sql;

extern const char *const rh_sql_text[RH_SQL_COUNT];

/* Made from migration_*.sql at build time; entry i leads from version i to i + 1. */
extern const char *const rh_migrations[];
extern const int rh_migrations_len;

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
    char *text; /* JSON or a name; owned by queued ones; may be NULL */
    char *kind; /* event kind, client; likewise */
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
    sqlite3 *db;
    sqlite3_stmt *stmt[RH_SQL_COUNT];
    char reserve[4096];    /* path; "" = none */
    int64_t reserve_at_us; /* when to try to have it again; 0 = it is there */
    bool in_transaction;
    bool full;                                     /* transactions end on the disk itself, not only with the system */
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
sqlite3_stmt *store_statement(rh_store *s, rh_sql which); /* ready to be bound */
/* The rows of a bound statement: each row's JSON in its first column, with its other columns. */
rh_status store_rows(rh_store *s, sqlite3_stmt *q, json_t **out, rh_error *err);
/* Sessions without their parts, of a statement that begins with their columns. */
rh_status store_sessions(rh_store *s, sqlite3_stmt *q, json_t **out, rh_error *err);
rh_status store_sql_fail(rh_store *s, const char *what, rh_error *err);
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
rh_status store_run_recording(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_pending(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_attempt(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_put_back(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_forget_segments(rh_store *s, store_op *o, rh_error *err);
rh_status store_run_fail(rh_store *s, store_op *o, rh_error *err);
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
