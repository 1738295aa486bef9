/* session.h - one person practising once: sound and pictures on one time axis, what
 * is told live, what is kept, and the report at the end.
 *
 * Times are seconds (or microseconds where the name says so) from the start of
 * the session. Audio is mono float PCM at 16 kHz.
 * Events leave through a callback as JSON objects with "type", as in
 * docs/api.md: transcript.partial, transcript.final, metrics, cue, lag,
 * turn.started, turn.ended, gap, error, report; a face leaves as its reading. Those that must not be
 * lost (all of these but partials, metrics and lag) are numbered: "seq", from 1 on, first in the object.
 * Threads: the audio half (_work, _measure, _close) from one thread at
 * a time, the video half (_frame) from one thread at a time, both halves
 * may run at once; rh_session_feed may run beside them from a third. The callback
 * comes from whichever thread made the event. */
#ifndef RH_SESSION_H
#define RH_SESSION_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/session/model_set.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/store/store.h"

enum {
    RH_SESSION_MAX_S = 3600,  /* longest practice */
    RH_SESSION_RESUME_S = 60, /* a broken connection may come back for this long */
    RH_CUE_INTERVAL_S = 20,   /* at most one cue in this time */
};

typedef struct rh_session rh_session;

/* Takes its own reference of nothing: `event` is borrowed for the call. */
typedef void (*rh_session_emit)(void *user, const json_t *event);
/* A reading of the face at second `t` of the session; `remark`: what reading the picture had to say. */
typedef void (*rh_session_saw)(void *user, const rh_face *f, double t, double unix_time, const rh_error *remark);

typedef enum {
    RH_SESSION_LIVE,      /* partials, metrics and cues are wanted */
    RH_SESSION_LEGACY,    /* words and faces come from its sources (legacy_source.h) */
    RH_SESSION_FILE,      /* begins anew where an earlier run had it; filled by rh_session_recording();
                             recognised at its end */
    RH_SESSION_RECOVERED, /* an earlier run had it, and it has only its end before it; recognised then */
} rh_session_source;

typedef struct {
    const char *id;          /* valid by rh_session_id_valid() */
    const char *person;      /* whose it is, by name; NULL = nobody's */
    const char *client;      /* whose trend it belongs to; NULL = "me" */
    const char *question;    /* NULL = none */
    const char *kind;        /* "behavioural", ...; NULL */
    const char *language;    /* NULL = detect */
    const char *interview;   /* whose question it answers; NULL = none, and the next two mean nothing */
    int question_index;      /* of the interview's plan */
    int follow_up;           /* 0 = the question of the plan itself, then its follow-ups */
    const char *reference;   /* text to be read aloud; NULL = free speech */
    const char *job_ad, *cv; /* pasted, for terms that are spelled right and looked for in the report (of an interview:
                                its own); NULL */
    const json_t *key_terms; /* texts: more to be spelled right (rehearse/asr/terms.h); NULL */
    float face_hz;           /* readings told at most as often; 0 = 5 */
    float fov_deg;           /* of the camera, across the picture; 0 = not known */
    const char *spool_dir;   /* folder for the sound of a running session, so that a crash loses
                              none; removed at the end unless keep_media; NULL = memory only */
    bool turns;              /* turns of an interview are told */
    double patience_s;       /* the silence that ends a turn where nothing is sure; 0 = RH_TURN_PATIENCE_S */
    bool unkept;             /* nothing is kept of it and no report made: it only answers */
    bool keep_media;         /* the person asked to keep the sound: <spool_dir>/<id>.wav */
    bool keep_video;         /* its client records it (videos.h) */
    bool acks; /* its client sends again what is not on the disk: sound is synced and taken exactly by its time, a
                              gap is told, and numbered events are committed before _durable_seq() has them */
    const char *token_hash;      /* by which its client comes back: rh_store_hold(); NULL = it does not */
    const json_t *told;          /* what an earlier run told by number: rh_store_held(); NULL = nothing. For the call */
    void (*durable)(void *user); /* _durable_seq() has more: from the store's thread, which must not wait; NULL */
    rh_session_source from;
    int64_t job_epoch;     /* of a recording: the claim under which it is analysed (rehearse/store/jobs.h); 0 = none */
    const char *file_name; /* of a recording, as its owner calls it; its title where there is no question; NULL */
    const char *source;    /* where it came from, kept with it ("ws", "upload"); NULL */
    void (*progress)(void *user, double done); /* of _recording and _finish, [0,1] each; NULL */
    void (*give_way)(void *user);              /* as that of rh_transcriber_options, in _recognise and _work; NULL */
    rh_session_emit emit;                      /* NULL = nobody listens */
    rh_session_saw saw;                        /* NULL = nobody looks */
    void *user;
} rh_session_options;

/* Borrows models and store (may be NULL: nothing is kept). A session of the same
 * id in the store is continued: what it holds is loaded (after a crash, say; rh_store_claim() it first). A live one is in the
 * store, committed, when this returns, unless that takes nothing just now: then it goes on in memory. */
rh_status rh_session_new(rh_session **out, const rh_model_set *m, rh_store *store, const rh_session_options *o,
                         rh_error *err);
void rh_session_free(rh_session *s); /* what was kept stays kept, as a session not ended */
/* Brings the sound that waits to the disk and takes no more: for those that must not wait for it in rh_session_free(). */
void rh_session_rest(rh_session *s);
/* Another server goes on with it, and has what was acknowledged: forgets what is here of it. */
void rh_session_leave(rh_session *s);

/* Adds sound that begins `t_us` after the start of the session; overlap with what is
 * already there is dropped (sent again after a resume), a gap is silence. Cheap: only copies.
 * What the disk does not take waits in memory (spool.h).
 * RH_ERR_LIMIT the session is too long, or the disk too slow just now; RH_ERR_IO the disk takes nothing
 * and no more may wait. Nothing is taken then. */
rh_status rh_session_feed(rh_session *s, const float *samples, size_t n, int64_t t_us, rh_error *err);
/* What is fed from now on is the interviewer's voice, or no longer: it is taken as silence, and no turn ends
 * meanwhile. As _feed: from its thread. */
void rh_session_interviewer(rh_session *s, bool speaking);
/* The person says that they have finished: the next _work tells the end of the turn. From the thread of _feed. */
void rh_session_end_turn(rh_session *s);
int64_t rh_session_audio_us(const rh_session *s); /* sound held so far: where a resume goes on */
/* With `acks`: what a loss of power leaves. Until _measure(), or _discard(); any thread. */
int64_t rh_session_durable_us(const rh_session *s);  /* sound; 0 while the session itself is not in the store */
int64_t rh_session_durable_seq(const rh_session *s); /* events; -1 likewise */
/* Follows voice activity through the sound fed, which is cheap, and tells a cue where there is one for the pause it finds:
 * how long _work may wait, and whether it has to decode (transcriber.h). Not beside _work, nor while something is untold. */
int64_t rh_session_look(rh_session *s, bool *decodes);
/* Recognises what is due and emits events. RH_AGAIN when nothing was due: call again
 * after more sound or 200 ms. The only slow call but _finish. */
rh_status rh_session_work(rh_session *s, rh_error *err);
/* The same in steps, so that the next decode, somebody else's, need not wait while this one's words are measured and told:
 * _recognise is _work without that where words became final, which are then untold until _tell, from the same or another
 * thread (or, at the latest, until the next _recognise or the report). */
rh_status rh_session_recognise(rh_session *s, rh_error *err);
bool rh_session_untold(const rh_session *s);
void rh_session_tell(rh_session *s);
/* How long _judge may wait; < 0: it is not needed, or not yet. Not beside _recognise and _tell. */
int64_t rh_session_judge_wait_us(rh_session *s);
/* The turn model hears how what was said last ended; the next _recognise or _tell goes by it, and asks itself where the
 * answer is needed and has not come. Any thread, also beside the others; some 80 ms. */
void rh_session_judge(rh_session *s);

/* One picture of time t_us. */
rh_status rh_session_frame(rh_session *s, const void *bytes, size_t n, int64_t t_us, rh_error *err);
void rh_session_calibrate(rh_session *s); /* the person looks at the camera now */

/* Fills a session of RH_SESSION_FILE with it: its sound and, where it has moving
 * pictures, the face ten times a second. RH_ERR_FORMAT neither sound nor pictures;
 * RH_ERR_LIMIT longer than RH_SESSION_MAX_S; RH_ERR_CANCELED. */
rh_status rh_session_recording(rh_session *s, const char *path, const atomic_bool *cancel, rh_error *err);

const char *rh_session_id(const rh_session *s);
double rh_session_length_s(const rh_session *s); /* of sound or pictures so far */
/* Forgets the session and all that was kept of it; free it afterwards. On failure all is still kept. */
rh_status rh_session_discard(rh_session *s, rh_error *err);

/* What a report is made of. */
typedef struct {
    json_t *kept;         /* as rh_store_get() gives it: id, created, duration_s, meta, segments, events;
                             with `pasted` {job_ad, cv} where it answers an interview */
    json_t *earlier;      /* the client's sessions before it, as rh_store_list() gives them; NULL = not known */
    rh_analysis analysis; /* of the whole */
} rh_session_whole;
void rh_session_whole_done(rh_session_whole *w);

/* The end, in two steps (report.h joins them). Recognises the rest and measures the whole; `cancel`
 * may be NULL. On failure there is nothing in *out. */
rh_status rh_session_measure(rh_session *s, const atomic_bool *cancel, rh_session_whole *out, rh_error *err);
/* Puts into a report that `what` ("sound", "report", "transcript") could not be kept. */
typedef void (*rh_session_lost)(json_t *report, const char *what, const char *why);
/* Keeps the report and the sound, and emits the report. A report that the store can't take is still
 * emitted to whoever listens; it and the session's sound stay where the next start finds them, if the
 * disk took them at all. */
rh_status rh_session_close(rh_session *s, json_t *report, rh_session_lost lost, rh_error *err);

#endif
