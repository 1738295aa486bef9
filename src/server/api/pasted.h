/* pasted.h - what names a session is told to expect: job_ad, cv and key_terms as a client gives them. Pure: any thread. */
#ifndef RH_PASTED_H
#define RH_PASTED_H

#include <jansson.h>
#include "rehearse/base/status.h"

/* Whether `text` can be taken as job_ad or cv (`name`): UTF-8 of at most RH_MAX_PASTED_CHARS characters. RH_ERR_INVAL; the message
 * names the field. */
rh_status rh_pasted_check(const char *name, const char *text, size_t n, rh_error *err);
/* Whether `list` can be taken as key_terms: an array of texts within the limits of rehearse/asr/terms.h. RH_ERR_INVAL. */
rh_status rh_key_terms_check(const json_t *list, rh_error *err);
/* *out: the terms of a form's field, with commas or line ends between them; checked. RH_ERR_INVAL, RH_ERR_NOMEM. */
rh_status rh_key_terms_read(const char *name, const char *text, json_t **out, rh_error *err);

#endif
