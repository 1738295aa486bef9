/* live_session.h - /v1/session/{id}: a live session and the socket that
 * speaks for it now. The session outlives its socket for RH_SESSION_RESUME_S.
 * Loop thread only. */
#ifndef RH_LIVE_SESSION_H
#define RH_LIVE_SESSION_H

#include "server/ws.h"

typedef struct rh_live_session rh_live_session;

extern const rh_socket_kind rh_socket_live;

void rh_live_session_error(rh_ws *w, const char *msg); /* {"type":"error"} */

/* Ends a running session of this person's without a trace; false when there is none of that id. */
bool rh_live_session_discard(rh_server *s, const char *id, const rh_person *who);
/* The same for all of an interview. */
void rh_live_sessions_discard(rh_server *s, const char *interview, const rh_person *who);
bool rh_live_session_runs(rh_server *s, const char *id, const rh_person *who);
bool rh_live_session_keeps_video(rh_server *s, const char *id); /* and pieces of it may come now */
/* A stopping server waits for them: sound that is not in its session yet, reports asked for. */
bool rh_live_sessions_busy(const rh_server *s);
void rh_live_sessions_tick(rh_server *s, int64_t now_us);
void rh_live_sessions_free(rh_server *s); /* the pools have ended */

#endif
