/* report_internal.h - reading JSON without asking at each step whether a key is there. */
#ifndef RH_REPORT_INTERNAL_H
#define RH_REPORT_INTERNAL_H

#include <jansson.h>

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

#endif
