/* http.c - requests as libwebsockets hands them over, and replies.
 *
 * A reply may be ready before the body has arrived (too large, wrong type):
 * it is sent at once and the rest of the body is thrown away, so that the
 * client reads the reply instead of a broken pipe. */
#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "cors.h"
#include "error_body.h"
#include "rehearse/alloc.h"
#include "status_map.h"

enum { SEND_PIECE = 32 << 10, REPLY_TIMEOUT_S = 60 };

static void copy_header(struct lws *wsi, char *out, size_t cap, enum lws_token_indexes token)
{
    if (lws_hdr_total_length(wsi, token) <= 0 || lws_hdr_copy(wsi, out, (int)cap, token) < 0)
        out[0] = '\0';
}

/* Those that libwebsockets has a number for are not among the others. */
static int header_number(const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < WSI_TOKEN_COUNT; i++) {
        const char *known = (const char *)lws_token_to_string((enum lws_token_indexes)i);
        if (known && strncmp(known, name, n) == 0 && known[n] == ':' && !known[n + 1])
            return i;
    }
    return -1;
}

/* Length of the header, -1 = absent; what does not fit into `out` becomes "?". */
static int find_header(struct lws *wsi, const char *name, char *out, size_t cap)
{
    char with_colon[64];
    int number = header_number(name), n_name = snprintf(with_colon, sizeof with_colon, "%s:", name);
    int n = number >= 0 ? lws_hdr_total_length(wsi, (enum lws_token_indexes)number)
                        : lws_hdr_custom_length(wsi, with_colon, n_name);
    out[0] = '\0';
    if (n <= 0)
        return number >= 0 && n == 0 ? -1 : n;
    int got = number >= 0 ? lws_hdr_copy(wsi, out, (int)cap, (enum lws_token_indexes)number)
                          : lws_hdr_custom_copy(wsi, out, (int)cap, with_colon, n_name);
    if (got < 0)
        (void)snprintf(out, cap, "?");
    return n;
}

static void read_method(rh_http *h)
{
    static const struct { enum lws_token_indexes token; const char *name; } methods[] = {
        {WSI_TOKEN_GET_URI, "GET"}, {WSI_TOKEN_POST_URI, "POST"},
        {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}, {WSI_TOKEN_PUT_URI, "PUT"},
        {WSI_TOKEN_PATCH_URI, "PATCH"}, {WSI_TOKEN_DELETE_URI, "DELETE"},
        {WSI_TOKEN_HEAD_URI, "HEAD"},
    };
    copy_header(h->wsi, h->method, sizeof h->method, WSI_TOKEN_HTTP_COLON_METHOD);
    h->is_h2 = h->method[0] != '\0';
    for (size_t i = 0; i < sizeof methods / sizeof *methods && !h->is_h2; i++)
        if (lws_hdr_total_length(h->wsi, methods[i].token))
            strcpy(h->method, methods[i].name);
    h->is_head = strcmp(h->method, "HEAD") == 0;
}

static void read_headers(rh_http *h)
{
    struct lws *w = h->wsi;
    char text[64];
    copy_header(w, h->content_type, sizeof h->content_type, WSI_TOKEN_HTTP_CONTENT_TYPE);
    copy_header(w, h->accept, sizeof h->accept, WSI_TOKEN_HTTP_ACCEPT);
    copy_header(w, h->if_none_match, sizeof h->if_none_match, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    (void)find_header(w, "origin", h->origin, sizeof h->origin);
    copy_header(w, h->expect, sizeof h->expect, WSI_TOKEN_HTTP_EXPECT);
    copy_header(w, text, sizeof text, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
    h->is_chunked = strcasecmp(text, "chunked") == 0;
    copy_header(w, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    h->content_length = *text ? strtoll(text, NULL, 10) : -1;
    /* libwebsockets tells of the end of an empty body for POST, for the others it does not. */
    bool may_have_body = strcmp(h->method, "POST") == 0 ||
                         (h->content_length != 0 && (strcmp(h->method, "PUT") == 0 ||
                                                     strcmp(h->method, "PATCH") == 0));
    h->body_expected = may_have_body || h->content_length > 0;
    h->body_done = !h->body_expected;
}

bool rh_query_of(struct lws *wsi, const char *name, char *out, size_t cap)
{
    char piece[512];
    size_t n = strlen(name);
    for (int i = 0; lws_hdr_copy_fragment(wsi, piece, sizeof piece, WSI_TOKEN_HTTP_URI_ARGS, i) >= 0;
         i++)
        if (strncmp(piece, name, n) == 0 && (piece[n] == '=' || !piece[n])) {
            (void)lws_strncpy(out, piece[n] ? piece + n + 1 : "", cap);
            return true;
        }
    return false;
}

float rh_query_number_of(struct lws *wsi, const char *name)
{
    char text[32], *end;
    if (!rh_query_of(wsi, name, text, sizeof text))
        return 0;
    float v = strtof(text, &end);
    return end > text && *end == '\0' ? v : NAN;
}

bool rh_query(rh_http *h, const char *name, char *out, size_t cap)
{
    return rh_query_of(h->wsi, name, out, cap);
}

float rh_query_number(rh_http *h, const char *name)
{
    return rh_query_number_of(h->wsi, name);
}

/* ---- headers by name ---- */

struct rh_header {
    struct rh_header *next;
    char value[];
};

const char *rh_http_request_header(rh_http *h, const char *name)
{
    char with_colon[64];
    int n_name = snprintf(with_colon, sizeof with_colon, "%s:", name), n = -1, token = 0;
    const unsigned char *known = NULL;
    for (; (known = lws_token_to_string((enum lws_token_indexes)token)) != NULL; token++)
        if (strcmp((const char *)known, with_colon) == 0)
            break;
    n = known ? lws_hdr_total_length(h->wsi, (enum lws_token_indexes)token)
              : lws_hdr_custom_length(h->wsi, with_colon, n_name);
    if (n < 0 || (known && n == 0))
        return NULL;
    struct rh_header *found = rh_calloc(1, sizeof *found + (size_t)n + 1);
    if (!found)
        return NULL;
    found->next = h->looked_up;
    h->looked_up = found;
    n = known ? lws_hdr_copy(h->wsi, found->value, n + 1, (enum lws_token_indexes)token)
              : lws_hdr_custom_copy(h->wsi, found->value, n + 1, with_colon, n_name);
    return n < 0 ? NULL : found->value;
}

static rh_http *make(rh_server *s, struct lws *wsi, rh_pss *pss, const char *uri, size_t n_uri)
{
    rh_http *h = rh_calloc(1, sizeof *h);
    rh_conn *c = h ? rh_conn_new(s, wsi) : NULL;
    if (!c) {
        rh_free(h);
        return NULL;
    }
    h->server = s;
    h->wsi = wsi;
    h->id = c->id;
    rh_buf_init(&h->out, (size_t)1 << 30);
    rh_buf_init(&h->extra, 4096);
    read_method(h);
    (void)lws_strncpy(h->path, uri, n_uri + 1 < sizeof h->path ? n_uri + 1 : sizeof h->path);
    read_headers(h);
    c->http = h;
    pss->conn = c;
    return h;
}

void rh_http_free(rh_http *h)
{
    if (!h)
        return;
    if (h->cancel)
        atomic_store(h->cancel, true);
    while (h->looked_up) {
        struct rh_header *next = h->looked_up->next;
        rh_free(h->looked_up);
        h->looked_up = next;
    }
    rh_body_free(h);
    rh_buf_done(&h->out);
    rh_buf_done(&h->extra);
    rh_free(h);
}

/* The reply has gone and the request has been read. */
static int finish(rh_http *h, rh_pss *pss)
{
    struct lws *wsi = h->wsi;
    bool hang_up = h->must_close || h->is_chunked || rh_stopping(h->server);
    rh_conn_free(h->server, pss->conn);
    pss->conn = NULL;
    if (hang_up)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

rh_visitor rh_http_visitor(struct lws *wsi, rh_visitor_text *t)
{
    char some[8];
    bool forwarded = false;
    if (find_header(wsi, "host", t->host, sizeof t->host) < 0)
        (void)find_header(wsi, ":authority", t->host, sizeof t->host);
    (void)find_header(wsi, "origin", t->origin, sizeof t->origin);
    (void)find_header(wsi, "authorization", t->authorization, sizeof t->authorization);
    (void)find_header(wsi, "cookie", t->cookie, sizeof t->cookie);
    for (const char *const *p = rh_forwarding_headers; *p; p++)
        forwarded |= find_header(wsi, *p, some, sizeof some) >= 0;
    t->peer[0] = '\0';
    (void)lws_get_peer_simple(wsi, t->peer, sizeof t->peer);
    return (rh_visitor){t->host, t->origin, t->authorization, t->peer, t->cookie, forwarded};
}

int rh_http_access(rh_server *s, struct lws *wsi, const char **why)
{
    rh_visitor_text text;
    rh_visitor v = rh_http_visitor(wsi, &text);
    return rh_access_check(s->o.config, &v, why);
}

static void route(rh_http *h)
{
    bool asks = strcmp(h->method, "OPTIONS") == 0;
    h->route = rh_route_match(h->method, h->path, false);
    if (rh_cors_guard(h))
        return;
    if (asks && (h->route.wrong_method || rh_route_is_v1(h->path))) {
        rh_cors_preflight(h);
    } else if (h->route.wrong_method) {
        rh_http_header(h, "allow", h->route.allow);
        rh_http_error(h, 405, "%s is not possible here: use %s", h->method, h->route.allow);
    } else if (rh_route_match("GET", h->path, true).id != RH_ROUTE_NONE) {
        rh_http_error(h, 400, "%s speaks WebSocket: connect with ws://", h->path);
    } else if (h->route.id == RH_ROUTE_NONE) {
        rh_http_error(h, 404, "no such endpoint: GET / lists them");
    } else {
        rh_rest_start(h);
    }
}

int rh_http_begin(rh_server *s, struct lws *wsi, rh_pss *pss, const char *uri, size_t n_uri)
{
    if (pss->conn) /* cannot be: the last request was completed */
        return -1;
    rh_http *h = make(s, wsi, pss, uri, n_uri);
    if (!h)
        return -1;
    s->count.n_requests++;
    route(h);
    if (!h->replied && h->body_expected && !h->is_chunked && h->content_length < 0)
        rh_http_error(h, 411, "send a Content-Length or Transfer-Encoding: chunked");
    if (!h->replied && !h->body_expected)
        rh_rest_finish(h);
    if (!h->replied && h->body_expected && strncasecmp(h->expect, "100-continue", 12) == 0) {
        unsigned char go[LWS_PRE + 32];
        int n = snprintf((char *)go + LWS_PRE, 32, "HTTP/1.1 100 Continue\r\n\r\n");
        if (lws_write(wsi, go + LWS_PRE, (size_t)n, LWS_WRITE_RAW) < n)
            return -1;
    }
    if (h->replied && h->body_expected && h->content_length < 0 && !h->is_chunked) {
        h->must_close = true; /* where the body ends is not known */
        h->body_done = true;
    }
    return 0;
}

static int discard(rh_http *h, size_t n)
{
    h->n_discarded += n;
    return h->n_discarded > RH_MAX_DISCARD_BYTES ? -1 : 0;
}

static void take(rh_http *h, const char *bytes, size_t n)
{
    rh_error err;
    rh_status st = rh_body_add(h, bytes, n, &err);
    if (st == RH_OK)
        return;
    if (strstr(err.msg, "too many uploads"))
        rh_http_error(h, 429, "%s", err.msg);
    else
        rh_http_fail(h, &err);
}

static int take_chunked(rh_http *h, const char *bytes, size_t n)
{
    while (n && !h->body_done) {
        size_t used, n_data;
        const char *data;
        rh_status st = rh_chunked_next(&h->chunked, bytes, n, &used, &data, &n_data);
        if (st == RH_ERR_INVAL) {
            h->body_done = h->must_close = true;
            rh_http_error(h, 400, "the body is not well-formed chunked coding");
            return 0;
        }
        if (n_data && h->replied && discard(h, n_data) < 0)
            return -1;
        if (n_data && !h->replied)
            take(h, data, n_data);
        bytes += used;
        n -= used;
        h->body_done = st == RH_END;
    }
    return 0;
}

int rh_http_body(rh_http *h, const char *bytes, size_t n)
{
    if (h->is_chunked) {
        bool was_done = h->body_done;
        if (take_chunked(h, bytes, n) < 0)
            return -1;
        return h->body_done && !was_done ? rh_http_body_end(h, NULL) : 0;
    }
    if (h->replied)
        return discard(h, n);
    if (n && !h->body_done) /* what comes behind the body belongs to no request of ours */
        take(h, bytes, n);
    return 0;
}

/* Where more bytes came in one piece with the body than were announced, libwebsockets asks again
 * and again within one turn of the loop, as long as the reply is not ready: nothing else would
 * ever run. */
static bool asked_for_ever(rh_http *h)
{
    enum { OFTEN = 8 };
    h->n_asked = h->asked_turn == h->server->n_turns ? h->n_asked + 1 : 0;
    h->asked_turn = h->server->n_turns;
    return h->n_asked > OFTEN;
}

int rh_http_body_end(rh_http *h, rh_pss *pss)
{
    if (h->body_done && pss) /* again, for bytes of a next request */
        return h->streaming || asked_for_ever(h) ? -1 : 0;
    h->body_done = true;
    if (!h->replied) {
        rh_error err;
        if (rh_body_close(h, &err) == RH_OK)
            rh_rest_finish(h);
        else
            rh_http_fail(h, &err);
    }
    /* A pipelined request has to wait; rh_http_tick() looks whether the client is still there. */
    if (!h->replied)
        lws_rx_flow_control(h->wsi, 0);
    if (!h->all_sent)
        return 0;
    if (pss)
        return finish(h, pss);
    lws_callback_on_writable(h->wsi);
    return 0;
}

void rh_http_tick(rh_http *h)
{
    char c;
    if (!h->cancel || h->is_h2)
        return;
    ssize_t n = recv(lws_get_socket_fd(h->wsi), &c, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        atomic_store(h->cancel, true);
        lws_set_timeout(h->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
}

/* ---- replies ---- */

void rh_http_header(rh_http *h, const char *name, const char *value)
{
    (void)rh_buf_printf(&h->extra, "%s: %s\r\n", name, value);
}

static bool begin_reply(rh_http *h, int status, const char *type)
{
    if (h->replied)
        return false;
    h->replied = true;
    h->status = status;
    (void)lws_strncpy(h->type, type ? type : "", sizeof h->type);
    if (status >= 400)
        h->server->count.n_errors++;
    lws_rx_flow_control(h->wsi, 1); /* libwebsockets writes nothing while it may not read */
    lws_set_timeout(h->wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_TIMEOUT_S);
    lws_callback_on_writable(h->wsi);
    return true;
}

void rh_http_reply(rh_http *h, int status, const char *type, const void *body, size_t n)
{
    if (begin_reply(h, status, type) && rh_buf_add(&h->out, body, n) != RH_OK)
        h->must_close = true;
}

void rh_http_json(rh_http *h, int status, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(take);
    if (text)
        rh_http_reply(h, status, "application/json", text, strlen(text));
    else
        rh_http_error(h, 503, "out of memory");
    free(text);
}

static void error_reply(rh_http *h, int status, const char *param, const char *code, const char *fmt, va_list ap)
{
    char msg[512];
    (void)vsnprintf(msg, sizeof msg, fmt, ap);
    char *body = rh_error_body(h->path, status, param, code, msg);
    const char *last = "{\"detail\":\"out of memory\"}";
    rh_http_reply(h, status, "application/json", body ? body : last, strlen(body ? body : last));
    free(body);
}

void rh_http_error(rh_http *h, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_reply(h, status, h->error_param, NULL, fmt, ap);
    va_end(ap);
}

void rh_http_error_at(rh_http *h, int status, const char *param, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_reply(h, status, param, code, fmt, ap);
    va_end(ap);
}

void rh_http_fail(rh_http *h, const rh_error *err)
{
    rh_http_error(h, rh_status_http(err->code), "%s", err->msg);
}

void rh_http_stream(rh_http *h, const char *type)
{
    if (begin_reply(h, 200, type))
        h->streaming = true;
}

void rh_http_stream_add(rh_http *h, const void *bytes, size_t n)
{
    if (!h->streaming || h->stream_ended || !n)
        return;
    if (!h->is_h2)
        (void)rh_buf_printf(&h->out, "%zx\r\n", n);
    if (rh_buf_add(&h->out, bytes, n) != RH_OK)
        h->must_close = true;
    if (!h->is_h2)
        (void)rh_buf_puts(&h->out, "\r\n");
    lws_set_timeout(h->wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_TIMEOUT_S);
    lws_callback_on_writable(h->wsi);
}

void rh_http_stream_end(rh_http *h)
{
    if (!h->streaming || h->stream_ended)
        return;
    h->stream_ended = true;
    if (!h->is_h2)
        (void)rh_buf_puts(&h->out, "0\r\n\r\n");
    lws_callback_on_writable(h->wsi);
}

static bool add_header(rh_http *h, const char *name, const char *value, unsigned char **p,
                       unsigned char *end)
{
    return lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                                       (const unsigned char *)value, (int)strlen(value), p, end) == 0;
}

static bool add_extra(rh_http *h, unsigned char **p, unsigned char *end)
{
    bool ok = true;
    char *line = h->extra.data;
    while (ok && line && *line) {
        char *colon = strstr(line, ": "), *eol = strstr(line, "\r\n");
        if (!colon || !eol)
            break;
        *colon = *eol = '\0';
        char name[64];
        (void)snprintf(name, sizeof name, "%s:", line);
        ok = add_header(h, name, colon + 2, p, end);
        line = eol + 2;
    }
    return ok;
}

static int send_headers(rh_http *h)
{
    unsigned char buf[LWS_PRE + 8192], *start = buf + LWS_PRE, *p = start, *end = buf + sizeof buf;
    bool ok = lws_add_http_header_status(h->wsi, (unsigned)h->status, &p, end) == 0;
    if (ok && h->type[0])
        ok = add_header(h, "content-type:", h->type, &p, end);
    if (ok && h->streaming && !h->is_h2)
        ok = add_header(h, "transfer-encoding:", "chunked", &p, end);
    if (ok && !h->streaming && h->status != 204 && h->status != 304)
        ok = lws_add_http_header_content_length(h->wsi, h->out.len, &p, end) == 0;
    ok = ok && add_header(h, "x-content-type-options:", "nosniff", &p, end);
    if (ok && (h->must_close || h->is_chunked || rh_stopping(h->server)) && !h->is_h2)
        ok = add_header(h, "connection:", "close", &p, end);
    ok = ok && add_extra(h, &p, end) && lws_finalize_http_header(h->wsi, &p, end) == 0;
    if (!ok)
        return -1;
    h->headers_sent = true;
    bool bare = h->is_head || (!h->streaming && !h->out.len);
    enum lws_write_protocol how = LWS_WRITE_HTTP_HEADERS;
    if (bare)
        how = (enum lws_write_protocol)(LWS_WRITE_HTTP_HEADERS | LWS_WRITE_H2_STREAM_END);
    if (bare)
        h->n_sent = h->out.len;
    size_t n = (size_t)(p - start);
    return lws_write(h->wsi, start, n, how) < (int)n ? -1 : 0;
}

static int send_piece(rh_http *h)
{
    unsigned char buf[LWS_PRE + SEND_PIECE];
    size_t n = h->out.len - h->n_sent;
    if (n > SEND_PIECE)
        n = SEND_PIECE;
    if (n == 0)
        return 0;
    memcpy(buf + LWS_PRE, h->out.data + h->n_sent, n);
    h->n_sent += n;
    bool last = h->n_sent == h->out.len && (!h->streaming || h->stream_ended);
    enum lws_write_protocol how = last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
    if (h->streaming && h->n_sent == h->out.len) { /* what has gone need not be kept */
        rh_buf_clear(&h->out);
        h->n_sent = 0;
    }
    lws_set_timeout(h->wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_TIMEOUT_S);
    return lws_write(h->wsi, buf + LWS_PRE, n, how) < (int)n ? -1 : 0;
}

int rh_http_writable(rh_http *h, rh_pss *pss)
{
    if (!h->replied)
        return 0;
    if (!h->all_sent) {
        int st = h->headers_sent ? send_piece(h) : send_headers(h);
        if (st < 0)
            return -1;
        h->all_sent = h->n_sent == h->out.len && (!h->streaming || h->stream_ended);
        if (!h->all_sent) {
            if (h->n_sent < h->out.len)
                lws_callback_on_writable(h->wsi);
            return 0;
        }
    }
    if (!h->body_done)
        return 0; /* rh_http_body_end() goes on */
    return finish(h, pss);
}
