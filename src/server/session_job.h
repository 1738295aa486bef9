/* session_job.h - what jobs do with a session, whatever its source: a live socket, the legacy API, a
 * recording, what an earlier run left. Pool threads. */
#ifndef RH_SERVER_SESSION_JOB_H
#define RH_SERVER_SESSION_JOB_H

#include "rehearse/session/session.h"
#include "server_internal.h"

/* Of a session of this server: where its sound goes, and what `meta` tells, as it is kept with a session
 * (client, question, kind, language, reference, source, keep_media; NULL = nothing). Borrows all. */
rh_session_options rh_session_options_of(const rh_server *s, const char *id, const json_t *meta,
                                         rh_session_source from);

/* The end: it is measured, its report made, kept and told, and a language model asked about it, if there is one. With `discard` nothing of it stays instead. One that
 * can't be ended has brought its sound to the disk, for the next start. The caller frees it, on any thread. */
rh_status rh_session_end(rh_server *s, rh_session *session, bool discard, const atomic_bool *cancel, rh_error *err);

/* Before the report of a session that broke: counted on the disk, so that one which ends the program is not begun for
 * ever. As rh_store_attempt(); RH_ERR_LIMIT it was begun RH_MAX_ATTEMPTS times, and has failed now, for good. */
rh_status rh_session_attempt(rh_store *store, const char *id, int *attempts, rh_error *err);

#endif
