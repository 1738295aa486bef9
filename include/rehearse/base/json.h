/* json.h - JSON read without asking at each step whether a key is there, and figures as they are
 * told: no more digits than they deserve. */
#ifndef RH_JSON_H
#define RH_JSON_H

#include <jansson.h>
#include <math.h>
#include "rehearse/base/alloc.h"

/* "" when absent or of another type. */
static inline const char *rh_json_str(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* 0 when absent or of another type. */
static inline double rh_json_num(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

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

/* `made`; without memory for a part of it (since rh_alloc_failures() was `failures`) it goes, and NULL comes. */
static inline json_t *rh_json_whole(json_t *made, unsigned long failures)
{
    if (rh_alloc_failures() == failures)
        return made;
    json_decref(made);
    return NULL;
}

#endif
