#include "router.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/utf8.h"

/* `{}` stands for one path segment. */
static const struct {
    const char *method, *pattern;
    rh_route_id id;
    bool upgrade, open;
} routes[] = {
    {"GET", "/", RH_ROUTE_ROOT, false, true},
    {"GET", "/health", RH_ROUTE_HEALTH, false, true},
    {"POST", "/api/analyze-audio", RH_ROUTE_ANALYZE_AUDIO, false, true},
    {"POST", "/api/analyze-frame", RH_ROUTE_ANALYZE_FRAME, false, true},
    {"GET", "/v1/sessions", RH_ROUTE_SESSIONS, false, false},
    {"POST", "/v1/sessions", RH_ROUTE_SESSION_UPLOAD, false, false},
    {"GET", "/v1/sessions/{}", RH_ROUTE_SESSION, false, false},
    {"DELETE", "/v1/sessions/{}", RH_ROUTE_SESSION_DELETE, false, false},
    {"GET", "/v1/sessions/{}/report", RH_ROUTE_SESSION_REPORT, false, false},
    {"GET", "/v1/sessions/{}/transcript", RH_ROUTE_SESSION_TRANSCRIPT, false, false},
    {"GET", "/v1/sessions/{}/media", RH_ROUTE_SESSION_MEDIA, false, false},
    {"GET", "/v1/export", RH_ROUTE_EXPORT, false, false},
    {"GET", "/metrics", RH_ROUTE_METRICS, false, false},
    {"GET", "/openapi.json", RH_ROUTE_OPENAPI, false, true},
    {"GET", "/docs", RH_ROUTE_DOCS, false, true},
    {"GET", "/v1/models", RH_ROUTE_MODELS, false, false},
    {"GET", "/v1/models/{}", RH_ROUTE_MODEL, false, false},
    {"POST", "/v1/audio/transcriptions", RH_ROUTE_TRANSCRIPTIONS, false, false},
    {"GET", "/v1/session/{}", RH_ROUTE_WS_SESSION, true, false},
    {"GET", "/ws/video/{}", RH_ROUTE_WS_VIDEO, true, true},
    {"GET", "/ws/audio/{}", RH_ROUTE_WS_AUDIO, true, true},
    {"GET", "/ws/combined/{}", RH_ROUTE_WS_COMBINED, true, true},
};

static bool usable(const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return n > 0 && n <= RH_MAX_CLIENT_ID && rh_utf8_valid(s, n);
}

static bool matches(const char *pattern, const char *path, rh_route *r)
{
    const char *hole = strstr(pattern, "{}");
    if (!hole) {
        size_t n = strlen(pattern);
        /* "/health/" is "/health", as most frameworks have it */
        return strncmp(path, pattern, n) == 0 &&
               (!path[n] || (n > 1 && path[n] == '/' && !path[n + 1]));
    }
    size_t n_head = (size_t)(hole - pattern);
    if (strncmp(path, pattern, n_head) != 0)
        return false;
    const char *value = path + n_head, *tail = hole + 2;
    size_t n = strcspn(value, "/");
    if (strcmp(value + n, tail) != 0 && !(!*tail && strcmp(value + n, "/") == 0))
        return false;
    r->bad_param = true;
    if (n < sizeof r->param) {
        memcpy(r->param, value, n);
        r->param[n] = '\0';
        r->bad_param = !usable(r->param);
    }
    return true;
}

rh_route rh_route_match(const char *method, const char *path, bool upgrade)
{
    rh_route r = {0};
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (routes[i].upgrade != upgrade || !matches(routes[i].pattern, path, &r))
            continue;
        r.open |= routes[i].open;
        if (strcmp(method, routes[i].method) == 0) {
            r.id = routes[i].id;
            r.wrong_method = false;
            return r;
        }
        r.wrong_method = true;
        size_t n = strlen(r.allow);
        (void)snprintf(r.allow + n, sizeof r.allow - n, "%s%s", n ? ", " : "", routes[i].method);
    }
    if (!r.wrong_method && !upgrade && strcmp(method, "GET") == 0)
        r.id = RH_ROUTE_STATIC;
    return r;
}

static bool is_under(const char *path, const char *root)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && (!path[n] || path[n] == '/');
}

bool rh_route_is_v1(const char *path)
{
    return is_under(path, "/v1");
}

bool rh_route_is_guarded(const char *path)
{
    return rh_route_is_v1(path) || is_under(path, "/metrics");
}
