/* finite_internal.h - whether numbers are numbers: damaged weights show here. */
#ifndef RH_FINITE_INTERNAL_H
#define RH_FINITE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* By the bits of the exponent, so that compilers do many at a time. */
static inline bool rh_all_finite(const float *x, size_t n)
{
    const uint32_t exponent = 0x7f800000u;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return !bad;
}

#endif
