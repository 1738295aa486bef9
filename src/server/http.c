/* http.c - requests as the network hands them over.
 *
 * A reply may be ready before the body has arrived (too large, wrong type): it
 * is sent at once, and the network throws the rest of the body away. */
#include "http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "cors.h"
#include "rehearse/base/alloc.h"
#include "server/api/resumable.h"

static void read_headers(rh_http *h)
{
    rh_copy_header(h->net, h->content_type, sizeof h->content_type, "content-type");
    rh_copy_header(h->net, h->accept, sizeof h->accept, "accept");
    rh_copy_header(h->net, h->if_none_match, sizeof h->if_none_match, "if-none-match");
    rh_copy_header(h->net, h->origin, sizeof h->origin, "origin");
    h->content_length = rh_net_content_length(h->net);
    h->is_chunked = rh_net_chunked(h->net);
    h->body_expected = h->is_chunked || h->content_length > 0 || strcmp(h->method, "POST") == 0;
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
    rh_upload_method(h);
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

static void route(rh_http *h)
{
    bool asks = strcmp(h->method, "OPTIONS") == 0;
    const char *why;
    h->route = rh_route_match(h->server->routes, h->method, h->path, false);
    if (rh_cors_guard(h))
        return;
    if (asks && (h->route.wrong_method || rh_route_is_v1(h->path))) {
        rh_upload_options(h);
        rh_cors_preflight(h);
    } else if (h->route.wrong_method) {
        rh_http_header(h, "allow", h->route.allow);
        rh_http_error(h, 405, "%s is not possible here: use %s", h->method, h->route.allow);
    } else if (rh_route_match(h->server->routes, "GET", h->path, true).row) {
        rh_http_error(h, 400, "%s speaks WebSocket: connect with ws://", h->path);
    } else if (!h->route.row) {
        rh_http_error(h, 404, "no such endpoint: GET / lists them");
    } else if (rh_route_is_guarded(h->path) && !rh_route_allows(h->route.row, &h->who, &why)) {
        rh_http_error(h, 403, "%s", why);
    } else if (h->route.row->start) {
        h->route.row->start(h);
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

static void fail_body(rh_http *h, const rh_error *err)
{
    if (h->failed)
        h->failed(h, err);
    else
        rh_http_fail_to_keep(h, err);
}

static void hold(rh_http *h, bool wait)
{
    if (h->waits_for_disk != wait)
        rh_net_hold(h->net, wait);
    h->waits_for_disk = wait;
}

void rh_http_body(rh_http *h, const char *bytes, size_t n)
{
    rh_error err;
    if (h->replied)
        return;
    if (rh_body_add(h, bytes, n, &err) != RH_OK)
        fail_body(h, &err);
    hold(h, !h->replied && rh_body_full(h));
}

/* The body is there, to its last byte. */
static void finish(rh_http *h)
{
    if (h->route.row->finish)
        h->route.row->finish(h);
    else
        rh_http_error(h, 404, "no such endpoint: GET / lists them");
}

void rh_http_body_end(rh_http *h)
{
    rh_error err;
    h->body_done = true;
    if (h->replied)
        return;
    if ((h->body_expected || h->to_sink) && rh_body_close(h, &err) != RH_OK)
        fail_body(h, &err);
    else if (rh_body_settled(h))
        finish(h);
}

static void written(rh_http *h)
{
    rh_error err;
    if (!h->replied && rh_body_fault(h, &err) != RH_OK)
        fail_body(h, &err);
    else if (!h->replied && h->body_done && rh_body_settled(h))
        finish(h);
    hold(h, !h->replied && rh_body_full(h));
}

void rh_http_begin(rh_server *s, rh_net_conn *net)
{
    rh_http *h = make(s, net);
    if (!h) {
        rh_net_close(net);
        return;
    }
    h->written = written;
    s->count.n_requests++;
    route(h);
    if (!h->replied && !packed(h) && h->body_expected && !h->is_chunked && h->content_length < 0)
        rh_http_error(h, 411, "send a Content-Length or Transfer-Encoding: chunked");
}
