#include "rehearse/base/random.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

enum { MOST_BYTES = 32 };

void rh_hex(char *out, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * n] = '\0';
}

bool rh_random_hex(char *out, size_t n)
{
    unsigned char random[MOST_BYTES];
    assert(n <= sizeof random);
    bool there = getrandom(random, n, 0) == (ssize_t)n;
    if (!there)
        memset(random, 0, n);
    rh_hex(out, random, n);
    return there;
}
