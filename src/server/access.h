/* access.h - who may use the endpoints that hold what people said.
 *
 * Three ways in: the server's own page, a page or host listed in
 * public_origins, or a bearer token. The own page on another machine has the
 * token in a cookie, since a page cannot give its WebSockets and links a header;
 * it counts only once Origin and Host have been found to be our own. Against somebody else's page the Origin
 * is checked; against a name that was rebound to this machine, the Host.
 * Pure but for rh_access(); threads: any. */
#ifndef RH_ACCESS_H
#define RH_ACCESS_H

#include <stdbool.h>
#include "rehearse/config.h"

/* Header values, "" = absent. `peer`: the other end's address. Returns 0 when
 * allowed, else the HTTP status (401, 403) and why in *why. */
typedef struct {
    const char *host, *origin, *authorization, *peer, *cookie;
} rh_visitor;
int rh_access_check(const rh_config *c, const rh_visitor *v, const char **why);

bool rh_access_is_loopback(const char *peer);

/* True when `item` is in the comma-separated `list`, or the list is "*". */
bool rh_listed(const char *list, const char *item);

#endif
