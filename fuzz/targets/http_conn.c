/* A whole connection: the bytes arrive in pieces of the size that the first byte names, are
 * parsed to requests, routed and answered, and the client reads as the second byte says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "net/net_internal.h"
#include "server/routes.h"

typedef struct {
    net_core core;
    rh_net_conn c;
    unsigned style;
    int n_open; /* requests and sockets without their over() */
    size_t n_sent;
} rig;

static void request(void *user, rh_net_conn *c)
{
    rig *r = user;
    char v[16];
    const char *name, *value;
    if (r->n_open++)
        abort(); /* one at a time */
    if (!memchr(rh_net_path(c), '\0', NET_MAX_PATH) || (rh_net_path(c)[0] != '/' && rh_net_path(c)[0] != '*'))
        abort();
    (void)rh_route_match(&rh_routes, rh_net_method(c), rh_net_path(c), false);
    (void)rh_net_query(c, "a", v, sizeof v);
    for (int i = 0; rh_net_header_at(c, i, &name, &value); i++)
        if (strlen(name) + strlen(value) > 16 << 10)
            abort();
    if (r->style & 1)
        (void)rh_net_reply(c, 413, "x: y\r\n", "early", 5);
}

static void body(void *user, rh_net_conn *c, const char *bytes, size_t n)
{
    rig *r = user;
    if (!r->n_open || (n && !memchr(bytes, bytes[n - 1], n)))
        abort();
    if (r->style & 2 && n > 3)
        (void)rh_net_reply(c, 400, "", "no", 2);
}

static void body_end(void *user, rh_net_conn *c)
{
    rig *r = user;
    if (!r->n_open)
        abort();
    if (r->style & 4) {
        (void)rh_net_stream(c, 200, "");
        (void)rh_net_stream_add(c, "piece", 5);
        rh_net_stream_end(c);
    } else if (!(r->style & 8)) {
        (void)rh_net_reply(c, 200, "", "ok", 2);
    }
}

static int upgrade(void *user, rh_net_conn *c, const char **why)
{
    rh_route route = rh_route_match(&rh_routes, "GET", rh_net_path(c), true);
    (void)user;
    *why = "no such socket";
    return !route.row || route.bad_param ? 404 : 0;
}

static bool ws_open(void *user, rh_net_conn *c)
{
    rig *r = user;
    (void)c;
    if (r->n_open++)
        abort();
    return true;
}

static void ws_data(void *user, rh_net_conn *c, const char *bytes, size_t n, const rh_net_piece *piece)
{
    rig *r = user;
    if (!r->n_open)
        abort();
    if (piece->last)
        (void)rh_net_ws_text(c, "{}", 2);
    if (r->style & 16 && n && bytes[0] == 'c')
        rh_net_ws_close(c, 1000, "done");
    if (r->style & 32)
        rh_net_hold(c, true);
}

static void ws_writable(void *user, rh_net_conn *c)
{
    (void)user, (void)c;
}

static void over(void *user, rh_net_conn *c)
{
    rig *r = user;
    (void)c;
    if (--r->n_open)
        abort();
}

static void after(rh_net_conn *c)
{
    rig *r = c->core->user;
    size_t n = r->style & 64 ? 1 : c->out.n;
    if (n && c->out.n) {
        net_conn_taken(c, n < c->out.n ? n : c->out.n);
        r->n_sent += n;
    }
}

static void turn(rig *r)
{
    for (int i = 0; i < 20 && net_core_turn(&r->core, after); i++)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const rh_net_callbacks cb = {.request = request,
                                        .body = body,
                                        .body_end = body_end,
                                        .upgrade = upgrade,
                                        .ws_open = ws_open,
                                        .ws_data = ws_data,
                                        .ws_writable = ws_writable,
                                        .over = over};
    static const rh_net_options o = {.max_header_bytes = 2048, .max_discard_bytes = 4096, .max_unsent_bytes = 4096};
    static rig r;
    if (n < 2)
        return 0;
    size_t step = (size_t)bytes[0] + 1;
    memset(&r, 0, sizeof r);
    r.style = bytes[1];
    net_core_init(&r.core, &o, &cb, &r);
    net_conn_init(&r.c, &r.core);
    for (size_t at = 2; at < n; at += step) {
        if (net_conn_reads(&r.c))
            net_conn_feed(&r.c, (const char *)bytes + at, n - at < step ? n - at : step);
        turn(&r);
        if (r.c.held && (at & 3) == 0)
            rh_net_hold(&r.c, false);
        r.core.now_us += 250000;
        net_conn_tick(&r.c);
        turn(&r);
    }
    net_conn_eof(&r.c);
    turn(&r);
    if (r.c.in.len > r.c.in.max || r.c.state > NET_GONE)
        abort();
    net_conn_done(&r.c);
    if (r.n_open)
        abort();
    return 0;
}
