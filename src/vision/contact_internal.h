/* contact_internal.h - eye contact from angles over time; no pictures here, so
 * that every rule can be tested from a table.
 *
 * Neutral: where this person's head and eyes point when looking at the camera.
 * Learnt from the first steady seconds within limits, or set by command.
 * Angles: degrees, signs of face_tracker.h. */
#ifndef RH_CONTACT_INTERNAL_H
#define RH_CONTACT_INTERNAL_H

#include "rehearse/vision/face_tracker.h"

enum { RH_LEARN_MAX = 96, RH_CONTACT_SIGNS = 7, RH_CONTACT_HEAD_SIGNS = 3 };

/* Log odds of hidden eyes from which clear ones are not told apart. */
#define RH_EYES_CLEAR (-3.0f)

/* One reading as the table below judges it; angles turned so that the head is upright (rh_upright()). */
typedef struct {
    float head_yaw, head_pitch, gaze_yaw, gaze_pitch;
    float unclear;   /* log odds that the eyes are hidden if they are open, hidden_internal.h */
    bool gaze_known; /* false: the head alone decides */
} rh_contact_view;

typedef struct {
    float constant, weight[RH_CONTACT_SIGNS];
    float head_constant, head[RH_CONTACT_HEAD_SIGNS]; /* without gaze */
    float head_pitch, gaze_pitch;                     /* of people who look at the camera, mean */
    float threshold;                                  /* log odds from which a look counts as contact */
} rh_contact_table;
extern const rh_contact_table rh_learned_contact;

/* Angles as if the picture were turned by -roll, so that the head stands upright in it. */
void rh_upright(float *yaw, float *pitch, float roll);
void rh_contact_signs(const rh_contact_view *v, float sign[RH_CONTACT_SIGNS]);
void rh_contact_head_signs(const rh_contact_view *v, float sign[RH_CONTACT_HEAD_SIGNS]);
float rh_contact_log_odds(const rh_contact_table *t, const rh_contact_view *v);
/* How far outside of what counts as contact: 0 = like most who look, 1 = at the edge. */
float rh_contact_outside(const rh_contact_table *t, const rh_contact_view *v);

typedef struct {
    int64_t t_us;
    bool present;
    float confidence;
    float head_yaw, head_pitch, head_roll;
    float gaze_yaw, gaze_pitch;
    float unclear; /* rh_contact_view */
    bool gaze_known, eyes_hidden;
    bool blink; /* eyes shut at this moment: says nothing about direction */
    bool shut;  /* for longer than a blink: the person looks down or rests the eyes */
} rh_contact_input;

typedef struct {
    bool looking, calibrated;
    float probability; /* of a look at the camera, [0,1]; 0 when the eyes are hidden */
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
    bool gaze_calibrated, by_command; /* what the neutral rests on */
    rh_neutral neutral;
    /* contact */
    bool started, facing; /* facing: looking, as far as can be seen */
    float probability;
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
