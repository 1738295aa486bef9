/* bank.h - the questions of the page's folder, as the server reads them. Pool threads. */
#ifndef RH_INTERVIEW_BANK_H
#define RH_INTERVIEW_BANK_H

#include <jansson.h>
#include "server/server_internal.h"

enum { RH_ROLE_NAME_BYTES = 64 };

/* The questions of a role, its own first, then those that fit every role; the caller owns *out. `name`: of the
 * role. RH_ERR_INVAL: there is no such role; RH_ERR_UNSUPPORTED: no page's folder. */
rh_status rh_bank_read(const rh_site *site, const char *role, json_t **out, char name[RH_ROLE_NAME_BYTES],
                       rh_error *err);

#endif
