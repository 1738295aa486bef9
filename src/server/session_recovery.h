/* session_recovery.h - what an earlier run of the program has left in the data folder: recordings that
 * wait for their analysis, at once when the models are there; live sessions that nobody ended, a
 * minute later, when their clients have not come back. Loop thread only. */
#ifndef RH_SESSION_RECOVERY_H
#define RH_SESSION_RECOVERY_H

#include "server_internal.h"

void rh_session_recovery_tick(rh_server *s, int64_t now_us);

#endif
