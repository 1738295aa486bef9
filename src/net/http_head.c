/* http_head.c - the checks of a request's head, and questions about it. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"

/* ---- headers ---- */

bool rh_net_header_at(const rh_net_conn *c, int i, const char **name, const char **value)
{
    const net_request *rq = c->rq;
    if (!rq || i < 0 || i >= rq->n_headers)
        return false;
    const char *p = rq->head.data + rq->n_target + 1;
    for (int k = 0; k < i; k++) {
        p += strlen(p) + 1;
        p += strlen(p) + 1;
    }
    *name = p;
    *value = p + strlen(p) + 1;
    return true;
}

static int find(const rh_net_conn *c, const char *name, const char **value)
{
    const net_request *rq = c->rq;
    int n = 0;
    const char *p = rq->head.data + rq->n_target + 1;
    for (int i = 0; i < rq->n_headers; i++) {
        const char *v = p + strlen(p) + 1;
        if (strcmp(p, name) == 0 && n++ == 0)
            *value = v;
        p = v + strlen(v) + 1;
    }
    return n;
}

const char *rh_net_header(const rh_net_conn *c, const char *name)
{
    const char *value = NULL;
    if (!c->rq || !c->rq->head_done)
        return NULL;
    if (c->rq->host && strcmp(name, "host") == 0)
        return c->rq->host;
    (void)find(c, name, &value);
    return value;
}

/* "keep-alive, Upgrade" holds "upgrade". */
static bool holds(const char *list, const char *token)
{
    size_t n = strlen(token);
    for (const char *p = list; p && *p;) {
        p += strspn(p, " \t,");
        size_t len = strcspn(p, ", \t;");
        if (len == n && strncasecmp(p, token, n) == 0)
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

/* ---- the target ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place. False: bad coding, or a NUL in it. */
static bool decode(char *s)
{
    char *to = s;
    for (const char *p = s; *p; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        int a = hex(p[1]), b = a < 0 ? -1 : hex(p[2]);
        if (b < 0 || (a == 0 && b == 0))
            return false;
        *to++ = (char)(a << 4 | b);
        p += 2;
    }
    *to = '\0';
    return true;
}

static bool host_fits(const char *host)
{
    for (const char *p = host; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".-_:[]~!$&'()*+;=%", *p))
            return false;
    return true;
}

static bool deny(rh_net_conn *c, int status, const char *why)
{
    c->rq->reject = status;
    c->rq->why = why;
    return false;
}

/* "http://host:1/path?query" and "/path?query". */
static bool split_target(rh_net_conn *c)
{
    net_request *rq = c->rq;
    char *target = rq->head.data;
    char *scheme = strstr(target, "://");
    char *question = strchr(target, '?');
    if (*target != '/' && scheme && (!question || scheme < question)) {
        char *host = scheme + 3, *slash = host + strcspn(host, "/?#");
        size_t n = (size_t)(slash - host);
        if (!n || memchr(host, '@', n))
            return deny(c, 400, "the target names no host");
        if (*slash != '/') /* "http://host", "http://host?query" */
            return deny(c, 400, "the target has no path");
        memmove(target, host, n); /* there is room: the scheme goes */
        target[n] = '\0';
        rq->host = target;
        target = slash;
    }
    if (strcmp(target, "*") == 0) {
        rq->path = target;
        rq->query = target + 1;
        return true;
    }
    if (*target != '/')
        return deny(c, 400, "the path must begin with /");
    target[strcspn(target, "#")] = '\0';
    question = strchr(target, '?');
    rq->query = question ? question + 1 : target + strlen(target);
    if (question)
        *question = '\0';
    if (!decode(target))
        return deny(c, 400, "the path's %-coding is broken or holds a NUL");
    rq->path = target;
    if (strlen(target) >= NET_MAX_PATH)
        return deny(c, 414, "the path is longer than 1023 bytes");
    return true;
}

/* ---- the checks ---- */

bool net_head_check(rh_net_conn *c)
{
    net_request *rq = c->rq;
    const char *host = NULL, *te = NULL, *expect = NULL, *length = NULL;
    int n_hosts = find(c, "host", &host), n_te = find(c, "transfer-encoding", &te);
    int n_expect = find(c, "expect", &expect), n_lengths = find(c, "content-length", &length);
    if (n_hosts > 1)
        return deny(c, 400, "there is more than one Host header");
    if (n_hosts == 0 && !rq->http10)
        return deny(c, 400, "the Host header is missing");
    if (host && !host_fits(host))
        return deny(c, 400, "the Host header names no host");
    if (n_te > 1 || (te && strcasecmp(te, "chunked") != 0))
        return deny(c, n_te > 1 ? 400 : 501, "Transfer-Encoding must be chunked, alone and once");
    if (n_te && (rq->http10 || n_lengths))
        return deny(c, 400,
                    rq->http10 ? "HTTP/1.0 has no Transfer-Encoding"
                               : "Content-Length and Transfer-Encoding contradict each other");
    if (n_lengths > 1)
        return deny(c, 400, "there is more than one Content-Length");
    if (n_expect && strcasecmp(expect, "100-continue") != 0)
        return deny(c, 417, "the only expectation known here is 100-continue");
    rq->wants_continue = n_expect && !rq->http10 && (rq->chunked || rq->content_length > 0);
    if (c->scarce && (rq->chunked || rq->content_length > 0))
        return deny(c, 503, "too many connections: try again in a moment");
    return split_target(c);
}

bool net_wants_ws(const rh_net_conn *c)
{
    const char *upgrade = rh_net_header(c, "upgrade"), *connection = rh_net_header(c, "connection");
    return upgrade && connection && holds(upgrade, "websocket") && holds(connection, "upgrade") &&
           c->rq->content_length <= 0 && !c->rq->chunked && strcmp(c->rq->method, "GET") == 0 && !c->rq->http10;
}

bool net_head_check_ws(const rh_net_conn *c, int *status, const char **why)
{
    const char *key = NULL, *version = NULL;
    uint8_t bytes[RH_BASE64_DECODED_MAX(24)];
    size_t n = 0;
    int n_keys = find(c, "sec-websocket-key", &key), n_versions = find(c, "sec-websocket-version", &version);
    if (n_versions != 1 || strcmp(version, "13") != 0) {
        *status = 426;
        *why = "this server speaks version 13 of WebSocket";
        return false;
    }
    if (n_keys != 1 || strlen(key) != 24 || rh_base64_decode(bytes, sizeof bytes, &n, key, 24, NULL) != RH_OK ||
        n != 16) {
        *status = 400;
        *why = "Sec-WebSocket-Key must be 16 bytes in base64";
        return false;
    }
    return true;
}

/* ---- the request ---- */

const char *rh_net_method(const rh_net_conn *c)
{
    return c->rq ? c->rq->method : "";
}

const char *rh_net_path(const rh_net_conn *c)
{
    return c->rq && c->rq->path ? c->rq->path : "";
}

int64_t rh_net_content_length(const rh_net_conn *c)
{
    return c->rq ? c->rq->content_length : -1;
}

bool rh_net_chunked(const rh_net_conn *c)
{
    return c->rq && c->rq->chunked;
}

bool rh_net_query(const rh_net_conn *c, const char *name, char *out, size_t cap)
{
    size_t n_name = strlen(name);
    const char *p = c->rq && c->rq->query ? c->rq->query : "";
    for (; *p; p += *p == '&') {
        size_t n = strcspn(p, "&");
        if (strncmp(p, name, n_name) != 0 || (n != n_name && p[n_name] != '=')) {
            p += n;
            continue;
        }
        const char *end = p + n;
        size_t k = 0;
        for (p += n > n_name ? n_name + 1 : n; p < end && k + 1 < cap; p++) {
            bool coded = *p == '%' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0;
            char ch = *p == '+' ? ' ' : *p;
            if (coded) {
                ch = (char)(hex(p[1]) << 4 | hex(p[2]));
                p += 2;
            }
            out[k++] = ch ? ch : ' ';
        }
        out[k] = '\0';
        return true;
    }
    return false;
}

void net_request_free(net_request *rq)
{
    if (!rq)
        return;
    rh_buf_done(&rq->head);
    rh_free(rq);
}
