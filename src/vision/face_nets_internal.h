/* face_nets_internal.h - the four networks and what goes in and out of them.
 *
 * A workspace is the memory of one picture being measured: a request per
 * detector, what the other networks work in, crops, the decoded picture. The model keeps a few and lends them, so
 * that a thousand trackers need no thousand copies.
 * Positions: px of the whole upright picture, corner of the first pixel = 0, 0. */
#ifndef RH_FACE_NETS_INTERNAL_H
#define RH_FACE_NETS_INTERNAL_H

#include <stdbool.h>
#include "head_pose_internal.h"
#include "rehearse/vision/face_tracker.h"
#include "rehearse/nn/conv_net.h"
#include "rehearse/nn/nn.h"
#include "sampler_internal.h"

enum { RH_MAX_FACES = 16, RH_EYE_SIZE = 64, RH_EYE_POINTS = 71, RH_IRIS_POINTS = 5 };

/* A turned square: centre, side, angle of its x axis clockwise from the
 * picture's, radians. */
typedef struct {
    float cx, cy, side, angle;
} rh_roi;

typedef struct {
    float x, y, width, height;
    float score;      /* [0,1] */
    float eyes[2][2]; /* centre of the eye on the image's left, then right */
} rh_face_box;

typedef struct {
    rh_nn_request *request;
    float *out[2]; /* what it writes */
} rh_face_net;

/* Those that run for every picture. */
typedef struct {
    const rh_conv_net *net;
    float *out[2];
} rh_face_conv;

typedef struct {
    rh_face_net near, far;
    rh_face_conv mesh, iris;
    float *crop; /* input of any of them */
    float *work; /* of mesh and iris; behind the crop in its memory */
    rh_image_part part;
    void *next; /* in the model's list of free ones */
} rh_face_workspace;

typedef enum { RH_DETECT_NEAR, RH_DETECT_FAR } rh_detector;

/* Lends a workspace; makes one when all are out. */
rh_status rh_face_workspace_take(rh_face_workspace **out, const rh_face_model *m, rh_error *err);
void rh_face_workspace_give(const rh_face_model *m, rh_face_workspace *e);

/* Faces in the whole part, best first; *n up to RH_MAX_FACES. */
rh_status rh_detect_faces(rh_face_workspace *e, rh_detector which, const rh_image_part *part, float min_score,
                          rh_face_box *out, int *n, rh_error *err);
/* The same by the near network in the picture turned by so many quarters, clockwise faces upright. */
rh_status rh_detect_turned(rh_face_workspace *e, const rh_image_part *part, int quarters, float min_score,
                           rh_face_box *out, int *n, rh_error *err);
/* Shifts, then scales everything of a box but its score. */
void rh_move_box(rh_face_box *b, float dx, float dy, float scale);
rh_roi rh_roi_of_box(const rh_face_box *b);

/* Mesh in `points` (px; z in px, smaller is nearer) and how sure the network is of a
 * face, [0,1]. */
void rh_find_mesh(rh_face_workspace *e, const rh_image_part *part, const rh_roi *roi, float points[RH_MESH_POINTS][3],
                  float *presence);
rh_roi rh_roi_of_mesh(const float points[][3]);

typedef struct {
    float contour[RH_EYE_POINTS][3]; /* lids first: 0..8 lower, 9..15 upper, from the outer corner */
    float iris[RH_IRIS_POINTS][3];   /* centre, then right, top, left, bottom */
} rh_eye;
/* `left` = the eye on the image's left (the person's right). First the crop, then what is in it. */
void rh_crop_eye(rh_face_workspace *e, const rh_image_part *part, const rh_roi *roi, bool left);
void rh_find_eye(rh_face_workspace *e, const rh_roi *roi, bool left, rh_eye *out);
rh_roi rh_roi_of_eye(const float points[][3], bool left);

/* The square as an affine map for a crop of `size` px, as MediaPipe samples it. */
rh_affine rh_affine_of_roi(const rh_roi *roi, int size);

#endif
