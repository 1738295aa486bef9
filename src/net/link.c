/* link.c - a connection's socket: reading, writing, polling, closing. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include <openssl/err.h>
#include "loop_internal.h"
#include "rehearse/base/alloc.h"

static net_link *link_of(rh_net_conn *c)
{
    return (net_link *)c;
}

/* ---- who it is ---- */

static void name_peer(net_link *l, const struct sockaddr_storage *a, bool local)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (local) {
        (void)snprintf(l->conn.peer, sizeof l->conn.peer, "unix");
        l->loopback = true;
    } else if (a->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)a;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        memcpy(l->peer_key, "4", 1);
        memcpy(l->peer_key + 8, &in->sin_addr, 4);
        l->loopback = (ntohl(in->sin_addr.s_addr) >> 24) == 127;
    } else if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)a;
        (void)inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        const uint8_t *b = in->sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
            memcpy(l->peer_key, "4", 1);
            memcpy(l->peer_key + 8, b + 12, 4);
            l->loopback = b[12] == 127;
        } else {
            memcpy(l->peer_key, "6", 1);
            memcpy(l->peer_key + 8, b, 8);
            l->loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
        }
    }
    if (!local)
        (void)snprintf(l->conn.peer, sizeof l->conn.peer, "%s", text);
}

/* ---- life ---- */

static void freed(uv_handle_t *h)
{
    net_link *l = h->data;
    rh_buf_done(&l->wire);
    rh_free(l);
}

void net_link_close(net_link *l)
{
    rh_net *net = l->net;
    net_conn_done(&l->conn);
    if (l->conn.dirty) { /* not to be found in the list later */
        rh_net_conn **at = &net->core.dirty;
        while (*at && *at != &l->conn)
            at = &(*at)->next_dirty;
        if (*at)
            *at = l->conn.next_dirty;
        l->conn.dirty = false;
    }
    if (l->prev)
        l->prev->next = l->next;
    else
        net->links = l->next;
    if (l->next)
        l->next->prev = l->prev;
    net->n_links--;
    SSL_free(l->ssl);
    l->ssl = NULL;
    (void)uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, freed);
    close(l->fd);
    l->fd = -1;
}

net_link *net_link_new(rh_net *net, int fd, const struct sockaddr_storage *peer, bool local)
{
    int on = 1;
    net_link *l = rh_calloc(1, sizeof *l);
    if (!l)
        return NULL;
    net_conn_init(&l->conn, &net->core);
    l->net = net;
    l->fd = fd;
    l->poll.data = l;
    rh_buf_init(&l->wire, (size_t)64 << 20);
    if (uv_poll_init(&net->loop, &l->poll, fd) != 0) {
        rh_free(l);
        return NULL;
    }
    name_peer(l, peer, local);
    l->next = net->links;
    if (l->next)
        l->next->prev = l;
    net->links = l;
    net->n_links++;
    if (!local)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (net->tls && !local && !net_tls_attach(l))
        rh_net_close(&l->conn);
    net_conn_touch(&l->conn);
    return l;
}

/* ---- bytes ---- */

static void receive(net_link *l)
{
    rh_net *net = l->net;
    /* A few pieces, then the others have their turn. */
    for (int i = 0; i < 4 && l->conn.state != NET_GONE && net_conn_reads(&l->conn) && !l->tls_blocked; i++) {
        ssize_t n = recv(l->fd, net->read_buf, sizeof net->read_buf, 0);
        if (n > 0 && l->ssl && l->conn.state != NET_LINGER) {
            net_tls_received(l, net->read_buf, (size_t)n);
        } else if (n > 0) {
            net_conn_feed(&l->conn, net->read_buf, (size_t)n);
        } else if (n == 0) {
            net_conn_eof(&l->conn);
        } else if (errno == EINTR) {
            continue;
        } else {
            if (errno != EAGAIN)
                rh_net_close(&l->conn);
            break;
        }
        if (n < (ssize_t)sizeof net->read_buf)
            break;
    }
    net_conn_touch(&l->conn);
}

/* False: the connection is broken. */
static bool sent(ssize_t n)
{
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool send_plain(net_link *l)
{
    net_out *o = &l->conn.out;
    while (o->n) {
        struct iovec v[16];
        int n_v = 0;
        for (net_chunk *h = o->head; h && n_v < 16; h = h->next)
            v[n_v++] = (struct iovec){h->bytes + h->at, h->n - h->at};
        struct msghdr m = {.msg_iov = v, .msg_iovlen = (size_t)n_v};
        ssize_t n = sendmsg(l->fd, &m, MSG_NOSIGNAL);
        if (n <= 0)
            return sent(n);
        l->n_sent += (uint64_t)n;
        net_conn_taken(&l->conn, (size_t)n);
    }
    return true;
}

static bool send_tls(net_link *l)
{
    for (;;) {
        if (!net_tls_write(l))
            return false;
        size_t n = l->wire.len - l->n_wire_sent;
        if (!n)
            break;
        ssize_t k = send(l->fd, l->wire.data + l->n_wire_sent, n, MSG_NOSIGNAL);
        if (k <= 0)
            return sent(k);
        l->n_wire_sent += (size_t)k;
        l->n_sent += (uint64_t)k;
        l->conn.taken_us = l->net->core.now_us;
        net_conn_touch(&l->conn);
    }
    rh_buf_done(&l->wire);
    l->n_wire_sent = 0;
    return true;
}

/* A slow reader's progress shows in what the system still holds for it. */
void net_link_tick(net_link *l)
{
    int held = 0;
    if ((l->conn.out.n || l->conn.wire_full) && ioctl(l->fd, SIOCOUTQ, &held) == 0 && held >= 0 &&
        (uint64_t)held <= l->n_sent) {
        uint64_t acked = l->n_sent - (uint64_t)held;
        net_conn_acked(&l->conn, acked > l->n_acked ? (size_t)(acked - l->n_acked) : 0);
        l->n_acked = acked;
    }
    net_conn_tick(&l->conn);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
    net_link *l = p->data;
    if (status < 0) {
        rh_net_close(&l->conn);
        return;
    }
    if (events & UV_DISCONNECT) {
        l->rdhup = true;
        if (!(events & UV_READABLE)) /* held back: what is unread stays unread for now */
            net_conn_touch(&l->conn);
        if (l->conn.state == NET_WORK && l->conn.in.len)
            net_conn_eof(&l->conn);
    }
    if (events & UV_READABLE)
        receive(l);
    else
        net_conn_touch(&l->conn);
}

static void shut(net_link *l)
{
    if (l->shut)
        return;
    l->shut = true;
    if (l->ssl) {
        (void)SSL_shutdown(l->ssl);
        ERR_clear_error();
        if (!send_tls(l))
            rh_net_close(&l->conn);
    }
    (void)shutdown(l->fd, SHUT_WR);
}

void net_link_sync(rh_net_conn *c)
{
    net_link *l = link_of(c);
    bool good = l->ssl ? send_tls(l) : send_plain(l);
    bool was_full = c->wire_full, wire_full = c->wire_full = l->wire.len > l->n_wire_sent;
    if (was_full && !wire_full)
        net_conn_touch(c);
    if (!good)
        rh_net_close(c);
    if (c->want_shut && !wire_full && c->state != NET_GONE)
        shut(l);
    if (c->state == NET_GONE) {
        net_link_close(l);
        return;
    }
    if (l->tls_blocked && net_conn_reads(c))
        net_tls_read(l);
    int events = (net_conn_reads(c) && !l->tls_blocked ? UV_READABLE : 0) | (c->out.n || wire_full ? UV_WRITABLE : 0) |
                 (l->rdhup ? 0 : UV_DISCONNECT);
    if (events == l->events)
        return;
    l->events = events;
    if (events ? uv_poll_start(&l->poll, events, on_ready) : uv_poll_stop(&l->poll))
        rh_net_close(c);
}
