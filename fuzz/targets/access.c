/* Access: a byte of settings, then lines: Host, Origin, Authorization, Cookie, peer,
 * Access-Control-Request-Headers, X-Forwarded-Host. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/access.h"

enum { N_LINES = 7 };

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);
    return n >= n_end && strcasecmp(s + n - n_end, end) == 0;
}

static void check(const rh_config *c, const rh_visitor *v)
{
    const char *why = NULL;
    rh_person who;
    int status = rh_access_check(c, v, &who, &why);
    if ((status != 0 && status != 401 && status != 403) || (status && (!why || !*why)))
        abort();
    bool has_token = *c->tokens && (strstr(v->authorization, "sesame") || strstr(v->cookie, "rehearse_token="));
    if (!status && (strlen(who.name) > RH_PERSON_NAME_MAX || (*who.name && who.role != RH_ROLE_MEMBER)))
        abort();
    if (!status && *c->tokens && !has_token && !rh_access_spared(c, v))
        abort();
    if (!status && *c->tokens && v->forwarded && !has_token)
        abort();
    bool foreign = ends_with(v->origin, "://evil.example") && strcasecmp(v->host, "evil.example") != 0 &&
                   strcasecmp(v->asked, "evil.example") != 0;
    if (foreign && !*v->authorization && (!status || rh_access_may_read(c, v)))
        abort();
    if (foreign && !*c->tokens && rh_access_preflight(c, v, &why) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static char host[] = "127.0.0.1", public_origins[] = "https://coach.example, b.example:81",
                tokens[] = "sesame,anna:member:sesame-2", none[] = "", on[] = "on", off[] = "off";
    char text[1024], *lines[N_LINES], allowed[64];
    if (!n)
        return 0;
    size_t n_text = n - 1 < sizeof text - 1 ? n - 1 : sizeof text - 1;
    memcpy(text, bytes + 1, n_text);
    text[n_text] = '\0';
    char *at = text;
    for (int i = 0; i < N_LINES; i++) {
        lines[i] = at;
        at += strcspn(at, "\n");
        if (*at)
            *at++ = '\0';
    }
    rh_config c = {.host = host,
                   .public_origins = public_origins,
                   .tokens = bytes[0] & 1 ? tokens : none,
                   .trust_loopback = bytes[0] & 2 ? on : off};
    check(&c, &(rh_visitor){lines[0], lines[1], lines[2], lines[4], lines[3], (bytes[0] & 4) != 0, lines[6], NULL});
    if (rh_access_headers(lines[5], allowed, sizeof allowed) == RH_OK &&
        (strlen(allowed) >= sizeof allowed || strpbrk(allowed, "\r\n:;") || strcasecmp(allowed, "x-real-ip") == 0))
        abort();
    return 0;
}
