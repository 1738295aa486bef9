/* access.h - who may use the endpoints that hold what people said.
 *
 * Three ways in: the server's own page, a page or host listed in
 * public_origins, or a bearer token: one of the setting, or one that the issuer of oidc_issuer signed. The own page has the token in a cookie,
 * since a page cannot give its WebSockets and links a header; it counts only
 * once Origin and Host have been found to be our own. Against somebody else's
 * page the Origin is checked; against a name that was rebound to this machine,
 * the Host. Where there are tokens, everybody needs one, since a proxy on this
 * machine makes all its visitors look like neighbours; trust_loopback exempts
 * those of this machine who came without a proxy.
 * What a link opens (/shared) has its token in the path: there Origin and Host alone are looked at.
 * Threads: any. */
#ifndef RH_ACCESS_H
#define RH_ACCESS_H

#include <stdbool.h>
#include "rehearse/config/config.h"
#include "rehearse/base/status.h"
#include "rehearse/who/oidc.h"

/* Header values, "" = absent; cookie may be NULL. */
typedef struct {
    const char *host, *origin, *authorization;
    const char *peer; /* the other end's address, "unix" for a Unix socket */
    const char *cookie;
    bool forwarded;    /* one of rh_forwarding_headers is there */
    const char *asked; /* the host that the browser asked a trusted proxy for; "" or NULL: none says */
    rh_oidc *oidc;     /* by whose tokens people are known too; NULL: none */
} rh_visitor;

/* What proxies add; ends with NULL. A visitor who comes with one is from elsewhere. */
extern const char *const rh_forwarding_headers[];

/* 0 when allowed, and who it is: whom the token names, else the owner without a name. Else the HTTP status
 * (401, 403; 503: the keys of an issuer are being fetched) and why in *why. */
int rh_access_check(const rh_config *c, const rh_visitor *v, rh_person *who, const char **why);
/* The same for what a link opens, whose token stands in its path: no other is asked for. */
int rh_access_shared(const rh_config *c, const rh_visitor *v, const char **why);
/* The same for a preflight, which has no Authorization: whether the request it asks for
 * could be let in. */
int rh_access_preflight(const rh_config *c, const rh_visitor *v, const char **why);
/* Whether this page may read replies, refusals included. */
bool rh_access_may_read(const rh_config *c, const rh_visitor *v);

bool rh_access_asks(const rh_config *c);                        /* people are to say who they are */
bool rh_access_is_local(const rh_visitor *v);                   /* of this machine, without a proxy */
bool rh_access_spared(const rh_config *c, const rh_visitor *v); /* needs no token */

/* "Content-Type, X-A" as in Access-Control-Request-Headers, without what only proxies may send.
 * RH_ERR_INVAL: no list of header names, or too long. */
rh_status rh_access_headers(const char *asked, char *out, size_t cap);

/* True when `item` is in the comma-separated `list`, or the list is "*". */
bool rh_listed(const char *list, const char *item);

#endif
