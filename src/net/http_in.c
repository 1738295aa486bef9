/* http_in.c - from bytes to requests, by llhttp. Its strict mode refuses bare line ends, folded
 * headers, doubled lengths and lengths beside chunks, which is what smuggling is made of. */
#include <string.h>
#include "net_internal.h"
#include "rehearse/base/alloc.h"

static rh_net_conn *conn_of(llhttp_t *p)
{
    return p->data;
}

/* ---- the request line ---- */

static const char malformed[] = "malformed request line: METHOD /path HTTP/1.1 is expected";

typedef enum { LINE_BEFORE, LINE_METHOD, LINE_TARGET, LINE_VERSION, LINE_END, LINE_DONE } line_part;

/* llhttp passes over further blanks, and a target without a version is HTTP/0.9 to it; others on the
 * way here may read such a line in another way. False: it is not METHOD SP target SP HTTP/d.d. */
static bool line_char(net_request *rq, unsigned char c)
{
    static const char version[] = "HTTP/#.#";
    switch ((line_part)rq->line_part) {
    case LINE_BEFORE:
        if (c == '\r' || c == '\n') /* empty lines before it */
            return true;
        rq->line_part = LINE_METHOD;
        return c > ' ';
    case LINE_METHOD: rq->line_part += c == ' '; return c >= ' ';
    case LINE_TARGET:
        if (c == ' ' && rq->line_at) {
            rq->line_at = 0;
            rq->line_part = LINE_VERSION;
            return true;
        }
        rq->line_at = 1;
        return c > ' ' && c != 0x7f;
    case LINE_VERSION: {
        char want = version[rq->line_at++];
        rq->line_part += !version[rq->line_at];
        return want == '#' ? c >= '0' && c <= '9' : c == (unsigned char)want;
    }
    case LINE_END: /* llhttp looks at what follows CR */ rq->line_part = LINE_DONE; return c == '\r' || c == '\n';
    case LINE_DONE: break;
    }
    return true;
}

static bool line_holds(net_request *rq, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && rq->line_part != LINE_DONE; i++)
        if (!line_char(rq, (unsigned char)bytes[i]))
            return false;
    return true;
}

/* ---- the head ---- */

static int add(llhttp_t *p, const char *at, size_t n, bool lower)
{
    net_request *rq = conn_of(p)->rq;
    if (rq->head_done) /* trailers of a chunked body */
        return 0;
    if (rh_buf_add(&rq->head, at, n) != RH_OK) {
        rq->too_large = true;
        return HPE_USER;
    }
    for (char *c = rq->head.data + rq->head.len - n; lower && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    return 0;
}

static int on_text(llhttp_t *p, const char *at, size_t n)
{
    return add(p, at, n, false);
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
    return add(p, at, n, true);
}

static int on_text_end(llhttp_t *p)
{
    return add(p, "", 1, false);
}

static int on_value_end(llhttp_t *p)
{
    net_request *rq = conn_of(p)->rq;
    if (!rq->head_done && ++rq->n_headers > NET_MAX_HEADERS) {
        rq->too_large = true;
        return HPE_USER;
    }
    return add(p, "", 1, false);
}

/* 0 go on, HPE_USER refused. */
static int on_head(llhttp_t *p)
{
    rh_net_conn *c = conn_of(p);
    net_request *rq = c->rq;
    rq->head_done = true;
    rq->n_target = strlen(rq->head.data);
    rq->method = llhttp_method_name((llhttp_method_t)p->method);
    rq->is_head = p->method == HTTP_HEAD;
    rq->http10 = p->http_minor == 0;
    rq->chunked = (p->flags & F_CHUNKED) != 0;
    rq->content_length = p->flags & F_CONTENT_LENGTH ? (int64_t)p->content_length : -1;
    rq->keep_alive = llhttp_should_keep_alive(p) != 0;
    c->close_after = !rq->keep_alive || c->core->draining || c->scarce;
    if (p->http_major != 1) {
        rq->reject = p->http_major ? 505 : 400;
        rq->why = p->http_major ? "this server speaks HTTP/1.1" : malformed;
        return HPE_USER;
    }
    if (p->content_length > INT64_MAX) {
        rq->reject = 413;
        rq->why = "the Content-Length is absurd";
        return HPE_USER;
    }
    if (!net_head_check(c))
        return HPE_USER;
    bool ws = net_wants_ws(c);
    p->upgrade = ws; /* anything else that is offered is not taken up */
    if (ws)
        return 0;
    net_conn_enter(c, NET_BODY);
    c->over_due = true;
    c->core->cb.request(c->core->user, c);
    if (rq->wants_continue && !rq->replied)
        net_conn_send(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    else if (rq->wants_continue) /* whether the body comes now, nobody knows */
        c->close_after = true;
    return c->state == NET_GONE ? HPE_USER : 0;
}

/* ---- the body ---- */

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    rh_net_conn *c = conn_of(p);
    net_request *rq = c->rq;
    rq->n_body += n;
    c->n_window += n;
    if (rq->replied) {
        rq->n_thrown += n;
        if (rq->n_thrown > c->core->o.max_discard_bytes)
            rh_net_close(c);
    } else {
        c->core->cb.body(c->core->user, c, at, n);
    }
    return c->state == NET_GONE ? HPE_USER : 0;
}

static int on_whole(llhttp_t *p)
{
    conn_of(p)->rq->whole = true;
    return HPE_PAUSED;
}

void net_http_settings(llhttp_settings_t *s)
{
    llhttp_settings_init(s);
    s->on_url = on_text;
    s->on_url_complete = on_text_end;
    s->on_header_field = on_name;
    s->on_header_field_complete = on_text_end;
    s->on_header_value = on_text;
    s->on_header_value_complete = on_value_end;
    s->on_headers_complete = on_head;
    s->on_body = on_body;
    s->on_message_complete = on_whole;
}

/* ---- what goes wrong ---- */

static void refuse(rh_net_conn *c, int status, const char *why)
{
    net_request *rq = c->rq;
    c->close_after = true;
    rq->whole = true; /* nothing behind it can be understood */
    if (rq->replied)  /* the reply goes out still; a stream is cut short */
        net_conn_finish(c);
    else
        (void)rh_net_reply_error(c, status, why);
}

static void explain(rh_net_conn *c, llhttp_errno_t e)
{
    net_request *rq = c->rq;
    if (rq->reject) {
        refuse(c, rq->reject, rq->why);
        return;
    }
    if (rq->too_large) {
        bool target = rq->n_headers == 0 && !memchr(rq->head.data ? rq->head.data : "", '\0', rq->head.len);
        refuse(c, target ? 414 : 431,
               target ? "the request's target is too long" : "the request's headers are too large");
        return;
    }
    switch (e) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_URL:
    case HPE_INVALID_CONSTANT: refuse(c, 400, malformed); break;
    case HPE_PAUSED_H2_UPGRADE: refuse(c, 505, "this server speaks HTTP/1.1"); break;
    case HPE_INVALID_VERSION: {
        bool other = c->parser.http_major > 1 && c->parser.http_major < 10;
        refuse(c, other ? 505 : 400, other ? "this server speaks HTTP/1.1" : malformed);
        break;
    }
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED:
    case HPE_STRICT: refuse(c, 400, "malformed request: a header line or line end is wrong"); break;
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        refuse(c, 400, "Content-Length is no number, doubled, or beside Transfer-Encoding");
        break;
    case HPE_INVALID_TRANSFER_ENCODING: refuse(c, 400, "Transfer-Encoding must be chunked, alone and once"); break;
    case HPE_INVALID_CHUNK_SIZE: refuse(c, 400, "the body is not well-formed chunked coding"); break;
    default: refuse(c, 400, rq->head_done ? "the body is malformed" : "malformed request"); break;
    }
}

/* ---- feeding ---- */

static bool begin(rh_net_conn *c)
{
    c->rq = rh_calloc(1, sizeof *c->rq);
    if (!c->rq) {
        rh_net_close(c);
        return false;
    }
    c->rq->content_length = -1;
    rh_buf_init(&c->rq->head, c->core->o.max_header_bytes);
    llhttp_init(&c->parser, HTTP_REQUEST, &c->core->settings);
    c->parser.data = c;
    return true;
}

static void request_whole(rh_net_conn *c)
{
    if (c->parser.upgrade) {
        if (!net_ws_begin(c) && c->state != NET_GONE)
            net_conn_enter(c, NET_WORK); /* refused: the reply is queued */
        return;
    }
    net_conn_enter(c, NET_WORK);
    if (!c->rq->replied)
        c->core->cb.body_end(c->core->user, c);
}

static bool wasteful(const net_request *rq)
{
    return rq->head_done && rq->chunked && rq->n_raw > NET_MAX_CHUNK_WASTE + 16 * rq->n_body;
}

size_t net_http_feed(rh_net_conn *c, const char *bytes, size_t n)
{
    if (!c->rq && !begin(c))
        return n;
    net_request *rq = c->rq;
    bool in_head = !rq->head_done;
    size_t used = n;
    if (!line_holds(rq, bytes, n)) {
        rq->reject = 400;
        rq->why = malformed;
        explain(c, HPE_USER);
        return n;
    }
    llhttp_errno_t e = llhttp_execute(&c->parser, bytes, n);
    if (e != HPE_OK) {
        const char *at = llhttp_get_error_pos(&c->parser);
        used = at && at >= bytes && at <= bytes + n ? (size_t)(at - bytes) : n;
    }
    if (c->state == NET_GONE)
        return n;
    if (in_head) /* white space counts too */
        rq->n_head_bytes += used;
    else
        rq->n_raw += used;
    if (rq->whole && (e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE)) {
        request_whole(c);
        return used;
    }
    if (e == HPE_OK && !rq->head_done && rq->n_head_bytes > c->core->o.max_header_bytes) {
        rq->too_large = true;
        e = HPE_USER;
    }
    if (e == HPE_OK && wasteful(rq)) {
        rq->reject = 400;
        rq->why = "the chunks of the body are mostly something else than body";
        e = HPE_USER;
    }
    if (e == HPE_OK)
        return n;
    explain(c, e);
    return n;
}

void net_http_eof(rh_net_conn *c)
{
    if (!c->rq || !c->rq->head_done) {
        net_conn_finish(c);
        return;
    }
    refuse(c, 400, "the body ended before its announced end");
}
