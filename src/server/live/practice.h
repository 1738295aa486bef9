/* practice.h - /v1/session/{id}: a live practice session and the socket that
 * speaks for it now. The session outlives its socket for RH_SESSION_RESUME_S.
 * Loop thread only. */
#ifndef RH_PRACTICE_H
#define RH_PRACTICE_H

#include "server/ws.h"

typedef struct rh_practice rh_practice;

extern const rh_socket_kind rh_socket_live;

void rh_practice_error(rh_ws *w, const char *msg); /* {"type":"error"} */

/* Ends a running session without a trace; false when there is none of that id. */
bool rh_practice_discard(rh_server *s, const char *id);
bool rh_practice_runs(rh_server *s, const char *id);
/* A stopping server waits for them: sound that is not in its session yet, reports asked for. */
bool rh_practices_busy(const rh_server *s);
void rh_practices_tick(rh_server *s, int64_t now_us);
void rh_practices_free(rh_server *s); /* the pools have ended */

#endif
