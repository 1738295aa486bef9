/* loop_internal.h - the loop, its listening sockets, and connections with a descriptor. */
#ifndef LOOP_INTERNAL_H
#define LOOP_INTERNAL_H

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <uv.h>
#include "net_internal.h"

enum { NET_MAX_LISTENERS = 8, NET_TICK_MS = 250, NET_PAUSE_MS = 500 };

/* A connection and what carries it. */
typedef struct net_link {
    rh_net_conn conn; /* first: the core hands it back */
    struct net_link *prev, *next;
    rh_net *net;
    uv_poll_t poll;
    int fd, events;       /* events: what is polled for */
    uint8_t peer_key[16]; /* whom it counts for: an IPv4 address, or a /64 of IPv6 */
    bool loopback, shut, rdhup;
    SSL *ssl;         /* NULL: plain */
    bool tls_blocked; /* decrypted bytes may wait that the core did not want yet */
    rh_buf wire;      /* encrypted, on its way out */
    size_t n_wire_sent;
    uint64_t n_sent, n_acked; /* bytes given to the system, and those that the other end has */
} net_link;

typedef struct {
    uv_poll_t poll;
    rh_net *net;
    int fd;
    bool local; /* a Unix socket */
    char *path; /* of it, removed at the end; NULL not ours */
} net_listener;

struct rh_net {
    net_core core;
    uv_loop_t loop;
    uv_timer_t timer, pause;
    uv_async_t async;
    uv_prepare_t prepare;
    uv_idle_t again; /* runs while there is work that waits for no event */
    net_listener listeners[NET_MAX_LISTENERS];
    int n_listeners;
    bool paused, again_on, handles_open;
    net_link *links;
    int n_links, max_links;
    uint64_t n_refused;
    int64_t told_us; /* the last line about trouble */
    SSL_CTX *tls;
    char read_buf[NET_READ_BYTES], plain_buf[NET_READ_BYTES];
};

/* listen.c */
void net_listeners_close(rh_net *net);

/* link.c */
net_link *net_link_new(rh_net *net, int fd, const struct sockaddr_storage *peer, bool local);
void net_link_sync(rh_net_conn *c); /* sends, polls for what is wanted, closes; may free it */
void net_link_close(net_link *l);
void net_link_tick(net_link *l);

/* loop.c */
void net_trouble(rh_net *net, const char *line);
void net_accepted(rh_net *net, int fd, const struct sockaddr_storage *peer, bool local);
/* Closes the connection of which least is lost. `like` not NULL: among those of its peer. */
bool net_make_room(rh_net *net, const uint8_t *peer_key);

/* tls.c */
rh_status net_tls_new(SSL_CTX **out, const char *cert, const char *key, rh_error *err);
bool net_tls_attach(net_link *l);
void net_tls_received(net_link *l, const char *bytes, size_t n);
void net_tls_read(net_link *l);  /* hands decrypted bytes on */
bool net_tls_write(net_link *l); /* core's bytes to `wire`; false: broken */

#endif
