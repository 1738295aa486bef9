/* pose_correct.c - the learned correction of the rigid fit's angles.
 *
 * The mesh network answers to a turned head too weakly, most of all to pitch, and by bending
 * the face instead. Yaw: a polynomial of the fit's yaw y and pitch p. Pitch: another, plus a
 * small hint: a weighted sum over what the rigid fit leaves of the points that expression
 * moves least. Smiles move them still, so the hint has a limit.
 * Coefficients: pose_table.c, made by tools/train_pose, which uses the same formulas. */
#include <string.h>
#include "head_pose_internal.h"
#include "hidden_internal.h"

/* Of the fit; beyond, an angle grows as the fit does. */
static const float MAX_YAW = 58.0f, MAX_PITCH = 35.0f;
static const float MAX_HINT = 10.0f;

static float clamped(float v, float max)
{
    return v > max ? max : v < -max ? -max : v;
}

static float poly(const float c[RH_POSE_POLY], float y, float p)
{
    float y2 = y * y, p2 = p * p;
    return c[0] + c[1] * y + c[2] * p + c[3] * y * p + c[4] * y2 + c[5] * p2 + c[6] * y2 * y + c[7] * p2 * p +
           c[8] * y2 * p + c[9] * y * p2 + c[10] * y2 * y2 * y + c[11] * p * y2 * y2;
}

/* What the fit leaves of a point, in the head's own space, times its weights. */
static float rest_of(const rh_pose_table *t, const rh_rigid_fit *fit, const float points[][3])
{
    float sum = 0;
    for (int i = 0; i < RH_POSE_REST; i++) {
        int k = t->rest[i].point;
        float p[3] = {points[k][0] - fit->t[0], -points[k][1] - fit->t[1], -points[k][2] - fit->t[2]};
        for (int j = 0; j < 3; j++) {
            float q = fit->r[0][j] * p[0] + fit->r[1][j] * p[1] + fit->r[2][j] * p[2];
            sum += t->rest[i].weight[j] * (q / fit->scale - rh_canonical_face[k][j]);
        }
    }
    return sum;
}

rh_angles rh_corrected_angles(const rh_pose_table *table, const rh_rigid_fit *fit, const float points[][3])
{
    rh_angles a = rh_angles_of((const float(*)[3])fit->r);
    float y = clamped(a.yaw, MAX_YAW), p = clamped(a.pitch, MAX_PITCH);
    float hint = poly(table->hint, y / 45, p / 30) + rest_of(table, fit, points);
    a.yaw += poly(table->yaw, y / 45, p / 30) - y;
    a.pitch += poly(table->pitch, y / 45, p / 30) - p + clamped(hint, MAX_HINT);
    return a;
}

void rh_part_signs(const short point[RH_PART_POINTS], const float points[][3], float sign[RH_PART_SIGNS])
{
    rh_fit_weight weights[RH_PART_POINTS];
    rh_rigid_fit fit;
    for (int i = 0; i < RH_PART_POINTS; i++)
        weights[i] = (rh_fit_weight){point[i], 1.0f / RH_PART_POINTS};
    rh_rigid_fit_of(&fit, points, weights, RH_PART_POINTS);
    rh_angles a = rh_angles_of((const float(*)[3])fit.r);
    float y = a.yaw / 45, p = a.pitch / 30;
    float poly[RH_PART_POLY] = {1, p, y * y, p * p, p * p * p, y * y * p};
    memcpy(sign, poly, sizeof poly);
    for (int i = 0; i < RH_PART_POINTS; i++) {
        int k = point[i];
        float q[3] = {points[k][0] - fit.t[0], -points[k][1] - fit.t[1], -points[k][2] - fit.t[2]};
        for (int j = 0; j < 3; j++) {
            float r = fit.r[0][j] * q[0] + fit.r[1][j] * q[1] + fit.r[2][j] * q[2];
            sign[RH_PART_POLY + 3 * i + j] = r / fit.scale - rh_canonical_face[k][j];
        }
    }
}

/* A mask bends the whole mesh, most of all below, and with it the pitch by a dozen degrees; a hand over the eyes bends
 * it most above. What is seen tells the pitch by a fit of its own and by how that part is bent. */
float rh_pitch_of_part(const rh_part_table *table, const float points[][3])
{
    float sign[RH_PART_SIGNS], pitch = 0;
    rh_part_signs(table->point, points, sign);
    for (int i = 0; i < RH_PART_POLY; i++)
        pitch += table->pitch[i] * sign[i];
    for (int i = 0; i < 3 * RH_PART_POINTS; i++)
        pitch += table->rest[i / 3][i % 3] * sign[RH_PART_POLY + i];
    return clamped(pitch, 60);
}
