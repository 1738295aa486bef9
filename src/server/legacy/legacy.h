/* legacy.h - the sockets of the legacy API (PROTOCOL A): a message, a reply, in order.
 *
 * Each message takes a pending reply; whatever finishes first fills its part of it, and only the
 * full one at the head is sent. Video frames: one is measured, the newest one waits, those between
 * are answered with the newest's reading. Audio pieces: decoded in order on the media pool,
 * recognised on the speech pool. Loop thread only, but for what says otherwise. */
#ifndef RH_SERVER_LEGACY_H
#define RH_SERVER_LEGACY_H

#include "legacy_session.h"
#include "rehearse/media/audio.h"
#include "server/message.h"
#include "server/ws.h"

extern const rh_socket_kind rh_socket_video, rh_socket_audio, rh_socket_combined;

typedef enum {
    RH_REPLY_NONE, /* not asked for */
    RH_REPLY_WAITING,
    RH_REPLY_RESULT,
    RH_REPLY_BUFFERING,
    RH_REPLY_CLEARED,
    RH_REPLY_ERROR,
} rh_reply_state;

typedef struct {
    rh_reply_state state;
    json_t *result;    /* RESULT: owned */
    char *error;       /* ERROR: owned */
    double buffered_s; /* BUFFERING */
} rh_reply_part;

typedef struct rh_pending_reply {
    struct rh_pending_reply *next;
    uint64_t seq;
    bool overtaken; /* its frame gave way to a newer one */
    rh_reply_part video, audio;
    char *plain_error; /* the whole message was unusable */
} rh_pending_reply;

typedef struct rh_audio_item {
    struct rh_audio_item *next;
    rh_message message;
    size_t n_bytes;
    uint64_t seq;
    int64_t t_us; /* when it came */
} rh_audio_item;

typedef struct rh_frame_item {
    struct rh_frame_item *next;
    bool held;
    rh_message message;
    uint64_t seq;
    int64_t t_us;
} rh_frame_item;

/* A socket's own; outlives the connection while a job uses it, and is freed with the last reference. */
typedef struct rh_legacy_socket {
    struct rh_legacy_socket *next; /* of all of the server */
    int refs;
    rh_server *server;
    rh_ws *ws;                     /* NULL: it has gone */
    bool wants_video, wants_audio; /* both: replies have two parts */
    bool annotate;                 /* asked for in the query: annotate=1 */
    rh_face_options faces;         /* likewise: gaze=0; fov=60, NaN = not a number */
    rh_legacy_session *session;    /* of its client */
    rh_legacy_source *source;      /* of it; rh_legacy_session_source(), on the loop thread once it has sound */
    atomic_bool cancel;            /* any thread: nobody waits for the work under way */

    rh_pending_reply *head, *tail;
    uint64_t next_seq;

    bool video_running;
    rh_frame_item newest;
    rh_frame_item *gone;   /* that gave way since the last one measured, latest first */
    atomic_bool calibrate; /* any thread: do it with the next frame */

    rh_audio_item *audio_head, *audio_tail;
    bool audio_running;   /* the head item is in a job */
    bool feeding;         /* which is the one that decodes it */
    bool result_running;  /* recognition that no reply waits for (combined) */
    json_t *ready_result; /* not sent yet: goes with the next reply, or into the next result */
    double ready_from_s;  /* where it begins */
    bool head_waits;      /* the head item waits for it, as long as no other message comes */
    double head_buffered_s;
    double piece_s;          /* length of the last piece */
    int64_t audio_at_us;     /* when it was answered */
    rh_legacy_rest rest;     /* what was not reported then */
    bool fed_beside;         /* a piece came while recognition ran */
    bool has_sound;          /* the source has been fed */
    rh_resampler *resampler; /* the one running feed job */
    int rate_hz;             /* likewise */
} rh_legacy_socket;

/* legacy_ref.c */
void rh_legacy_unref(rh_legacy_socket *l);
void rh_legacy_cancel(rh_server *s); /* of all sockets */

/* pending_reply.c */
rh_pending_reply *rh_pending_reply_add(rh_legacy_socket *l); /* NULL: out of memory */
rh_pending_reply *rh_pending_reply_find(rh_legacy_socket *l, uint64_t seq);
void rh_reply_error(rh_reply_part *part, const char *msg);
void rh_pending_replies_send(rh_legacy_socket *l); /* those at the head that are full */
void rh_pending_replies_drop(rh_legacy_socket *l); /* nothing is owed any more */

/* legacy_video.c, legacy_audio.c. _schedule: starts whatever may run now */
void rh_video_schedule(rh_legacy_socket *l);
void rh_video_forget(rh_legacy_socket *l);                               /* frames that wait */
void rh_video_enqueue(rh_legacy_socket *l, rh_message *m, uint64_t seq); /* takes what the message holds */
void rh_audio_schedule(rh_legacy_socket *l);
void rh_audio_forget(rh_legacy_socket *l); /* pieces that wait */
void rh_audio_enqueue(rh_legacy_socket *l, rh_message *m, uint64_t seq, size_t n_bytes);
void rh_audio_release(rh_legacy_socket *l, double buffered_s);
/* The socket has gone: what is not recognised yet still belongs to the session.
 * False when there is nothing, or nobody to keep it. */
bool rh_audio_flush(rh_legacy_socket *l);

#endif
