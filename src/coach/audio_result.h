/* audio_result.h - the protocol's audio result as JSON. */
#ifndef RH_AUDIO_RESULT_H
#define RH_AUDIO_RESULT_H

#include <jansson.h>
#include "rehearse/speech.h"

/* The text, the scores (scores.h) and when. `from_s` is where the sound that was
 * measured begins: times of words are moved by it. RH_ERR_NOMEM. */
rh_status rh_audio_result(json_t **out, const char *text, const char *language,
                          double duration_s, double from_s, const rh_speech_report *r,
                          rh_error *err);

#endif
