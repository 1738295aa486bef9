/* face_mesh.c - the mesh and iris networks on turned crops.
 *
 * Crops, turning and scaling follow MediaPipe's graphs face_landmark_front and
 * iris_landmark_left_and_right, so that the points equal MediaPipe's.
 * Reference: Y. Kartynnik et al., "Real-time Facial Surface Geometry from
 * Monocular Video on Mobile GPUs" (2019); A. Ablavatski et al., "Real-time Pupil
 * Tracking from Monocular Video for Digital Puppetry" (2020). */
#include <math.h>
#include "face_nets_internal.h"

enum { MESH_SIZE = 192, EYE_SIZE = RH_EYE_SIZE };

rh_affine rh_affine_of_roi(const rh_roi *roi, int size)
{
    float step = roi->side / (float)size;
    float c = cosf(roi->angle), s = sinf(roi->angle), half = roi->side / 2;
    /* Crop pixel 0 takes the value at the square's very corner: MediaPipe does so. */
    return (rh_affine){
        .x0 = roi->cx - half * c + half * s,
        .y0 = roi->cy - half * s - half * c,
        .ux = step * c,
        .uy = step * s,
        .vx = -step * s,
        .vy = step * c,
    };
}

/* From px of a crop of `size` to the picture. */
static void project(const rh_roi *roi, float size, const float *in, float out[3])
{
    float c = cosf(roi->angle), s = sinf(roi->angle), f = roi->side / size;
    float x = (in[0] - size / 2) * f, y = (in[1] - size / 2) * f;
    out[0] = roi->cx + c * x - s * y;
    out[1] = roi->cy + s * x + c * y;
    out[2] = in[2] * f;
}

void rh_find_mesh(rh_face_workspace *e, const rh_image_part *part, const rh_roi *roi, float points[RH_MESH_POINTS][3],
                  float *presence)
{
    rh_affine m = rh_affine_of_roi(roi, MESH_SIZE);
    rh_sample_crop(e->crop, MESH_SIZE, MESH_SIZE, part, &m, 1.0f / 255.0f, 0.0f, 0);
    rh_conv_net_run(e->mesh.net, e->crop, e->mesh.out, e->work);
    const float *p = e->mesh.out[0];
    for (int i = 0; i < RH_MESH_POINTS; i++)
        project(roi, (float)MESH_SIZE, p + 3 * i, points[i]);
    *presence = 1 / (1 + expf(-*e->mesh.out[1]));
}

rh_roi rh_roi_of_mesh(const float points[][3])
{
    enum { EYE_LEFT = 33, EYE_RIGHT = 263 }; /* outer corners, sides of the image */
    float x0 = points[0][0], x1 = x0, y0 = points[0][1], y1 = y0;
    for (int i = 1; i < RH_MESH_POINTS; i++) {
        x0 = fminf(x0, points[i][0]);
        x1 = fmaxf(x1, points[i][0]);
        y0 = fminf(y0, points[i][1]);
        y1 = fmaxf(y1, points[i][1]);
    }
    return (rh_roi){
        .cx = (x0 + x1) / 2,
        .cy = (y0 + y1) / 2,
        .side = 1.5f * fmaxf(x1 - x0, y1 - y0),
        .angle = atan2f(points[EYE_RIGHT][1] - points[EYE_LEFT][1], points[EYE_RIGHT][0] - points[EYE_LEFT][0]),
    };
}

rh_roi rh_roi_of_eye(const float points[][3], bool left)
{
    const float *a = points[left ? 33 : 362], *b = points[left ? 133 : 263];
    return (rh_roi){
        .cx = (a[0] + b[0]) / 2,
        .cy = (a[1] + b[1]) / 2,
        .side = 2.3f * fmaxf(fabsf(a[0] - b[0]), fabsf(a[1] - b[1])),
        .angle = atan2f(b[1] - a[1], b[0] - a[0]),
    };
}

void rh_crop_eye(rh_face_workspace *e, const rh_image_part *part, const rh_roi *roi, bool left)
{
    rh_affine m = rh_affine_of_roi(roi, EYE_SIZE);
    /* The network knows only the eye on the image's left; the other is mirrored. */
    rh_sample_crop(e->crop, EYE_SIZE, EYE_SIZE, part, &m, 1.0f / 255.0f, 0.0f, !left);
}

void rh_find_eye(rh_face_workspace *e, const rh_roi *roi, bool left, rh_eye *out)
{
    rh_conv_net_run(e->iris.net, e->crop, e->iris.out, e->work);
    for (int i = 0; i < RH_EYE_POINTS + RH_IRIS_POINTS; i++) {
        bool lid = i < RH_EYE_POINTS;
        const float *p = lid ? e->iris.out[0] + 3 * i : e->iris.out[1] + 3 * (i - RH_EYE_POINTS);
        float q[3] = {left ? p[0] : (float)EYE_SIZE - p[0], p[1], p[2]};
        project(roi, (float)EYE_SIZE, q, lid ? out->contour[i] : out->iris[i - RH_EYE_POINTS]);
    }
}
