/* live_cost.h - what one person's live practice takes of this machine. */
#ifndef RH_LIVE_COST_H
#define RH_LIVE_COST_H

#include "rehearse/asr/asr.h"
#include "rehearse/asr/vad.h"

/* Silence after which live recognition takes a sentence to be over. */
#define RH_LIVE_PAUSE_S 0.4

typedef struct {
    double speech_share; /* processor seconds for a second of speech */
    double encoder_part; /* of that, [0,1]; the rest is the decoder's */
    double final_s;      /* from the end of speech to its last word, nothing else running */
    double memory_mb;
} rh_live_cost;

/* Live recognition of the recording `path`, which ends with speech, in simulated time: sound comes at the
 * rate of speech, a decode takes as long as it took. Leaves memory_mb alone. RH_ERR_IO, RH_ERR_FORMAT no speech was heard. */
rh_status rh_live_speech_cost(rh_live_cost *out, rh_asr_model *model, const rh_vad_model *vad, const char *path,
                              rh_error *err);
/* Processor seconds for the picture of a face, `path`, among others like it. RH_ERR_FORMAT no face was found. */
rh_status rh_live_face_cost(double *seconds, const char *models_dir, const char *path, rh_error *err);

#endif
