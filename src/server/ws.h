/* ws.h - a WebSocket: messages in, replies out, closing. What a message means is its kind's.
 * Loop thread only. */
#ifndef RH_WS_H
#define RH_WS_H

#include "rehearse/base/buf.h"
#include "server_internal.h"
#include "rehearse/who/person.h"

struct rh_ws {
    rh_server *server;
    rh_net_conn *net;
    uint64_t id;
    const rh_socket_kind *kind;
    void *state;                     /* the kind's own */
    char name[RH_MAX_CLIENT_ID + 1]; /* of the path */

    rh_buf in;        /* the message under way */
    size_t n_skipped; /* of a message that is too long */
    bool skipping;

    int n_owed;        /* the kind's: messages that wait for their reply */
    size_t work_bytes; /* the kind's: of messages that are not worked off */
    rh_buf out;        /* replies as text, each with its length in front */
    size_t n_out_sent;
    int64_t last_write_us;
    bool held_back; /* nothing is read for the moment */
    int close_code; /* 0 = stays open */
    rh_person who;  /* speaks; not of a stranger */
    bool stranger;  /* of a page from elsewhere */
    bool spoke;     /* a message has come */
    int64_t opened_us;
};

/* A kind of WebSocket: what its name and its messages mean. `w` of all: the open socket. */
struct rh_socket_kind {
    bool (*name_good)(const char *name); /* NULL: any name will do */
    const char *name_rule;               /* what a bad one is told */
    /* Whether one of that name may open now: 0, or a status of HTTP and why; NULL: it may */
    int (*admit)(rh_server *s, const char *name, const char **why);
    bool (*open)(rh_ws *w); /* false: out of memory. NULL: there is nothing to do */
    void (*message)(rh_ws *w, char *raw_take, size_t n,
                    bool binary); /* RH_MESSAGE_SLACK bytes more; NULL: out of memory */
    void (*too_large)(rh_ws *w, const char *msg);
    void (*tick)(rh_ws *w);
    bool (*owes)(const rh_ws *w); /* an answer beside n_owed; NULL: never */
    void (*give_up)(rh_ws *w); /* the server stops before it was ready: nothing is owed any more; NULL: nothing was */
    void (*gone)(rh_ws *w);    /* before the socket is freed, also when it did not open */
};

/* Callbacks of the network. */
int rh_ws_admit(rh_server *s, const rh_net_conn *net, const char **why);
bool rh_ws_open(rh_server *s, rh_net_conn *net);
void rh_ws_receive(rh_ws *w, const char *bytes, size_t n, const rh_net_piece *piece);
void rh_ws_writable(rh_ws *w);
void rh_ws_free(rh_ws *w);
bool rh_ws_promised(const rh_ws *w); /* an answer beside n_owed */
bool rh_ws_owes(const rh_ws *w);     /* an answer or its writing */
void rh_ws_tick(rh_ws *w, int64_t now_us);
void rh_ws_close(rh_ws *w, int code); /* after what is owed */

/* A text message. RH_ERR_LIMIT, RH_ERR_NOMEM: not sent. */
rh_status rh_ws_send(rh_ws *w, const char *text, size_t n);
rh_status rh_ws_send_json(rh_ws *w, json_t *take, size_t digits); /* NULL: RH_ERR_NOMEM */
void rh_ws_hold_back(rh_ws *w);                                   /* stops or goes on reading, by what waits */

#endif
