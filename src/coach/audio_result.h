/* audio_result.h - the protocol's audio result as JSON. */
#ifndef RH_AUDIO_RESULT_H
#define RH_AUDIO_RESULT_H

#include <jansson.h>
#include "rehearse/speech/speech.h"

/* The text, the scores (scores.h) and when. RH_ERR_NOMEM. */
rh_status rh_audio_result(json_t **out, const char *text, const char *language,
                          double duration_s, const rh_speech_report *r, rh_error *err);
/* Moves every time of a result ("start", "end", "t", and where its timeline begins) by
 * `by_s`: of a stretch of live sound, so that all count from its first sample. */
void rh_audio_result_move(json_t *result, double by_s);

#endif
