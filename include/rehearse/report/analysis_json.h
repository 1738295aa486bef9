/* analysis_json.h - analyses and face readings as JSON: the only place where that is made. */
#ifndef RH_ANALYSIS_JSON_H
#define RH_ANALYSIS_JSON_H

#include <jansson.h>
#include "rehearse/base/status.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/vision/face_tracker.h"

/* The keys of the protocol's audio result (transcribed_text, clarity_score, ...,
 * filler_words_detail, audio_duration) and ours. NULL without memory. */
json_t *rh_analysis_json(const rh_analysis *a);

/* The protocol's video result of a reading: {"yaw","pitch",...,"timestamp"} and ours, with what reading
 * the picture had to remark, if anything ("warning"); `remark` may be NULL. NULL without memory. */
json_t *rh_face_json(const rh_face *f, double unix_time, const rh_error *remark);

#endif
