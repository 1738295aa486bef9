/* http.c - requests as the network hands them over, and replies.
 *
 * A reply may be ready before the body has arrived (too large, wrong type): it
 * is sent at once, and the network throws the rest of the body away. */
#include "http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cors.h"
#include "error_body.h"
#include "rehearse/base/alloc.h"
#include "status_map.h"

/* ---- the request ---- */

const char *rh_http_request_header(rh_http *h, const char *name)
{
    return rh_net_header(h->net, name);
}

static void copy_header(const rh_net_conn *net, char *out, size_t cap, const char *name)
{
    const char *value = rh_net_header(net, name);
    bool fits = value && strlen(value) < cap;
    (void)snprintf(out, cap, "%s", fits ? value : value ? "?" : "");
}

static void read_headers(rh_http *h)
{
    copy_header(h->net, h->content_type, sizeof h->content_type, "content-type");
    copy_header(h->net, h->accept, sizeof h->accept, "accept");
    copy_header(h->net, h->if_none_match, sizeof h->if_none_match, "if-none-match");
    copy_header(h->net, h->origin, sizeof h->origin, "origin");
    h->content_length = rh_net_content_length(h->net);
    h->is_chunked = rh_net_chunked(h->net);
    h->body_expected = h->is_chunked || h->content_length > 0 || strcmp(h->method, "POST") == 0;
}

bool rh_query(rh_http *h, const char *name, char *out, size_t cap)
{
    return rh_net_query(h->net, name, out, cap);
}

float rh_query_number_of(const rh_net_conn *net, const char *name)
{
    char text[32], *end;
    if (!rh_net_query(net, name, text, sizeof text))
        return 0;
    float v = strtof(text, &end);
    return end > text && *end == '\0' ? v : NAN;
}

float rh_query_number(rh_http *h, const char *name)
{
    return rh_query_number_of(h->net, name);
}

static rh_http *make(rh_server *s, rh_net_conn *net)
{
    rh_http *h = rh_calloc(1, sizeof *h);
    rh_conn *c = h ? rh_conn_new(s, net) : NULL;
    if (!c) {
        rh_free(h);
        return NULL;
    }
    h->server = s;
    h->net = net;
    h->id = c->id;
    rh_buf_init(&h->extra, 4096);
    (void)snprintf(h->method, sizeof h->method, "%s", rh_net_method(net));
    (void)snprintf(h->path, sizeof h->path, "%s", rh_net_path(net));
    read_headers(h);
    c->http = h;
    rh_net_set_user(net, c);
    return h;
}

void rh_http_free(rh_http *h)
{
    if (!h)
        return;
    if (h->cancel)
        atomic_store(h->cancel, true);
    rh_body_free(h);
    rh_buf_done(&h->extra);
    rh_free(h);
}

rh_visitor rh_http_visitor(const rh_net_conn *net, rh_visitor_text *t)
{
    bool forwarded = false;
    copy_header(net, t->host, sizeof t->host, "host");
    copy_header(net, t->origin, sizeof t->origin, "origin");
    copy_header(net, t->authorization, sizeof t->authorization, "authorization");
    copy_header(net, t->cookie, sizeof t->cookie, "cookie");
    for (const char *const *p = rh_forwarding_headers; *p; p++)
        forwarded |= rh_net_header(net, *p) != NULL;
    (void)snprintf(t->peer, sizeof t->peer, "%s", rh_net_peer(net));
    return (rh_visitor){t->host, t->origin, t->authorization, t->peer, t->cookie, forwarded};
}

int rh_http_access(rh_server *s, const rh_net_conn *net, const char **why)
{
    rh_visitor_text text;
    rh_visitor v = rh_http_visitor(net, &text);
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

/* Bodies are taken as they are: nothing here unpacks them. */
static bool packed(rh_http *h)
{
    const char *coding = rh_http_request_header(h, "content-encoding");
    if (!coding || !*coding || strcasecmp(coding, "identity") == 0 || !h->body_expected)
        return false;
    rh_http_header(h, "accept-encoding", "identity");
    rh_http_error(h, 415, "Content-Encoding \"%.40s\" is not read here: send the body as it is", coding);
    return true;
}

void rh_http_begin(rh_server *s, rh_net_conn *net)
{
    rh_http *h = make(s, net);
    if (!h) {
        rh_net_close(net);
        return;
    }
    s->count.n_requests++;
    route(h);
    if (!h->replied && !packed(h) && h->body_expected && !h->is_chunked && h->content_length < 0)
        rh_http_error(h, 411, "send a Content-Length or Transfer-Encoding: chunked");
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

void rh_http_body(rh_http *h, const char *bytes, size_t n)
{
    if (!h->replied)
        take(h, bytes, n);
}

void rh_http_body_end(rh_http *h)
{
    rh_error err;
    h->body_done = true;
    if (h->replied)
        return;
    if (!h->body_expected || rh_body_close(h, &err) == RH_OK)
        rh_rest_finish(h);
    else
        rh_http_fail(h, &err);
}

/* ---- replies ---- */

void rh_http_header(rh_http *h, const char *name, const char *value)
{
    if (!value[strcspn(value, "\r\n")]) /* what a client sent must not become a header of its own */
        (void)rh_buf_printf(&h->extra, "%s: %s\r\n", name, value);
}

/* The header lines of the reply; NULL when there was one already. */
static const char *begin_reply(rh_http *h, int status, const char *type)
{
    if (h->replied)
        return NULL;
    h->replied = true;
    h->status = status;
    if (status >= 400)
        h->server->count.n_errors++;
    if (type && *type)
        rh_http_header(h, "content-type", type);
    rh_http_header(h, "x-content-type-options", "nosniff");
    return h->extra.data ? h->extra.data : "";
}

void rh_http_reply(rh_http *h, int status, const char *type, const void *body, size_t n)
{
    const char *headers = begin_reply(h, status, type);
    if (headers)
        (void)rh_net_reply(h->net, status, headers, body, n);
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
    const char *headers = begin_reply(h, 200, type);
    h->streaming = headers && rh_net_stream(h->net, 200, headers) == RH_OK;
}

void rh_http_stream_add(rh_http *h, const void *bytes, size_t n)
{
    if (h->streaming && !h->stream_ended)
        (void)rh_net_stream_add(h->net, bytes, n);
}

void rh_http_stream_end(rh_http *h)
{
    if (!h->streaming || h->stream_ended)
        return;
    h->stream_ended = true;
    rh_net_stream_end(h->net);
}
