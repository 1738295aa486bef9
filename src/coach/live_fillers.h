/* live_fillers.h - fillers and slips of a final, found as in a recording. */
#ifndef RH_LIVE_FILLERS_H
#define RH_LIVE_FILLERS_H

#include <jansson.h>
#include "rehearse/fillers.h"
#include "rehearse/transcriber.h"
#include "speech_table.h"

/* Those of the sound that was in no final before, with times from the first
 * sample fed; `after_word` counts the final's words. *out must be fresh ({0}) or
 * done, and is to be done by rh_disfluency_done(). Finals of a transcriber
 * without `verbatim` have none. */
rh_status rh_live_fillers_find(const rh_heard *h, rh_disfluency *out, rh_error *err);

/* Adds the words of the final's second decode that are new, or else its clean ones, to
 * those of earlier finals, with times from the first sample fed. */
rh_status rh_live_fillers_second(const rh_heard *h, rh_speech_table *t);

/* Puts them among the final's words (JSON objects with "word", "start", "end"):
 * a word that is one gets "filler": its kind; one that no word stands for becomes an
 * item of its own with "heard": true. `offset_s` is added to the times. */
void rh_live_fillers_mark(json_t *words, const rh_disfluency *d, double offset_s);

#endif
