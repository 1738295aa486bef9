#include "rehearse/base/array.h"

#include <string.h>
#include "rehearse/base/alloc.h"

enum { FIRST_CAP = 16 };

rh_status rh_array_reserve(void *items, size_t *cap, size_t n, size_t size)
{
    void *at;
    size_t want = *cap ? *cap : FIRST_CAP, bytes;
    if (n <= *cap)
        return RH_OK;
    while (want < n)
        if (__builtin_add_overflow(want, want / 2, &want))
            return RH_ERR_NOMEM;
    memcpy(&at, items, sizeof at); /* a T ** may not be read through a void ** */
    if (__builtin_mul_overflow(want, size, &bytes) || !(at = rh_realloc(at, bytes)))
        return RH_ERR_NOMEM;
    memcpy(items, &at, sizeof at);
    *cap = want;
    return RH_OK;
}
