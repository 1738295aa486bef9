/* contact_model.c - how likely a look at the camera is, from one reading.
 *
 * A logistic regression over gaze and head together: a head turned aside is forgiven where the eyes make up
 * for it, and counts against where they go the same way. Between people gaze is measured to some degrees, with
 * an offset of their own; the weights know that, so the answer is a share of people, not a cone.
 * Weights: contact_table.c, made by tools/train_eyes.py. */
#include <math.h>
#include "contact_internal.h"

static const float RAD = 57.29577951f;
/* Beyond these angles nothing changes: 45 degrees of the head are as much aside as 60. */
static const float MOST_HEAD = 45.0f, MOST_GAZE = 40.0f, UNIT = 20.0f;
static const float SOFT = 0.5f; /* of a unit: within some degrees of the middle more or less is the same */
static const float MOST_UNCLEAR = 6.0f;

static float clamped(float v, float max)
{
    return v > max ? max : v > -max ? v : -max; /* NaN becomes -max: aside */
}

void rh_upright(float *yaw, float *pitch, float roll)
{
    float c = cosf(roll / RAD), s = sinf(roll / RAD);
    float x = -sinf(*yaw / RAD) * cosf(*pitch / RAD), y = sinf(*pitch / RAD);
    float z = cosf(*yaw / RAD) * cosf(*pitch / RAD);
    float u = c * x - s * y, v = s * x + c * y;
    *yaw = RAD * atan2f(-u, z);
    *pitch = RAD * asinf(clamped(v, 1));
}

void rh_contact_signs(const rh_contact_view *v, float sign[RH_CONTACT_SIGNS])
{
    float hy = clamped(v->head_yaw, MOST_HEAD) / UNIT, hp = clamped(v->head_pitch, MOST_HEAD) / UNIT;
    float gy = clamped(v->gaze_yaw, MOST_GAZE) / UNIT, gp = clamped(v->gaze_pitch, MOST_GAZE) / UNIT;
    float unclear = fminf(fmaxf(0, v->unclear - RH_EYES_CLEAR), MOST_UNCLEAR);
    const float s[RH_CONTACT_SIGNS] = {hypotf(gy, SOFT), hypotf(gp, SOFT), gy * hy, gp * hp, gp, hp, unclear};
    for (int i = 0; i < RH_CONTACT_SIGNS; i++)
        sign[i] = s[i];
}

void rh_contact_head_signs(const rh_contact_view *v, float sign[RH_CONTACT_HEAD_SIGNS])
{
    float hy = clamped(v->head_yaw, MOST_HEAD) / UNIT, hp = clamped(v->head_pitch, MOST_HEAD) / UNIT;
    sign[0] = hypotf(hy, SOFT);
    sign[1] = hypotf(hp, SOFT);
    sign[2] = hp;
}

static float by_head(const rh_contact_table *t, const rh_contact_view *v)
{
    float sign[RH_CONTACT_HEAD_SIGNS], sum = t->head_constant;
    rh_contact_head_signs(v, sign);
    for (int i = 0; i < RH_CONTACT_HEAD_SIGNS; i++)
        sum += t->head[i] * sign[i];
    return sum;
}

float rh_contact_log_odds(const rh_contact_table *t, const rh_contact_view *v)
{
    float sign[RH_CONTACT_SIGNS], sum = t->constant;
    if (!v->gaze_known)
        return by_head(t, v);
    rh_contact_signs(v, sign);
    for (int i = 0; i < RH_CONTACT_SIGNS; i++)
        sum += t->weight[i] * sign[i];
    return sum;
}

float rh_contact_outside(const rh_contact_table *t, const rh_contact_view *v)
{
    rh_contact_view best = {.head_pitch = t->head_pitch,
                            .gaze_pitch = t->gaze_pitch,
                            .unclear = RH_EYES_CLEAR,
                            .gaze_known = v->gaze_known};
    float top = fmaxf(rh_contact_log_odds(t, &best), t->threshold + 0.5f);
    return fmaxf(0, (top - rh_contact_log_odds(t, v)) / (top - t->threshold));
}
