/* model_set.h - the models that all sessions share, loaded once.
 *
 * Threads: immutable after loading, and shared. */
#ifndef RH_MODEL_SET_H
#define RH_MODEL_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/asr/asr.h"
#include "rehearse/asr/turn.h"
#include "rehearse/asr/vad.h"
#include "rehearse/base/status.h"
#include "rehearse/vision/face_tracker.h"

typedef struct {
    rh_asr_model *asr;              /* NULL = no speech */
    rh_vad_model *vad;              /* NULL = no speech */
    rh_turn_model *turn;            /* NULL = no speech, or no such file */
    rh_face_model *faces;           /* NULL = no vision */
    char language[RH_ASR_LANG_LEN]; /* where a session gives none; "" = detect */
} rh_model_set;

typedef struct {
    const char *whisper_path; /* ggml file; NULL = no speech */
    const char *models_dir;   /* face, voice activity and turn models */
    bool vision;              /* load the face models */
    const char *language;     /* where a session gives none; NULL = detect */
    rh_asr_model_options asr;
    const atomic_bool *cancel; /* looked at between the models while they load; NULL */
} rh_model_set_options;

/* RH_ERR_CANCELED; what the parts' own loaders return. */
rh_status rh_model_set_load(rh_model_set **out, const rh_model_set_options *o, rh_error *err);
void rh_model_set_free(rh_model_set *m); /* NULL is fine */

#endif
