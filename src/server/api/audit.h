/* audit.h - GET /v1/audit: who did what, for owners. Loop thread only. */
#ifndef RH_SERVER_AUDIT_H
#define RH_SERVER_AUDIT_H

#include "server/http.h"

void rh_audit_list(rh_http *h);

#endif
