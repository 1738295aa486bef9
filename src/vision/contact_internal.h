/* contact_internal.h - eye contact from angles over time; no pictures here, so
 * that every rule can be tested from a table.
 *
 * Neutral: where this person's head and eyes point when looking at the camera.
 * Learnt from the first steady seconds within limits, or set by command.
 * Angles: degrees, signs of face_tracker.h. */
#ifndef RH_CONTACT_INTERNAL_H
#define RH_CONTACT_INTERNAL_H

#include "rehearse/vision/face_tracker.h"

enum { RH_LEARN_MAX = 96 };

typedef struct {
    int64_t t_us;
    bool present;
    float confidence;
    float head_yaw, head_pitch;
    float gaze_yaw, gaze_pitch;
    bool gaze_known;
    bool blink; /* eyes shut at this moment: says nothing about direction */
    bool shut;  /* for longer than a blink: the person looks down or rests the eyes */
} rh_contact_input;

typedef struct {
    bool looking, calibrated;
    rh_look look;
    float attention, eye_contact;
    bool away_now, away_ended;
    rh_away away;
} rh_contact_result;

typedef struct {
    float head_yaw, head_pitch, gaze_yaw, gaze_pitch;
} rh_neutral;

typedef struct {
    /* learning the neutral */
    rh_neutral seen[RH_LEARN_MAX];
    int n_seen, n_gaze;
    int64_t learn_start_us;
    bool learning, commanded, calibrated;
    bool gaze_calibrated;
    rh_neutral neutral;
    /* contact */
    bool started, looking;
    int64_t last_us, last_seen_us;
    double contact_sum, weight_sum; /* of the last seconds, fading */
    /* look away in progress */
    bool away;
    int64_t away_start_us;
    float away_time[RH_LOOK_ABSENT + 1]; /* seconds a direction */
} rh_contact;

void rh_contact_init(rh_contact *c);
void rh_contact_calibrate(rh_contact *c);
rh_contact_result rh_contact_push(rh_contact *c, const rh_contact_input *in);

#endif
