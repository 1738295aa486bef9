/* sessions.h - /v1/sessions: what was practised. Loop thread only. */
#ifndef RH_SERVER_SESSIONS_H
#define RH_SERVER_SESSIONS_H

#include "ask.h"
#include "server/http.h"

/* Requests about kept sessions. */
void rh_sessions_list(rh_http *h);
void rh_sessions_export(rh_http *h);
void rh_session_get(rh_http *h);
void rh_session_delete(rh_http *h);
void rh_session_report(rh_http *h);
void rh_session_transcript(rh_http *h);
void rh_session_media(rh_http *h);
void rh_session_video(rh_http *h);
/* kept_media.c; pool threads: the answer of the last one, */
rh_status rh_session_answer_media(rh_ask *a, const json_t *session);
rh_status rh_session_answer_video(rh_ask *a);
rh_status rh_session_answer_video_of(rh_ask *a, const char *id); /* another session than a->id */
/* or all of the sound, freed with rh_free(); NULL when *size is over `most`. */
rh_status rh_session_sound(rh_ask *a, const json_t *session, size_t most, char **out, size_t *size);
rh_status rh_session_video_part(rh_ask *a, int part, size_t most, char **out, size_t *size);
/* The report as one file (one_file.c; pool threads). */
rh_status rh_session_one_file(rh_ask *a, const json_t *session, json_t *report);
/* POST /v1/sessions: the form has arrived. */
void rh_sessions_upload(rh_http *h);
/* The meta of the session that the fields of the request ask for; NULL: replied what is wrong with one. */
json_t *rh_session_wanted(rh_http *h, const char *file_name);
/* A name for a new one. Any thread. */
void rh_session_make_id(char *id, size_t size);
/* True: answered that too many recordings wait. */
bool rh_recordings_full(rh_http *h);

/* Where a recording lies that waits for its analysis. Any thread. */
enum { RH_MAX_FILE_PATH = 4096 + 128 };
void rh_recording_path(const rh_server *s, const char *id, char *out, size_t size);

/* Deletes sessions and interviews older than the retention setting, and files that no session needs; called now
 * and then. */
void rh_sessions_tidy(rh_server *s);

#endif
