/* forwarded.h - what proxies say of a request, believed of those in trusted_proxies alone.
 *
 * Each proxy adds the address it was asked from at the end of X-Forwarded-For (of Forwarded where
 * there is no other), so the list is read from its end: the first one that is no trusted proxy is
 * the client; what stands before it anybody may have written. Pure; threads: any. */
#ifndef RH_FORWARDED_H
#define RH_FORWARDED_H

#include <stddef.h>
#include "rehearse/base/networks.h"
#include "rehearse/net/net.h"

enum { RH_ADDRESS_MAX = 48 };

/* The client's address: `peer`, or whom the trusted proxies name. `list` is X-Forwarded-For or, with
 * `rfc7239`, Forwarded; NULL = neither. */
void rh_forwarded_client(char out[RH_ADDRESS_MAX], const rh_networks *trusted, const char *peer, const char *list,
                         bool rfc7239);

/* The same of a request. */
void rh_forwarded_address(char out[RH_ADDRESS_MAX], const rh_networks *trusted, const rh_net_conn *net);
/* X-Forwarded-Host: the host that the browser asked for; "" where no trusted proxy says it, "?" when it is longer. */
void rh_forwarded_host(char *out, size_t cap, const rh_networks *trusted, const rh_net_conn *net);
/* X-Forwarded-Prefix: the path under which the browser finds this server, as "/coach"; "" where no trusted
 * proxy says one, or something that is no path. */
void rh_forwarded_prefix(char *out, size_t cap, const rh_networks *trusted, const rh_net_conn *net);

#endif
