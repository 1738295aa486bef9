/* practice_internal.h - shared by practice_state.c (sessions and what they tell),
 * practice_jobs.c (work on the pools) and practice.c (messages of a socket). */
#ifndef RH_PRACTICE_INTERNAL_H
#define RH_PRACTICE_INTERNAL_H

#include "practice.h"
#include "rehearse/session/session.h"
#include "start_message.h"

enum {
    RH_TOKEN_LEN = 32,
    RH_MAX_EVENTS = 2000, /* kept for a client that comes back */
};

typedef struct rh_media_item {
    struct rh_media_item *next;
    char *raw; /* owned: head and payload */
    size_t n;
    int64_t t_us;
    float *x;      /* owned: sound at 16 kHz once converted, of time x_us */
    size_t n_x;
    int64_t x_us;
} rh_media_item;

typedef struct rh_event {
    struct rh_event *next;
    uint64_t seq;
    size_t n;
    char text[];
} rh_event;

struct rh_practice {
    rh_practice *next;
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1], token[RH_TOKEN_LEN + 1];
    json_t *first;         /* the client's first message, */
    rh_start_message start; /* read; its texts are those of `first` */
    int rate_hz;
    rh_session *session;   /* made by the open job; from then on jobs use it */
    int n_jobs;            /* under way; freed only at 0 */
    uint64_t conn;         /* the socket that speaks for it; 0 = away */
    int64_t away_since_us;
    bool opening, feeding, working, showing, ending; /* which jobs are under way */
    bool finish_wanted, full, ended;
    bool discard; /* at its end nothing of it stays */
    rh_media_item *audio_head, *audio_tail; /* in order */
    size_t audio_bytes;
    rh_media_item *frame;  /* the newest that waits */
    rh_event *events, *last_event; /* those that may not be lost, oldest first */
    int n_events;
    uint64_t n_seq, next_seq; /* given so far; first one the client may not have */

    /* of the running feed job */
    rh_resampler *resampler;
    int64_t base_us, n_in, n_out; /* where the running stretch began; samples since */
    int64_t last_frame_us;        /* of the running frame job */
    atomic_bool calibrate;        /* any thread: with the next picture */
};

/* practice_jobs.c: starts whatever may run now. */
void rh_practice_pump(rh_practice *p);
void rh_practice_open(rh_practice *p);
void rh_practice_work(rh_practice *p);

/* practice_state.c */
rh_practice *rh_practice_find(rh_server *s, const char *id);
rh_ws *rh_practice_socket(rh_practice *p); /* NULL: away */
void rh_practice_say(rh_ws *w, json_t *take);
void rh_practice_refuse(rh_ws *w, const char *msg, int code);
void rh_practice_send_from(rh_practice *p, rh_ws *w, uint64_t seq);
/* what jobs tell */
void rh_practice_ready(rh_practice *p, bool resumed);
void rh_practice_deliver(rh_practice *p, const char *text, size_t n, bool keep);
void rh_practice_fault(rh_practice *p, const rh_error *err, int close_code); /* 0 = stays open */
void rh_practice_over(rh_practice *p, int close_code); /* closes the socket, forgets the session */
void rh_practice_release(rh_practice *p);              /* frees it when it is over and no job runs */
void rh_media_item_free(rh_media_item *item);

#endif
