/* measure.h - what rh_coach_analyze_audio() tells of a recording, from words that
 * were recognised before: nothing is recognised again. */
#ifndef RH_MEASURE_H
#define RH_MEASURE_H

#include <jansson.h>
#include "rehearse/coach/coach.h"
#include "speech_table.h"

/* `t` has words and segments, `second` the words of the second decodes (maybe none), in
 * seconds from samples[0]; both are finished by the call. */
rh_status rh_measure_heard(rh_coach *c, rh_speech_table *t, rh_speech_table *second, const char *text, const char *language,
                           const float *samples, size_t n, json_t **out, rh_error *err);

#endif
