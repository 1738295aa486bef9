/* session_internal.h - one session's state, shared by its audio and video halves. */
#ifndef RH_SESSION_INTERNAL_H
#define RH_SESSION_INTERNAL_H

#include <pthread.h>
#include "cues.h"
#include "rehearse/session/session.h"
#include "rehearse/asr/transcriber.h"
#include "spool.h"
#include "timeline.h"
#include "turns.h"

/* A session's states, each with one way on (rh_session_go_on):
 *
 *           rh_session_measure()            rh_session_close()
 *     OPEN ---------------------> MEASURED --------------------> CLOSED
 *       |                            |                             ^
 *       +----------------------------+--- rh_session_rest(), _discard()
 *
 * OPEN   takes sound and pictures, from whatever source */
typedef enum { RH_SESSION_OPEN, RH_SESSION_MEASURED, RH_SESSION_CLOSED } rh_session_state;

/* One person in the pictures of one camera; {0} at first. */
typedef struct {
    rh_face_tracker *tracker;
    int64_t last_us; /* of the latest picture */
} rh_camera;

/* The end of what was said last: the turn model is asked about it when nothing more urgent is to be done, or where its
 * answer is needed. */
typedef struct {
    pthread_mutex_t lock; /* also while it is asked */
    bool waits;           /* to be asked, */
    float *sound;         /* of this; owned, NULL once asked */
    size_t n;
    bool answered;     /* it has been asked, and `p` is news; */
    float p;           /* < 0: it could not tell */
    double speech_end; /* s of the session, of a pause that may end a turn; < 0 = of none */
    bool pause;        /* no voice follows */
    size_t word;       /* of `said`, the last of what was said; RH_NO_WORD = of none */
} rh_ending;

#define RH_NO_WORD SIZE_MAX

struct rh_session {
    rh_session_state state;
    const rh_model_set *models;
    rh_store *store;      /* may be NULL */
    rh_session_options o; /* strings owned */
    rh_terms *terms;      /* names that may be said; NULL = none */
    double created;
    double length; /* s, once measured */

    /* audio half */
    rh_transcriber *transcriber; /* NULL when no speech model is loaded */
    rh_spool spool;              /* {feed_lock} */
    size_t heard_from;           /* sample of the session at which the transcriber began (after a restart) */
    size_t n_fed; /* {feed_lock} sample of the session up to which the transcriber was fed; after a return
                                    maybe beyond what is there: a final can be kept before the last of its sound */
    int n_segments;
    json_t *segments;                       /* finals so far: {start, end, text, words} */
    rh_word_table said;                     /* the same with all that recognition knows, for the measures */
    bool whole;                             /* `said` has all of `segments` */
    struct rh_legacy_source *sources;       /* {feed_lock} owned: of the sockets of the legacy API */
    struct rh_legacy_source *active_source; /* {feed_lock} the one whose sound is taken */
    rh_turns turns;                         /* of the thread that recognises */
    rh_ending ending;
    bool interviewer;       /* {feed_lock} it speaks: what is fed is taken as silence */
    double interviewer_end; /* {feed_lock} s; < 0 it never spoke */
    bool turn_asked;        /* {feed_lock} the person has finished */
    bool partial_shown;     /* the last event of the transcript was a partial */

    /* video half */
    rh_camera camera; /* opened with the first picture */
    double last_face_event;

    pthread_mutex_t feed_lock; /* spool and transcriber feed */
    pthread_mutex_t lock;      /* what follows; never held while calling out */
    rh_timeline timeline;      /* {lock} */
    json_t *events;            /* {lock} all that happened: the store may be unable to keep it */
    bool not_stored;           /* {lock} something was refused by the store */
    int stored_until;          /* {lock} seconds before this one are in the store */
    double now;                /* {lock} latest time seen in sound or picture, s */
    double metrics_at;         /* {lock} time of the last metrics event */
    rh_cue_state cues;         /* {lock} */
    rh_cue_view cue_view;      /* {lock} what they went by last */
    int64_t storage_seen_us,
        storage_bad_us;        /* audio half: last look at disk and store; since when they fail, 0 = they do not */
    bool storage_told;         /* audio half: the person knows */
    double lag_told_at;        /* audio half: when the last lag event went out */
    pthread_mutex_t emit_lock; /* held while o.emit or o.saw is called */
    uint64_t n_told;           /* {emit_lock} events told by number */
    rh_store_receipt *receipt; /* of them, with o.acks */
};

void rh_legacy_sources_free(rh_session *s); /* those that nobody has freed */
void rh_session_go_on(rh_session *s, rh_session_state to);
/* Sends and lets go of `event` (NULL is fine). */
void rh_session_send(rh_session *s, json_t *event);
/* The same of a final, which is segment number `segment`. */
void rh_session_send_final(rh_session *s, json_t *event, int segment);
/* Events that an earlier run told go on in their numbers. */
void rh_session_told(rh_session *s, const json_t *told);
/* `m` NULL: RH_ERR_UNSUPPORTED. Nothing is done where it is open. */
rh_status rh_camera_open(rh_camera *c, const rh_face_model *m, const rh_face_options *o, rh_error *err);
/* Reads a picture. Two of one moment, or a clock that goes back: then it is of the next microsecond. */
rh_status rh_camera_read(rh_camera *c, const void *bytes, size_t n, int64_t t_us, rh_face *out, rh_error *err);
/* A reading that has been told, or is nobody's to tell. Any thread. */
void rh_session_note_face(rh_session *s, const rh_face *f, int64_t t_us);
void rh_session_send_face(rh_session *s, const rh_face *f, double t, const rh_error *remark);
/* Keeps something that happened; takes `detail`. */
void rh_session_keep_event(rh_session *s, const char *kind, double start, double end, json_t *detail);
void rh_session_restore_turn(rh_session *s, const json_t *told);
/* The words of a segment of `said`, `offset_s` to be added to its times, are final. One thread at a time. */
/* Borrowed: start, end, heard_to, context_from (where not < 0), text, words. */
json_t *rh_session_keep_segment(rh_session *s, size_t segment, double offset_s, double heard_to, double context_from);
void rh_session_take_heard(rh_session *s); /* what is new of the transcriber */
/* Gives the transcriber what waits in the spool, as much as it takes; true: all of it. Audio half. */
bool rh_session_feed_transcriber(rh_session *s, rh_status *st, rh_error *err);
/* session_turns.c: words that were heard, in the transcriber's times; what the moment means for the turn. */
void rh_session_hear_turn(rh_session *s, const rh_heard *h, double offset_s);
void rh_session_take_turn(rh_session *s);
/* session_ending.c. Audio half, but for rh_session_judge(). */
double rh_session_speech_end(const rh_session *s);
/* The final `h` is the last in `said`: what the turn model is to hear of its end waits to be asked. */
void rh_session_note_ending(rh_session *s, const rh_heard *h);
/* The same of the pause that the session is in and of the latest sound, where it does not wait yet. */
void rh_session_note_pause(rh_session *s, const rh_turn_view *v);
/* Words come that are not in `said` yet: where they do not show what the pause before them parts, the voice must. */
void rh_session_need_ending(rh_session *s, const rh_heard *h);
/* What the turn model has said; true: of the pause that begins at `speech_end` it has yet to be asked. */
bool rh_session_take_ending(rh_session *s, double speech_end);
/* session_storage.c: what the disk and the store do not take. */
void rh_session_watch_storage(rh_session *s);      /* tells the person when it begins and ends; audio half */
void rh_session_kept(rh_session *s, rh_status st); /* of a queued write to the store */
/* {feed_lock} held: sound that goes on where the last ended; silence up to sample `until`. */
rh_status rh_session_take_sound(rh_session *s, const float *x, size_t n, rh_error *err);
rh_status rh_session_take_silence(rh_session *s, size_t until, rh_error *err);
/* session_terms.c: what was pasted, {job_ad, cv}; NULL = nothing, or no memory. */
json_t *rh_session_pasted(const rh_session *s);
/* Fills s->terms from that and from o.key_terms. RH_ERR_NOMEM; as rh_terms_new() of the latter. */
rh_status rh_session_find_terms(rh_session *s, rh_error *err);
/* session_said.c: where after a return the transcriber is to begin (s->heard_from), and what is final of that, in s from
 * there: all up to *until_s, with the text (NULL = none, or no memory; freed with rh_free()) from *from_s on. */
char *rh_session_said(rh_session *s, double *from_s, double *until_s);
double rh_session_said_until(const rh_session *s); /* the end of the last final, s; 0 = none */
/* session_copy.c: whether its sound is in a store that others have too; what is there of it, from an earlier server; and
 * what comes from now on goes there. */
bool rh_session_shared(const rh_session *s);
rh_status rh_session_fetch_sound(rh_session *s, rh_error *err);
void rh_session_copy_sound(rh_session *s);
json_t *rh_session_meta(const rh_session *s);
const char *rh_session_language(const rh_session *s);          /* NULL = detect */
void rh_session_count_word(rh_session *s, const json_t *word); /* in the timeline; {lock} held */
/* Time has come to `t`: stores finished seconds, sends metrics and a cue when due. Any thread. */
void rh_session_advance(rh_session *s, double t);

#endif
