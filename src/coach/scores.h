/* scores.h - a speech report as JSON.
 *
 * Adds to an audio result: "clarity_score", "fluency_score", "pronunciation_score",
 * "prosody_score", "overall_score", "pace_wpm", "confidence", "filler_words_count",
 * "filler_words_detail", "scores" (each score's parts and advice), "words" and,
 * with a reference text, "reference". Keys are described in docs/api.md,
 * formulas in docs/scoring.md. */
#ifndef RH_SCORES_H
#define RH_SCORES_H

#include <jansson.h>
#include "rehearse/speech/speech.h"

/* Without speech every score is 0 and "reason" says why. RH_ERR_NOMEM. */
rh_status rh_scores_add(json_t *result, const rh_speech_report *r, rh_error *err);

#endif
