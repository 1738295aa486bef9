/* terms_field.h - terms to be spelled right, as a form has them. Loop thread, but where it says otherwise. */
#ifndef RH_API_TERMS_FIELD_H
#define RH_API_TERMS_FIELD_H

#include "rehearse/asr/terms.h"
#include "server/http.h"

/* The terms of the field `name`, with commas or line ends between them; *out: NULL without any, freed with
 * rh_terms_free(). False: replied what is wrong with them. */
bool rh_terms_field(rh_http *h, const char *name, rh_terms **out);
/* The same of a text; any thread. RH_ERR_INVAL, RH_ERR_LIMIT, RH_ERR_NOMEM. */
rh_status rh_terms_read(const char *name, const char *text, rh_terms **out, rh_error *err);

#endif
