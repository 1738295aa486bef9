/* pitch_internal.h - between the two halves of the pitch track: candidates of
 * each hop (pitch.c) and the path through them (pitch_path.c). */
#ifndef RH_PITCH_INTERNAL_H
#define RH_PITCH_INTERNAL_H

#include <stddef.h>
#include "rehearse/media/pitch.h"

enum { RH_PITCH_CANDIDATES = 6 };

typedef struct {
    float hz[RH_PITCH_CANDIDATES];       /* 0 past the last one */
    float strength[RH_PITCH_CANDIDATES]; /* normalised autocorrelation, [0,1] */
} rh_pitch_hop;

/* Writes f0_hz of the best path: hops [n], level_db [n]. */
rh_status rh_pitch_path(const rh_pitch_hop *hops, const float *level_db, size_t n, float *f0_hz, rh_error *err);

#endif
