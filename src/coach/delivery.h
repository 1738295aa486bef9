/* delivery.h - timing, prosody and language of a recording as JSON.
 *
 * Adds to an audio result: "timing", "pauses", "prosody", "sound" (warnings),
 * "language" and "timeline" (arrays of one value a second, null = nothing to
 * measure). Keys are described in docs/api.md, formulas in docs/scoring.md. */
#ifndef RH_DELIVERY_H
#define RH_DELIVERY_H

#include <jansson.h>
#include "rehearse/speech/fillers.h"
#include "rehearse/speech/speech.h"

/* `samples`: mono, 16 kHz, of the same recording; none where in->contour is given or the
 * sound is not known. RH_ERR_NOMEM. */
rh_status rh_delivery_add(json_t *result, const rh_speech_input *in, const float *samples,
                          size_t n, rh_error *err);

/* Adds "fillers" and "slips" (kind, start, end, after_word, text) and "verbatim_text",
 * the transcript with what was said besides. RH_ERR_NOMEM. */
rh_status rh_disfluency_add(json_t *result, const rh_disfluency *d, rh_error *err);

/* Makes every "after_word" of the result, and "word" of a sentence's end, an index into
 * its "words": with a reference text these hold words that were not said, too. After all
 * else was added. RH_ERR_NOMEM. */
rh_status rh_delivery_place(json_t *result, const rh_speech_input *in, rh_error *err);

#endif
