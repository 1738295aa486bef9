/* loop.c - one loop for all: places for connections, turns, time. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include "loop_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

/* ---- turns ---- */

static void on_again(uv_idle_t *h)
{
    (void)h;
}

static void on_prepare(uv_prepare_t *h)
{
    rh_net *net = h->data;
    net->core.now_us = rh_now_us();
    bool more = net_core_turn(&net->core, net_link_sync);
    if (more && !net->again_on)
        (void)uv_idle_start(&net->again, on_again);
    else if (!more && net->again_on)
        (void)uv_idle_stop(&net->again);
    net->again_on = more;
}

static void on_tick(uv_timer_t *t)
{
    rh_net *net = t->data;
    net->core.now_us = rh_now_us();
    for (net_link *l = net->links; l; l = l->next)
        net_link_tick(l);
    net->core.cb.tick(net->core.user, net->core.now_us);
}

static void on_wake(uv_async_t *a)
{
    rh_net *net = a->data;
    net->core.now_us = rh_now_us();
    net->core.cb.wake(net->core.user);
}

rh_status rh_net_turn(rh_net *net)
{
    (void)uv_run(&net->loop, UV_RUN_ONCE);
    return RH_OK;
}

void rh_net_wake(rh_net *net)
{
    (void)uv_async_send(&net->async);
}

void rh_net_drain(rh_net *net)
{
    if (net->core.draining)
        return;
    net->core.draining = true;
    for (net_link *l = net->links; l; l = l->next)
        net_conn_touch(&l->conn);
}

void rh_net_stop_listening(rh_net *net)
{
    if (net)
        net_listeners_close(net);
}

bool rh_net_idle(const rh_net *net)
{
    for (const net_link *l = net->links; l; l = l->next)
        if (net_conn_busy(&l->conn) || l->wire.len > l->n_wire_sent)
            return false;
    return true;
}

bool rh_net_owes(const rh_net *net)
{
    for (const net_link *l = net->links; l; l = l->next)
        if (l->conn.state != NET_LINGER && l->conn.state != NET_GONE && (l->conn.out.n || l->conn.wire_full))
            return true;
    return false;
}

int rh_net_count(const rh_net *net)
{
    return net->n_links;
}

uint64_t rh_net_refused(const rh_net *net)
{
    return net->n_refused;
}

/* ---- life ---- */

static int open_files(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

/* As many places as were asked for, or as the limit of open files lets be: models, recordings and
 * the store need some too. */
static int places(int wanted)
{
    enum { OTHERS = 64, LEAST = 8 };
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return wanted;
    rlim_t need = (rlim_t)wanted + RH_NET_RESERVE + OTHERS + (rlim_t)open_files();
    if (r.rlim_cur < need) {
        r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > need ? need : r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
        (void)getrlimit(RLIMIT_NOFILE, &r);
    }
    if (r.rlim_cur >= need)
        return wanted;
    int room = (int)r.rlim_cur - RH_NET_RESERVE - OTHERS - open_files();
    return room > LEAST ? room : LEAST;
}

static rh_status open_handles(rh_net *net, rh_error *err)
{
    bool good = uv_timer_init(&net->loop, &net->timer) == 0 && uv_timer_init(&net->loop, &net->pause) == 0 &&
                uv_prepare_init(&net->loop, &net->prepare) == 0 && uv_idle_init(&net->loop, &net->again) == 0 &&
                uv_async_init(&net->loop, &net->async, on_wake) == 0;
    if (!good)
        return rh_fail(err, RH_ERR_NOMEM, "the event loop could not be set up");
    net->handles_open = true;
    net->timer.data = net->pause.data = net->prepare.data = net->again.data = net->async.data = net;
    (void)uv_prepare_start(&net->prepare, on_prepare);
    (void)uv_timer_start(&net->timer, on_tick, NET_TICK_MS, NET_TICK_MS);
    return RH_OK;
}

rh_status rh_net_new(rh_net **out, const rh_net_options *o, const rh_net_callbacks *cb, void *user, rh_error *err)
{
    rh_net *net = rh_calloc(1, sizeof *net);
    if (!net)
        return rh_fail(err, RH_ERR_NOMEM, "net: out of memory");
    net_core_init(&net->core, o, cb, user);
    bool cert = o->tls_cert && *o->tls_cert, key = o->tls_key && *o->tls_key;
    rh_status st = RH_OK;
    if (cert != key)
        st = rh_fail(err, RH_ERR_INVAL, "https needs both tls_cert and tls_key");
    else if (cert)
        st = net_tls_new(&net->tls, o->tls_cert, o->tls_key, err);
    int e = st == RH_OK ? uv_loop_init(&net->loop) : -1;
    if (st == RH_OK && e)
        st = rh_fail(err, RH_ERR_IO, "the event loop could not be set up: %s", uv_strerror(e));
    if (st != RH_OK) {
        SSL_CTX_free(net->tls);
        rh_free(net);
        return st;
    }
    st = open_handles(net, err);
    if (st != RH_OK) {
        rh_net_free(net);
        return st;
    }
    net->max_links = places(o->max_connections);
    if (net->max_links < o->max_connections) {
        char line[160];
        (void)snprintf(line, sizeof line,
                       "the limit of open files leaves room for %d connections at once, not %d "
                       "(ulimit -n)",
                       net->max_links, o->max_connections);
        net_trouble(net, line);
        net->told_us = 0;
    }
    *out = net;
    return RH_OK;
}

static void close_any(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

void rh_net_free(rh_net *net)
{
    if (!net)
        return;
    while (net->links)
        net_link_close(net->links);
    net_listeners_close(net);
    uv_walk(&net->loop, close_any, NULL);
    (void)uv_run(&net->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&net->loop);
    SSL_CTX_free(net->tls);
    rh_free(net);
}
