/* http_out.c - replies: the head, lengths and chunks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "net_internal.h"

static const char *reason_of(int status)
{
    /* clang-format off */
    static const struct { int status; const char *reason; } table[] = {
        {101, "Switching Protocols"}, {200, "OK"}, {201, "Created"}, {202, "Accepted"},
        {204, "No Content"}, {206, "Partial Content"}, {301, "Moved Permanently"}, {302, "Found"},
        {303, "See Other"}, {304, "Not Modified"}, {307, "Temporary Redirect"}, {400, "Bad Request"},
        {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
        {406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
        {411, "Length Required"}, {412, "Precondition Failed"}, {413, "Content Too Large"},
        {414, "URI Too Long"}, {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"}, {421, "Misdirected Request"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"}, {428, "Precondition Required"}, {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"}, {499, "Client Closed Request"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == status)
            return table[i].reason;
    return status >= 500 ? "Internal Server Error" : status >= 400 ? "Bad Request" : "OK";
}

/* "Thu, 26 Nov 2026 03:35:21 GMT", whatever the locale. */
static const char *date(net_core *core)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;
    if ((int64_t)now != core->date_s && gmtime_r(&now, &t)) {
        (void)snprintf(core->date, sizeof core->date, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday % 7],
                       t.tm_mday, months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        core->date_s = (int64_t)now;
    }
    return core->date;
}

static void put(rh_net_conn *c, const char *text)
{
    net_conn_send(c, text, strlen(text));
}

/* False: there was a reply already, or nobody to answer. */
static bool begin(rh_net_conn *c, int status, const char *headers, int64_t n)
{
    net_request *rq = c->rq;
    char line[160];
    if (!rq || rq->replied || c->state == NET_GONE)
        return false;
    rq->replied = true;
    rq->no_body = rq->is_head || status == 204 || status == 304 || status < 200;
    if (n < 0 && rq->http10) /* the end of the connection is the end of the body */
        c->close_after = true;
    if (c->core->draining)
        c->close_after = true;
    (void)snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\ndate: %s\r\n", status, reason_of(status), date(c->core));
    put(c, line);
    put(c, headers ? headers : "");
    if (n >= 0 && status != 204 && status != 304 && status >= 200)
        (void)snprintf(line, sizeof line, "content-length: %lld\r\n", (long long)n);
    else
        (void)snprintf(line, sizeof line, "%s", n < 0 && !rq->http10 ? "transfer-encoding: chunked\r\n" : "");
    put(c, line);
    if (c->close_after)
        put(c, "connection: close\r\n");
    else if (rq->http10)
        put(c, "connection: keep-alive\r\n");
    put(c, "\r\n");
    return c->state != NET_GONE;
}

static void end(rh_net_conn *c)
{
    c->rq->ended = true;
    net_conn_touch(c);
}

static rh_status outcome(const rh_net_conn *c)
{
    return c->state == NET_GONE ? RH_ERR_NOMEM : RH_OK;
}

rh_status rh_net_reply(rh_net_conn *c, int status, const char *headers, const void *body, size_t n)
{
    if (!begin(c, status, headers, (int64_t)n))
        return outcome(c);
    if (!c->rq->no_body && n)
        net_conn_send(c, body, n);
    end(c);
    return outcome(c);
}

rh_status rh_net_stream(rh_net_conn *c, int status, const char *headers)
{
    if (!begin(c, status, headers, -1))
        return outcome(c);
    c->rq->streaming = true;
    return RH_OK;
}

rh_status rh_net_stream_add(rh_net_conn *c, const void *bytes, size_t n)
{
    net_request *rq = c->rq;
    char size[32];
    if (!rq || !rq->streaming || rq->ended || !n || rq->no_body || c->state == NET_GONE)
        return outcome(c);
    if (!rq->http10) {
        (void)snprintf(size, sizeof size, "%zx\r\n", n);
        put(c, size);
    }
    net_conn_send(c, bytes, n);
    if (!rq->http10)
        put(c, "\r\n");
    return outcome(c);
}

void rh_net_stream_end(rh_net_conn *c)
{
    net_request *rq = c->rq;
    if (!rq || !rq->streaming || rq->ended)
        return;
    if (!rq->http10 && !rq->no_body)
        put(c, "0\r\n\r\n");
    end(c);
}

rh_status rh_net_reply_error(rh_net_conn *c, int status, const char *msg)
{
    char body[320], headers[160];
    char *said = c->core->cb.error_body ? c->core->cb.error_body(c->core->user, c, status, msg) : NULL;
    (void)snprintf(body, sizeof body, "{\"detail\":\"%s\"}", msg);
    (void)snprintf(headers, sizeof headers, "content-type: application/json\r\nx-content-type-options: nosniff\r\n%s",
                   status == 503 || status == 429 ? "retry-after: 1\r\n"
                   : status == 426                ? "sec-websocket-version: 13\r\n"
                                                  : "");
    const char *text = said ? said : body;
    rh_status st = rh_net_reply(c, status, headers, text, strlen(text));
    free(said);
    return st;
}
