/* router.h - which line of the table a method and path mean. Pure; threads: any. */
#ifndef RH_ROUTER_H
#define RH_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/who/person.h"
#include "server_limits.h"

typedef struct rh_http rh_http;

typedef struct rh_socket_kind rh_socket_kind; /* ws.h */

/* Whose an endpoint of our own API is. */
typedef enum { RH_FOR_MEMBERS, RH_FOR_MENTORS_TOO, RH_FOR_OWNERS } rh_route_for;

/* One line of a table of routes. */
typedef struct {
    const char *method, *pattern; /* `{}` stands for one path segment, twice at most; NULL: any path that no line has */
    bool open;                    /* the legacy API: any web page may use it (CORS) */
    /* `start` sees the headers and says what body is wanted, or replies at once; `finish` has the whole body.
     * One of them may be NULL. */
    void (*start)(rh_http *h);
    void (*finish)(rh_http *h);
    const rh_socket_kind *socket; /* of a WebSocket, which has neither; else NULL */
    rh_route_for who;
    const char *audit; /* what is noted of who used it; NULL: nothing */
} rh_route_row;

typedef struct {
    const rh_route_row *rows;
    size_t n;
} rh_route_table;

typedef struct {
    const rh_route_row *row; /* NULL: there is no such endpoint */
    bool wrong_method;       /* the path is known, `allow` says with which methods */
    char allow[64];
    bool open;                        /* of the path */
    char param[RH_MAX_CLIENT_ID + 1]; /* {client_id} and the like */
    char param2[RH_MAX_CLIENT_ID + 1];
    bool bad_param; /* one of them is empty, too long or with control characters */
} rh_route;

/* `path` is %-decoded and without query. `upgrade`: the request wants a WebSocket. */
rh_route rh_route_match(const rh_route_table *table, const char *method, const char *path, bool upgrade);

/* Whether this role may use it; else why not. */
bool rh_route_allows(const rh_route_row *row, const rh_person *who, const char **why);

/* Under /v1, where errors have OpenAI's shape too. */
bool rh_route_is_v1(const char *path);
/* What tells of people or of what they do, and is not for everybody: /v1 and /metrics. */
bool rh_route_is_guarded(const char *path);
/* Under /shared: what a link opens, whose token is in the path. */
bool rh_route_is_shared(const char *path);

#endif
