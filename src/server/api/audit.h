/* audit.h - who read, deleted, exported and shared, where people are known by tokens. Never what was said.
 * Loop thread only. */
#ifndef RH_SERVER_AUDIT_H
#define RH_SERVER_AUDIT_H

#include "ask.h"

/* A request that was answered as asked for. The same by the same person within a minute is one row. */
void rh_audit_note(rh_server *s, const rh_ask *a);
void rh_audit_list(rh_http *h);

#endif
