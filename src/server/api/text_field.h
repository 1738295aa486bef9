/* text_field.h - what texts a client may give with a session. Pure: any thread. */
#ifndef RH_TEXT_FIELD_H
#define RH_TEXT_FIELD_H

#include <stddef.h>
#include "rehearse/base/status.h"

/* Whether `text` (may hold anything) can be kept under that name: UTF-8 without control characters
 * but line ends and tabs, and not too long. RH_ERR_INVAL; the message names the field, the fault and
 * what would be right. */
rh_status rh_text_field_check(const char *name, const char *text, size_t n, rh_error *err);

#endif
