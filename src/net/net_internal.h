/* net_internal.h - a connection without its socket: bytes in, bytes out, time.
 *
 * The core (conn.c, http_in.c, http_out.c, ws.c, out.c) knows no loop and no
 * descriptor, so that tests and fuzzers can drive it from memory. loop.c, link.c
 * and tls.c carry its bytes. Handlers run inside net_conn_feed() and
 * net_conn_turn(); what they ask for is done by the next net_core_turn().
 *
 *   IDLE -> HEAD -> BODY -> WORK -> IDLE        a request, its reply, the next one
 *             |       \-> (early reply) -> IDLE   the body is read to its end
 *             |-> WS -> WS_CLOSING
 *   any -> FLUSH -> LINGER -> GONE              all is sent, our side shut, theirs read */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <llhttp.h>
#include <wslay/wslay.h>
#include "rehearse/base/buf.h"
#include "rehearse/net/net.h"
#include "rehearse/base/utf8.h"

enum {
    NET_IDLE_S = 30,           /* without a byte of a (next) request */
    NET_HEAD_S = 20,           /* from the first byte of a head to its end */
    NET_RATE_S = 30,           /* each stretch of a body or a reply so long must bring ... */
    NET_RATE_BYTES = 30 << 10, /* ... so much */
    NET_BODY_S = 4 * 3600,     /* a body in all */
    NET_STUCK_S = 60,          /* a reply of which nothing is taken */
    NET_HALF_OPEN_S = 5,       /* work for a client that has shut its side, or has gone: it can't be told */
    NET_CLOSE_S = 5,           /* the other end's part of closing */
    NET_QUIET_S = 2,           /* lingering without a byte */
    NET_LINGER_S = 30,         /* lingering in all */
    NET_PING_S = 30,           /* a WebSocket without a sign of life is asked ... */
    NET_SILENT_S = 90,         /* ... and closed */

    NET_MAX_PATH = 1024,
    NET_MAX_HEADERS = 100,
    NET_MAX_CHUNK_WASTE = 1 << 20, /* chunk sizes and extensions beyond 16 times the body */
    NET_NEXT_UNSENT = 64 << 10,    /* the next request waits for so little unsent */
    NET_WS_UNSENT = 16 << 10,      /* likewise ws_writable() */
    NET_READ_BYTES = 64 << 10,
};

/* ---- out.c: bytes on their way out ---- */

typedef struct net_chunk {
    struct net_chunk *next;
    size_t n, cap, at;
    char bytes[];
} net_chunk;

typedef struct {
    net_chunk *head, *tail;
    size_t n; /* unsent */
} net_out;

rh_status net_out_add(net_out *o, const void *bytes, size_t n);
void net_out_sent(net_out *o, size_t n);
void net_out_done(net_out *o);

/* ---- the core ---- */

typedef enum {
    NET_IDLE,
    NET_HEAD,
    NET_BODY,
    NET_WORK,
    NET_WS,
    NET_WS_CLOSING,
    NET_FLUSH,
    NET_LINGER,
    NET_GONE,
} net_state;

/* One request: strings one after the other: target, then name, value, name, value ... */
typedef struct {
    rh_buf head;
    size_t n_target;
    int n_headers;
    bool head_done, whole; /* all of it has come */
    bool too_large, bad_head;
    int line_part, line_at; /* of the request line: which part, how far in it */
    bool wants_continue;
    bool http10, keep_alive;
    bool is_head, chunked;
    int64_t content_length;
    const char *method;
    const char *host; /* of an absolute target, else of the header */
    char *path, *query;
    size_t n_head_bytes, n_body, n_raw, n_thrown;
    int reject; /* status of our own refusal */
    const char *why;

    bool replied, streaming, ended; /* the reply: begun, of unknown length, complete */
    bool no_body;                   /* HEAD, 204, 304 */
} net_request;

typedef struct {
    wslay_frame_context_ptr frames;
    const uint8_t *in; /* what the frame parser takes from */
    size_t n_in;
    bool in_frame, in_message, binary, want_write;
    uint64_t n_left; /* of the frame */
    uint8_t control[125];
    size_t n_control;
    rh_utf8 utf8;
    bool pinged;
    int close_code;
} net_ws;

typedef struct net_core net_core;

struct rh_net_conn {
    net_core *core;
    rh_net_conn *next_dirty;
    bool dirty, eof, held, close_after, over_due, scarce, want_shut, wire_full, served;
    net_state state;
    void *user;
    char peer[48];
    llhttp_t parser;
    net_request *rq;
    net_ws *ws;
    rh_buf in; /* came early: behind a request that waits for its reply, or while held */
    net_out out;
    int64_t since_us;  /* the state began */
    int64_t heard_us;  /* the last byte that came */
    int64_t taken_us;  /* the last byte that went, or when the first one was queued */
    int64_t window_us; /* the stretch over which the least rate is taken */
    size_t n_window;   /* bytes in it */
    int64_t out_window_us;
    size_t n_out_window;
    int64_t eof_us;
};

struct net_core {
    rh_net_callbacks cb;
    void *user;
    rh_net_options o;
    bool draining;
    rh_net_conn *dirty;
    int64_t now_us;
    char date[40];
    int64_t date_s;
    llhttp_settings_t settings;
};

void net_core_init(net_core *core, const rh_net_options *o, const rh_net_callbacks *cb, void *user);
/* Handles what callbacks asked for; `after` is called for each connection touched. True: call again soon. */
bool net_core_turn(net_core *core, void (*after)(rh_net_conn *c));

/* conn.c */
void net_conn_init(rh_net_conn *c, net_core *core);
void net_conn_done(rh_net_conn *c); /* calls over() when it is due */
void net_conn_feed(rh_net_conn *c, const char *bytes, size_t n);
void net_conn_eof(rh_net_conn *c);
void net_conn_taken(rh_net_conn *c, size_t n); /* the system took so much of `out` */
void net_conn_acked(rh_net_conn *c, size_t n); /* the other end has so much more */
void net_conn_tick(rh_net_conn *c);
bool net_conn_reads(const rh_net_conn *c);
bool net_conn_busy(const rh_net_conn *c);
/* How little is lost by closing it: 0 not at all to be closed. */
int64_t net_conn_idleness(const rh_net_conn *c);
void net_conn_touch(rh_net_conn *c);
void net_conn_enter(rh_net_conn *c, net_state state);
void net_conn_send(rh_net_conn *c, const void *bytes, size_t n); /* closes without memory */
void net_conn_finish(rh_net_conn *c);                            /* close once all is sent */

/* http_in.c */
size_t net_http_feed(rh_net_conn *c, const char *bytes, size_t n); /* returns what it took */
void net_http_eof(rh_net_conn *c);
void net_request_free(net_request *rq);
void net_http_settings(llhttp_settings_t *s);

/* http_head.c: what a head must and must not have. False: `reject` and `why` are set. */
bool net_head_check(rh_net_conn *c);
bool net_wants_ws(const rh_net_conn *c);
bool net_head_check_ws(const rh_net_conn *c, int *status, const char **why);

/* ws.c */
bool net_ws_begin(rh_net_conn *c); /* answers 101 */
void net_ws_free(net_ws *ws);
size_t net_ws_feed(rh_net_conn *c, const char *bytes, size_t n);
void net_ws_tick(rh_net_conn *c);

#endif
