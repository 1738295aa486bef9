#include "cors.h"

#include <stdio.h>
#include <string.h>
#include "access.h"

enum { MAX_ASKED_HEADERS = 1024 };

static void name_origin(rh_http *h, bool credentials)
{
    rh_http_header(h, "access-control-allow-origin", h->origin);
    if (credentials)
        rh_http_header(h, "access-control-allow-credentials", "true");
}

/* What a page may read of the reply beside the few that every page may. */
static void expose(rh_http *h)
{
    rh_http_header(h, "access-control-expose-headers",
                   "accept-ranges, allow, content-disposition, content-length, content-range, etag, "
                   "location, retry-after, tus-extension, tus-max-size, tus-resumable, tus-version, upload-expires, "
                   "upload-length, upload-metadata, upload-offset, www-authenticate");
}

/* The legacy API. */
static void allow_every_page(rh_http *h)
{
    const char *list = h->server->o.config->cors_origins;
    if (strcmp(list, "*") == 0) {
        rh_http_header(h, "access-control-allow-origin", "*");
    } else {
        rh_http_header(h, "vary", "origin");
        if (!*h->origin || !rh_listed(list, h->origin))
            return;
        name_origin(h, true);
    }
    expose(h);
}

/* Section B: its own page, listed ones and bearers of a token. */
static bool guard(rh_http *h)
{
    const rh_config *c = h->server->o.config;
    const char *why = "";
    rh_visitor_text text;
    rh_visitor v = rh_http_visitor(h->server, h->net, &text);
    bool asks = strcmp(h->method, "OPTIONS") == 0 && *h->origin;
    int status = rh_route_is_shared(h->path) ? rh_access_shared(c, &v, &why)
                 : asks                      ? rh_access_preflight(c, &v, &why)
                                             : rh_access_check(c, &v, &h->who, &why);
    rh_http_header(h, "vary", "origin");
    if ((asks && !status) || rh_access_may_read(c, &v)) {
        bool named = strcmp(c->public_origins, "*") != 0 && rh_listed(c->public_origins, h->origin);
        name_origin(h, named);
        expose(h);
    }
    if (status == 401)
        rh_http_header(h, "www-authenticate", "Bearer");
    if (status)
        rh_http_error(h, status, "%s", why);
    return status != 0;
}

bool rh_cors_guard(rh_http *h)
{
    if (h->route.open)
        allow_every_page(h);
    return (rh_route_is_guarded(h->path) || rh_route_is_shared(h->path)) && guard(h);
}

void rh_cors_preflight(rh_http *h)
{
    const char *asked = rh_http_request_header(h, "access-control-request-headers");
    const char *network = rh_http_request_header(h, "access-control-request-private-network");
    char allowed[MAX_ASKED_HEADERS], methods[96];
    if (rh_access_headers(asked ? asked : "", allowed, sizeof allowed) != RH_OK) {
        rh_http_error(h, 400, "Access-Control-Request-Headers must be a list of header names, of %d bytes at most",
                      MAX_ASKED_HEADERS);
        return;
    }
    bool gets = strstr(h->route.allow, "GET") != NULL;
    (void)snprintf(methods, sizeof methods, "%s%s, OPTIONS", *h->route.allow ? h->route.allow : "GET, POST, DELETE",
                   gets || !*h->route.allow ? ", HEAD" : "");
    rh_http_header(h, "access-control-allow-methods", methods);
    rh_http_header(h, "access-control-allow-headers",
                   *allowed ? allowed : "accept, authorization, content-type, range");
    rh_http_header(h, "access-control-max-age", "86400");
    if (network && strcmp(network, "true") == 0)
        rh_http_header(h, "access-control-allow-private-network", "true");
    rh_http_header(h, "vary", "access-control-request-headers");
    rh_http_reply(h, 204, NULL, "", 0);
}
