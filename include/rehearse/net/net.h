/* net.h - HTTP/1.1 and WebSocket (RFC 9112, RFC 6455) on one loop.
 *
 * This module owns sockets, TLS, parsing, time limits and the order of things
 * on a connection; what a request means is its user's business. It never waits
 * for anything but the network.
 *
 * An HTTP connection carries one request at a time: the next one is looked at
 * once the reply to the one before is queued. A reply may be given at any time
 * after request() was called, also before the body is there: the rest of the
 * body is then read and thrown away.
 *
 * Threads: all calls and all callbacks on the loop's thread, but
 * rh_net_wake(), which may come from any, also from a signal handler.
 * Nothing is freed inside a callback: a connection lives until over() returned. */
#ifndef RH_NET_NET_H
#define RH_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/networks.h"
#include "rehearse/base/status.h"

typedef struct rh_net rh_net;
typedef struct rh_net_conn rh_net_conn;

typedef struct {
    size_t n_rest; /* bytes that this frame still brings */
    bool last;     /* the message ends here */
    bool binary;
} rh_net_piece;

typedef struct {
    /* A request's head has come. To answer: rh_net_reply(), rh_net_stream(), now or later. */
    void (*request)(void *user, rh_net_conn *c);
    /* Its body, as long as there is no reply; then its end, which also comes without any body. */
    void (*body)(void *user, rh_net_conn *c, const char *bytes, size_t n);
    void (*body_end)(void *user, rh_net_conn *c);
    /* A request for a WebSocket: 0 to accept, else the HTTP status of the refusal and why. */
    int (*upgrade)(void *user, rh_net_conn *c, const char **why);
    /* It is open. False: closed again at once (1013). */
    bool (*ws_open)(void *user, rh_net_conn *c);
    void (*ws_data)(void *user, rh_net_conn *c, const char *bytes, size_t n, const rh_net_piece *piece);
    /* There is room after rh_net_ws_want_write(). */
    void (*ws_writable)(void *user, rh_net_conn *c);
    /* The request has been answered and its reply is queued, or the WebSocket has ended, or
     * the other end has gone. Comes once for each request() and each ws_open(). */
    void (*over)(void *user, rh_net_conn *c);
    /* What a refusal of the network itself says: JSON of malloc(). NULL, or no function: {"detail": why}. */
    char *(*error_body)(void *user, const rh_net_conn *c, int status, const char *why);
    void (*tick)(void *user, int64_t now_us);      /* four times a second */
    void (*wake)(void *user);                      /* after rh_net_wake() */
    void (*trouble)(void *user, const char *line); /* worth a line in the log; at most one a minute */
} rh_net_callbacks;

/* Places beyond max_connections, for short requests while all others are taken. */
enum { RH_NET_RESERVE = 16 };

typedef struct {
    int max_connections;            /* at once */
    size_t max_header_bytes;        /* request line and headers */
    size_t max_discard_bytes;       /* of a body after an early reply; then the connection is closed */
    size_t max_unsent_bytes;        /* queued for a WebSocket; beyond it nothing is read from it */
    const char *tls_cert, *tls_key; /* PEM files; NULL or "" = no TLS */
    const rh_networks *proxies; /* addresses that many share; NULL = this machine's alone; lives as long as the loop */
} rh_net_options;

/* RH_ERR_FORMAT, RH_ERR_IO: certificate or key. Copies what it needs. */
rh_status rh_net_new(rh_net **out, const rh_net_options *o, const rh_net_callbacks *cb, void *user, rh_error *err);
/* Names, IPv4, IPv6, "unix:/path", or "fd:" with systemd's sockets. port 0: any. *bound is the
 * port taken. RH_ERR_IO taken or not allowed; RH_ERR_INVAL no such address. */
rh_status rh_net_listen(rh_net *net, const char *host, int port, int *bound, rh_error *err);
/* One turn of the loop: waits for events and handles them. */
rh_status rh_net_turn(rh_net *net);
void rh_net_wake(rh_net *net); /* any thread */
/* The end is near: connections that wait for a next request close, replies say "connection: close", no WebSocket
 * opens. New connections still have their one request, so that who asks is told that this server stops. */
void rh_net_drain(rh_net *net);
void rh_net_stop_listening(rh_net *net);    /* NULL is fine; new connections are refused by the system */
bool rh_net_idle(const rh_net *net);        /* nothing is under way or unsent */
bool rh_net_owes(const rh_net *net);        /* something is unsent */
int rh_net_count(const rh_net *net);        /* open connections */
uint64_t rh_net_refused(const rh_net *net); /* turned away or closed to make room, so far */
void rh_net_free(rh_net *net);              /* closes what is open; over() comes for each */

/* ---- a connection ---- */

void rh_net_set_user(rh_net_conn *c, void *user);
void *rh_net_user(const rh_net_conn *c);
const char *rh_net_peer(const rh_net_conn *c); /* address as text; "unix" for local sockets */
void rh_net_close(rh_net_conn *c);             /* at once, without a word; over() comes soon */

/* ---- the request under way; during request(), upgrade(), ws_open() and until over() ---- */

const char *rh_net_method(const rh_net_conn *c);
const char *rh_net_path(const rh_net_conn *c);       /* %-decoded, without query; begins with '/' */
int64_t rh_net_content_length(const rh_net_conn *c); /* -1 not given */
bool rh_net_chunked(const rh_net_conn *c);
/* `name` in lower case; NULL absent. Of a repeated header the first. */
const char *rh_net_header(const rh_net_conn *c, const char *name);
/* The i-th header; false past the last. */
bool rh_net_header_at(const rh_net_conn *c, int i, const char **name, const char **value);
/* "?a=1&b=2": decoded value of a parameter, cut to fit; false absent. */
bool rh_net_query(const rh_net_conn *c, const char *name, char *out, size_t cap);

/* ---- replies ---- */

/* `headers`: lines "name: value\r\n". Date, length and connection are added. The first reply counts.
 * RH_ERR_NOMEM: the connection is closed. */
rh_status rh_net_reply(rh_net_conn *c, int status, const char *headers, const void *body, size_t n);
/* A reply whose length is not known yet. */
rh_status rh_net_stream(rh_net_conn *c, int status, const char *headers);
rh_status rh_net_stream_add(rh_net_conn *c, const void *bytes, size_t n);
void rh_net_stream_end(rh_net_conn *c);
/* A refusal by error_body(), else {"detail": msg}; msg must need no escapes in JSON. */
rh_status rh_net_reply_error(rh_net_conn *c, int status, const char *msg);

/* ---- WebSocket ---- */

rh_status rh_net_ws_text(rh_net_conn *c, const char *text, size_t n);
rh_status rh_net_ws_binary(rh_net_conn *c, const void *bytes, size_t n);
void rh_net_ws_want_write(rh_net_conn *c); /* ws_writable() comes when little is unsent */
/* Behind what is queued. over() comes soon, the handshake goes on without the user. */
void rh_net_ws_close(rh_net_conn *c, int code, const char *why);
/* Stop reading, go on reading: a WebSocket, or the body of a request, whose time limits rest meanwhile. */
void rh_net_hold(rh_net_conn *c, bool hold);

#endif
