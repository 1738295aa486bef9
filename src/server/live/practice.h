/* practice.h - /v1/session/{id}: a live practice session and the socket that
 * speaks for it now. The session outlives its socket for RH_SESSION_RESUME_S.
 * Loop thread only. */
#ifndef RH_PRACTICE_H
#define RH_PRACTICE_H

#include "server/ws.h"

typedef struct rh_practice rh_practice;

/* One whole message of the socket; takes `raw` (of rh_alloc()). */
void rh_practice_message_take(rh_ws *w, char *raw, size_t n, bool binary);
void rh_practice_error(rh_ws *w, const char *msg); /* {"type":"error"} */
void rh_practice_detach(rh_ws *w); /* the socket has gone */

/* Ends a running session without a trace; false when there is none of that id. */
bool rh_practice_discard(rh_server *s, const char *id);
bool rh_practice_runs(rh_server *s, const char *id);
/* A report was asked for on this socket, and is not there yet. */
bool rh_practice_owes(const rh_ws *w);
/* A stopping server waits for them: sound that is not in its session yet, reports asked for. */
bool rh_practices_busy(const rh_server *s);
void rh_practices_tick(rh_server *s, int64_t now_us);
void rh_practices_free(rh_server *s); /* the pools have ended */

#endif
