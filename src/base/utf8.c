#include "rehearse/base/utf8.h"

#include <string.h>

/* How many bytes of plain ASCII stand at the front, in steps of eight. */
static size_t ascii_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (word & 0x8080808080808080u)
            break;
    }
    return i;
}

/* Overlong forms, surrogates and what lies past U+10FFFF show in the second byte. */
static bool begin(rh_utf8 *u, uint8_t b)
{
    u->lo = 0x80;
    u->hi = 0xbf;
    if (b < 0xc2 || b > 0xf4)
        return false;
    u->need = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
    if (b == 0xe0)
        u->lo = 0xa0;
    else if (b == 0xed)
        u->hi = 0x9f;
    else if (b == 0xf0)
        u->lo = 0x90;
    else if (b == 0xf4)
        u->hi = 0x8f;
    return true;
}

bool rh_utf8_feed(rh_utf8 *u, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        if (!u->need) {
            i += ascii_run(p + i, n - i);
            if (i == n)
                return true;
            if (p[i] >= 0x80 && !begin(u, p[i]))
                return false;
        } else {
            if (p[i] < u->lo || p[i] > u->hi)
                return false;
            *u = (rh_utf8){.need = (uint8_t)(u->need - 1), .lo = 0x80, .hi = 0xbf};
        }
    }
    return true;
}

bool rh_utf8_whole(const rh_utf8 *u)
{
    return u->need == 0;
}

bool rh_utf8_valid(const void *bytes, size_t n)
{
    rh_utf8 u = {0};
    return rh_utf8_feed(&u, bytes, n) && rh_utf8_whole(&u);
}

void rh_utf8_mend_cut(char *s)
{
    size_t n = strlen(s), at = 0, len;
    for (size_t i = 0; i < n; i += len) {
        rh_utf8 u = {0};
        bool good = true;
        for (len = 0; i + len < n && (len == 0 || !rh_utf8_whole(&u)); len++)
            if (!(good = rh_utf8_feed(&u, s + i + len, 1)))
                break;
        if (good && !rh_utf8_whole(&u))
            break; /* the end came first */
        if (good)
            memmove(s + at, s + i, len);
        else
            s[at] = '?';
        at += good ? len : 1;
        len += len == 0;
    }
    s[at] = '\0';
}
