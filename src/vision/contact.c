/* contact.c - looking at the camera, eye contact, attention, looks away.
 *
 * Direct gaze is felt within a cone of a few degrees, more generously below the
 * camera than to the sides or above (M. Chen, "Leveraging the asymmetric
 * sensitivity of eye contact for videoconference", CHI 2002: 1 degree to the
 * sides and above, 5 below, to be always felt; contact is still mostly felt at
 * 5 and 10). A webcam measures gaze to some 4 degrees, so the limits here add
 * that. Without visible eyes the head alone decides, with wider limits. */
#include "contact_internal.h"
#include <math.h>
#include <string.h>
#include "rehearse/base/stats.h"

typedef struct {
    float side, up, down;
} tolerance;

/* To begin to look; to stop, LEAVE times as much (hysteresis). */
static const tolerance EYES = {8.0f, 7.0f, 12.0f};
static const tolerance HEAD = {13.0f, 11.0f, 14.0f};
/* Eyes may stay on the camera while the head turns, but not beyond this. */
static const tolerance HEAD_LIMIT = {20.0f, 17.0f, 17.0f};
static const float LEAVE = 1.35f;

static const double MEMORY_S = 6.0;         /* eye contact: time constant of forgetting */
static const int64_t LEARN_US = 2500000;    /* first steady seconds */
static const int64_t COMMAND_US = 800000;   /* after the command */
static const int64_t AWAY_US = 400000;      /* shorter glances are no event */
static const int64_t ABSENT_US = 300000;    /* a face lost for less may be a slip of ours */
static const float STEADY_DEG = 4.0f;       /* spread of the head while learning */
static const float LEARN_LIMIT_DEG = 12.0f; /* how far off the lens a neutral is believed unasked */
static const float COMMAND_LIMIT_DEG = 30.0f;

void rh_contact_init(rh_contact *c)
{
    memset(c, 0, sizeof *c);
    c->learning = true;
}

void rh_contact_calibrate(rh_contact *c)
{
    c->learning = c->commanded = true;
    c->n_seen = c->n_gaze = 0;
}

static float limit(float v, float max)
{
    return v > max ? max : v < -max ? -max : v;
}

/* Median and half the spread between the 16th and 84th percentile of one angle. */
static float median(const rh_contact *c, size_t member, int n, float *spread)
{
    float v[RH_LEARN_MAX];
    for (int i = 0; i < n; i++)
        memcpy(&v[i], (const char *)&c->seen[i] + member, sizeof v[i]);
    rh_sort_floats(v, (size_t)n);
    *spread = (v[n - 1 - n / 6] - v[n / 6]) / 2;
    return v[n / 2];
}

static void settle(rh_contact *c)
{
    float s[4], max = c->commanded ? COMMAND_LIMIT_DEG : LEARN_LIMIT_DEG;
    rh_neutral n = {
        .head_yaw = median(c, offsetof(rh_neutral, head_yaw), c->n_seen, &s[0]),
        .head_pitch = median(c, offsetof(rh_neutral, head_pitch), c->n_seen, &s[1]),
        .gaze_yaw = median(c, offsetof(rh_neutral, gaze_yaw), c->n_seen, &s[2]),
        .gaze_pitch = median(c, offsetof(rh_neutral, gaze_pitch), c->n_seen, &s[3]),
    };
    bool credible = fabsf(n.head_yaw) < 2 * max && fabsf(n.head_pitch) < 2 * max;
    if (!c->commanded && (s[0] > STEADY_DEG || s[1] > STEADY_DEG || !credible)) {
        c->n_seen = c->n_gaze = 0; /* not steady: begin again */
        return;
    }
    c->neutral = (rh_neutral){limit(n.head_yaw, max), limit(n.head_pitch, max), limit(n.gaze_yaw, max),
                              limit(n.gaze_pitch, max)};
    c->gaze_calibrated = c->n_gaze * 2 >= c->n_seen;
    c->calibrated = true;
}

static void learn(rh_contact *c, const rh_contact_input *in)
{
    if (!c->learning || in->blink)
        return;
    if (c->n_seen == 0)
        c->learn_start_us = in->t_us;
    if (c->n_seen < RH_LEARN_MAX) {
        c->seen[c->n_seen++] = (rh_neutral){in->head_yaw, in->head_pitch, in->gaze_yaw, in->gaze_pitch};
        c->n_gaze += in->gaze_known;
    }
    int64_t took = in->t_us - c->learn_start_us;
    if (c->commanded) {
        settle(c); /* at once, and better with each picture */
        if (took >= COMMAND_US)
            c->learning = c->commanded = false;
    } else if (took >= LEARN_US && c->n_seen >= 5) {
        settle(c);
        c->learning = !c->calibrated;
    }
}

/* How far outside a tolerance: 1 = at its edge. An ellipse, its lower half longer. */
static float outside(const tolerance *t, float yaw, float pitch)
{
    float y = yaw / t->side, p = pitch / (pitch > 0 ? t->up : t->down);
    return sqrtf(y * y + p * p);
}

static float head_outside(const rh_contact *c, const rh_contact_input *in)
{
    return outside(&HEAD_LIMIT, in->head_yaw - c->neutral.head_yaw, in->head_pitch - c->neutral.head_pitch);
}

static float between(float v, float from, float to)
{
    float share = (v - from) / (to - from);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

/* A far turned head shows one eye from the side and half of the other: what they say of left and right fades,
 * and of up and down before that. The head says the rest. */
static float blend(float gaze, float head, float trust)
{
    return head + trust * (gaze - head);
}

/* How far outside of what counts as looking, and in which direction: that of the eyes, or of the head where
 * that is what breaks the contact. */
static float deviation(const rh_contact *c, const rh_contact_input *in, float *yaw, float *pitch)
{
    float hy = in->head_yaw - c->neutral.head_yaw, hp = in->head_pitch - c->neutral.head_pitch;
    *yaw = hy;
    *pitch = hp;
    if (!in->gaze_known)
        return outside(&HEAD, hy, hp);
    float gy = in->gaze_yaw - c->neutral.gaze_yaw, gp = in->gaze_pitch - c->neutral.gaze_pitch;
    float eyes = outside(&EYES, gy, gp), head = head_outside(c, in), turned = fabsf(in->head_yaw);
    if (eyes >= head || eyes > 1) {
        *yaw = blend(gy, hy, 1 - between(turned, 15, 45));
        *pitch = blend(gp, hp, 1 - between(turned, 10, 35));
    }
    return fmaxf(eyes, head);
}

/* By what breaks the contact most, in shares of what is tolerated to that side. */
static rh_look direction_of(float yaw, float pitch)
{
    if (fabsf(yaw) / EYES.side > fabsf(pitch) / (pitch > 0 ? EYES.side : EYES.down))
        return yaw > 0 ? RH_LOOK_RIGHT : RH_LOOK_LEFT; /* image's left = person's right */
    return pitch > 0 ? RH_LOOK_UP : RH_LOOK_DOWN;
}

static rh_look main_direction(const rh_contact *c)
{
    rh_look most = RH_LOOK_LEFT;
    for (rh_look l = RH_LOOK_LEFT; l <= RH_LOOK_ABSENT; l++)
        if (c->away_time[l] > c->away_time[most])
            most = l;
    return most;
}

static void note_look(rh_contact *c, rh_look look, int64_t t_us, double dt, rh_contact_result *r)
{
    if (look == RH_LOOK_CAMERA) {
        r->away_ended = c->away && t_us - c->away_start_us >= AWAY_US;
        if (r->away_ended)
            r->away = (rh_away){c->away_start_us, t_us, main_direction(c)};
        c->away = false;
        return;
    }
    if (!c->away) {
        c->away = true;
        c->away_start_us = t_us;
        memset(c->away_time, 0, sizeof c->away_time);
        dt = 1e-3; /* so that a first direction wins over none */
    }
    c->away_time[look] += (float)dt;
    r->away_now = t_us - c->away_start_us >= AWAY_US;
    if (r->away_now)
        r->away = (rh_away){c->away_start_us, t_us, main_direction(c)};
}

static void remember(rh_contact *c, double dt, bool contact, double weight)
{
    double keep = exp(-dt / MEMORY_S);
    double w = weight * (c->started ? fmin(dt, MEMORY_S) : 0.04);
    c->contact_sum = c->contact_sum * keep + (contact ? w : 0);
    c->weight_sum = c->weight_sum * keep + w;
}

/* Full inside the tolerance, falling to 0 at four times it. */
static float attention_of(float d, float confidence)
{
    float f = d <= 1 ? 1 - 0.1f * d * d : 0.9f * (4 - d) / 3;
    return f <= 0 ? 0 : 100 * f * fminf(1.0f, confidence / 0.8f);
}

static rh_contact_result absent(rh_contact *c, const rh_contact_input *in, double dt)
{
    rh_contact_result r = {.look = RH_LOOK_ABSENT, .calibrated = c->calibrated};
    if (in->t_us - c->last_seen_us >= ABSENT_US) {
        c->looking = false;
        note_look(c, RH_LOOK_ABSENT, in->t_us, dt, &r);
        remember(c, dt, false, 1.0);
    }
    return r;
}

rh_contact_result rh_contact_push(rh_contact *c, const rh_contact_input *in)
{
    double dt = c->started ? (double)(in->t_us - c->last_us) * 1e-6 : 0;
    rh_contact_result r = {0};
    if (!in->present) {
        r = absent(c, in, dt);
    } else {
        float yaw, pitch;
        learn(c, in);
        float d = deviation(c, in, &yaw, &pitch);
        if (in->shut)
            c->looking = false;
        else if (!in->blink)
            c->looking = d <= (c->looking ? LEAVE : 1.0f);
        else if (head_outside(c, in) > LEAVE)
            c->looking = false;
        r.looking = c->looking;
        r.look = c->looking ? RH_LOOK_CAMERA : in->shut ? RH_LOOK_DOWN : direction_of(yaw, pitch);
        r.calibrated = c->calibrated;
        r.attention = attention_of(in->blink && c->looking ? fminf(d, 1.0f) : d, in->confidence);
        remember(c, dt, c->looking, (double)in->confidence);
        note_look(c, r.look, in->t_us, dt, &r);
        c->last_seen_us = in->t_us;
        r.eye_contact = c->weight_sum > 0 ? (float)(100 * c->contact_sum / c->weight_sum) : 0;
    }
    c->started = true;
    c->last_us = in->t_us;
    return r;
}

const char *rh_look_name(rh_look l)
{
    static const char *const names[] = {"camera", "left", "right", "up", "down", "absent"};
    return l >= RH_LOOK_CAMERA && l <= RH_LOOK_ABSENT ? names[l] : "unknown";
}
