/* listener.h - one stream of sound, recognised while it comes: what was said so far, and the
 * measures of any part of it that is not long ago.
 *
 * The transcriber decides what is final. A result measures the finals since some second, at
 * most every SETTLE_MS of speech or so and when nobody has spoken for a moment: so the texts
 * of results that follow each other are the transcript.
 * Times: seconds from the first sample since the start or the last clear.
 * Threads: one at a time. */
#ifndef RH_LISTENER_H
#define RH_LISTENER_H

#include "rehearse/session/model_set.h"
#include "rehearse/speech/analysis.h"

typedef struct rh_listener rh_listener;

rh_status rh_listener_new(rh_listener **out, const rh_model_set *m, rh_error *err);
void rh_listener_free(rh_listener *l); /* NULL is fine */
/* RH_ERR_LIMIT when more than the limit waits unrecognised; nothing is then taken. */
rh_status rh_listener_feed(rh_listener *l, const float *samples, size_t n, rh_error *err);
void rh_listener_clear(rh_listener *l);

/* What no result holds yet. VOICED: and the sound ends in the middle of speech. */
typedef enum { RH_REST_NOTHING, RH_REST_QUIET, RH_REST_VOICED } rh_listener_rest;
rh_listener_rest rh_listener_what_rests(const rh_listener *l);
double rh_listener_measured_s(const rh_listener *l); /* up to here all is in results */
double rh_listener_waiting_s(const rh_listener *l);  /* sound after that */
bool rh_listener_ready(rh_listener *l); /* something is due: call _recognise and _result */

/* Recognises what is due, or `all` sound fed. RH_AGAIN: nothing new was settled. */
rh_status rh_listener_recognise(rh_listener *l, bool all, const atomic_bool *cancel, rh_error *err);

typedef enum {
    RH_PART_SETTLED, /* what is settled, every 2.3 s or so of speech, and what was said before a silence */
    RH_PART_WORDS,   /* all words so far, of all sound: nobody goes on speaking */
    RH_PART_ALL,     /* the same, also when there are none: RH_OK always */
} rh_listener_part;
/* Measures from `from_s` (0.._measured_s) on. RH_AGAIN when nothing new is to be told. */
rh_status rh_listener_result(rh_listener *l, rh_listener_part part, double from_s, rh_analysis *out, rh_error *err);

/* What was said: segments of it and their times. */
const rh_word_table *rh_listener_said(const rh_listener *l);

#endif
