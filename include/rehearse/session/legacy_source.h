/* legacy_source.h - sound and pictures of one socket of the legacy API, a source of its client's session: sound is
 * recognised while it comes and measured in ranges that follow each other, pictures are measured one by one.
 *
 * The transcriber decides what is final. A result measures the finals since some second, at
 * most every SETTLE_MS of speech or so and when nobody has spoken for a moment: so the texts
 * of results that follow each other are the transcript.
 * A person speaks into one microphone: while a source with sound is in a session, that of another
 * one is not taken.
 * Times: seconds from the first sample since the start or the last clear, where breaks of the sound
 * do not count. The session has each break as silence.
 * Threads: _feed and _look from one at a time, _recognise and _result from one at a time, _frame from one at a
 * time, all beside each other; _waiting_s from any. */
#ifndef RH_LEGACY_SOURCE_H
#define RH_LEGACY_SOURCE_H

#include "rehearse/session/session.h"

enum { RH_LEGACY_WAIT_S = 300 }; /* sound that may wait to be recognised */

typedef struct rh_legacy_source rh_legacy_source;

/* Of the session `s`, which owns it: it goes with the session at the latest. */
rh_status rh_legacy_source_new(rh_legacy_source **out, rh_session *s, const rh_face_options *faces, rh_error *err);
void rh_legacy_source_free(rh_legacy_source *l);       /* NULL is fine */
bool rh_legacy_source_kept(const rh_legacy_source *l); /* its session is */
/* One picture of time t_us of the session; `calibrate`: the person looks at the camera now.
 * As rh_face_tracker_push_bytes(). */
rh_status rh_legacy_source_frame(rh_legacy_source *l, const void *bytes, size_t n, int64_t t_us, bool calibrate,
                                 rh_face *out, rh_error *err);
/* Sound that came at time t_us of the session. It goes on where the last ended, however late the
 * network brings it; after a break the session has silence. RH_ERR_UNSUPPORTED no speech model is loaded;
 * RH_ERR_LIMIT more than RH_LEGACY_WAIT_S wait. Nothing is then taken. */
rh_status rh_legacy_source_feed(rh_legacy_source *l, const float *samples, size_t n, int64_t t_us, rh_error *err);
/* All that no result holds is forgotten, in the session too. Beside nothing else. */
void rh_legacy_source_clear(rh_legacy_source *l);

/* What no result holds yet. VOICED: and the sound ends in the middle of speech. */
typedef enum { RH_REST_NOTHING, RH_REST_QUIET, RH_REST_VOICED } rh_legacy_rest;
/* *due: something is due, call _recognise and _result. While that runs: nothing is, and the rest VOICED. */
rh_legacy_rest rh_legacy_source_look(rh_legacy_source *l, bool *due);
double rh_legacy_source_measured_s(const rh_legacy_source *l); /* up to here all is in results */
double rh_legacy_source_waiting_s(rh_legacy_source *l);        /* sound after that */

typedef enum {
    RH_PART_SETTLED, /* what is settled, every 2.3 s or so of speech, and what was said before a silence */
    RH_PART_WORDS,   /* all words so far, of all sound: nobody goes on speaking */
    RH_PART_ALL,     /* the same, also when there are none: RH_OK always */
} rh_legacy_part;
/* Recognises what is due, or all sound fed. RH_AGAIN: nothing new was settled. RH_ERR_UNSUPPORTED as _feed. */
rh_status rh_legacy_source_recognise(rh_legacy_source *l, rh_legacy_part part, const atomic_bool *cancel,
                                     rh_error *err);
/* Measures from `from_s` (0.._measured_s) on. RH_AGAIN when nothing new is to be told. */
rh_status rh_legacy_source_result(rh_legacy_source *l, rh_legacy_part part, double from_s, rh_analysis *out,
                                  rh_error *err);

#endif
