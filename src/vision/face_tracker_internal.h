/* face_tracker_internal.h - a tracker's state, shared by its two files. */
#ifndef RH_FACE_TRACKER_INTERNAL_H
#define RH_FACE_TRACKER_INTERNAL_H

#include "contact_internal.h"
#include "eyes_internal.h"
#include "hidden_internal.h"

/* A picture to be measured: pixels at hand, or bytes to be decoded as needed. */
typedef struct {
    const rh_image *image; /* NULL = bytes */
    const void *bytes;
    size_t n;
    int width, height; /* whole picture */
} rh_picture;

/* The middle half of an eye's crop in blocks of pixels. */
enum { RH_EYE_BLOCK = 4, RH_EYE_BLOCKS = 16 * 8 };

/* An eye as last measured, relative to the head, for the pictures in which the
 * other eye has its turn. */
typedef struct {
    rh_eye_reading reading;
    float yaw_in_head, pitch_in_head; /* gaze minus head, degrees */
    float hidden, hidden_if_open;     /* log odds, hidden_internal.h */
    float seen[RH_EYE_BLOCKS];        /* its picture then, coarsely */
    float iris[RH_IRIS_POINTS][2];    /* from the middle of the corners, in px / fit scale */
    int64_t t_us;
} rh_eye_memory;

struct rh_face_tracker {
    const rh_face_model *model;
    rh_face_options opts;
    bool started, tracking;
    int64_t last_us, counted_us, searched_us;
    int width, height; /* of the last picture */
    rh_roi roi;        /* where the face is expected next */
    float mesh[RH_MESH_POINTS][3];
    float presence;
    rh_rigid_fit fit;
    int n_faces;
    int turn; /* which eye is next */
    rh_eye_memory eye[2];
    bool smooth_known;
    rh_angles smooth;
    float gaze_yaw, gaze_pitch;
    bool hidden_known, eyes_hidden, mouth_hidden;
    float eyes_doubt, mouth_doubt; /* log odds, smoothed over time */
    int64_t mouth_us;              /* last looked at */
    float unclear;                 /* rh_contact_view */
    rh_blinks blinks;
    rh_contact contact;
};

/* Finds or follows the face: on success t->tracking tells whether there is one, and
 * mesh, fit, roi and *part (pixels around it) are fresh. */
rh_status rh_follow_face(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, int64_t t_us,
                         const rh_image_part **part, rh_image_part *whole, rh_error *err);

/* Measures the eyes that have their turn and look otherwise than before. */
void rh_measure_eyes(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, rh_angles head, int64_t t_us);
/* Whether the eyes are hidden, by what was measured of them lately. */
void rh_judge_eyes(rh_face_tracker *t, float dt, bool shut, int64_t t_us);
bool rh_eyes_shut(rh_face_tracker *t, int64_t t_us);
/* Gaze of both eyes, an eye measured before moving with the head; false: the head's instead. */
bool rh_join_gaze(rh_face_tracker *t, rh_angles head, int64_t t_us, float *yaw, float *pitch);
void rh_middle_of_eye(const float points[][3], bool left, float out[2]);

#endif
