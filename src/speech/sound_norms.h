/* sound_norms.h - how plainly good speakers say each sound (sound_norms.c, written by tools/sound_norms): some
 * sounds are told from their neighbours less easily than others. */
#ifndef RH_SOUND_NORMS_H
#define RH_SOUND_NORMS_H

#include "rehearse/speech/phones.h"

typedef enum { RH_NORM_LOGP, RH_NORM_MARGIN, RH_NORMS } rh_sound_measure;

typedef struct {
    float mean, deviation; /* of rh_phone_said */
} rh_sound_norm;

extern const rh_sound_norm rh_sound_norms[RH_PHONES][RH_NORMS];

#endif
