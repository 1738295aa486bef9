/* terms_option.h - the option --terms: words to expect. */
#ifndef RH_CLI_TERMS_OPTION_H
#define RH_CLI_TERMS_OPTION_H

#include <jansson.h>
#include "rehearse/asr/terms.h"

/* `given`: the name of a file with a term a line, or terms with commas between them; NULL: none, and
 * *out becomes NULL. `list` (may be NULL): they become a JSON array too. As rh_terms_new(), and RH_ERR_IO. */
rh_status rh_cli_terms(rh_terms **out, json_t **list, const char *given, rh_error *err);

#endif
