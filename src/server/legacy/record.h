/* record.h - what people of the older sockets (/ws/...) leave behind: a session.
 *
 * All sockets of one client_id feed one session, pictures and sound on its own
 * time axis. It begins with their first picture or sound and ends, with its
 * report, when none of them has been open for RH_SESSION_RESUME_S seconds or the
 * server stops. Replies are the same with and without.
 * Loop thread only, but for what says otherwise. */
#ifndef RH_RECORD_H
#define RH_RECORD_H

#include "rehearse/session/session.h"
#include "server/server_internal.h"
#include "server/ws.h"

/* NULL: nothing is kept of this socket (not wanted, not allowed, too many). */
rh_record *rh_record_ref(rh_server *s, const rh_net_conn *net, const char *client);
void rh_record_unref(rh_record *r);

/* Pool threads: a face at time `at_us` of rh_now_us(). */
void rh_record_face(rh_record *r, const rh_face *f, int64_t at_us);
/* Pool threads: where the sound of a socket goes; NULL when it cannot be kept. */
rh_sound_source *rh_record_source(rh_record *r);
/* Any thread: time of rh_now_us() as the session's. */
int64_t rh_record_time(const rh_record *r, int64_t at_us);

void rh_records_tick(rh_server *s, int64_t now_us);
bool rh_records_busy(const rh_server *s);
void rh_records_free(rh_server *s);

/* unfinished.c: sessions that a crash left without an end get their report a minute after
 * the start, when nobody has come back for them. */
void rh_unfinished_tick(rh_server *s, int64_t now_us);

#endif
