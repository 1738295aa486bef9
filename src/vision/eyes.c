/* eyes.c - where the eyes point, whether they are shut, whether the mouth smiles.
 *
 * Gaze: the eyeball is a sphere fixed to the head; the iris lies on it. Under
 * weak perspective the iris centre is the eyeball's centre plus its radius times
 * the gaze vector, both in image space, so the gaze relative to the camera
 * follows without composing angles (cf. T. Ishikawa et al., "Passive driver gaze
 * tracking with active appearance models", 2004). */
#include "eyes_internal.h"
#include <math.h>

static const float DEG = 57.29577951f;
/* Centimetres of the canonical head. The eyeball's centre lies behind and a little
 * above the middle of the eye's corners; iris to centre of rotation is about a centimetre.
 * Behind and above: least squares over Pointing'04, whose people look where they point. */
static const float EYE_BEHIND = 0.60f, EYE_ABOVE = 0.24f;
static const float EYE_OUTWARD = 0.13f; /* else the eyes seem to look 14 degrees apart */
static const float IRIS_RADIUS = 1.05f;

static const struct {
    int outer, inner;
} corner[2] = {{33, 133}, {263, 362}}; /* eye on the image's left, right */

static float canonical_width(bool left)
{
    const float *a = rh_canonical_face[corner[!left].outer];
    const float *b = rh_canonical_face[corner[!left].inner];
    return sqrtf((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

static float flat_distance(const float a[3], const float b[3])
{
    return hypotf(a[0] - b[0], a[1] - b[1]);
}

/* Lids apart where the head's own vertical is seen shortened by its pitch. */
static float opening_of(float lids, const rh_rigid_fit *fit, bool left)
{
    float upright = fmaxf(0.5f, hypotf(fit->r[0][1], fit->r[1][1]));
    return lids / (fit->scale * canonical_width(left) * upright);
}

rh_eye_reading rh_read_eye(const rh_eye *eye, const rh_rigid_fit *fit, bool left)
{
    rh_eye_reading out = {0};
    const float(*c)[3] = eye->contour; /* 0 outer corner, 8 inner; 3,4,5 lower; 11,12,13 upper */
    float lids = (flat_distance(c[11], c[3]) + flat_distance(c[12], c[4]) + flat_distance(c[13], c[5])) / 3;
    out.opening = opening_of(lids, fit, left);
    float seen = flat_distance(c[0], c[8]) / (fit->scale * canonical_width(left));
    out.weight = seen < 0.3f ? 0 : fminf(1.0f, (seen - 0.3f) / 0.5f);
    float mid[2] = {(c[0][0] + c[8][0]) / 2, (c[0][1] + c[8][1]) / 2};
    float px = fit->scale;
    float out_x = left ? -EYE_OUTWARD : EYE_OUTWARD;
    /* y of the fit points up, y of the picture down. */
    float centre[2] = {mid[0] + px * (out_x * fit->r[0][0] + EYE_ABOVE * fit->r[0][1] - EYE_BEHIND * fit->r[0][2]),
                       mid[1] - px * (out_x * fit->r[1][0] + EYE_ABOVE * fit->r[1][1] - EYE_BEHIND * fit->r[1][2])};
    float gx = (eye->iris[0][0] - centre[0]) / (px * IRIS_RADIUS);
    float gy = -(eye->iris[0][1] - centre[1]) / (px * IRIS_RADIUS);
    float flat = hypotf(gx, gy);
    if (flat > 0.95f) { /* beyond what a visible iris can do: keep the direction */
        gx *= 0.95f / flat;
        gy *= 0.95f / flat;
    }
    out.gaze_yaw = DEG * atan2f(-gx, sqrtf(fmaxf(0.0f, 1 - gx * gx - gy * gy)));
    out.gaze_pitch = DEG * asinf(gy);
    out.known = out.weight > 0;
    return out;
}

/* The iris network gives back half of an eye's turn with the head (its lids hide the rest), and sees people who
 * look into the lens look 7 degrees below. Rounded by hand between least-squares fits that weigh Pointing'04
 * (eyes and head point the same way) and photographs of people who look at the camera differently. */
rh_angles rh_gaze_of(const rh_eye_reading *eye, rh_angles head)
{
    return (rh_angles){.yaw = 0.80f * eye->gaze_yaw + 0.35f * head.yaw,
                       .pitch = 6.5f + 1.10f * eye->gaze_pitch + 0.10f * head.pitch};
}

float rh_mesh_opening(const float points[][3], const rh_rigid_fit *fit, bool left)
{
    static const int upper[2][3] = {{160, 159, 158}, {387, 386, 385}};
    static const int lower[2][3] = {{144, 145, 153}, {373, 374, 380}};
    float lids = 0;
    for (int k = 0; k < 3; k++)
        lids += flat_distance(points[upper[!left][k]], points[lower[!left][k]]) / 3;
    return opening_of(lids, fit, left);
}

/* A mesh point carried back into the canonical face, centimetres. */
static void to_head(const float points[][3], int i, const rh_rigid_fit *fit, float out[3])
{
    float p[3] = {points[i][0] - fit->t[0], -points[i][1] - fit->t[1], -points[i][2] - fit->t[2]};
    for (int k = 0; k < 3; k++)
        out[k] = (fit->r[0][k] * p[0] + fit->r[1][k] * p[1] + fit->r[2][k] * p[2]) / fit->scale;
}

/* Corners of the mouth wider apart and higher over the middle of the lips than at
 * rest; both in units of the distance between the eyes' outer corners. */
float rh_smile_of(const float points[][3], const rh_rigid_fit *fit)
{
    static const float WIDE_REST = 0.54f, WIDE_SMILE = 0.68f, LIFT_REST = -0.02f, LIFT_SMILE = 0.09f;
    float a[3], b[3], up[3], low[3], e[3], f[3];
    to_head(points, 61, fit, a);
    to_head(points, 291, fit, b);
    to_head(points, 0, fit, up);
    to_head(points, 17, fit, low);
    to_head(points, 33, fit, e);
    to_head(points, 263, fit, f);
    float eyes = f[0] - e[0];
    if (!(eyes > 1))
        return 0;
    float wide = (b[0] - a[0]) / eyes;
    float lift = ((a[1] + b[1]) / 2 - (up[1] + low[1]) / 2) / eyes;
    float s =
        0.5f * (wide - WIDE_REST) / (WIDE_SMILE - WIDE_REST) + 0.5f * (lift - LIFT_REST) / (LIFT_SMILE - LIFT_REST);
    return s < 0 ? 0 : s > 1 ? 1 : s;
}

static const float OPEN_DEFAULT = 0.30f; /* of most people's open eyes */
static const float OPEN_LEAST = 0.27f;   /* less, first seen, may be shut */
static const float SHUT_SHARE = 0.55f;   /* of their own open level */
static const int64_t BLINK_MAX_US = 800000;
static const int64_t MINUTE_US = 60000000;

bool rh_blinks_push(rh_blinks *b, float opening, int64_t t_us)
{
    float dt = b->open_level > 0 ? (float)(t_us - b->last_us) * 1e-6f : 0;
    if (b->open_level <= 0) {
        *b = (rh_blinks){.open_level = fminf(fmaxf(opening, OPEN_LEAST), OPEN_DEFAULT), .first_us = t_us};
    } else if (opening > SHUT_SHARE * b->open_level) {
        /* Rises within a second, sinks over ten: shut eyes must not become the norm. */
        float tau = opening > b->open_level ? 1.0f : 10.0f;
        b->open_level += (1 - expf(-dt / tau)) * (opening - b->open_level);
    }
    b->last_us = t_us;
    float share = opening / b->open_level;
    bool was = b->closed;
    b->closed = share < (was ? SHUT_SHARE + 0.1f : SHUT_SHARE);
    if (b->closed && !was)
        b->closed_since_us = t_us;
    if (was && !b->closed && t_us - b->closed_since_us <= BLINK_MAX_US)
        b->at_us[b->n_blinks++ % RH_BLINKS_KEPT] = t_us;
    return b->closed;
}

/* Over the last minute, or what there was of it; nothing is claimed before 5 s. */
float rh_blinks_per_minute(const rh_blinks *b, int64_t t_us)
{
    int64_t span = t_us - b->first_us < MINUTE_US ? t_us - b->first_us : MINUTE_US;
    if (b->open_level <= 0 || span < 5000000)
        return 0;
    int n = 0, kept = b->n_blinks < RH_BLINKS_KEPT ? b->n_blinks : RH_BLINKS_KEPT;
    for (int i = 0; i < kept; i++)
        n += t_us - b->at_us[i] < MINUTE_US;
    return (float)n * (float)MINUTE_US / (float)span;
}
