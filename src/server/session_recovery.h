/* session_recovery.h - what an earlier run of the program has left in the data folder: live sessions that nobody ended,
 * a minute after the start, when their clients have not come back. Loop thread only. */
#ifndef RH_SESSION_RECOVERY_H
#define RH_SESSION_RECOVERY_H

#include "server_internal.h"

void rh_session_recovery_tick(rh_server *s, int64_t now_us);
/* It is being finished: nobody may go on with it. */
bool rh_session_is_recovered(const rh_server *s, const char *id);

#endif
