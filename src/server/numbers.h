/* numbers.h - numbers that a client gave, checked before anything is made of them: C leaves
 * the conversion of 1e308 or NaN to an integer undefined. Any thread. */
#ifndef RH_NUMBERS_H
#define RH_NUMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include "rehearse/base/status.h"

typedef struct {
    double least, most;
    bool whole;
} rh_number_range;

/* Keys and parameters that several parts read. */
extern const rh_number_range rh_sample_rates;   /* Hz */
extern const rh_number_range rh_face_rates;     /* events a second */
extern const rh_number_range rh_patiences;      /* s of silence that end a turn */
extern const rh_number_range rh_fields_of_view; /* degrees */

/* The number `key` of an object; absent or null leaves *out as it is. RH_ERR_INVAL says what
 * would be right. */
rh_status rh_number_of(const json_t *object, const char *key, rh_number_range range, double *out, rh_error *err);

#endif
