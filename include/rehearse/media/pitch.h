/* pitch.h - pitch, voicing, loudness and recording quality, every 10 ms.
 *
 * The signal half of prosody: it needs samples, so it lives in `media`; what
 * the curves say about a speaker is judged in `speech` (prosody.h, timing.h,
 * fillers.h), which sees only the arrays below and never the sound.
 * Method: autocorrelation of 45 ms windows, corrected for the window, with a
 * best path over candidates (Boersma 1993, "Accurate short-term analysis of
 * the fundamental frequency and the harmonics-to-noise ratio of a sampled
 * sound"), then a second path within the speaker's own range (De Looze and
 * Hirst 2008) to be rid of octave errors.
 * Hop i is centred on sample i * RH_PITCH_HOP of the 16 kHz recording.
 * Limits: one voice; two at once give the stronger. Creak below 60 Hz counts
 * as unvoiced.
 * Threads: any; no shared state. */
#ifndef RH_PITCH_H
#define RH_PITCH_H

#include <stddef.h>
#include "rehearse/base/status.h"

enum {
    RH_PITCH_RATE_HZ = 16000, /* of the samples given */
    RH_PITCH_HOP = 160,       /* samples, 10 ms */
    RH_PITCH_MIN_HZ = 60,
    RH_PITCH_MAX_HZ = 550
};

/* Arrays of n_hops, owned; all in one block. */
typedef struct {
    size_t n_hops;
    float *f0_hz;     /* 0 = unvoiced */
    float *voicing;   /* [0,1] periodicity: height of the autocorrelation's best peak */
    float *level_db;  /* RMS of the hop's surroundings (25 ms), dB below full scale, >= -100 */
    float *change_db; /* mean difference of 16 band levels to the hop 20 ms before, dB */
    float *treble_db; /* level of what lies between 2 and 4 kHz, where consonants are, as level_db */
    float clipped;    /* share of samples on a flat top, [0,1] */
    float peak;       /* largest |sample| */
    float noise_db;   /* level of the quietest tenth of the hops */
    float speech_db;  /* level of the loud hops */
    float snr_db;     /* speech_db - noise_db, 0..80 */
} rh_pitch_track;

/* Mono samples at 16 kHz in [-1,1]. n = 0 gives an empty track. *out is
 * replaced, so it must be fresh ({0}) or done. RH_ERR_INVAL a sample is not
 * finite; RH_ERR_NOMEM. */
rh_status rh_pitch_track_run(rh_pitch_track *out, const float *samples, size_t n, rh_error *err);
void rh_pitch_track_done(rh_pitch_track *t);

#endif
