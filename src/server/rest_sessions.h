/* rest_sessions.h - /v1/sessions: what was practised. Loop thread only. */
#ifndef RH_REST_SESSIONS_H
#define RH_REST_SESSIONS_H

#include "http.h"

/* A request about kept sessions (list, one, report, transcript, media, delete, export). */
void rh_sessions_ask(rh_http *h);
/* POST /v1/sessions: the form has arrived. */
void rh_sessions_upload(rh_http *h);

/* Analyses under way, so that one can ask how far they are. */
typedef struct rh_upload rh_upload;
/* {id, state: "analysing" | "failed", progress, error}; NULL: no such upload. */
json_t *rh_upload_status(const rh_server *s, const char *id);
void rh_uploads_free(rh_server *s);

/* Deletes sessions older than the retention setting; called now and then. */
void rh_sessions_expire(rh_server *s);

#endif
