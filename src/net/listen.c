/* listen.c - listening sockets: names, both address families, Unix sockets, sockets of systemd. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "loop_internal.h"
#include "rehearse/base/alloc.h"

enum { BACKLOG = 512, FIRST_PASSED_FD = 3 };

static int bound_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return 0;
    if (a.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
    return a.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&a)->sin_port) : 0;
}

/* ---- accepting ---- */

static void listeners_poll(rh_net *net, bool on);

static void on_pause_over(uv_timer_t *t)
{
    rh_net *net = t->data;
    net->paused = false;
    listeners_poll(net, true);
}

/* No descriptor left: the queue waits, instead of the loop going round without an end. */
static void pause_accepting(rh_net *net)
{
    net->paused = true;
    listeners_poll(net, false);
    (void)uv_timer_start(&net->pause, on_pause_over, NET_PAUSE_MS, 0);
}

static void on_incoming(uv_poll_t *p, int status, int events)
{
    net_listener *l = p->data;
    (void)status, (void)events;
    for (int i = 0; i < 64; i++) { /* then the others have their turn */
        struct sockaddr_storage peer = {0};
        socklen_t n = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            net_accepted(l->net, fd, &peer, l->local);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            char line[160];
            (void)snprintf(line, sizeof line, "no new connections for the moment: %s", strerror(errno));
            net_trouble(l->net, line);
            if (!net_make_room(l->net, NULL)) {
                pause_accepting(l->net);
                return;
            }
            continue;
        }
        if (errno == EAGAIN || errno == EBADF || errno == EINVAL)
            return;
    }
}

static void listeners_poll(rh_net *net, bool on)
{
    for (int i = 0; i < net->n_listeners; i++) {
        if (on && !net->paused)
            (void)uv_poll_start(&net->listeners[i].poll, UV_READABLE, on_incoming);
        else
            (void)uv_poll_stop(&net->listeners[i].poll);
    }
}

void net_listeners_close(rh_net *net)
{
    for (int i = 0; i < net->n_listeners; i++) {
        net_listener *l = &net->listeners[i];
        (void)uv_poll_stop(&l->poll);
        uv_close((uv_handle_t *)&l->poll, NULL);
        close(l->fd);
        if (l->path)
            (void)unlink(l->path);
        rh_free(l->path);
    }
    net->n_listeners = 0;
}

/* ---- opening ---- */

/* Takes `fd`. */
static rh_status add(rh_net *net, int fd, bool local, const char *path, rh_error *err)
{
    net_listener *l = &net->listeners[net->n_listeners];
    if (net->n_listeners == NET_MAX_LISTENERS || uv_poll_init(&net->loop, &l->poll, fd) != 0) {
        close(fd);
        return rh_fail(err, RH_ERR_NOMEM, "the listening socket could not be set up");
    }
    l->net = net;
    l->fd = fd;
    l->local = local;
    l->path = path ? rh_strdup(path) : NULL;
    l->poll.data = l;
    net->n_listeners++;
    (void)uv_poll_start(&l->poll, UV_READABLE, on_incoming);
    return RH_OK;
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
    if (bind(fd, (struct sockaddr *)&addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static rh_status explain(const char *host, int port, int e, rh_error *err)
{
    if (e == EADDRINUSE)
        return rh_fail(err, RH_ERR_IO,
                       "port %d on %s is taken by another program: stop that one "
                       "or choose a free port with --port",
                       port, host);
    if (e == EACCES)
        return rh_fail(err, RH_ERR_IO,
                       "no right to listen on port %d: ports below 1024 are the "
                       "administrator's, choose another with --port",
                       port);
    return rh_fail(err, RH_ERR_IO, "cannot listen on %s port %d: %s", host, port, strerror(e));
}

static rh_status listen_inet(rh_net *net, const char *host, int port, int *bound, rh_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int e = getaddrinfo(host, NULL, &hints, &list);
    if (e)
        return rh_fail(err, RH_ERR_INVAL,
                       "--host %s: %s; give an address of this machine such as "
                       "127.0.0.1, or 0.0.0.0 for all",
                       host, gai_strerror(e));
    bool any = strcmp(host, "::") == 0;
    int why = 0, fds[4], n = 0;
    for (struct addrinfo *a = list; a && n < 4; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        int fd = open_one(a, port, any);
        if (fd < 0) {
            /* a name may resolve to IPv6 where the machine has none; "taken" is never passed over */
            if (!why || errno == EADDRINUSE)
                why = errno;
            if (errno == EADDRINUSE)
                break;
            continue;
        }
        fds[n++] = fd;
        port = bound_port(fd);
    }
    freeaddrinfo(list);
    if (!n || why == EADDRINUSE) {
        while (n)
            close(fds[--n]);
        return explain(host, port, why ? why : EADDRNOTAVAIL, err);
    }
    *bound = port;
    rh_status st = RH_OK;
    for (int i = 0; i < n; i++)
        if (st == RH_OK)
            st = add(net, fds[i], false, NULL, err);
        else
            close(fds[i]);
    return st;
}

static rh_status listen_unix(rh_net *net, const char *path, rh_error *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    if (!*path || strlen(path) >= sizeof a.sun_path)
        return rh_fail(err, RH_ERR_INVAL, "--host unix:%.60s: a path of 1 to %zu bytes is needed", path,
                       sizeof a.sun_path - 1);
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return rh_fail(err, RH_ERR_IO, "no Unix socket: %s", strerror(errno));
    /* A socket that nobody answers on is left over from a program that was killed. */
    if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
            close(fd);
            return rh_fail(err, RH_ERR_IO, "the socket %.100s is taken by another program", path);
        }
        (void)unlink(path);
    }
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, BACKLOG) != 0) {
        int e = errno;
        close(fd);
        return rh_fail(err, RH_ERR_IO, "cannot listen on %.100s: %s", path, strerror(e));
    }
    return add(net, fd, true, path, err);
}

/* LISTEN_FDS of sd_listen_fds(3). */
static rh_status listen_passed(rh_net *net, int *bound, rh_error *err)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    int n = count ? atoi(count) : 0;
    if (!pid || atol(pid) != (long)getpid() || n < 1)
        return rh_fail(err, RH_ERR_INVAL,
                       "--host fd: no sockets were handed over (LISTEN_FDS); it is for "
                       "units started by a .socket of systemd");
    for (int i = 0; i < n; i++) {
        int fd = FIRST_PASSED_FD + i;
        struct sockaddr_storage a;
        socklen_t len = sizeof a;
        if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
            return rh_fail(err, RH_ERR_IO, "descriptor %d that was handed over is no socket", fd);
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        rh_status st = add(net, fd, a.ss_family == AF_UNIX, NULL, err);
        if (st != RH_OK)
            return st;
        if (a.ss_family != AF_UNIX)
            *bound = bound_port(fd);
    }
    return RH_OK;
}

rh_status rh_net_listen(rh_net *net, const char *host, int port, int *bound, rh_error *err)
{
    *bound = 0;
    if (strncmp(host, "unix:", 5) == 0)
        return listen_unix(net, host + 5, err);
    if (strcmp(host, "fd:") == 0)
        return listen_passed(net, bound, err);
    return listen_inet(net, host, port, bound, err);
}
