/* head_pose_internal.h - from mesh points to angles.
 *
 * Space of the fit: x to the image's right, y up, z towards the camera, so that
 * the canonical face (canonical_face.txt) unrotated faces the camera. */
#ifndef RH_HEAD_POSE_INTERNAL_H
#define RH_HEAD_POSE_INTERNAL_H

enum { RH_MESH_POINTS = 468, RH_FIT_POINTS = 33, RH_FACE_TRIANGLES = 898 };

typedef struct {
    int point;
    float weight;
} rh_fit_weight;

extern const float rh_canonical_face[RH_MESH_POINTS][3];
extern const rh_fit_weight rh_fit_weights[RH_FIT_POINTS];
extern const short rh_face_triangles[RH_FACE_TRIANGLES][3];

typedef struct {
    float r[3][3]; /* canonical face -> image space of the fit */
    float scale;   /* px per centimetre of the canonical face */
    float t[3];    /* px; where the canonical origin lies, y up */
    float error;   /* root mean square distance of the fitted points, cm */
} rh_rigid_fit;

typedef struct {
    float yaw, pitch, roll; /* degrees, signs of face_tracker.h */
} rh_angles;

/* Weighted similarity transform (Horn 1987, closed form by unit quaternions)
 * from the canonical face to `points` (px, y down, z away). */
void rh_rigid_fit_points(rh_rigid_fit *out, const float points[][3]);
/* The same of these points alone. */
void rh_rigid_fit_of(rh_rigid_fit *out, const float points[][3], const rh_fit_weight *weights, int n_weights);

/* Yaw about the vertical, then pitch, then roll: R = Ry(-yaw) Rx(-pitch) Rz(-roll). */
rh_angles rh_angles_of(const float r[3][3]);

enum { RH_POSE_POLY = 12, RH_POSE_REST = 235 };

/* A learned correction; tools/train_pose tells how it came about. */
typedef struct {
    float yaw[RH_POSE_POLY], pitch[RH_POSE_POLY]; /* constant, then the terms of pose_correct.c */
    float hint[RH_POSE_POLY];                     /* the same, added to the rest */
    struct {
        int point;
        float weight[3]; /* degrees of pitch a centimetre */
    } rest[RH_POSE_REST];
} rh_pose_table;
extern const rh_pose_table rh_learned_pose;

/* Angles with the learned correction: what the rigid fit reads too small or askew, from the fit and
 * how the points deviate from it. */
rh_angles rh_corrected_angles(const rh_pose_table *table, const rh_rigid_fit *fit, const float points[][3]);

#endif
