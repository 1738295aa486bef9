/* jobs.h - work that no client waits for: recordings to analyse, or to transcribe (transcriptions.h).
 *
 *              rh_store_job_claim()               rh_store_job_end_session(), _result(), _fail()
 *     QUEUED <---------------------> RUNNING --------------------------------------------------> its result
 *              _put_back(), or its lease
 *              has run out
 *
 * All servers of a database take from one table. Who claims a job has it for RH_JOB_LEASE_S and says in time that it
 * still works (_beat); a job whose server is gone is claimed by another one. A claim has an epoch: whoever has lost
 * the job (RH_ERR_CANCELED) can write nothing of it any more, nor of its session, so that each is done once. Leases go by the database's
 * clock. No transaction stays open meanwhile. Threads: any that may wait. */
#ifndef RH_STORE_JOBS_H
#define RH_STORE_JOBS_H

#include "rehearse/store/store.h"

enum {
    RH_JOB_LEASE_S = 15,
    RH_JOB_ATTEMPTS = 3, /* claims of a job whose servers died; then it has failed */
};

typedef struct {
    char id[RH_SESSION_ID_MAX + 1];
    char kind[16];
    int attempts; /* this one counted */
    int64_t epoch;
    json_t *data; /* owned: what is to be done; of a session its meta */
} rh_store_job;
void rh_store_job_clear(rh_store_job *j);

/* A session, state queued, and its job of kind "recording". On the disk when it returns RH_OK. RH_ERR_BUSY `most`
 * wait already; RH_ERR_INVAL there is a session of that id. */
rh_status rh_store_recording(rh_store *s, const char *id, double unix_time, const json_t *meta, int most,
                             rh_error *err);

/* The oldest that is due. Its session is this node's until rh_store_release(). What a recording had from an attempt before is forgotten. One that
 * was claimed RH_JOB_ATTEMPTS times before has failed now, for good: RH_ERR_LIMIT, *out says which, and `err` why.
 * RH_AGAIN nothing is due. */
rh_status rh_store_job_claim(rh_store *s, rh_store_job *out, rh_error *err);

/* It still runs, and is `done` ([0,1]) of it. RH_ERR_CANCELED it was deleted, or another server has it. */
rh_status rh_store_job_beat(rh_store *s, const rh_store_job *j, double done, rh_error *err);
/* It was interrupted, and waits again, for `wait_s` at least; `uncount`: by no fault of its own. */
rh_status rh_store_job_put_back(rh_store *s, const rh_store_job *j, double wait_s, bool uncount, rh_error *err);
/* The session has its report, as by rh_store_end(), and the job is over, both or neither. RH_ERR_CANCELED. */
rh_status rh_store_job_end_session(rh_store *s, const char *id, int64_t epoch, double duration_s, const json_t *report,
                                   rh_error *err);
/* A job of no session is done, and this text is its result. RH_ERR_CANCELED. */
rh_status rh_store_job_result(rh_store *s, const rh_store_job *j, const char *text, rh_error *err);
/* It can't be done, for good: its session has failed, or it has where it is of none. RH_ERR_CANCELED. */
rh_status rh_store_job_fail(rh_store *s, const rh_store_job *j, const char *why, rh_error *err);

/* How many wait or run. */
rh_status rh_store_jobs_waiting(rh_store *s, int *n, rh_error *err);
/* No other server uses the store: what an earlier run of the program was at is anybody's at once. */
rh_status rh_store_jobs_abandon(rh_store *s, rh_error *err);

#endif
