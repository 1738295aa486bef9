/* listen.c - the listening sockets. They are ours, not libwebsockets', so that
 * names, both address families and clear errors work alike in all its versions. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server_internal.h"

static int bound_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

/* -1 and errno. */
static int open_one(const struct addrinfo *a, int port, bool any)
{
    struct sockaddr_storage addr;
    memcpy(&addr, a->ai_addr, a->ai_addrlen);
    if (a->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&addr)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&addr)->sin_port = htons((uint16_t)port);
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1, v6only = !any;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    if (bind(fd, (struct sockaddr *)&addr, a->ai_addrlen) == 0 && listen(fd, 512) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static rh_status explain(rh_server *s, int e, rh_error *err)
{
    if (e == EADDRINUSE)
        return rh_fail(err, RH_ERR_IO, "port %d on %s is taken by another program: stop that one "
                       "or choose a free port with --port", s->o.config->port, s->o.config->host);
    if (e == EACCES)
        return rh_fail(err, RH_ERR_IO, "no right to listen on port %d: ports below 1024 are the "
                       "administrator's, choose another with --port", s->o.config->port);
    return rh_fail(err, RH_ERR_IO, "cannot listen on %s port %d: %s", s->o.config->host, s->o.config->port,
                   strerror(e));
}

rh_status rh_listen(rh_server *s, rh_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int e = getaddrinfo(s->o.config->host, NULL, &hints, &list);
    if (e)
        return rh_fail(err, RH_ERR_INVAL, "--host %s: %s; give an address of this machine such as "
                       "127.0.0.1, or 0.0.0.0 for all", s->o.config->host, gai_strerror(e));
    bool any = strcmp(s->o.config->host, "::") == 0;
    int why = 0;
    s->port = s->o.config->port;
    for (struct addrinfo *a = list; a && s->n_listen < 4; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        int fd = open_one(a, s->port, any);
        if (fd < 0) {
            /* a name may resolve to IPv6 where the machine has none; "taken" is never passed over */
            if (!why || errno == EADDRINUSE)
                why = errno;
            if (errno == EADDRINUSE)
                break;
            continue;
        }
        s->listen_fds[s->n_listen++] = fd;
        s->port = bound_port(fd);
    }
    freeaddrinfo(list);
    if (s->n_listen && why != EADDRINUSE)
        return RH_OK;
    while (s->n_listen)
        close(s->listen_fds[--s->n_listen]);
    return explain(s, why ? why : EADDRNOTAVAIL, err);
}

int rh_listen_accept(rh_server *s, int fd)
{
    for (int i = 0; i < 64; i++) { /* then the others have their turn */
        int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (c < 0)
            return 0;
        if (rh_stopping(s) || s->n_sockets >= s->n_conns) {
            s->count.n_connections_refused++;
            close(c);
            continue;
        }
        int on = 1;
        (void)setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (lws_adopt_socket_vhost(s->vhost, c))
            s->n_sockets++;
    }
    return 0;
}
