/* terms_field.h - terms to be spelled right, as a form has them. Loop thread only. */
#ifndef RH_API_TERMS_FIELD_H
#define RH_API_TERMS_FIELD_H

#include "rehearse/asr/terms.h"
#include "server/http.h"

/* The terms of the field `name`, with commas or line ends between them; *out: NULL without any, freed with
 * rh_terms_free(). False: replied what is wrong with them. */
bool rh_terms_field(rh_http *h, const char *name, rh_terms **out);

#endif
