/* networks.h - a list of addresses and networks, such as "loopback, 10.0.0.0/8, 2001:db8::/32".
 * Threads: read by any. */
#ifndef RH_NETWORKS_H
#define RH_NETWORKS_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_MAX_NETWORKS = 64 };

typedef struct {
    struct {
        uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
        int bits;            /* of it that count */
    } of[RH_MAX_NETWORKS];
    int n;
    bool unix_sockets;
} rh_networks; /* {0}: empty */

/* Separated by commas. "loopback" is 127.0.0.0/8, ::1 and Unix sockets. RH_ERR_INVAL names what is none;
 * RH_ERR_LIMIT: more than RH_MAX_NETWORKS. */
rh_status rh_networks_parse(rh_networks *out, const char *list, rh_error *err);
/* Whether `address` is in one of them: IPv4, IPv6, or "unix". False for what is no address. */
bool rh_networks_have(const rh_networks *n, const char *address);
/* "1.2.3.4", "::1" to 16 bytes; false: it is none. */
bool rh_address_parse(const char *text, uint8_t out[16]);

#endif
