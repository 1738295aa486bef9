/* store.h - what people practised, kept on their own machine.
 *
 * A session has one row, segments of transcript, events, one row of measures
 * a second, and at its end a report. One thread of the store owns the SQLite
 * connection (WAL); writes made while somebody practises are queued and
 * committed together at most RH_STORE_COMMIT_MS later, so that a crash loses
 * less than a second. Everything else waits for its answer.
 * JSON values are borrowed for the call when passed in, owned by the caller
 * when given out (json_decref).
 * Threads: any; never call the waiting functions from a thread that may not block. */
#ifndef RH_STORE_H
#define RH_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/status.h"

enum {
    RH_STORE_COMMIT_MS = 250,
    RH_STORE_QUEUE = 4096,      /* writes waiting; past it RH_ERR_LIMIT */
    RH_SESSION_ID_MAX = 64,     /* letters, digits, '-', '_', '.' */
    RH_STORE_LIST_MAX = 500,
};

typedef struct rh_store rh_store;

/* `path`: a database file, made with its folder when absent (readable by its owner only); ":memory:" for tests.
 * Older schemas are migrated. RH_ERR_IO; RH_ERR_FORMAT not our database, or one
 * of a newer version; RH_ERR_NOMEM. */
rh_status rh_store_open(rh_store **out, const char *path, rh_error *err);
/* Commits what is queued, then closes. Nobody may be inside another call. */
void rh_store_close(rh_store *s);

/* True for an id that may name a session. */
bool rh_session_id_valid(const char *id);

/* ---- while a session runs: queued ---- */

/* Makes the session, or goes on with one that is there. `meta`: object kept as
 * it is (question, language, kind, client). */
rh_status rh_store_begin(rh_store *s, const char *id, double unix_time, const json_t *meta);
/* A final stretch of transcript; `seq` counts from 0, the same again replaces it. */
rh_status rh_store_segment(rh_store *s, const char *id, int seq, double start_s, double end_s,
                           const json_t *segment);
/* Something that happened: kind "filler", "pause", "look_away", "cue", ... */
rh_status rh_store_event(rh_store *s, const char *id, const char *kind, double start_s,
                         double end_s, const json_t *detail);
/* The measures of second `t` of the session; keys merge into what is there. */
rh_status rh_store_second(rh_store *s, const char *id, int t, const json_t *measures);
/* Ends the session; its report may be NULL (not yet made). */
rh_status rh_store_end(rh_store *s, const char *id, double duration_s, const json_t *report);
/* Name of the file beside the database that keeps its sound or picture; NULL removes the note. */
rh_status rh_store_media(rh_store *s, const char *id, const char *file);

/* ---- the rest waits for the answer ---- */

/* Returns when everything queued before is committed; what belongs to a session that was
 * deleted meanwhile is dropped. */
rh_status rh_store_flush(rh_store *s, rh_error *err);
/* Array, newest first: {id, created, state, duration_s, meta, scores}. `client` NULL = of all;
 * before = 0 or the `created` of the last one seen, for paging. */
rh_status rh_store_list(rh_store *s, const char *client, int limit, double before, json_t **out,
                        rh_error *err);
/* {id, created, updated, state, duration_s, meta, segments, events, seconds, report, media}.
 * RH_ERR_NOTFOUND. */
rh_status rh_store_get(rh_store *s, const char *id, json_t **out, rh_error *err);
/* Deletes rows for good (secure_delete); the names of media files to remove come in *media
 * (string or null). RH_ERR_NOTFOUND. */
rh_status rh_store_delete(rh_store *s, const char *id, json_t **media, rh_error *err);
/* Ids of sessions that began before `unix_time` and have not ended. */
rh_status rh_store_unended(rh_store *s, double unix_time, json_t **ids, rh_error *err);
/* Ids of ended sessions older than `unix_time`. */
rh_status rh_store_older(rh_store *s, double unix_time, json_t **ids, rh_error *err);

#endif
