/* ws.h - one WebSocket of the seed's protocol: messages in, replies in order.
 *
 * Each message takes a slot in a queue; whatever finishes first fills its part,
 * and only the filled slot at the head is sent. Video frames: one is measured,
 * the newest one waits, those between are answered with the newest's reading.
 * Audio pieces: decoded in order on the media pool, recognised on the speech
 * pool. Loop thread only, but for what says otherwise. */
#ifndef RH_WS_H
#define RH_WS_H

#include "client.h"
#include "message.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/buf.h"
#include "rehearse/session/listener.h"
#include "rehearse/session/session.h"
#include "server_internal.h"

typedef enum {
    RH_HALF_NONE, /* not asked for */
    RH_HALF_WAITING,
    RH_HALF_RESULT,
    RH_HALF_BUFFERING,
    RH_HALF_CLEARED,
    RH_HALF_ERROR,
} rh_half_state;

typedef struct {
    rh_half_state state;
    json_t *result;    /* RESULT: owned */
    char *error;       /* ERROR: owned */
    double buffered_s; /* BUFFERING */
} rh_half;

typedef struct rh_slot {
    struct rh_slot *next;
    uint64_t seq;
    bool overtaken; /* its frame gave way to a newer one */
    rh_half video, audio;
    char *plain_error; /* the whole message was unusable */
} rh_slot;

/* What outlives the connection while a job uses it. Freed with the last reference. */
typedef struct rh_stream {
    int refs;             /* loop thread only */
    struct rh_stream *next; /* of all streams of the server; loop thread only */
    rh_server *server;
    rh_model_set *models;
    rh_record *record;        /* where the session of this client grows; NULL = nothing is kept */
    rh_sound_source *source;  /* of it; made by the first feed job, which all results come after */
    int64_t arrived_us;       /* the one running feed job: when its piece came */
    atomic_bool cancel;   /* any thread: the client has gone */
    rh_face_tracker *tracker; /* the one running video job */
    int64_t last_t_us;        /* likewise */
    atomic_bool calibrate;    /* any thread: do it with the next frame */
    rh_resampler *resampler;  /* the one running feed job */
    int rate_hz;              /* likewise */
    pthread_mutex_t waiting_lock;
    float *waiting;           /* {waiting_lock} 16 kHz samples recognition has not taken */
    size_t n_waiting, cap_waiting; /* {waiting_lock} */
    pthread_mutex_t live_lock; /* taken before waiting_lock */
    rh_listener *live;         /* {live_lock} */
    double buffered_s;         /* {waiting_lock} held by `live` when last looked */
} rh_stream;

typedef struct rh_audio_item {
    struct rh_audio_item *next;
    rh_message message;
    size_t n_bytes;
    uint64_t seq;
    int64_t t_us; /* when it came */
} rh_audio_item;

typedef struct rh_frame_item {
    struct rh_frame_item *next;
    bool held; /* there is one */
    rh_message message;
    uint64_t seq;
    int64_t t_us;
} rh_frame_item;

struct rh_ws {
    rh_server *server;
    rh_net_conn *net;
    uint64_t id;
    const rh_socket_kind *kind;
    bool annotate, gaze; /* asked for in the query: annotate=1, gaze=0 */
    float fov_deg;       /* fov=60; 0 = not known, NaN = not a number */
    rh_client *client;
    rh_stream *stream;
    rh_record *record; /* until the stream has it */
    struct rh_practice *practice; /* SESSION: after its start */
    char name[RH_MAX_CLIENT_ID + 1];

    rh_buf in; /* the message under way */
    size_t n_skipped; /* of a message that is too long */
    bool skipping;

    rh_slot *head, *tail; /* replies owed */
    int n_slots;
    uint64_t next_seq;
    rh_buf out; /* replies as text, each with its length in front */
    size_t n_out_sent;
    int64_t last_write_us;
    bool held_back; /* nothing is read for the moment */
    int close_code; /* 0 = stays open */
    bool stranger;  /* of a page from elsewhere */
    bool spoke;     /* a message has come */
    int64_t opened_us;

    bool video_running;
    rh_frame_item newest;
    rh_frame_item *gone; /* that gave way since the last one measured, latest first */

    rh_audio_item *audio_head, *audio_tail;
    size_t lane_bytes;
    bool audio_running;  /* the head item is in a job */
    bool feeding;        /* which is the one that decodes it */
    bool result_running; /* recognition that no reply waits for (combined) */
    json_t *ready_result; /* not sent yet: goes with the next reply, or into the next result */
    double ready_from_s;  /* where it begins */
    bool head_waits;      /* the head item waits for it, as long as no other message comes */
    double head_buffered_s;
    double piece_s;       /* length of the last piece */
    int64_t audio_at_us;  /* when it was answered */
    rh_listener_rest rest;    /* what was not reported then */
    bool fed_beside;      /* a piece came while recognition ran */
};

/* A kind of WebSocket: what its name and its messages mean. `w` of all: the open socket. */
struct rh_socket_kind {
    bool video, audio; /* what a legacy client may send; both: its replies are of two halves */
    bool (*name_good)(const char *name); /* NULL: any name will do */
    const char *name_rule;               /* what a bad one is told */
    bool (*open)(rh_ws *w);              /* false: out of memory. NULL: there is nothing to do */
    void (*message)(rh_ws *w, char *raw_take, size_t n, bool binary); /* RH_MESSAGE_SLACK bytes more; NULL: out of memory */
    void (*too_large)(rh_ws *w, const char *msg);
    void (*tick)(rh_ws *w);
    bool (*owes)(const rh_ws *w); /* an answer that no slot waits for; NULL: never */
    void (*gone)(rh_ws *w);       /* before the socket is freed */
};

/* Callbacks of the network. */
int rh_ws_admit(rh_server *s, const rh_net_conn *net, const char **why);
bool rh_ws_open(rh_server *s, rh_net_conn *net);
void rh_ws_receive(rh_ws *w, const char *bytes, size_t n, const rh_net_piece *piece);
void rh_ws_writable(rh_ws *w);
void rh_ws_free(rh_ws *w);
bool rh_ws_idle(const rh_ws *w); /* all that was answered is written */
bool rh_ws_promised(const rh_ws *w); /* an answer that no slot waits for */
bool rh_ws_owes(const rh_ws *w); /* an answer or its writing */
void rh_ws_tick(rh_ws *w, int64_t now_us);
void rh_ws_close(rh_ws *w, int code); /* after what is owed */

/* A text message. RH_ERR_LIMIT, RH_ERR_NOMEM: not sent. */
rh_status rh_ws_say(rh_ws *w, const char *text, size_t n);
void rh_ws_hold_back(rh_ws *w); /* stops or goes on reading, by what waits */
void rh_half_done(rh_half *half);
void rh_slot_free(rh_slot *slot);
void rh_ws_slots_drop(rh_ws *w); /* nothing is owed any more */

#endif
