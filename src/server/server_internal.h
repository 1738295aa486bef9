/* server_internal.h - what the files of the server share.
 *
 * Everything here belongs to the loop thread unless it says otherwise. */
#ifndef RH_SERVER_INTERNAL_H
#define RH_SERVER_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "server_limits.h"
#include "rehearse/session/model_set.h"
#include "rehearse/store/folder_lock.h"
#include "rehearse/base/log.h"
#include "rehearse/base/networks.h"
#include "rehearse/net/net.h"
#include "rehearse/server/server.h"
#include "rehearse/store/store.h"
#include "rehearse/who/oidc.h"
#include "guesses.h"
#include "router.h"

typedef struct rh_job rh_job;
typedef struct rh_pool rh_pool;
typedef struct rh_ws rh_ws;
typedef struct rh_site rh_site;

/* What one pool thread keeps between jobs. */
typedef struct {
    rh_server *server;
    rh_face_tracker *tracker; /* for pictures that stand alone */
    float fov_deg;            /* of the tracker */
    rh_pool *pool;
    int64_t due_us; /* of the job that runs, as rh_job's */
    int n_first;    /* jobs that it has given way to; at most so many may be before it, and none before those */
} rh_worker;

/* Work for a pool. `run` is called on a pool thread, then `done` on the loop
 * thread, which frees the job; the connection may be gone by then. */
struct rh_job {
    rh_job *next; /* {server.done_lock} */
    void (*run)(rh_job *job, rh_worker *w);
    void (*done)(rh_server *s, rh_job *job);
    uint64_t conn;  /* id; 0 = nobody waits */
    int64_t due_us; /* by rh_now_us(): what is due first runs first; 0 = at once */
};

/* A connection that speaks: an HTTP request under way or a WebSocket. */
typedef struct rh_conn {
    uint64_t id; /* 0 = free entry */
    rh_net_conn *net;
    rh_http *http;
    rh_ws *ws;
} rh_conn;

enum { RH_HISTOGRAM_STEPS = 12 };
typedef struct {
    uint64_t n[RH_HISTOGRAM_STEPS + 1];
    double sum_s;
} rh_histogram;
extern const double rh_histogram_edge_s[RH_HISTOGRAM_STEPS];
void rh_histogram_add(rh_histogram *h, double s); /* histogram.c */

/* What was noted of late for the audit. */
enum { RH_AUDIT_RECENT = 64 };
typedef struct {
    struct {
        char key[3 * RH_MAX_CLIENT_ID];
        int64_t at_us;
    } rows[RH_AUDIT_RECENT];
    int next;
} rh_audit_recent;

/* Counters for /metrics. */
typedef struct {
    uint64_t n_requests, n_messages, n_frames, n_frames_skipped, n_audio_results, n_errors;
    uint64_t n_files, n_held_back;
    double audio_s;
    rh_histogram video_latency, speech_latency;
} rh_counters;

/* A server's states, each with one way out:
 *
 *                 the models are there           rh_server_stop()
 *     LOADING -----------------------> RUNNING -------------------> STOPPING --> CLOSING
 *        |                                                             ^
 *        +----- rh_server_stop(), or the models can't be had ----------+
 *
 * LOADING   the port answers, nothing is analysed yet
 * STOPPING  nothing new is let in; what is owed is done, for RH_STOP_GRACE_S at most
 * CLOSING   the loop has ended: pools take no job any more, what was accepted and is
 *           not done lies in the data folder for the next start */
typedef enum { RH_SERVER_LOADING, RH_SERVER_RUNNING, RH_SERVER_STOPPING, RH_SERVER_CLOSING } rh_server_state;

/* Takes `item` out of the list that begins at `head`; it need not be in it. */
#define RH_LIST_REMOVE(type, head, item)                                                                               \
    do {                                                                                                               \
        type **rh_at = &(head);                                                                                        \
        while (*rh_at && *rh_at != (item))                                                                             \
            rh_at = &(*rh_at)->next;                                                                                   \
        if (*rh_at)                                                                                                    \
            *rh_at = (item)->next;                                                                                     \
    } while (0)

struct rh_server {
    rh_server_options o;
    rh_server_state state;
    int port, n_cpus;
    rh_net *net;
    rh_site *site;
    rh_model_set *models; /* NULL until loaded */
    double started;       /* Unix time */
    int64_t started_us;

    rh_conn *conns; /* [n_conns] */
    const rh_route_table *routes;
    int n_conns, n_ws, n_strangers; /* strangers: WebSockets of pages from elsewhere */
    uint64_t next_id;
    size_t upload_bytes, upload_file_bytes; /* of all request bodies together, in memory and on the disk */
    int n_file_jobs, n_frame_jobs;
    rh_folder_lock *folder; /* the data folder is ours */
    rh_store *store;
    char media_dir[4096 + 16];     /* beside its database */
    struct rh_task *tasks;         /* jobs of the store that run here */
    int n_running, n_file_threads; /* of them, and claims under way; at most as many as the pool has threads */
    int n_waiting;                 /* jobs of the store that are not done, as far as is known */
    bool looked, looking;          /* one was asked for; one is just now, */
    bool look_again;               /* and there is something new since */
    int64_t look_at_us;            /* when to ask next */
    int64_t tidy_at_us;            /* when old sessions and unused files are looked for next */
    rh_counters count;
    rh_guesses guesses; /* of links */
    rh_audit_recent audits;
    rh_oidc *oidc;       /* NULL: nobody signs in by an issuer */
    rh_networks proxies; /* trusted_proxies */

    rh_pool *quick;                            /* what live speech needs without decoding: finals that are there */
    rh_pool *media, *speech, *files, *reports; /* pictures and sound in; live speech; uploads; ends */
    rh_pool *desk;                             /* what waits for the store and for files */
    rh_pool *disk;                             /* short writes: bodies of uploads, opening of live sessions */
    pthread_mutex_t done_lock;
    rh_job *done_head, *done_tail; /* {done_lock} */

    struct rh_llm *llm;          /* NULL: none is asked */
    rh_pool *asks;               /* of it; NULL likewise */
    struct rh_llm_job *llm_jobs; /* {done_lock} reports that wait for it */

    pthread_t loader;
    bool has_loader; /* its thread has not been joined */
    rh_error load_error;
    atomic_bool cancel_load;                   /* any thread */
    atomic_bool cancel_all;                    /* any thread */
    atomic_int stop_calls;                     /* any thread */
    struct rh_live_session *live_sessions;     /* of /v1/session */
    struct rh_legacy_session *legacy_sessions; /* of the legacy API */
    struct rh_legacy_socket *legacy_sockets;
    int64_t sessions_sought_us;        /* when sessions that nobody finishes are sought next */
    struct rh_recovery *recoveries;    /* of it: sessions that are being finished */
    bool reload;                       /* the stop is to be followed by a new start */
    int64_t stop_since_us, owed_at_us; /* the stop; the last time when something was owed in it */
    void *watch;                       /* state of the watched files */
};

/* connections.c */
rh_conn *rh_conn_new(rh_server *s, rh_net_conn *net); /* NULL: table full */
rh_conn *rh_conn_find(rh_server *s, uint64_t id);     /* NULL: gone */

static inline bool rh_stopping(const rh_server *s)
{
    return s->state >= RH_SERVER_STOPPING;
}

static inline bool rh_ready(const rh_server *s)
{
    return s->models && !rh_stopping(s);
}

/* lifecycle.c: what the loop does between events, four times a second */
void rh_server_tick(rh_server *s, int64_t now_us);

/* pool.c */
rh_status rh_pool_new(rh_pool **out, rh_server *s, int n_threads, size_t capacity, int nice, rh_error *err);
/* RH_ERR_LIMIT full; RH_END closed: the server ends. The job stays the caller's. */
rh_status rh_pool_submit(rh_pool *p, rh_job *job);
/* Submits a copy of a job of `size` bytes, which `done` frees; NULL: full, closed or no memory. What it returns is for
 * the loop thread, until `done`. */
rh_job *rh_pool_start(rh_pool *p, const void *job, size_t size);
/* Takes a job back that has not begun, whose owner is the caller again; false: it has. */
bool rh_pool_withdraw(rh_pool *p, const rh_job *job);
/* The end of a pool, NULL is fine: takes no more jobs; waits for those it has; frees. A closed
 * pool stays there to refuse until nobody is left to ask. */
void rh_pool_close(rh_pool *p);
void rh_pool_join(rh_pool *p);
void rh_pool_free(rh_pool *p);
size_t rh_pool_waiting(const rh_pool *p);
/* From within a job, which holds nothing that another job waits for: what waits for the same pool, is due before
 * it and would come late behind it runs first, here. */
void rh_pool_give_way(rh_worker *w);
/* Hands a job that has run to the loop thread. Any thread. */
void rh_job_finished(rh_server *s, rh_job *job);
void rh_jobs_collect(rh_server *s); /* calls `done` of all that have finished */

/* watch.c */
rh_status rh_watch_start(rh_server *s, rh_error *err);
bool rh_watch_changed(rh_server *s);
void rh_watch_stop(rh_server *s);

/* site.c: the practice page's files, all in memory */
rh_status rh_site_new(rh_site **out, const char *dir, rh_error *err); /* NULL dir: search */
void rh_site_free(rh_site *site);
void rh_site_serve(const rh_site *site, rh_http *h, const char *path);
const char *rh_site_dir(const rh_site *site); /* NULL: no page here */
/* The bytes of "/questions/x.json", valid as long as the site; NULL: not there. Any thread. */
const char *rh_site_file(const rh_site *site, const char *path, size_t *n);

#endif
