/* legacy_session.h - what people of the legacy API (/ws/...) leave behind: a session.
 *
 * All sockets of one client_id feed one session, pictures and sound on its own
 * time axis. It begins with their first picture or sound and ends, with its
 * report, when none of them has been open for RH_SESSION_RESUME_S seconds or the
 * server stops. A socket of which nothing is kept (not wanted, not allowed, too many) has a
 * session of its own, which goes with it. Replies are the same with both.
 * Loop thread only, but for what says otherwise. */
#ifndef RH_LEGACY_SESSION_H
#define RH_LEGACY_SESSION_H

#include "rehearse/session/legacy_source.h"
#include "server/server_internal.h"

typedef struct rh_legacy_session rh_legacy_session;

/* NULL: out of memory. */
rh_legacy_session *rh_legacy_session_ref(rh_server *s, const rh_net_conn *net, const char *client);
void rh_legacy_session_unref(rh_legacy_session *r); /* NULL is fine */

/* Pool threads: a socket's source, in *source (NULL at first), made now if it is not there, and the session begun. */
rh_status rh_legacy_session_source(rh_legacy_session *r, rh_legacy_source **source, const rh_face_options *faces,
                                   rh_error *err);
/* Any thread: time of rh_now_us() as the session's. */
int64_t rh_legacy_session_time(const rh_legacy_session *r, int64_t at_us);

void rh_legacy_sessions_tick(rh_server *s, int64_t now_us);
bool rh_legacy_sessions_busy(const rh_server *s);
void rh_legacy_sessions_free(rh_server *s);

#endif
