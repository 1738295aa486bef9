/* audio_mix_internal.h - many channels to one, so that no speech is lost.
 *
 * The plain mean loses what two channels hold with opposite signs (a plug wired the wrong way
 * round) and thins out what only one of many holds. For each second: which channels hold
 * something that changes as speech does (steady noise does not); those alike are added with the
 * sign that makes them agree, those unlike (two people, each with a microphone) are added, those
 * that hold the same at another time or phase are left out; the sum is as loud as the loudest of
 * them. Weights change over 50 ms.
 * Two channels whose mean holds the louder one about as loud as it is give exactly their mean. */
#ifndef RH_AUDIO_MIX_INTERNAL_H
#define RH_AUDIO_MIX_INTERNAL_H

#include <stddef.h>
#include "rehearse/base/status.h"

typedef struct rh_mixer rh_mixer;

/* n_channels 1..RH_AUDIO_MAX_CHANNELS. RH_ERR_NOMEM. */
rh_status rh_mixer_new(rh_mixer **out, int n_channels, int rate_hz, rh_error *err);
/* Takes n finite samples of each channel. What is ready, up to a second late, is at *out until
 * the next call; n = 0 gives the rest and ends the stream. */
rh_status rh_mixer_feed(rh_mixer *m, const float *const *channels, size_t n, const float **out, size_t *n_out,
                        rh_error *err);
void rh_mixer_free(rh_mixer *m);

/* How much of a sound may be speech, in constant memory. */
typedef struct {
    double block_sum; /* energy, of what is above 100 Hz */
    float in, high;   /* of the filter */
    long n_blocks, n_in_block;
    long at_level[100]; /* blocks of 20 ms by their level: 0 to -99 dB */
} rh_activity;

void rh_activity_add(rh_activity *a, const float *mono, size_t n, int rate_hz);
double rh_activity_s(const rh_activity *a); /* seconds well above the noise floor and audible */

#endif
