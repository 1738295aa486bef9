/* level.h - soft speech beside louder speech made louder, before it is recognised.
 *
 * A recogniser hears a window at the level of its loudest part: what is said 25 dB softer in the
 * same window is passed over as somebody in the background. */
#ifndef RH_LEVEL_H
#define RH_LEVEL_H

#include "rehearse/asr/asr.h"

/* A copy of the sound in which stretches of `speech` that are much softer than the loudest one are
 * nearer to it; *out is NULL when there are none. RH_ERR_NOMEM. */
rh_status rh_level_speech(float **out, const float *samples, size_t n, const rh_speech_span *speech, size_t n_speech);

#endif
