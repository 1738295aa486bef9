/* net_echo.c - the network module alone, for tests: it sends back every message of a
 * WebSocket and every body of a request. Not part of the program.
 *   net_echo [PORT]      prints "port N" and runs until it is killed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/net/net.h"

typedef struct {
    rh_buf bytes;
} echo;

static echo *new_echo(rh_net_conn *c)
{
    echo *e = rh_calloc(1, sizeof *e);
    if (e)
        rh_buf_init(&e->bytes, (size_t)64 << 20);
    rh_net_set_user(c, e);
    return e;
}

static void add(rh_net_conn *c, const char *bytes, size_t n)
{
    echo *e = rh_net_user(c);
    if (!e || rh_buf_add(&e->bytes, bytes, n) != RH_OK)
        rh_net_close(c);
}

static void request(void *user, rh_net_conn *c)
{
    (void)user;
    if (!new_echo(c))
        rh_net_close(c);
}

static void body(void *user, rh_net_conn *c, const char *bytes, size_t n)
{
    (void)user;
    add(c, bytes, n);
}

static void body_end(void *user, rh_net_conn *c)
{
    (void)user;
    const echo *e = rh_net_user(c);
    if (e)
        (void)rh_net_reply(c, 200, "content-type: text/plain\r\n", e->bytes.data ? e->bytes.data : "", e->bytes.len);
}

static int upgrade(void *user, rh_net_conn *c, const char **why)
{
    (void)user, (void)c, (void)why;
    return 0;
}

static bool ws_open(void *user, rh_net_conn *c)
{
    (void)user;
    return new_echo(c) != NULL;
}

static void ws_data(void *user, rh_net_conn *c, const char *bytes, size_t n, const rh_net_piece *piece)
{
    (void)user;
    add(c, bytes, n);
    echo *e = rh_net_user(c);
    if (!piece->last || !e)
        return;
    const char *all = e->bytes.data ? e->bytes.data : "";
    if (piece->binary)
        (void)rh_net_ws_binary(c, all, e->bytes.len);
    else
        (void)rh_net_ws_text(c, all, e->bytes.len);
    rh_buf_clear(&e->bytes);
}

static void ws_writable(void *user, rh_net_conn *c)
{
    (void)user, (void)c;
}

static void over(void *user, rh_net_conn *c)
{
    (void)user;
    echo *e = rh_net_user(c);
    if (e)
        rh_buf_done(&e->bytes);
    rh_free(e);
}

static void tick(void *user, int64_t now_us)
{
    (void)user, (void)now_us;
}

static void wake(void *user)
{
    (void)user;
}

static void trouble(void *user, const char *line)
{
    (void)user;
    (void)fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv)
{
    static const rh_net_callbacks cb = {.request = request,
                                        .body = body,
                                        .body_end = body_end,
                                        .upgrade = upgrade,
                                        .ws_open = ws_open,
                                        .ws_data = ws_data,
                                        .ws_writable = ws_writable,
                                        .over = over,
                                        .tick = tick,
                                        .wake = wake,
                                        .trouble = trouble};
    rh_net_options o = {.max_connections = 256,
                        .max_header_bytes = 16 << 10,
                        .max_discard_bytes = 1 << 20,
                        .max_unsent_bytes = 1 << 20};
    rh_net *net = NULL;
    rh_error err;
    int port = 0;
    if (rh_net_new(&net, &o, &cb, NULL, &err) != RH_OK ||
        rh_net_listen(net, "127.0.0.1", argc > 1 ? atoi(argv[1]) : 0, &port, &err) != RH_OK) {
        (void)fprintf(stderr, "net_echo: %s\n", err.msg);
        return 1;
    }
    printf("port %d\n", port);
    (void)fflush(stdout);
    for (;;)
        (void)rh_net_turn(net);
}
