/* http_request.c - reading a request: headers, the query, who asks. */
#include "http.h"
#include "forwarded.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rh_http_request_header(rh_http *h, const char *name)
{
    return rh_net_header(h->net, name);
}

void rh_copy_header(const rh_net_conn *net, char *out, size_t cap, const char *name)
{
    const char *value = rh_net_header(net, name);
    bool fits = value && strlen(value) < cap;
    (void)snprintf(out, cap, "%s", fits ? value : value ? "?" : "");
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

void rh_query_value(rh_http *h, const char *name, double *out)
{
    char text[32], *end;
    if (!rh_query(h, name, text, sizeof text) || !*text)
        return;
    *out = strtod(text, &end);
    if (*end || end == text)
        *out = NAN;
}

rh_visitor rh_http_visitor(const rh_server *s, const rh_net_conn *net, rh_visitor_text *t)
{
    bool forwarded = false;
    rh_copy_header(net, t->host, sizeof t->host, "host");
    rh_copy_header(net, t->origin, sizeof t->origin, "origin");
    rh_copy_header(net, t->authorization, sizeof t->authorization, "authorization");
    rh_copy_header(net, t->cookie, sizeof t->cookie, "cookie");
    for (const char *const *p = rh_forwarding_headers; *p; p++)
        forwarded |= rh_net_header(net, *p) != NULL;
    (void)snprintf(t->peer, sizeof t->peer, "%s", rh_net_peer(net));
    rh_forwarded_host(t->asked, sizeof t->asked, &s->proxies, net);
    return (rh_visitor){t->host, t->origin, t->authorization, t->peer, t->cookie, forwarded, t->asked, s->oidc};
}

int rh_http_access(rh_server *s, const rh_net_conn *net, rh_person *who, const char **why)
{
    rh_visitor_text text;
    rh_visitor v = rh_http_visitor(s, net, &text);
    return rh_access_check(s->o.config, &v, who, why);
}
