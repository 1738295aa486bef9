#include "rehearse/base/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rh_address_parse(const char *text, uint8_t out[16])
{
    uint8_t v4[4];
    if (inet_pton(AF_INET6, text, out) == 1)
        return true;
    if (inet_pton(AF_INET, text, v4) != 1)
        return false;
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, v4, 4);
    return true;
}

/* "/8" behind an address whose kind has `most` bits; -1: none that it can have. */
static int bits_of(const char *slash, int most)
{
    char *end;
    if (!slash)
        return most;
    long n = strtol(slash + 1, &end, 10);
    return end == slash + 1 || *end || slash[1] < '0' || slash[1] > '9' || n > most ? -1 : (int)n;
}

static bool add(rh_networks *n, const char *item)
{
    char text[64];
    const char *slash = strchr(item, '/');
    (void)snprintf(text, sizeof text, "%.*s", slash ? (int)(slash - item) : 63, item);
    bool v4 = !strchr(text, ':');
    int bits = bits_of(slash, v4 ? 32 : 128);
    if (bits < 0 || !rh_address_parse(text, n->of[n->n].address))
        return false;
    n->of[n->n++].bits = bits + (v4 ? 96 : 0);
    return true;
}

static bool add_item(rh_networks *n, const char *item)
{
    if (strcmp(item, "loopback") != 0)
        return add(n, item);
    n->unix_sockets = true;
    return add(n, "127.0.0.0/8") && (n->n == RH_MAX_NETWORKS || add(n, "::1"));
}

rh_status rh_networks_parse(rh_networks *out, const char *list, rh_error *err)
{
    rh_networks n = {0};
    for (const char *p = list; *p; p += *p == ',') {
        char item[64];
        p += strspn(p, " \t\n");
        size_t len = strcspn(p, ",");
        size_t used = len;
        while (used && strchr(" \t\n", p[used - 1]))
            used--;
        (void)snprintf(item, sizeof item, "%.*s", (int)(used < 63 ? used : 63), p);
        if (used && n.n == RH_MAX_NETWORKS)
            return rh_fail(err, RH_ERR_LIMIT, "more than %d addresses and networks", RH_MAX_NETWORKS);
        if (used && (used > 63 || !add_item(&n, item)))
            return rh_fail(err, RH_ERR_INVAL,
                           "\"%s\" is neither an address (192.0.2.7, 2001:db8::7), nor a network (10.0.0.0/8), nor "
                           "\"loopback\"",
                           item);
        p += len;
    }
    *out = n;
    return RH_OK;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, (size_t)whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool rh_networks_have(const rh_networks *n, const char *address)
{
    uint8_t bytes[16];
    if (strcmp(address, "unix") == 0)
        return n->unix_sockets;
    if (!rh_address_parse(address, bytes))
        return false;
    for (int i = 0; i < n->n; i++)
        if (same_bits(n->of[i].address, bytes, n->of[i].bits))
            return true;
    return false;
}
