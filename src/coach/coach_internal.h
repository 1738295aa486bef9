/* coach_internal.h - what a coach holds. */
#ifndef RH_COACH_INTERNAL_H
#define RH_COACH_INTERNAL_H

#include "rehearse/coach/coach.h"

struct rh_coach {
    rh_asr_model *asr;    /* NULL = no speech */
    rh_vad_model *vad;
    rh_face_model *faces; /* NULL = no vision */
    char language[RH_ASR_LANG_LEN]; /* of live clients; "" = detect */
};

#endif
