#include "access.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "rehearse/who/tokens.h"
#include "server_limits.h"

const char *const rh_forwarding_headers[] = {
    "forwarded",   "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",  "x-real-ip", "via",
    "x-client-ip", "true-client-ip",  "cf-connecting-ip", "x-forwarded-prefix", NULL,
};

bool rh_listed(const char *list, const char *item)
{
    size_t n = strlen(item);
    if (strcmp(list, "*") == 0)
        return true;
    for (const char *p = list; n && *p; p += *p == ',') {
        p += strspn(p, " \t\n");
        size_t len = strcspn(p, ", \t\n");
        if (len == n && strncasecmp(p, item, n) == 0)
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

/* "http://a.example:80" to "a.example:80"; bare hosts stay. */
static const char *authority(const char *origin)
{
    const char *p = strstr(origin, "://");
    return p ? p + 3 : origin;
}

static void without_port(const char *host, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", host);
    char *colon = strrchr(out, ':');
    if (colon && !strchr(colon, ']') && (out[0] == '[' || strchr(out, ':') == colon))
        *colon = '\0';
}

/* Proxies often pass the Host without its port, and cookies know no ports either. */
static bool is_own(const rh_visitor *v)
{
    char name[256];
    const char *from = authority(v->origin), *host = v->asked && *v->asked ? v->asked : v->host;
    if (strcasecmp(from, host) == 0)
        return true;
    without_port(from, name, sizeof name);
    return v->forwarded && strstr(v->origin, "://") && strcasecmp(name, host) == 0;
}

/* The bearer's token; "" = there is none. */
static const char *bearer(const char *authorization)
{
    return strncasecmp(authorization, "Bearer ", 7) == 0 ? authorization + 7 + strspn(authorization + 7, " ") : "";
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* 0: the token is somebody's. */
static int check_token(const rh_config *c, const rh_visitor *v, const char *token, rh_person *who, const char **why)
{
    if (rh_tokens_find(c->tokens, token, who))
        return 0;
    *why = "this bearer token is not one of the server's tokens";
    rh_status st = v->oidc && *token ? rh_oidc_person(v->oidc, token, who, why) : RH_ERR_INVAL;
    return st == RH_OK ? 0 : st == RH_AGAIN ? 503 : 401;
}

/* The page writes its cookie with encodeURIComponent(). False: it is too long. */
static bool decode(char *value, size_t cap, const char *coded, size_t n_coded)
{
    size_t n = 0, i = 0;
    for (; i < n_coded && n + 1 < cap; i++) {
        bool is_code = coded[i] == '%' && i + 2 < n_coded && hex(coded[i + 1]) >= 0 && hex(coded[i + 2]) >= 0;
        value[n++] = (char)(is_code ? hex(coded[i + 1]) << 4 | hex(coded[i + 2]) : coded[i]);
        i += is_code ? 2 : 0;
    }
    value[n] = '\0';
    return i >= n_coded;
}

/* "a=1; rehearse_token=sesame%2D1; b=2"; of several, as of two folders of one host, any counts. 401: none does. */
static int check_cookies(const rh_config *c, const rh_visitor *v, rh_person *who, const char **why)
{
    static const char name[] = "rehearse_token=";
    char value[RH_MAX_TOKEN_BYTES + 1];
    int status = 401;
    for (const char *p = v->cookie; p && *p && status;) {
        size_t n = strcspn(p, ";"), n_name = sizeof name - 1;
        if (n >= n_name && strncmp(p, name, n_name) == 0 && decode(value, sizeof value, p + n_name, n - n_name)) {
            int got = check_token(c, v, value, who, why);
            status = got != 401 ? got : status;
        }
        p += n;
        p += strspn(p, "; ");
    }
    return status;
}

/* Rebinding needs a name: an address is what it is. */
static bool is_address(const char *host)
{
    return host[0] == '[' || (host[0] && strspn(host, "0123456789.") == strlen(host));
}

/* By name, as cookies and rebinding go: the port says nothing. */
static bool in_public(const char *list, const char *name)
{
    for (const char *p = list; *p; p += *p == ',') {
        char item[256], item_name[256];
        p += strspn(p, " \t\n");
        size_t len = strcspn(p, ", \t\n");
        (void)snprintf(item, sizeof item, "%.*s", (int)(len < 255 ? len : 255), p);
        without_port(authority(item), item_name, sizeof item_name);
        if (len && strcasecmp(item_name, name) == 0)
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

static bool host_fits(const rh_config *c, const char *host)
{
    char name[256];
    without_port(host, name, sizeof name);
    size_t n = strlen(name);
    return is_address(name) || strcasecmp(name, "localhost") == 0 ||
           (n > 10 && strcasecmp(name + n - 10, ".localhost") == 0) || strcasecmp(name, c->host) == 0 ||
           in_public(c->public_origins, name);
}

static bool is_loopback(const char *peer)
{
    if (strncasecmp(peer, "::ffff:", 7) == 0)
        peer += 7;
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 || strcmp(peer, "unix") == 0;
}

bool rh_access_is_local(const rh_visitor *v)
{
    return !v->forwarded && is_loopback(v->peer);
}

bool rh_access_asks(const rh_config *c)
{
    return *c->tokens || (c->oidc_issuer && *c->oidc_issuer);
}

bool rh_access_spared(const rh_config *c, const rh_visitor *v)
{
    return !rh_access_asks(c) || (strcmp(c->trust_loopback, "on") == 0 && rh_access_is_local(v));
}

static int check_page(const rh_config *c, const rh_visitor *v, const char **why)
{
    /* Both: a page that was rebound to a proxy may write the second by itself. */
    if (!host_fits(c, v->host) || (v->asked && *v->asked && !host_fits(c, v->asked))) {
        *why = "the Host header names neither this machine nor a host of public_origins";
        return 403;
    }
    if (*v->origin && !is_own(v) && !rh_listed(c->public_origins, v->origin)) {
        *why = "this page may not read sessions: list its origin in public_origins";
        return 403;
    }
    return 0;
}

int rh_access_check(const rh_config *c, const rh_visitor *v, rh_person *who, const char **why)
{
    *who = (rh_person){.role = RH_ROLE_OWNER};
    if (*v->authorization && rh_access_asks(c))
        return check_token(c, v, bearer(v->authorization), who, why);
    int status = check_page(c, v, why);
    const char *fault = NULL;
    int token = status ? status : rh_access_asks(c) ? check_cookies(c, v, who, &fault) : 0;
    if (status || !token || (rh_access_spared(c, v) && token != 503))
        return status;
    *why = fault ? fault : "send \"Authorization: Bearer\" with one of the server's tokens";
    return token;
}

int rh_access_shared(const rh_config *c, const rh_visitor *v, const char **why)
{
    return check_page(c, v, why);
}

int rh_access_preflight(const rh_config *c, const rh_visitor *v, const char **why)
{
    return rh_access_asks(c) ? 0 : check_page(c, v, why); /* a token would let any page in */
}

/* Who sends an Authorization has asked before: the refusal tells no more than that. */
bool rh_access_may_read(const rh_config *c, const rh_visitor *v)
{
    return *v->origin && (rh_listed(c->public_origins, v->origin) || (rh_access_asks(c) && *v->authorization));
}

static bool is_header_name(const char *s, size_t n)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr(others, s[i]))
            return false;
    return n > 0;
}

/* What a proxy says of a visitor no page may say. */
static bool is_for_proxies(const char *s, size_t n)
{
    for (const char *const *p = rh_forwarding_headers; *p; p++)
        if (strlen(*p) == n && strncasecmp(*p, s, n) == 0)
            return true;
    return false;
}

rh_status rh_access_headers(const char *asked, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *p = asked; *p; p += *p == ',') {
        p += strspn(p, " \t");
        size_t n = strcspn(p, ", \t"), room = cap - used;
        if (n && !is_header_name(p, n))
            return RH_ERR_INVAL;
        if (n && !is_for_proxies(p, n)) {
            int k = snprintf(out + used, room, "%s%.*s", used ? ", " : "", (int)n, p);
            if (k < 0 || (size_t)k >= room)
                return RH_ERR_INVAL;
            used += (size_t)k;
        }
        p += n;
        p += strspn(p, " \t");
        if (*p && *p != ',')
            return RH_ERR_INVAL;
    }
    return RH_OK;
}
