/* http_reply.c - the reply to a request; the first one counts. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error_body.h"
#include "status_map.h"

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
    if (status == 503)
        rh_http_header(h, "retry-after", "1");
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

void rh_http_fail_to_keep(rh_http *h, const rh_error *err)
{
    if (err->code == RH_ERR_BUSY)
        rh_http_header(h, "retry-after", "5");
    rh_http_error(h, err->code == RH_ERR_IO ? 507 : rh_status_http(err->code), "%s", err->msg);
}

void rh_http_too_many(rh_http *h, const char *retry_after)
{
    rh_http_header(h, "retry-after", retry_after);
    rh_http_error(h, 429, "too many requests at once: try again in a moment");
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

bool rh_refuse_unready(rh_http *h)
{
    if (rh_ready(h->server))
        return false;
    rh_http_error(h, 503,
                  rh_stopping(h->server) ? "the server is stopping"
                                         : "the models are still loading: try again in a second");
    return true;
}
