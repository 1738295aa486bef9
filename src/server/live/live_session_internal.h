/* live_session_internal.h - shared by live_session.c (sessions and what is told of them),
 * live_session_jobs.c (work on the pools), live_acks.c (what is on the disk, and coming back to it) and
 * live_socket.c (messages of a socket). */
#ifndef RH_LIVE_SESSION_INTERNAL_H
#define RH_LIVE_SESSION_INTERNAL_H

#include <pthread.h>
#include "live_session.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/session.h"
#include "start_message.h"

/* A live session's states, each with one way on (rh_live_session_go_on):
 *
 *              finish, discard, nobody came back,       all that
 *              no more fits                              came is in                     done
 *     RUNNING ------------------------------> FINISHING ----------> ENDING ----------------> ENDED
 *        |                                                                                     ^
 *        +---- it could not be begun ----------------------------------------------------------+
 *
 * RUNNING   also while it is opened, until `session` is there
 * ENDING    its report is made, or it is deleted
 * ENDED     its socket is told; freed when no job runs */
typedef enum { RH_LIVE_RUNNING, RH_LIVE_FINISHING, RH_LIVE_ENDING, RH_LIVE_ENDED } rh_live_state;

/* Jobs under way, at most one of each. */
enum {
    RH_LIVE_OPENS = 1,
    RH_LIVE_FEEDS = 2,
    RH_LIVE_RECOGNISES = 4,
    RH_LIVE_LOOKS = 8,
    RH_LIVE_ENDS = 16,
    RH_LIVE_JUDGES = 32
};

enum {
    RH_TOKEN_LEN = 32,
    RH_TOKEN_HASH_LEN = 64,
    RH_ACK_EVERY_MS = 450, /* at most; the loop looks four times a second */
    RH_MAX_EVENTS = 2000,  /* kept for a client that comes back */
};

/* What a client sends that takes its turn behind the sound before it. */
typedef enum { RH_ITEM_MEDIA, RH_ITEM_INTERVIEWER_SPEAKS, RH_ITEM_INTERVIEWER_SILENT, RH_ITEM_TURN_END } rh_item_kind;

typedef struct rh_media_item {
    rh_item_kind kind;
    struct rh_media_item *next;
    char *raw; /* owned: head and payload; NULL where it is no media */
    size_t n;  /* bytes that were sent */
    int64_t t_us;
    bool anew; /* the first sound after a resume: it does not go on where the last one ended */
    float *x;  /* owned: sound at 16 kHz once converted, of time x_us */
    size_t n_x;
    int64_t x_us;
} rh_media_item;

typedef struct rh_event {
    struct rh_event *next;
    uint64_t seq;
    size_t n;
    char text[];
} rh_event;

struct rh_live_session {
    rh_live_session *next;
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1], token[RH_TOKEN_LEN + 1];
    char person[RH_PERSON_NAME_MAX + 1]; /* whose it is; "" = nobody's by name */
    json_t *first;                       /* the client's first message, */
    rh_start_message start;              /* read; its texts are those of `first` */
    int rate_hz;
    rh_session *session; /* made by the open job; from then on jobs use it */
    uint64_t conn;       /* the socket that speaks for it; 0 = away */
    int64_t away_since_us;
    rh_live_state state;
    unsigned jobs;                          /* under way; freed only at 0 */
    bool full;                              /* recognition has to make room before more sound fits */
    bool discard;                           /* at its end nothing of it stays */
    bool lost;                              /* another server has it: nothing of it is told any more */
    rh_media_item *audio_head, *audio_tail; /* in order */
    size_t audio_bytes;
    rh_media_item *frame;          /* the newest that waits */
    rh_event *events, *last_event; /* those that may not be lost, oldest first */
    int n_events;
    uint64_t n_seq, next_seq; /* given so far; first one the client may not have */
    bool acks;                /* the session is acknowledged: its events are told once they are on the disk; */
    bool tell_acks;           /* the client that is there asked for it */
    bool anew;                /* of the next sound */
    int64_t acked_us, acked_seq, acked_at_us; /* told last; -1 = nothing yet */

    pthread_mutex_t recognising;    /* held by a job that recognises, or looks at what there is to recognise */
    rh_worker *recogniser;          /* {recognising} that of the decode that runs; NULL = none */
    struct rh_live_job *recognises; /* the job of that kind */
    bool decodes;                   /* as was seen last, it has to decode, */
    int64_t may_wait_us;            /* and may wait so long; 0 = not at all */
    int64_t judge_wait_us;          /* so long may the turn model; < 0 it has nothing to hear */

    /* of the running feed job */
    rh_resampler *resampler;
    int64_t base_us, n_in, n_out; /* where the running chunk of sound began; samples since */
    int64_t last_frame_us;        /* of the running frame job */
    atomic_bool calibrate;        /* any thread: with the next picture */
};

/* live_jobs.c: starts whatever may run now. */
void rh_live_session_schedule(rh_live_session *p);
void rh_live_session_open(rh_live_session *p);
void rh_live_session_work(rh_live_session *p);

/* live_acks.c: what is kept of a session that an earlier run had, if it is there and `p`'s first message may go on with
 * it. In the job that opens it. */
typedef struct {
    json_t *kept; /* of rh_store_held(); NULL = nothing */
    bool acks;    /* what opens is acknowledged */
    bool over;    /* it has ended, and its client has its token: what it was not told is all that is left */
    char hash[RH_TOKEN_HASH_LEN + 1]; /* of the token by which it goes on */
    json_t *report;                   /* of one that is over */
    double length_s;
} rh_live_kept;
rh_status rh_live_kept_find(rh_live_kept *out, const rh_live_session *p, rh_error *err);
void rh_live_kept_done(rh_live_kept *k);
/* The session goes on with the events that it had told. Loop thread. */
void rh_live_kept_adopt(rh_live_session *p, const rh_live_kept *k);
void rh_live_session_durable(void *live_session);             /* rh_session_options.durable */
void rh_live_session_ack(rh_live_session *p, int64_t now_us); /* where there is more, and it is time */
bool rh_live_session_acknowledged(const rh_live_session *p);  /* its client is told what is on the disk */
/* A stopping server's: closes the socket once all that has come is acknowledged, or after RH_STOP_GRACE_S. */
void rh_live_session_drain(rh_live_session *p, int64_t now_us);

/* live_session.c */
void rh_live_session_keep(rh_live_session *p, uint64_t seq, const char *text,
                          size_t n);              /* for a client that comes back */
void rh_live_session_send_on(rh_live_session *p); /* the events that the client does not have, and may */
void rh_live_session_go_on(rh_live_session *p, rh_live_state to); /* nothing leads back */
rh_live_session *rh_live_session_find(rh_server *s, const char *id);
rh_ws *rh_live_session_socket(rh_live_session *p); /* NULL: away */
void rh_live_session_refuse(rh_ws *w, const char *msg, int code);
/* what jobs tell */
void rh_live_session_ready(rh_live_session *p, bool resumed, int64_t audio_us);
void rh_live_session_deliver(rh_live_session *p, const char *text, size_t n, uint64_t seq); /* seq 0: not kept */
void rh_live_session_fault(rh_live_session *p, const rh_error *err, int close_code);        /* 0 = stays open */
void rh_live_session_over(rh_live_session *p, int close_code); /* closes the socket, forgets the session */
bool rh_live_session_stands(const rh_live_session *p, rh_standing standing); /* in a store that others share */
void rh_live_session_lose(rh_live_session *p);             /* the same of one that another server has taken */
bool rh_live_session_leaves(rh_server *s, const char *id); /* of such a one work is still under way */
void rh_live_session_release(rh_live_session *p);          /* frees it when it is over and no job runs */
void rh_media_item_free(rh_media_item *item);

#endif
