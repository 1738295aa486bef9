/* background.h - work that no client waits for, of the store's table of jobs (rehearse/store/jobs.h).
 *
 * When a job is due and a thread of the pool for files is free, the server claims one, runs it there and says every
 * RH_BEAT_MS that it still works, by which it also learns that the job was deleted or is another server's now. What a
 * stop interrupts waits again, for this server or another one.
 * Loop thread only, but where it says otherwise. */
#ifndef RH_BACKGROUND_H
#define RH_BACKGROUND_H

#include "rehearse/store/jobs.h"
#include "server_internal.h"

enum {
    RH_BEAT_MS = 2000,
    RH_LOOK_MS = 1000, /* jobs that other servers of a database have taken in */
    RH_RETRY_S = 20,   /* after a failure that may pass, as of a full disk */
};

typedef struct rh_task rh_task;

/* What is done for a kind of jobs. */
typedef struct {
    const char *kind;
    /* Pool thread. RH_OK: done, and the store has been told. */
    rh_status (*run)(rh_task *t, rh_error *err);
    /* Pool thread: the job is over, or was deleted; what it had beside the store goes. */
    void (*clean)(rh_server *s, const char *id);
} rh_task_kind;

struct rh_task {
    rh_job job;
    rh_task *next;
    rh_server *server;
    const rh_task_kind *kind;
    rh_store_job claim;
    atomic_bool cancel;  /* any thread: the server ends, it was deleted, or another server has it */
    atomic_int permille; /* any thread: how much of it is done */
    bool running, beating;
    int64_t beat_at_us;
    rh_error err; /* its job's; then the loop's */
};

extern const rh_task_kind rh_recording_kind, rh_transcription_kind;

/* Claims what may be run, and beats. Called with each tick. */
void rh_background_tick(rh_server *s, int64_t now_us);
/* There is something new, or may be in `wait_ms`. */
void rh_background_look(rh_server *s, int wait_ms);
/* The job is not there any more. */
void rh_background_deleted(rh_server *s, const char *id);
void rh_background_cancel(rh_server *s); /* what runs waits for the next start, or for another server */
void rh_background_free(rh_server *s);
/* How many jobs may wait at once, of all servers together. */
int rh_background_most(const rh_server *s);

#endif
