/* analyze.h - a whole recording, heard and measured at once.
 *
 * Audio is mono float PCM at 16 kHz; callers resample (audio.h). */
#ifndef RH_ANALYZE_H
#define RH_ANALYZE_H

#include "rehearse/session/model_set.h"
#include "rehearse/speech/analysis.h"

typedef struct {
    const char *language;  /* NULL = the model set's */
    const char *reference; /* what should be said; NULL = free speech */
    const atomic_bool *cancel;
    void (*progress)(void *user, double done);
    void *progress_user;
    rh_transcript *transcript; /* when not NULL: filled with what was recognised */
} rh_analyze_options;

/* *out must be fresh ({0}) or done. RH_ERR_UNSUPPORTED no speech model is loaded; as rh_hear(). */
rh_status rh_analyze_recording(const rh_model_set *m, const float *samples, size_t n, const rh_analyze_options *o,
                               rh_analysis *out, rh_error *err);

#endif
