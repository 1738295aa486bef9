/* ws.c - WebSocket: wslay takes the frames apart; here are the rules across frames (RFC 6455,
 * sections 5.4 to 7.4), so that a message can be handed on in pieces. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"

/* ---- opening ---- */

static ssize_t take_in(uint8_t *buf, size_t n, int flags, void *user)
{
    net_ws *ws = user;
    (void)flags;
    if (n > ws->n_in)
        n = ws->n_in;
    if (!n)
        return -1;
    memcpy(buf, ws->in, n);
    ws->in += n;
    ws->n_in -= n;
    return (ssize_t)n;
}

static net_ws *make(void)
{
    static const struct wslay_frame_callbacks callbacks = {.recv_callback = take_in};
    net_ws *ws = rh_calloc(1, sizeof *ws);
    if (ws && wslay_frame_context_init(&ws->frames, &callbacks, ws) != 0) {
        rh_free(ws);
        return NULL;
    }
    return ws;
}

void net_ws_free(net_ws *ws)
{
    if (!ws)
        return;
    wslay_frame_context_free(ws->frames);
    rh_free(ws);
}

static bool accept_key(const rh_net_conn *c, char out[32])
{
    char text[64];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int len =
        snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", rh_net_header(c, "sec-websocket-key"));
    if (!EVP_Digest(text, (size_t)len, digest, &n, EVP_sha1(), NULL))
        return false;
    rh_base64_encode(out, digest, n);
    out[RH_BASE64_ENCODED_LEN(n)] = '\0';
    return true;
}

static bool refuse(rh_net_conn *c, int status, const char *why)
{
    c->close_after = true;
    (void)rh_net_reply_error(c, status, why);
    return false;
}

/* A subprotocol that is offered is not taken, which RFC 6455 (4.2.2) lets a server say by
 * leaving the header out. The same holds for extensions. */
bool net_ws_begin(rh_net_conn *c)
{
    int status = 0;
    const char *why = "not possible";
    char key[32], head[256];
    if (!net_head_check_ws(c, &status, &why))
        return refuse(c, status, why);
    if (c->scarce) /* the reserve is for what is over soon */
        return refuse(c, 503, "too many connections: try again in a moment");
    status = c->core->cb.upgrade(c->core->user, c, &why);
    if (status)
        return refuse(c, status, why);
    if (c->core->draining)
        return refuse(c, 503, "the server is stopping");
    c->ws = make();
    if (!c->ws || !accept_key(c, key)) {
        net_ws_free(c->ws);
        c->ws = NULL;
        return refuse(c, 503, "out of memory");
    }
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                   "connection: upgrade\r\nsec-websocket-accept: %s\r\n\r\n",
                   key);
    net_conn_send(c, head, strlen(head));
    if (c->state == NET_GONE)
        return false;
    net_conn_enter(c, NET_WS);
    c->over_due = true;
    if (!c->core->cb.ws_open(c->core->user, c)) {
        c->over_due = false;
        rh_net_ws_close(c, 1013, "try again later");
    }
    net_request_free(c->rq);
    c->rq = NULL;
    return c->state != NET_GONE;
}

/* ---- frames out ---- */

static void send_frame(rh_net_conn *c, int opcode, const void *bytes, size_t n)
{
    uint8_t head[10] = {(uint8_t)(0x80 | opcode)};
    size_t n_head = 2;
    if (n < 126) {
        head[1] = (uint8_t)n;
    } else {
        int n_length = n < 65536 ? 2 : 8;
        head[1] = n_length == 2 ? 126 : 127;
        for (int i = 0; i < n_length; i++)
            head[n_head++] = (uint8_t)((uint64_t)n >> 8 * (n_length - 1 - i));
    }
    net_conn_send(c, head, n_head);
    if (n)
        net_conn_send(c, bytes, n);
}

static rh_status send_message(rh_net_conn *c, int opcode, const void *bytes, size_t n)
{
    if (c->state != NET_WS)
        return RH_ERR_CANCELED;
    send_frame(c, opcode, bytes, n);
    return c->state == NET_WS ? RH_OK : RH_ERR_NOMEM;
}

rh_status rh_net_ws_text(rh_net_conn *c, const char *text, size_t n)
{
    return send_message(c, WSLAY_TEXT_FRAME, text, n);
}

rh_status rh_net_ws_binary(rh_net_conn *c, const void *bytes, size_t n)
{
    return send_message(c, WSLAY_BINARY_FRAME, bytes, n);
}

void rh_net_ws_want_write(rh_net_conn *c)
{
    if (!c->ws || c->ws->want_write)
        return;
    c->ws->want_write = true;
    net_conn_touch(c);
}

/* ---- closing ---- */

static void send_close(rh_net_conn *c, int code, const char *why)
{
    uint8_t payload[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t n = strlen(why);
    if (n > sizeof payload - 2)
        n = sizeof payload - 2;
    memcpy(payload + 2, why, n);
    c->ws->close_code = code ? code : 1005;
    send_frame(c, WSLAY_CONNECTION_CLOSE, payload, code ? n + 2 : 0);
}

void rh_net_ws_close(rh_net_conn *c, int code, const char *why)
{
    if (c->state != NET_WS)
        return;
    send_close(c, code, why);
    if (c->state == NET_WS)
        net_conn_enter(c, NET_WS_CLOSING);
}

/* The other end breaks the rules: it is told, and nothing more is read. */
static void fail(rh_net_conn *c, int code, const char *why)
{
    if (c->state == NET_WS)
        send_close(c, code, why);
    net_conn_finish(c);
}

static bool code_allowed(int code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

static void on_close(rh_net_conn *c)
{
    const net_ws *ws = c->ws;
    int code = ws->n_control >= 2 ? ws->control[0] << 8 | ws->control[1] : 0;
    if (ws->n_control == 1 || (code && !code_allowed(code)) || (ws->n_control >= 2 && !code))
        fail(c, 1002, "this close code is not allowed");
    else if (ws->n_control > 2 && !rh_utf8_valid(ws->control + 2, ws->n_control - 2))
        fail(c, 1007, "the reason is not UTF-8");
    else
        fail(c, code, "");
}

/* ---- frames in ---- */

static void on_control(rh_net_conn *c, int opcode)
{
    const net_ws *ws = c->ws;
    if (opcode == WSLAY_CONNECTION_CLOSE)
        on_close(c);
    else if (opcode == WSLAY_PING && c->state == NET_WS)
        send_frame(c, WSLAY_PONG, ws->control, ws->n_control);
}

static bool begin_frame(rh_net_conn *c, const struct wslay_frame_iocb *f)
{
    net_ws *ws = c->ws;
    bool control = f->opcode >= 8, starts = f->opcode == WSLAY_TEXT_FRAME || f->opcode == WSLAY_BINARY_FRAME;
    const char *wrong = NULL;
    if (!f->mask)
        wrong = "frames of a client must be masked";
    else if (f->rsv)
        wrong = "a reserved bit is set";
    else if (f->opcode > WSLAY_PONG || (!control && f->opcode > WSLAY_BINARY_FRAME))
        wrong = "unknown opcode";
    else if (starts && ws->in_message)
        wrong = "a message inside a message";
    else if (f->opcode == WSLAY_CONTINUATION_FRAME && !ws->in_message)
        wrong = "nothing to continue";
    if (wrong) {
        fail(c, 1002, wrong);
        return false;
    }
    ws->in_frame = true;
    ws->n_left = f->payload_length;
    if (control) {
        ws->n_control = 0;
    } else if (starts) {
        ws->in_message = true;
        ws->binary = f->opcode == WSLAY_BINARY_FRAME;
        ws->utf8 = (rh_utf8){0};
    }
    return true;
}

static void on_data(rh_net_conn *c, const struct wslay_frame_iocb *f)
{
    net_ws *ws = c->ws;
    bool last = f->fin && ws->n_left == 0;
    if (!ws->binary && (!rh_utf8_feed(&ws->utf8, f->data, f->data_length) || (last && !rh_utf8_whole(&ws->utf8)))) {
        fail(c, 1007, "the text is not UTF-8");
        return;
    }
    if (last)
        ws->in_message = false;
    if (c->state == NET_WS && (f->data_length || last)) {
        rh_net_piece piece = {.n_rest = (size_t)ws->n_left, .last = last, .binary = ws->binary};
        c->core->cb.ws_data(c->core->user, c, (const char *)f->data, f->data_length, &piece);
    }
}

static void on_piece(rh_net_conn *c, const struct wslay_frame_iocb *f)
{
    net_ws *ws = c->ws;
    if (!ws->in_frame && !begin_frame(c, f))
        return;
    ws->n_left -= f->data_length;
    if (ws->n_left == 0)
        ws->in_frame = false;
    if (f->opcode < 8) {
        on_data(c, f);
        return;
    }
    if (f->data_length) {
        memcpy(ws->control + ws->n_control, f->data, f->data_length); /* wslay lets no more than 125 pass */
        ws->n_control += f->data_length;
    }
    if (!ws->in_frame)
        on_control(c, f->opcode);
}

size_t net_ws_feed(rh_net_conn *c, const char *bytes, size_t n)
{
    net_ws *ws = c->ws;
    ws->in = (const uint8_t *)bytes;
    ws->n_in = n;
    if (n)
        ws->pinged = false;
    while ((c->state == NET_WS && !c->held && c->out.n < c->core->o.max_unsent_bytes) || c->state == NET_WS_CLOSING) {
        struct wslay_frame_iocb f = {0};
        ssize_t r = wslay_frame_recv(ws->frames, &f);
        if (r == WSLAY_ERR_WANT_READ)
            break;
        if (r < 0)
            fail(c, 1002, "malformed frame");
        else
            on_piece(c, &f);
    }
    size_t used = c->state == NET_WS || c->state == NET_WS_CLOSING ? n - ws->n_in : n;
    ws->in = NULL;
    ws->n_in = 0;
    return used;
}

/* ---- time ---- */

void net_ws_tick(rh_net_conn *c)
{
    net_ws *ws = c->ws;
    int64_t now = c->core->now_us, quiet = now - c->heard_us;
    bool full = c->out.n >= c->core->o.max_unsent_bytes;
    if (c->state == NET_WS_CLOSING) {
        if (now - c->since_us > (int64_t)NET_CLOSE_S * 1000000)
            net_conn_finish(c);
    } else if (full && now - c->taken_us > (int64_t)NET_STUCK_S * 1000000) {
        rh_net_close(c);
    } else if (c->held || full) { /* its pongs are not read: it counts as alive by the replies it takes */
        c->heard_us = now;
        ws->pinged = false;
    } else if (quiet > (int64_t)NET_SILENT_S * 1000000) {
        rh_net_close(c);
    } else if (quiet > (int64_t)NET_PING_S * 1000000 && !ws->pinged) {
        ws->pinged = true;
        send_frame(c, WSLAY_PING, "", 0);
    }
}
