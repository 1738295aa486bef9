/* eyes_internal.h - gaze, lids and smile from points; no pictures. */
#ifndef RH_EYES_INTERNAL_H
#define RH_EYES_INTERNAL_H

#include "face_nets_internal.h"

/* One eye, in units of the head: px divided by the scale of the rigid fit. */
typedef struct {
    bool known;
    float gaze_yaw, gaze_pitch; /* as the iris lies, relative to the camera, degrees */
    float opening;              /* lid distance / eye width, of a head seen from the front */
    float weight;               /* how much of the eye is seen, [0,1] */
} rh_eye_reading;

rh_eye_reading rh_read_eye(const rh_eye *eye, const rh_rigid_fit *fit, bool left);
/* Gaze relative to the camera, with what is known of the reading's bias and gain (eyes.c). */
rh_angles rh_gaze_of(const rh_eye_reading *eye, rh_angles head);
/* Opening alone, from the mesh, when the iris network does not run. */
float rh_mesh_opening(const float points[][3], const rh_rigid_fit *fit, bool left);
/* [0,1] from the corners of the mouth against the canonical face. */
float rh_smile_of(const float points[][3], const rh_rigid_fit *fit);

/* Blinks over time. */
enum { RH_BLINKS_KEPT = 64 };
typedef struct {
    float open_level; /* opening of this person's open eyes; 0 = not known yet */
    bool closed;
    int64_t closed_since_us, first_us, last_us;
    int64_t at_us[RH_BLINKS_KEPT]; /* ring of the last blinks */
    int n_blinks;
} rh_blinks;
/* True while the eyes are shut. */
bool rh_blinks_push(rh_blinks *b, float opening, int64_t t_us);
float rh_blinks_per_minute(const rh_blinks *b, int64_t t_us);

#endif
