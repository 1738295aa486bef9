/* store.h - what people practised, kept on their own machine.
 *
 * A session has one row, segments of transcript, events, one row of measures
 * a second, and at its end a report. One thread of the store owns the SQLite
 * connection (WAL); writes made while somebody practises are queued and
 * committed together at most RH_STORE_COMMIT_MS later, so that a crash loses
 * less than a second. Everything else waits for its answer. While the disk is full or
 * another program holds the database, queued writes wait and are written when it goes
 * again (rh_store_health() says so); questions are answered from what is committed.
 * Every call that waits may give RH_ERR_UNAVAILABLE: another program holds the database, or its server is away.
 * JSON values are borrowed for the call when passed in, owned by the caller
 * when given out (json_decref).
 * Threads: any; never call the waiting functions from a thread that may not block. */
#ifndef RH_STORE_H
#define RH_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum {
    RH_STORE_COMMIT_MS = 250,
    RH_STORE_QUEUE = 16384,           /* writes waiting; past it RH_ERR_LIMIT */
    RH_STORE_WAIT_BYTES = 64 << 20,   /* of them together, likewise */
    RH_STORE_PATIENCE_S = 60,         /* calls that wait: for another program that holds the database */
    RH_STORE_RESERVE_BYTES = 1 << 20, /* <folder>/reserve: room in which a full disk can be deleted from */
    RH_SESSION_ID_MAX = 64,           /* letters, digits, '-', '_', '.' */
    RH_STORE_LIST_MAX = 500,
    RH_STORE_INTERVIEWS = 10000,     /* interviews kept; past it RH_ERR_BUSY */
    RH_STORE_GOALS = 1000,           /* clients with a goal; likewise */
    RH_STORE_SHARES = 20,            /* links of a session that are good; likewise */
    RH_STORE_PERSON_MAX = 64,        /* bytes of a person's name */
    RH_STORE_AUDIO_PIECE = 16000,    /* samples of a row */
    RH_STORE_AUDIO_ROWS = 32,        /* read at once */
    RH_STORE_AUDIO_BYTES = 16 << 20, /* of sound that waits to be written, so that the rest finds room */
    RH_NODE_ID_LEN = 16,
};

typedef struct rh_store rh_store;

/* `path`: a database file, made with its folder when absent (readable by its owner only); ":memory:" for tests; or the
 * URL of a PostgreSQL database, postgresql://..., which stays out of all messages.
 * Older schemas are migrated. RH_ERR_IO; RH_ERR_FORMAT not our database, or one
 * of a newer version; RH_ERR_NOMEM. */
rh_status rh_store_open(rh_store **out, const char *path, rh_error *err);
/* The same for a server, a node that has sessions (see "who has a session"). Several may have one PostgreSQL database:
 * each tells there every two seconds that it lives, by its `name` (host:port). A file is one server's, by the lock of
 * its folder (folder_lock.h). */
rh_status rh_store_open_node(rh_store **out, const char *path, const char *name, rh_error *err);
/* Whether it is the URL of a database, not the path of one. */
bool rh_store_is_url(const char *where);
/* Commits what is queued, then closes; returns how many writes found no room. Nobody may be inside
 * another call. */
size_t rh_store_close(rh_store *s);

/* Makes the folders on the way to the file `path`, for their owner only. */
void rh_store_make_folder(const char *path);

/* True for an id that may name a session. */
bool rh_session_id_valid(const char *id);

/* Whose rows are meant; all NULL: everybody's. Names are borrowed for the call. */
typedef struct {
    const char *person; /* "" = those that are nobody's by name */
    const char *client;
    const char *reader; /* sessions that are shared with this mentor */
} rh_store_whose;

/* Of a list, newest first: up to `limit` (1 to RH_STORE_LIST_MAX) behind the last one seen, of which `before` is its
 * `created` and `before_id` its id (NULL: none of that time); before = 0: from the start. */
typedef struct {
    int limit;
    double before;
    const char *before_id;
} rh_store_page;

/* A walk through all of a list, page by page: begins as {.page.limit = ...}, the list is asked for `page` until `over`.
 * Not to be copied on the way. */
typedef struct {
    rh_store_page page;
    bool over;
    char last[RH_SESSION_ID_MAX + 1]; /* page.before_id */
} rh_store_walk;
/* Past `rows`, a page that the list gave; `time`: the key by which it is ordered ("created"; of audits "t"). */
void rh_store_walk_on(rh_store_walk *w, const json_t *rows, const char *time);

/* ---- while a session runs: queued ---- */

/* Makes the session, or goes on with one that is there and not another living node's; from then on it is this node's.
 * `meta`: object kept as it is (question, language, kind, client, person); `person` says whose it is, from its begin on. */
rh_status rh_store_begin(rh_store *s, const char *id, double unix_time, const json_t *meta);
/* A final segment of the transcript; `seq` counts from 0, the same again replaces it. */
rh_status rh_store_segment(rh_store *s, const char *id, int seq, double start_s, double end_s, const json_t *segment);
rh_status rh_store_forget_segments(rh_store *s, const char *id); /* others take their place */
/* Something that happened: kind "filler", "pause", "look_away", "cue", ... */
rh_status rh_store_event(rh_store *s, const char *id, const char *kind, double start_s, double end_s,
                         const json_t *detail);
/* The measures of second `t` of the session; keys merge into what is there. */
rh_status rh_store_second(rh_store *s, const char *id, int t, const json_t *measures);
/* Ends the session; its report may be NULL (not yet made). */
rh_status rh_store_end(rh_store *s, const char *id, double duration_s, const json_t *report);
/* Name of the file beside the database that keeps its sound or picture; NULL removes the note. */
rh_status rh_store_media(rh_store *s, const char *id, const char *file);

/* ---- what a live session tells its client by number: queued, committed to the disk itself at once ---- */

/* How much of that is there. A session has one; it may be freed while writes wait. */
typedef struct rh_store_receipt rh_store_receipt;
/* `news` (NULL: nobody listens) comes on the store's thread whenever there is more: it must not wait, nor call the
 * store. RH_ERR_NOMEM. */
rh_status rh_store_receipt_new(rh_store_receipt **out, void (*news)(void *user), void *user);
void rh_store_receipt_free(rh_store_receipt *r); /* no news comes afterwards; NULL is fine */
/* -1: nothing; 0: the session and its token; else the highest number of its events. Any thread. */
int64_t rh_store_receipt_seq(const rh_store_receipt *r);

/* By which token the session's client comes back: its SHA-256 in 64 hexadecimal digits. `receipt`: the session tells
 * by number, `told` of which are there from an earlier run, and what is kept of it is acknowledged; NULL: it does
 * not, and this waits for the next commit. */
rh_status rh_store_hold(rh_store *s, const char *id, const char *hash, uint64_t told, rh_store_receipt *receipt);
/* Event number `seq`, from 1 on; the same again replaces it. `segment` >= 0: it is a final, and that segment too. */
rh_status rh_store_tell(rh_store *s, const char *id, uint64_t seq, const json_t *event, int segment,
                        rh_store_receipt *receipt);

/* ---- who has a session ----
 *
 * A node (one run of a server) takes a session by counting its epoch up. Writes of a session that this node has begun or
 * taken are done only while it has it; then they are dropped. One part of the program at a time may have a session
 * of an id: it says with rh_store_release() that it is through with it. */

typedef enum { RH_STANDING_OURS, RH_STANDING_TAKEN, RH_STANDING_DELETED } rh_standing;
/* What is known of a session that this node has, or had: known with its next write, or two seconds later. Any thread. */
rh_standing rh_store_standing(rh_store *s, const char *id);
void rh_store_release(rh_store *s, const char *id);
/* Takes a session that runs, whoever has it: nothing of theirs is written any more when this returns. `epoch` >= 0: only
 * while that is its epoch, so that of several who try one succeeds. Waits. RH_ERR_NOTFOUND: it does not run, or its
 * epoch is another. */
rh_status rh_store_claim(rh_store *s, const char *id, int64_t epoch, rh_error *err);
/* Array of {id, epoch} of the sessions that run and are of no node that was heard of in the last `for_s` seconds, by the
 * clock of the database; not this node's. Waits. */
rh_status rh_store_unowned(rh_store *s, double for_s, json_t **rows, rh_error *err);

/* ---- the sound of a session that runs, where the store is shared ---- */

/* Samples of 16 bits, RH_STORE_AUDIO_PIECE at most, the first of them number `at` of the session: queued. `receipt` (may
 * be NULL) has them when they are committed. RH_AGAIN: not just now. */
rh_status rh_store_audio(rh_store *s, const char *id, size_t at, const int16_t *samples, size_t n,
                         rh_store_receipt *receipt);
rh_status rh_store_audio_cut(rh_store *s, const char *id,
                             size_t at); /* what begins there or later is forgotten; queued */
/* How many samples from the first on are committed; _from: so many are there from an earlier run. */
size_t rh_store_receipt_audio(const rh_store_receipt *r);
void rh_store_receipt_audio_from(rh_store_receipt *r, size_t n);
/* Gives all of it in order, waiting; what a piece says of a sample that was given before counts. On the store's thread:
 * `take` must not call the store. It goes with the end of the session. */
typedef rh_status (*rh_store_audio_take)(void *user, size_t at, const int16_t *samples, size_t n, rh_error *err);
rh_status rh_store_audio_read(rh_store *s, const char *id, rh_store_audio_take take, void *user, rh_error *err);

/* ---- the rest waits for the answer ---- */

/* {state, resume (the hash, or null), acks, person, elsewhere (another living node has it), told (the numbered events in
 * order)}. RH_ERR_NOTFOUND. */
rh_status rh_store_held(rh_store *s, const char *id, json_t **out, rh_error *err);
/* The numbered events of sessions that ended before `unix_time`: their clients have their reports. */
rh_status rh_store_told_forget(rh_store *s, double unix_time, rh_error *err);

/* Returns when everything queued before is committed; what belongs to a session that was
 * deleted meanwhile is dropped. RH_ERR_IO: it could not be; it goes on waiting to be written. */
rh_status rh_store_flush(rh_store *s, rh_error *err);
/* The same for who has other things to do: it waits `ms` at most for another program that holds the database. */
rh_status rh_store_flush_within(rh_store *s, int ms, rh_error *err);
/* Does not wait. RH_OK, or why nothing can be written just now: RH_ERR_IO (the disk is full, ...), RH_ERR_UNAVAILABLE. */
rh_status rh_store_health(rh_store *s, rh_error *err);
/* Array, newest first: {id, created, state, duration_s, meta, scores, measures, error?}. state: live, queued,
 * analysing, done, failed. measures: {"eye_contact": value, ...} of the report's. */
rh_status rh_store_list(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **out, rh_error *err);
/* The same of the sessions that answer exactly this question; NULL = any. */
rh_status rh_store_attempts(rh_store *s, const rh_store_whose *of, const char *question, rh_store_page page,
                            json_t **out, rh_error *err);
/* Whose a session is, or an interview; "" = nobody's by name. RH_ERR_NOTFOUND. */
rh_status rh_store_person(rh_store *s, const char *id, bool interview, char out[RH_STORE_PERSON_MAX + 1],
                          rh_error *err);
/* {id, created, updated, state, duration_s, meta, segments, events, seconds, notes, report, media, progress?} (of a
 * recording that waits, [0,1]). RH_ERR_NOTFOUND. */
rh_status rh_store_get(rh_store *s, const char *id, json_t **out, rh_error *err);
/* Deletes rows for good (secure_delete), all or none; the names of media files to remove come in
 * *media (string or null). RH_ERR_NOTFOUND; RH_ERR_IO nothing was deleted. */
rh_status rh_store_delete(rh_store *s, const char *id, json_t **media, rh_error *err);
/* Whether several servers may use it: a PostgreSQL database. */
bool rh_store_is_shared(const rh_store *s);
/* ---- reports that a stop interrupted; recordings are jobs (jobs.h) ---- */

/* The report of a session that a crash broke begins: counted on the disk, so that one which ends the program is not
 * tried for ever. RH_ERR_NOTFOUND deleted, or ended. */
rh_status rh_store_attempt(rh_store *s, const char *id, int *attempts, rh_error *err);
/* It was interrupted, and waits again; `uncount`: by no fault of its own. */
rh_status rh_store_put_back(rh_store *s, const char *id, bool uncount, rh_error *err);
/* It gets no report: state failed, for good. */
rh_status rh_store_fail(rh_store *s, const char *id, const char *why, rh_error *err);
/* Puts "llm" into the report of a session: what a language model had to say of it. RH_ERR_NOTFOUND: the session, or its
 * report, is not there (any more). */
rh_status rh_store_report_llm(rh_store *s, const char *id, const json_t *part, rh_error *err);
/* {id: {state, media}} of all sessions, and of jobs of none (state job) and unfinished uploads (state upload): whose files the media folder may hold. */
rh_status rh_store_files(rh_store *s, json_t **sessions, rh_error *err);

/* A part of a session's video in the media folder, <part>-<start in ms>-<id>.webm or .mp4. */
typedef struct {
    int part; /* from 1 on */
    int64_t start_ms;
    char id[RH_SESSION_ID_MAX + 1];
    const char *ending; /* "webm" or "mp4", a constant */
} rh_video_name;
bool rh_video_name_read(rh_video_name *out, const char *file);

/* Removes files of the media folder that were last written before `older_than` (Unix time) and that
 * no session needs: left by a crash, or by a deletion that could not remove them. */
rh_status rh_store_sweep(rh_store *s, const char *media_dir, double older_than, int *n_removed, rh_error *err);

/* ---- interviews: sessions whose meta names one ("interview", "question_index", "follow_up") ---- */

/* `data`: object kept as it is (client, person, role, plan, job_ad, cv, ...). RH_ERR_BUSY too many are kept. */
rh_status rh_store_interview_new(rh_store *s, const char *id, double unix_time, const json_t *data, rh_error *err);
/* Array, newest first: their data without job_ad and cv, with id, created, answered (questions with a finished
 * session), overall (their mean, or null). As rh_store_list(). */
rh_status rh_store_interviews(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **out, rh_error *err);
/* Its data with id, created and "sessions" as rh_store_list() gives them, oldest first. RH_ERR_NOTFOUND. */
rh_status rh_store_interview(rh_store *s, const char *id, json_t **out, rh_error *err);
/* Deletes it, not its sessions. RH_ERR_NOTFOUND. */
rh_status rh_store_interview_delete(rh_store *s, const char *id, rh_error *err);
/* Deletes those from before `unix_time` that have no session any more. */
rh_status rh_store_interviews_expire(rh_store *s, double unix_time, rh_error *err);

/* ---- what people add to a session; all of it goes with it ---- */

typedef struct {
    double t;           /* seconds from the start */
    const char *text;   /* "" marks a moment without words */
    const char *author; /* NULL = the person who practised */
    const char *share;  /* the link by which it comes; NULL = the person's own */
    int most;           /* notes of this link, or of the person's own, that the session may have */
} rh_store_note;

/* *out (may be NULL): {id, t, created, text, author?, share}. RH_ERR_NOTFOUND; RH_ERR_BUSY there are too many. */
rh_status rh_store_note_new(rh_store *s, const char *id, const rh_store_note *note, json_t **out, rh_error *err);
/* Array of them, by their moments. RH_ERR_NOTFOUND. */
rh_status rh_store_notes(rh_store *s, const char *id, json_t **out, rh_error *err);
/* `share`: only where it came by this one; NULL: whose ever. RH_ERR_NOTFOUND. */
rh_status rh_store_note_delete(rh_store *s, const char *id, int note, const char *share, rh_error *err);

/* A link by which others may see the session. */
typedef struct {
    const char *hash;   /* SHA-256 of its token in 64 hexadecimal digits, of which the first 16 name it */
    const char *person; /* the mentor that it is for, whom no token opens it; NULL: whoever has it */
    double now, expires;
} rh_store_link;

/* `data`: object kept as it is. *out: it with id, created, expires, person.
 * Forgets links that have expired. RH_ERR_NOTFOUND; RH_ERR_BUSY there are too many. */
rh_status rh_store_share_new(rh_store *s, const char *id, const rh_store_link *link, const json_t *data, json_t **out,
                             rh_error *err);
/* The one that opens the session to this mentor: its data with id, session, created, expires. RH_ERR_NOTFOUND. */
rh_status rh_store_share_with(rh_store *s, const char *id, const char *mentor, json_t **out, rh_error *err);
/* Array of those that are good at `now`, oldest first. RH_ERR_NOTFOUND. */
rh_status rh_store_shares(rh_store *s, const char *id, double now, json_t **out, rh_error *err);
rh_status rh_store_share_delete(rh_store *s, const char *id, const char *share, rh_error *err); /* RH_ERR_NOTFOUND */
/* One by its name: its data with id, session, hash, created, expires. RH_ERR_NOTFOUND, also when it has expired. */
rh_status rh_store_share(rh_store *s, const char *share, double now, json_t **out, rh_error *err);

/* ---- what a client wants to reach ---- */

/* An object kept as it is; NULL removes it. `person`: whose client it is, "" = nobody's by name. RH_ERR_BUSY too many
 * clients have one. */
rh_status rh_store_goal_set(rh_store *s, const char *person, const char *client, const json_t *goal, rh_error *err);
/* Array of goals with client, person and created. */
rh_status rh_store_goals(rh_store *s, const rh_store_whose *of, json_t **out, rh_error *err);

/* ---- all of it ---- */

/* {sessions, interviews, transcriptions, goals}: everything of theirs, whole. */
rh_status rh_store_export(rh_store *s, const rh_store_whose *of, json_t **out, rh_error *err);
/* Gives each question of an interview's plan the "sessions" that answer it, in order of time. `interview`: of
 * rh_store_interview(). */
void rh_interview_share_out(json_t *interview);

/* ---- who did what ---- */

/* Queued; `row`: object kept as it is (person, role, what, session, address). */
rh_status rh_store_audit(rh_store *s, const json_t *row);
/* Array of them with id (a text) and t (Unix time), newest first. `person` ("" = without one), `session`: NULL = of all. Of
 * the last one seen `page` takes `t` as `before`. */
rh_status rh_store_audits(rh_store *s, const char *person, const char *session, rh_store_page page, json_t **out,
                          rh_error *err);
rh_status rh_store_audit_forget(rh_store *s, double unix_time, rh_error *err); /* those from before */

/* Deletes a session with its files in the media folder. As rh_store_delete(). */
rh_status rh_store_erase(rh_store *s, const char *media_dir, const char *id, rh_error *err);
/* Those files alone. */
void rh_store_remove_files(const char *media_dir, const char *id);

/* Ids of ended sessions older than `unix_time`. */
rh_status rh_store_older(rh_store *s, double unix_time, json_t **ids, rh_error *err);

#endif
