#include "access.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "rehearse/who/tokens.h"

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

/* The page writes its cookie with encodeURIComponent(). */
static bool value_fits(const char *tokens, const char *coded, size_t n_coded, rh_person *who)
{
    char value[256];
    size_t n = 0, i = 0;
    for (; i < n_coded && n + 1 < sizeof value; i++) {
        bool is_code = coded[i] == '%' && i + 2 < n_coded && hex(coded[i + 1]) >= 0 && hex(coded[i + 2]) >= 0;
        value[n++] = (char)(is_code ? hex(coded[i + 1]) << 4 | hex(coded[i + 2]) : coded[i]);
        i += is_code ? 2 : 0;
    }
    value[n] = '\0';
    return i >= n_coded && rh_tokens_find(tokens, value, who);
}

/* "a=1; rehearse_token=sesame%2D1; b=2"; of several, as of two folders of one host, any counts. */
static bool cookie_fits(const char *tokens, const char *cookies, rh_person *who)
{
    static const char name[] = "rehearse_token=";
    bool fits = false;
    for (const char *p = cookies; p && *p && !fits;) {
        size_t n = strcspn(p, ";");
        if (n >= sizeof name - 1 && strncmp(p, name, sizeof name - 1) == 0)
            fits = value_fits(tokens, p + sizeof name - 1, n - (sizeof name - 1), who);
        p += n;
        p += strspn(p, "; ");
    }
    return fits;
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
    return *c->tokens;
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
    if (rh_tokens_find(c->tokens, bearer(v->authorization), who))
        return 0;
    if (*v->authorization && *c->tokens) {
        *why = "this bearer token is not one of the server's tokens";
        return 401;
    }
    int status = check_page(c, v, why);
    if (status || (v->cookie && cookie_fits(c->tokens, v->cookie, who)) || rh_access_spared(c, v))
        return status;
    *why = "send \"Authorization: Bearer\" with one of the server's tokens";
    return 401;
}

int rh_access_shared(const rh_config *c, const rh_visitor *v, const char **why)
{
    return check_page(c, v, why);
}

int rh_access_preflight(const rh_config *c, const rh_visitor *v, const char **why)
{
    return *c->tokens ? 0 : check_page(c, v, why); /* a token would let any page in */
}

/* Who sends an Authorization has asked before: the refusal tells no more than that. */
bool rh_access_may_read(const rh_config *c, const rh_visitor *v)
{
    return *v->origin && (rh_listed(c->public_origins, v->origin) || (*c->tokens && *v->authorization));
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
