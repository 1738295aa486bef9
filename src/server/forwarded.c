#include "forwarded.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server_limits.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The piece of `list` that ends at `end`, without blanks, up to the `separator` before it. */
static const char *last_piece(const char *list, const char *end, char separator, const char **piece_end)
{
    const char *at = end;
    bool quoted = false;
    while (at > list && (quoted || at[-1] != separator)) {
        at--;
        quoted ^= *at == '"';
    }
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    *piece_end = end;
    return at;
}

/* `for=` of an element of Forwarded; an empty piece without one. */
static const char *named_for(const char *at, const char **end)
{
    const char *rest = *end;
    for (;;) {
        const char *pair_end, *pair = last_piece(at, rest, ';', &pair_end);
        if (pair_end - pair >= 4 && strncasecmp(pair, "for=", 4) == 0) {
            pair += 4;
            if (pair_end - pair >= 2 && *pair == '"' && pair_end[-1] == '"') {
                pair++;
                pair_end--;
            }
            *end = pair_end;
            return pair;
        }
        while (rest > at && rest[-1] != ';')
            rest--;
        if (rest == at) {
            *end = at;
            return at;
        }
        rest--;
    }
}

/* "1.2.3.4", "1.2.3.4:80", "2001:db8::1", "[2001:db8::1]:80" without brackets and port; false: no address. */
static bool bare(const char *at, const char *end, char out[RH_ADDRESS_MAX])
{
    uint8_t bytes[16];
    size_t n = (size_t)(end - at);
    const char *colon = memchr(at, ':', n), *bracket = memchr(at, ']', n);
    if (n && *at == '[' && bracket) {
        at++;
        n = (size_t)(bracket - at);
    } else if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
        n = (size_t)(colon - at);
    }
    if (!n || n >= RH_ADDRESS_MAX)
        return false;
    char text[RH_ADDRESS_MAX];
    memcpy(text, at, n);
    text[n] = '\0';
    if (!rh_address_parse(text, bytes))
        return false;
    memcpy(out, text, n + 1);
    return true;
}

void rh_forwarded_client(char out[RH_ADDRESS_MAX], const rh_networks *trusted, const char *peer, const char *list,
                         bool rfc7239)
{
    (void)snprintf(out, RH_ADDRESS_MAX, "%s", peer);
    const char *end = list ? list + strlen(list) : NULL;
    while (end && rh_networks_have(trusted, out)) {
        const char *piece_end, *piece = last_piece(list, end, ',', &piece_end);
        const char *next = piece;
        while (next > list && next[-1] != ',')
            next--;
        if (rfc7239)
            piece = named_for(piece, &piece_end);
        if (!bare(piece, piece_end, out)) /* hidden, or nonsense: the proxy that said it is all we know */
            return;
        end = next > list ? next - 1 : NULL;
    }
}

/* A header's lines as one list, of which the end counts. False: there is none. */
static bool joined(char *out, size_t cap, const rh_net_conn *net, const char *name)
{
    const char *have, *value;
    size_t n = 0;
    bool found = false;
    for (int i = 0; rh_net_header_at(net, i, &have, &value); i++) {
        if (strcasecmp(have, name) != 0)
            continue;
        size_t len = strlen(value);
        if (len + 3 > cap) {
            value += len + 3 - cap;
            len = cap - 3;
        }
        if (n + len + 3 > cap) { /* its beginning goes */
            size_t drop = n + len + 3 - cap;
            memmove(out, out + drop, n - drop);
            n -= drop;
        }
        n += (size_t)snprintf(out + n, cap - n, "%s%s", found ? ", " : "", value);
        found = true;
    }
    return found;
}

void rh_forwarded_address(char out[RH_ADDRESS_MAX], const rh_networks *trusted, const rh_net_conn *net)
{
    char list[2048];
    bool plain = joined(list, sizeof list, net, "x-forwarded-for");
    bool rfc7239 = !plain && joined(list, sizeof list, net, "forwarded");
    rh_forwarded_client(out, trusted, rh_net_peer(net), plain || rfc7239 ? list : NULL, rfc7239);
}

/* What the nearest proxy said; "" where that is none to be believed. */
static void last_word(char *out, size_t cap, const rh_networks *trusted, const rh_net_conn *net, const char *name)
{
    char list[2048];
    out[0] = '\0';
    if (!rh_networks_have(trusted, rh_net_peer(net)) || !joined(list, sizeof list, net, name))
        return;
    const char *end, *at = last_piece(list, list + strlen(list), ',', &end);
    size_t n = (size_t)(end - at);
    (void)snprintf(out, cap, "%.*s", n < cap ? (int)n : 1, n < cap ? at : "?");
}

void rh_forwarded_host(char *out, size_t cap, const rh_networks *trusted, const rh_net_conn *net)
{
    last_word(out, cap, trusted, net, "x-forwarded-host");
}

void rh_forwarded_prefix(char *out, size_t cap, const rh_networks *trusted, const rh_net_conn *net)
{
    last_word(out, cap, trusted, net, "x-forwarded-prefix");
    size_t n = strlen(out);
    while (n && out[n - 1] == '/')
        out[--n] = '\0';
    bool good = out[0] == '/' && out[1] != '/';
    for (size_t i = 0; i < n; i++)
        good = good && (isalnum((unsigned char)out[i]) || strchr("/-._~%", out[i]));
    if (!good)
        out[0] = '\0';
}
