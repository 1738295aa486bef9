/* Frames of a client on an open WebSocket, in pieces of the size that the first byte names.
 * Text that is handed on is UTF-8, whatever comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "net/net_internal.h"

typedef struct {
    net_core core;
    rh_net_conn c;
    rh_utf8 utf8;
    bool open, in_message, hold;
} rig;

static int upgrade(void *user, rh_net_conn *c, const char **why)
{
    (void)user, (void)c, (void)why;
    return 0;
}

static bool ws_open(void *user, rh_net_conn *c)
{
    (void)c;
    ((rig *)user)->open = true;
    return true;
}

static void ws_data(void *user, rh_net_conn *c, const char *bytes, size_t n, const rh_net_piece *piece)
{
    rig *r = user;
    if (!r->open)
        abort();
    if (!r->in_message)
        r->utf8 = (rh_utf8){0};
    r->in_message = !piece->last;
    if (!piece->binary && (!rh_utf8_feed(&r->utf8, bytes, n) || (piece->last && !rh_utf8_whole(&r->utf8))))
        abort();
    if (piece->last && piece->n_rest)
        abort();
    if (r->hold)
        rh_net_hold(c, true);
    if (piece->last && n && bytes[0] == 'q')
        rh_net_ws_close(c, 1001, "going");
}

static void ws_writable(void *user, rh_net_conn *c)
{
    (void)user, (void)c;
}

static void over(void *user, rh_net_conn *c)
{
    (void)c;
    ((rig *)user)->open = false;
}

static void after(rh_net_conn *c)
{
    if (c->out.n)
        net_conn_taken(c, c->out.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const rh_net_callbacks cb = {
        .upgrade = upgrade, .ws_open = ws_open, .ws_data = ws_data, .ws_writable = ws_writable, .over = over};
    static const rh_net_options o = {.max_header_bytes = 2048, .max_discard_bytes = 4096, .max_unsent_bytes = 4096};
    static const char hello[] = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    static rig r;
    if (n < 1)
        return 0;
    size_t step = (size_t)(bytes[0] & 127) + 1;
    memset(&r, 0, sizeof r);
    r.hold = bytes[0] & 128;
    net_core_init(&r.core, &o, &cb, &r);
    net_conn_init(&r.c, &r.core);
    net_conn_feed(&r.c, hello, sizeof hello - 1);
    for (size_t at = 1; at < n; at += step) {
        net_conn_feed(&r.c, (const char *)bytes + at, n - at < step ? n - at : step);
        (void)net_core_turn(&r.core, after);
        rh_net_hold(&r.c, false);
        (void)net_core_turn(&r.core, after);
    }
    net_conn_done(&r.c);
    if (r.open)
        abort();
    return 0;
}
