/* live_fillers.h - fillers and slips of finals, found as in a recording.
 *
 * Each final is heard together with the seconds before it: a hesitation at the
 * border of two finals, or between them, is in the sound of neither alone. What
 * only the later one shows is told with the later one. */
#ifndef RH_LIVE_FILLERS_H
#define RH_LIVE_FILLERS_H

#include <jansson.h>
#include "rehearse/speech/fillers.h"
#include "rehearse/asr/transcriber.h"
#include "speech_table.h"

enum { RH_LIVE_FILLERS_TOLD = 32 };

/* Words of one decode, of the last seconds. */
typedef struct {
    rh_word *at; /* texts owned */
    size_t n, cap;
} rh_live_words;

typedef struct {
    rh_live_words clean, second;
    rh_time_span told[RH_LIVE_FILLERS_TOLD]; /* the latest events, a ring */
    size_t n_told;
} rh_live_fillers;

void rh_live_fillers_init(rh_live_fillers *l);
void rh_live_fillers_done(rh_live_fillers *l);
void rh_live_fillers_clear(rh_live_fillers *l); /* a new sound begins */

/* Those that no call before has told, with times from the first sample fed;
 * `after_word` counts the final's words, `verbatim` is its text with the hesitations put in. *out must be fresh ({0}) or done, and is to
 * be done by rh_disfluency_done(). Call it for every final; finals of a transcriber
 * without `verbatim` have none. */
rh_status rh_live_fillers_find(rh_live_fillers *l, const rh_heard *h, rh_disfluency *out,
                               rh_error *err);

/* Adds the words of the final's second decode that are new, or else its clean ones, to
 * those of earlier finals, with times from the first sample fed. */
rh_status rh_live_fillers_second(const rh_heard *h, rh_speech_table *t);

/* Puts them among the final's words (JSON objects with "word", "start", "end"):
 * a word that is one gets "filler": its kind; one that no word stands for becomes an
 * item of its own with "heard": true. `offset_s` is added to the times. */
void rh_live_fillers_mark(json_t *words, const rh_disfluency *d, double offset_s);

#endif
