/* The network module without a socket: bytes in, bytes out, time turned by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/net_internal.h"
#include "rehearse/base/alloc.h"

typedef struct {
    net_core core;
    rh_net_conn c;
    rh_buf seen; /* what the handlers were told, as text */
    rh_buf sent; /* what the client got */
    bool silent; /* no reply by itself */
    int n_over, reply_at_head;
} rig;

static void on_request(void *user, rh_net_conn *c)
{
    rig *r = user;
    (void)rh_buf_printf(&r->seen, "[%s %s", rh_net_method(c), rh_net_path(c));
    if (r->reply_at_head)
        (void)rh_net_reply(c, r->reply_at_head, "", "early", 5);
}

static void on_body(void *user, rh_net_conn *c, const char *bytes, size_t n)
{
    rig *r = user;
    (void)c;
    (void)rh_buf_printf(&r->seen, " ");
    (void)rh_buf_add(&r->seen, bytes, n);
}

static void on_body_end(void *user, rh_net_conn *c)
{
    rig *r = user;
    (void)rh_buf_puts(&r->seen, "]");
    if (!r->silent)
        (void)rh_net_reply(c, 200, "", "ok", 2);
}

static int on_upgrade(void *user, rh_net_conn *c, const char **why)
{
    (void)user;
    *why = "not this one";
    return strcmp(rh_net_path(c), "/no") == 0 ? 403 : 0;
}

static bool on_open(void *user, rh_net_conn *c)
{
    (void)user, (void)c;
    return true;
}

static void on_data(void *user, rh_net_conn *c, const char *bytes, size_t n, const rh_net_piece *piece)
{
    rig *r = user;
    (void)c;
    (void)rh_buf_add(&r->seen, bytes, n);
    if (piece->last)
        (void)rh_buf_puts(&r->seen, piece->binary ? "|b " : "|t ");
}

static void on_writable(void *user, rh_net_conn *c)
{
    (void)user, (void)c;
}

static void on_over(void *user, rh_net_conn *c)
{
    (void)c;
    ((rig *)user)->n_over++;
}

static void after(rh_net_conn *c)
{
    rig *r = c->core->user;
    while (c->out.head) {
        size_t n = c->out.head->n - c->out.head->at;
        (void)rh_buf_add(&r->sent, c->out.head->bytes + c->out.head->at, n);
        net_conn_taken(c, n);
    }
}

static void start(rig *r)
{
    static const rh_net_callbacks cb = {.request = on_request,
                                        .body = on_body,
                                        .body_end = on_body_end,
                                        .upgrade = on_upgrade,
                                        .ws_open = on_open,
                                        .ws_data = on_data,
                                        .ws_writable = on_writable,
                                        .over = on_over};
    rh_net_options o = {.max_header_bytes = 4096, .max_discard_bytes = 1000, .max_unsent_bytes = 1 << 20};
    memset(r, 0, sizeof *r);
    rh_buf_init(&r->seen, 1 << 20);
    rh_buf_init(&r->sent, 1 << 24);
    net_core_init(&r->core, &o, &cb, r);
    net_conn_init(&r->c, &r->core);
    (void)rh_buf_puts(&r->seen, "");
    (void)rh_buf_puts(&r->sent, "");
}

static void turn(rig *r)
{
    while (net_core_turn(&r->core, after))
        ;
}

static void feed(rig *r, const char *bytes, size_t n, size_t step)
{
    for (size_t at = 0; at < n; at += step) {
        net_conn_feed(&r->c, bytes + at, n - at < step ? n - at : step);
        turn(r);
    }
}

static void stop(rig *r)
{
    net_conn_done(&r->c);
    rh_buf_done(&r->seen);
    rh_buf_done(&r->sent);
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

#define HOST "Host: a\r\n"

static void a_burst_of_requests_is_answered_in_order_in_any_pieces(void **state)
{
    (void)state;
    static const char in[] = "POST /1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
                             "GET /2?x=1 HTTP/1.1\r\n" HOST "\r\n"
                             "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                             "4;a=b\r\nWiki\r\n5\r\npedia\r\n0\r\nT: x\r\n\r\n"
                             "HEAD /4%20x HTTP/1.1\r\n" HOST "\r\n";
    for (size_t step = 1; step < sizeof in; step++) {
        rig r;
        start(&r);
        feed(&r, in, sizeof in - 1, step);
        char flat[256] = "";
        for (const char *p = r.seen.data; *p; p++) /* pieces of a body join */
            if (*p != ' ' || p[1] == '/')
                strncat(flat, p, 1);
        assert_string_equal(flat, "[POST /1abc][GET /2][POST /3Wikipedia][HEAD /4x]");
        assert_int_equal(count(r.sent.data, "HTTP/1.1 200 OK"), 4);
        assert_int_equal(count(r.sent.data, "\r\n\r\nok"), 3); /* HEAD has none */
        assert_int_equal(r.n_over, 4);
        assert_int_equal(r.c.state, NET_IDLE);
        stop(&r);
    }
}

static void the_next_request_waits_for_the_reply(void **state)
{
    (void)state;
    rig r;
    start(&r);
    r.silent = true;
    static const char two[] = "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n";
    feed(&r, two, sizeof two - 1, sizeof two);
    assert_string_equal(r.seen.data, "[GET /1]");
    assert_false(net_conn_reads(&r.c)); /* and no more is taken in meanwhile */
    (void)rh_net_reply(&r.c, 200, "", "one", 3);
    turn(&r);
    assert_string_equal(r.seen.data, "[GET /1][GET /2]");
    assert_int_equal(count(r.sent.data, "HTTP/1.1"), 1);
    stop(&r);
}

static void what_smuggling_is_made_of_gets_400_and_the_end(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\n\r\n", /* no Host */
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\nabc",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST " folded: x\r\n\r\n",
        "GET / HTTP/1.1\n" HOST "\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n",
        "GET /a%00b HTTP/1.1\r\n" HOST "\r\n",
        "GET /a%zz HTTP/1.1\r\n" HOST "\r\n",
        "GET a HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 x\r\n" HOST "\r\n",
        "GET /\r\n\r\n",
        "G@T / HTTP/1.1\r\n" HOST "\r\n",
        "hello\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig r;
        start(&r);
        size_t n = strlen(bad[i]);
        if (strstr(bad[i], "X: a"))
            n += 6; /* the NUL and what is behind it */
        feed(&r, bad[i], n, n);
        if (strncmp(r.sent.data, "HTTP/1.1 400 ", 13) != 0)
            fail_msg("%s\ngot %s", bad[i], r.sent.data);
        assert_non_null(strstr(r.sent.data, "connection: close"));
        assert_non_null(strstr(r.sent.data, "{\"detail\":\""));
        assert_int_equal(count(r.sent.data, "\r\ndate: "), 1);
        assert_int_equal(r.c.state, NET_LINGER);
        feed(&r, "GET / HTTP/1.1\r\n" HOST "\r\n", 28, 28); /* not looked at */
        assert_int_equal(count(r.sent.data, "\r\ndate: "), 1);
        stop(&r);
    }
}

static void other_refusals_have_their_status(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int status;
    } cases[] = {
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: gifts\r\n\r\nx", 417},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
         "MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 8\r\n\r\n",
         426},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
         "bmVpbg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
         400},
        {"GET /no HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
         "MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
         403},
        {"GET / HTTP/1.1\r\n" HOST
         "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
         200},
        {"GET http://a.example/x?y HTTP/1.1\r\nHost: b\r\n\r\n", 200},
        {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200},
        {"GET / HTTP/1.0\r\n\r\n", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        char want[32];
        start(&r);
        feed(&r, cases[i].in, strlen(cases[i].in), 7);
        (void)snprintf(want, sizeof want, "HTTP/1.1 %d ", cases[i].status);
        if (strncmp(r.sent.data, want, strlen(want)) != 0)
            fail_msg("%s\ngot %s", cases[i].in, r.sent.data);
        stop(&r);
    }
    rig r;
    char many[80];
    memset(many, 'y', sizeof many);
    start(&r);
    static const char long_head[] = "GET / HTTP/1.1\r\n" HOST "X: ";
    feed(&r, long_head, sizeof long_head - 1, 100);
    for (int i = 0; i < 100; i++)
        feed(&r, many, sizeof many, sizeof many);
    if (!strstr(r.sent.data, "HTTP/1.1 431 "))
        fail_msg("got %s", r.sent.data);
    stop(&r);
    start(&r);
    feed(&r, "GET /", 5, 5);
    for (int i = 0; i < 100; i++)
        feed(&r, many, sizeof many, sizeof many);
    if (!strstr(r.sent.data, "HTTP/1.1 414 "))
        fail_msg("got %s", r.sent.data);
    stop(&r);
}

static void questions_about_the_request(void **state)
{
    (void)state;
    rig r;
    char v[8];
    const char *name, *value;
    static const char in[] =
        "GET http://x.example:81/p%C3%A4th?a=1&b=%26+c&long=0123456789&flag HTTP/1.1\r\nHost: other\r\n"
        "X-Empty:\r\nRange: bytes=0-1\r\n\r\n";
    start(&r);
    r.silent = true;
    feed(&r, in, sizeof in - 1, 11);
    assert_string_equal(rh_net_path(&r.c), "/p\xc3\xa4th");
    assert_string_equal(rh_net_header(&r.c, "host"), "x.example:81");
    assert_string_equal(rh_net_header(&r.c, "x-empty"), "");
    assert_string_equal(rh_net_header(&r.c, "range"), "bytes=0-1");
    assert_null(rh_net_header(&r.c, "rang"));
    assert_true(rh_net_header_at(&r.c, 2, &name, &value));
    assert_string_equal(name, "range");
    assert_false(rh_net_header_at(&r.c, 3, &name, &value));
    assert_true(rh_net_query(&r.c, "b", v, sizeof v));
    assert_string_equal(v, "& c");
    assert_true(rh_net_query(&r.c, "long", v, sizeof v));
    assert_string_equal(v, "0123456");
    assert_true(rh_net_query(&r.c, "flag", v, sizeof v));
    assert_string_equal(v, "");
    assert_false(rh_net_query(&r.c, "lon", v, sizeof v));
    stop(&r);
}

static void an_early_reply_comes_at_once_and_the_rest_is_thrown_away(void **state)
{
    (void)state;
    rig r;
    start(&r);
    r.reply_at_head = 413;
    static const char head[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 900\r\n\r\n";
    feed(&r, head, sizeof head - 1, sizeof head);
    assert_int_equal(count(r.sent.data, "HTTP/1.1 413"), 1);
    assert_int_equal(r.n_over, 0);
    char rest[900];
    memset(rest, 'x', sizeof rest);
    feed(&r, rest, sizeof rest, 100);
    assert_int_equal(r.n_over, 1);
    assert_int_equal(r.c.state, NET_IDLE); /* and the connection goes on */
    static const char more[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\n";
    feed(&r, more, sizeof more - 1, sizeof more);
    for (int i = 0; i < 5; i++)
        feed(&r, rest, sizeof rest, sizeof rest);
    assert_int_equal(r.c.state, NET_GONE); /* past the limit */
    stop(&r);
}

static void later(rig *r, int seconds)
{
    for (int i = 0; i < 4 * seconds; i++) {
        r->core.now_us += 250000;
        net_conn_tick(&r->c);
        turn(r);
    }
}

static void dripping_ends_in_its_time(void **state)
{
    (void)state;
    rig r;
    start(&r);
    feed(&r, "GET / HT", 8, 8);
    for (int i = 0; i < 19; i++) {
        later(&r, 1);
        assert_int_equal(r.c.state, NET_HEAD);
        net_conn_feed(&r.c, "TP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyy" + i, 1);
    }
    later(&r, 2);
    assert_int_equal(strncmp(r.sent.data, "HTTP/1.1 408 ", 13), 0);
    stop(&r);

    start(&r);
    static const char head[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n";
    feed(&r, head, sizeof head - 1, sizeof head);
    char piece[4096];
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 100; i++) { /* slow, but a line */
        later(&r, 1);
        feed(&r, piece, 2048, 2048);
    }
    assert_int_equal(r.c.state, NET_BODY);
    for (int i = 0; i < 70; i++) {
        later(&r, 1);
        feed(&r, "x", 1, 1);
    }
    assert_int_equal(strncmp(r.sent.data, "HTTP/1.1 408 ", 13), 0);
    stop(&r);

    start(&r);
    later(&r, 31); /* nothing at all */
    assert_true(r.c.state == NET_LINGER || r.c.state == NET_GONE);
    assert_string_equal(r.sent.data, "");
    stop(&r);
}

static void a_client_that_has_shut_its_side_gets_its_reply(void **state)
{
    (void)state;
    rig r;
    start(&r);
    feed(&r, "GET / HTTP/1.1\r\n" HOST "\r\n", 27, 27);
    net_conn_eof(&r.c);
    turn(&r);
    assert_int_equal(count(r.sent.data, "HTTP/1.1 200"), 1);
    assert_int_equal(r.c.state, NET_GONE);
    stop(&r);

    start(&r);
    r.silent = true;
    feed(&r, "GET / HTTP/1.1\r\n" HOST "\r\n", 27, 27);
    net_conn_eof(&r.c);
    later(&r, 4);
    assert_int_equal(r.n_over, 0);
    later(&r, 3);
    assert_int_equal(r.n_over, 1); /* from here it can't be told from one that has gone */
    stop(&r);
}

static void streams_have_chunks_and_old_clients_an_end(void **state)
{
    (void)state;
    rig r;
    start(&r);
    r.silent = true;
    feed(&r, "GET / HTTP/1.1\r\n" HOST "\r\n", 27, 27);
    (void)rh_net_stream(&r.c, 200, "");
    (void)rh_net_stream_add(&r.c, "hello", 5);
    turn(&r);
    assert_non_null(strstr(r.sent.data, "transfer-encoding: chunked\r\n"));
    assert_non_null(strstr(r.sent.data, "\r\n\r\n5\r\nhello\r\n"));
    rh_net_stream_end(&r.c);
    turn(&r);
    assert_non_null(strstr(r.sent.data, "\r\n0\r\n\r\n"));
    assert_int_equal(r.c.state, NET_IDLE);
    stop(&r);

    start(&r);
    r.silent = true;
    feed(&r, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 42, 42);
    (void)rh_net_stream(&r.c, 200, "");
    (void)rh_net_stream_add(&r.c, "hello", 5);
    rh_net_stream_end(&r.c);
    turn(&r);
    assert_null(strstr(r.sent.data, "chunked"));
    assert_non_null(strstr(r.sent.data, "connection: close\r\n\r\nhello"));
    assert_int_equal(r.c.state, NET_LINGER);
    stop(&r);
}

/* ---- WebSocket ---- */

static void open_ws(rig *r)
{
    static const char in[] = "GET /ws HTTP/1.1\r\n" HOST "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, x\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n";
    start(r);
    feed(r, in, sizeof in - 1, 9);
    assert_int_equal(strncmp(r->sent.data, "HTTP/1.1 101 ", 13), 0);
    assert_non_null(strstr(r->sent.data, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_null(strstr(r->sent.data, "rotocol:"));
    rh_buf_clear(&r->sent);
    (void)rh_buf_puts(&r->sent, "");
}

static void frame(rig *r, int first, const char *text, size_t n, bool masked)
{
    char f[200] = {(char)first, (char)(n | (masked ? 0x80 : 0))};
    size_t at = 2;
    if (masked) {
        memcpy(f + at, "\1\2\3\4", 4);
        at += 4;
    }
    for (size_t i = 0; i < n; i++)
        f[at++] = (char)(masked ? text[i] ^ (char)(1 + i % 4) : text[i]);
    feed(r, f, at, 5);
}

static void messages_come_whole_with_pings_in_between(void **state)
{
    (void)state;
    rig r;
    open_ws(&r);
    frame(&r, 0x01, "Hel", 3, true);
    frame(&r, 0x89, "p", 1, true);
    frame(&r, 0x80, "lo", 2, true);
    frame(&r, 0x82, "\xff", 1, true);
    frame(&r, 0x81, "", 0, true);
    assert_string_equal(r.seen.data, "Hello|t \xff|b |t ");
    assert_memory_equal(r.sent.data, "\x8a\x01p", 3);
    rh_buf_clear(&r.sent);
    for (int i = 0; i < 300; i++)
        frame(&r, 0x89, "x", 1, true);
    assert_int_equal(r.sent.len, 900);
    stop(&r);
}

static void broken_rules_close_with_their_code(void **state)
{
    (void)state;
    static const struct {
        int first;
        const char *text;
        size_t n;
        bool masked;
        int code;
    } cases[] = {
        {0x81, "x", 1, false, 1002},
        {0xc1, "x", 1, true, 1002},
        {0x83, "x", 1, true, 1002},
        {0x8b, "x", 1, true, 1002},
        {0x80, "x", 1, true, 1002},
        {0x09, "x", 1, true, 1002},
        {0x81, "\xff", 1, true, 1007},
        {0x81, "\xc3", 1, true, 1007},
        {0x88, "\x03", 1, true, 1002},
        {0x88, "\x03\xed", 2, true, 1002},
        {0x88, "\x03\xe8\xff", 3, true, 1007},
        {0x88, "\x03\xe8", 2, true, 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        open_ws(&r);
        frame(&r, cases[i].first, cases[i].text, cases[i].n, cases[i].masked);
        assert_int_equal((unsigned char)r.sent.data[0], 0x88);
        assert_int_equal((unsigned char)r.sent.data[2] << 8 | (unsigned char)r.sent.data[3], cases[i].code);
        assert_int_equal(r.n_over, 1);
        assert_int_equal(r.c.state, NET_LINGER);
        stop(&r);
    }
}

static void a_silent_socket_is_asked_and_closed(void **state)
{
    (void)state;
    rig r;
    open_ws(&r);
    later(&r, 31);
    assert_memory_equal(r.sent.data, "\x89\x00", 2);
    frame(&r, 0x8a, "", 0, true);
    later(&r, 80);
    assert_int_equal(r.c.state, NET_WS);
    later(&r, 12);
    assert_int_equal(r.c.state, NET_GONE);
    assert_int_equal(r.n_over, 1);
    stop(&r);
}

static void held_back_frames_wait_and_come(void **state)
{
    (void)state;
    rig r;
    open_ws(&r);
    rh_net_hold(&r.c, true);
    frame(&r, 0x81, "wait", 4, true);
    assert_string_equal(r.seen.data, "");
    assert_false(net_conn_reads(&r.c));
    rh_net_hold(&r.c, false);
    turn(&r);
    assert_string_equal(r.seen.data, "wait|t ");
    stop(&r);
}

static void a_socket_that_takes_nothing_is_closed(void **state)
{
    (void)state;
    rig r;
    open_ws(&r);
    static const char big[3 << 20];
    (void)rh_net_ws_binary(&r.c, big, sizeof big); /* nothing of it is taken: no turn */
    for (int i = 0; i < 4 * 58; i++) {
        r.core.now_us += 250000;
        net_conn_tick(&r.c);
    }
    assert_int_equal(r.c.state, NET_WS);
    assert_false(net_conn_reads(&r.c));
    for (int i = 0; i < 4 * 4; i++) {
        r.core.now_us += 250000;
        net_conn_tick(&r.c);
    }
    assert_int_equal(r.c.state, NET_GONE);
    stop(&r);
}

static void without_memory_the_connection_ends_and_nothing_is_lost(void **state)
{
    (void)state;
    static const char in[] =
        "POST /1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /ws HTTP/1.1\r\n" HOST
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n";
    for (int at = 1; at < 40; at++) {
        rig r;
        start(&r);
        rh_alloc_fail_at(at);
        feed(&r, in, sizeof in - 1, 50);
        rh_alloc_fail_at(0);
        stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_of_requests_is_answered_in_order_in_any_pieces),
        cmocka_unit_test(the_next_request_waits_for_the_reply),
        cmocka_unit_test(what_smuggling_is_made_of_gets_400_and_the_end),
        cmocka_unit_test(other_refusals_have_their_status),
        cmocka_unit_test(questions_about_the_request),
        cmocka_unit_test(an_early_reply_comes_at_once_and_the_rest_is_thrown_away),
        cmocka_unit_test(dripping_ends_in_its_time),
        cmocka_unit_test(a_client_that_has_shut_its_side_gets_its_reply),
        cmocka_unit_test(streams_have_chunks_and_old_clients_an_end),
        cmocka_unit_test(messages_come_whole_with_pings_in_between),
        cmocka_unit_test(broken_rules_close_with_their_code),
        cmocka_unit_test(a_silent_socket_is_asked_and_closed),
        cmocka_unit_test(held_back_frames_wait_and_come),
        cmocka_unit_test(a_socket_that_takes_nothing_is_closed),
        cmocka_unit_test(without_memory_the_connection_ends_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
