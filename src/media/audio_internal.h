/* audio_internal.h - the resampler without the limits that clients get. */
#ifndef RH_AUDIO_INTERNAL_H
#define RH_AUDIO_INTERNAL_H

#include "rehearse/media/audio.h"

/* As rh_resampler_new(), for the rates that files come in (1 Hz to 768 kHz). */
rh_status rh_resampler_new_any(rh_resampler **out, int in_rate_hz, int out_rate_hz, rh_error *err);

#endif
