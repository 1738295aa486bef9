#include "access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* Time does not tell how much of a guess was right. */
static bool same_secret(const char *a, size_t n, const char *b)
{
    size_t n_b = strlen(b);
    unsigned diff = n != n_b;
    for (size_t i = 0; i < n_b; i++)
        diff |= (unsigned char)b[i] ^ (unsigned char)(i < n ? a[i] : 0);
    return diff == 0;
}

static bool is_token(const char *tokens, const char *given)
{
    bool fits = false;
    for (const char *p = tokens; *p && *given; p += *p == ',') {
        p += strspn(p, " \t\n");
        size_t len = strcspn(p, ", \t\n");
        if (len)
            fits |= same_secret(p, len, given);
        p += strcspn(p, ",");
    }
    return fits;
}

static bool token_fits(const char *tokens, const char *authorization)
{
    return strncasecmp(authorization, "Bearer ", 7) == 0 &&
           is_token(tokens, authorization + 7 + strspn(authorization + 7, " "));
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "a=1; rehearse_token=sesame%2D1; b=2": the page writes it with encodeURIComponent(). */
static bool cookie_fits(const char *tokens, const char *cookies)
{
    static const char name[] = "rehearse_token=";
    char value[256];
    const char *p = cookies;
    while (p && strncmp(p, name, sizeof name - 1) != 0) {
        p = strchr(p, ';');
        p += p ? 1 + strspn(p + 1, " ") : 0;
    }
    if (!p)
        return false;
    size_t n = 0;
    for (p += sizeof name - 1; *p && *p != ';' && n + 1 < sizeof value; p++) {
        bool coded = *p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0;
        value[n++] = (char)(coded ? hex(p[1]) << 4 | hex(p[2]) : *p);
        p += coded ? 2 : 0;
    }
    value[n] = '\0';
    return is_token(tokens, value);
}

static void without_port(const char *host, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", host);
    char *colon = strrchr(out, ':');
    if (colon && !strchr(colon, ']') && (out[0] == '[' || strchr(out, ':') == colon))
        *colon = '\0';
}

/* Rebinding needs a name: an address is what it is. */
static bool is_address(const char *host)
{
    return host[0] == '[' || (host[0] && strspn(host, "0123456789.") == strlen(host));
}

static bool in_public(const char *list, const char *host)
{
    for (const char *p = list; *p; p += *p == ',') {
        char item[256];
        p += strspn(p, " \t\n");
        size_t len = strcspn(p, ", \t\n");
        (void)snprintf(item, sizeof item, "%.*s", (int)(len < 255 ? len : 255), p);
        if (len && strcasecmp(authority(item), host) == 0)
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
           (n > 10 && strcasecmp(name + n - 10, ".localhost") == 0) ||
           strcasecmp(name, c->host) == 0 || in_public(c->public_origins, host);
}

bool rh_access_is_loopback(const char *peer)
{
    if (strncasecmp(peer, "::ffff:", 7) == 0)
        peer += 7;
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

int rh_access_check(const rh_config *c, const rh_visitor *v, const char **why)
{
    if (token_fits(c->tokens, v->authorization))
        return 0;
    if (*v->authorization && *c->tokens) {
        *why = "this bearer token is not one of the server's tokens";
        return 401;
    }
    if (!host_fits(c, v->host)) {
        *why = "the Host header names neither this machine nor a host of public_origins";
        return 403;
    }
    if (*v->origin && strcasecmp(authority(v->origin), v->host) != 0 &&
        !rh_listed(c->public_origins, v->origin)) {
        *why = "this page may not read sessions: list its origin in public_origins";
        return 403;
    }
    if (*c->tokens && !rh_access_is_loopback(v->peer) && !(v->cookie && cookie_fits(c->tokens, v->cookie))) {
        *why = "send \"Authorization: Bearer\" with one of the server's tokens";
        return 401;
    }
    return 0;
}
