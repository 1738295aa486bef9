#include "range.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits at *p; what is too large for 64 bits becomes the largest. */
static bool number(const char **p, uint64_t *out)
{
    const char *begin = *p;
    *out = 0;
    for (; isdigit((unsigned char)**p); ++*p) {
        uint64_t digit = (uint64_t)(**p - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    return *p > begin;
}

static rh_range last_bytes(uint64_t wanted, uint64_t size, uint64_t *first, uint64_t *n)
{
    if (!wanted)
        return RH_RANGE_NONE;
    if (!size)
        return RH_RANGE_WHOLE;
    *n = wanted < size ? wanted : size;
    *first = size - *n;
    return RH_RANGE_PART;
}

rh_range rh_range_read(const char *header, uint64_t size, uint64_t *first, uint64_t *n)
{
    uint64_t from = 0, to = UINT64_MAX;
    const char *p = header;
    if (!p || strncasecmp(p, "bytes", 5) != 0)
        return RH_RANGE_WHOLE;
    p += 5 + strspn(p + 5, " \t");
    if (*p++ != '=')
        return RH_RANGE_WHOLE;
    p += strspn(p, " \t");
    bool has_from = number(&p, &from);
    if (*p++ != '-')
        return RH_RANGE_WHOLE;
    bool has_to = number(&p, &to);
    p += strspn(p, " \t");
    if (*p || (!has_from && !has_to) || (has_from && has_to && to < from))
        return RH_RANGE_WHOLE;
    if (!has_from)
        return last_bytes(to, size, first, n);
    if (from >= size)
        return RH_RANGE_NONE;
    if (!has_to || to > size - 1)
        to = size - 1;
    *first = from;
    *n = to - from + 1;
    return RH_RANGE_PART;
}
