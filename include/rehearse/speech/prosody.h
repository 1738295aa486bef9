/* prosody.h - what the curves of pitch and loudness say about a delivery.
 *
 * Pure functions over arrays of 10 ms steps. The arrays come from the pitch
 * track of `media` (pitch.h), which hears the samples; this module does not.
 * Pitch is in semitones about the speaker's own median, so that a low and a
 * high voice are judged alike. Rules, ranges and limits: docs/scoring.md.
 * Threads: any. */
#ifndef RH_PROSODY_H
#define RH_PROSODY_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/speech/speech.h"
#include "rehearse/base/status.h"

/* What the microphone did; several may hold. */
enum {
    RH_SOUND_CLIPPED = 1,  /* more than 0.1 % of samples on a flat top */
    RH_SOUND_NOISY = 2,    /* speech less than 15 dB above the background */
    RH_SOUND_QUIET = 4,    /* loud parts below -45 dBFS */
    RH_SOUND_NO_VOICE = 8, /* less than 0.2 s of voice: nothing below is measured */
    RH_SOUND_STEADY = 16   /* a constant tone or hum: voiced, but no voice moves so little */
};

typedef enum { RH_END_FALL, RH_END_LEVEL, RH_END_RISE } rh_end_kind;

/* The melody at the end of a sentence. */
typedef struct {
    float t;       /* s, end of its last voiced stretch */
    float change;  /* semitones from the sentence's median to its end */
    int word;      /* index of the sentence's last word */
    bool question; /* written with a question mark */
    rh_end_kind kind;
} rh_sentence_end;

typedef struct {
    unsigned sound; /* RH_SOUND_ bits */
    float snr_db;
    float voiced_s; /* total voice */
    float f0_median_hz;
    float f0_sd_st;                  /* standard deviation, semitones */
    float f0_spread_st;              /* 10th to 90th percentile */
    float f0_range_st;               /* 2nd to 98th percentile */
    float f0_speed_st_s;             /* mean |slope| inside voiced stretches, semitones a second */
    float loud_median_db;            /* of voiced steps */
    float loud_spread_db;            /* 10th to 90th percentile of voiced steps */
    float fading_db;                 /* mean loss of level from a sentence's first to its last third */
    rh_sentence_end *ends;           /* owned */
    size_t n_ends, n_falls, n_rises; /* rises: only of sentences that are not questions */
} rh_prosody;

/* Measures a recording; `in` may have no words (then no sentence ends).
 * RH_ERR_NOMEM. *out must be fresh ({0}) or done. */
rh_status rh_prosody_measure(const rh_speech_input *in, const rh_contour *c, rh_prosody *out, rh_error *err);
void rh_prosody_done(rh_prosody *p);

/* Semitones of `hz` about `median_hz`; 0 where either is 0. */
float rh_semitones(float hz, float median_hz);

/* One sentence in plain English for each bit of `sound`, "" when none; for the
 * reply's "why". */
const char *rh_sound_reason(unsigned sound);

#endif
