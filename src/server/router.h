/* router.h - which handler a method and path mean. Pure; threads: any. */
#ifndef RH_ROUTER_H
#define RH_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include "server_limits.h"

typedef enum {
    RH_ROUTE_NONE,
    RH_ROUTE_ROOT,
    RH_ROUTE_HEALTH,
    RH_ROUTE_ANALYZE_AUDIO,
    RH_ROUTE_ANALYZE_FRAME,
    RH_ROUTE_SESSIONS,
    RH_ROUTE_SESSION_UPLOAD,
    RH_ROUTE_SESSION,
    RH_ROUTE_SESSION_DELETE,
    RH_ROUTE_SESSION_REPORT,
    RH_ROUTE_SESSION_TRANSCRIPT,
    RH_ROUTE_SESSION_MEDIA,
    RH_ROUTE_EXPORT,
    RH_ROUTE_METRICS,
    RH_ROUTE_OPENAPI,
    RH_ROUTE_DOCS,
    RH_ROUTE_MODELS,
    RH_ROUTE_MODEL,
    RH_ROUTE_TRANSCRIPTIONS,
    RH_ROUTE_STATIC, /* any other GET: a file of the practice page, or 404 */
    RH_ROUTE_WS_VIDEO,
    RH_ROUTE_WS_AUDIO,
    RH_ROUTE_WS_COMBINED,
    RH_ROUTE_WS_SESSION,
} rh_route_id;

typedef struct {
    rh_route_id id;
    bool wrong_method;  /* the path is known, `allow` says with which methods */
    char allow[64];
    bool open;          /* section A: any web page may use it (CORS) */
    char param[RH_MAX_CLIENT_ID + 1]; /* {client_id} and the like */
    bool bad_param;     /* empty, too long or with control characters */
} rh_route;

/* `path` is %-decoded and without query. `upgrade`: the request wants a WebSocket. */
rh_route rh_route_match(const char *method, const char *path, bool upgrade);

/* Under /v1, where errors have OpenAI's shape too. */
bool rh_route_is_v1(const char *path);
/* What tells of people or of what they do, and is not for everybody: /v1 and /metrics. */
bool rh_route_is_guarded(const char *path);

#endif
