/* rounding.h - figures as they are told: no more digits than they deserve. */
#ifndef RH_ROUNDING_H
#define RH_ROUNDING_H

#include <jansson.h>
#include <math.h>

/* In steps of 1/`steps`: 10 keeps one decimal. */
static inline double rh_round(double v, double steps)
{
    return round(v * steps) / steps;
}

static inline double rh_tenth(double v)
{
    return rh_round(v, 10);
}

static inline json_t *rh_rounded(double v, double steps)
{
    return json_real(rh_round(v, steps));
}

#endif
