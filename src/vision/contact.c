/* contact.c - looking at the camera, eye contact, attention, looks away.
 *
 * How likely a look is comes from contact_model.c; here it meets the person and time: their neutral pose and
 * gaze are put where most people have theirs, and a flag once set stays until the odds are clearly lower. */
#include "contact_internal.h"
#include <math.h>
#include <string.h>
#include "rehearse/base/stats.h"

/* What is tolerated to a side, for the direction of a look away: more below the camera than to the sides
 * (M. Chen, "Leveraging the asymmetric sensitivity of eye contact for videoconference", CHI 2002). */
static const float SIDE = 8.0f, DOWN = 12.0f;
/* To stop looking: outside by so many times the limit (hysteresis). */
static const float LEAVE = 1.35f;
/* Who was told to look at the camera and did: offsets of the person are known, so that deviations
 * say more than between people. */
static const float SHARPER = 1.4f;

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
    /* Unasked, only a pose that looks like one of somebody who looks is believed. */
    const rh_contact_table *t = &rh_learned_contact;
    rh_contact_view v = {.head_yaw = n.head_yaw,
                         .head_pitch = n.head_pitch,
                         .gaze_yaw = n.gaze_yaw,
                         .gaze_pitch = n.gaze_pitch,
                         .gaze_known = c->n_gaze * 2 >= c->n_seen};
    bool credible = rh_contact_outside(t, &v) <= LEAVE;
    if (!c->commanded && (s[0] > STEADY_DEG || s[1] > STEADY_DEG || !credible)) {
        c->n_seen = c->n_gaze = 0; /* begin again */
        return;
    }
    c->neutral = (rh_neutral){limit(n.head_yaw, max), t->head_pitch + limit(n.head_pitch - t->head_pitch, max),
                              limit(n.gaze_yaw, max), t->gaze_pitch + limit(n.gaze_pitch - t->gaze_pitch, max)};
    c->gaze_calibrated = v.gaze_known;
    c->by_command = c->commanded;
    c->calibrated = true;
}

static void learn(rh_contact *c, const rh_contact_input *in)
{
    if (!c->learning || in->blink)
        return;
    if (c->n_seen == 0)
        c->learn_start_us = in->t_us;
    if (c->n_seen < RH_LEARN_MAX) {
        rh_neutral n = {in->head_yaw, in->head_pitch, in->gaze_yaw, in->gaze_pitch};
        rh_upright(&n.head_yaw, &n.head_pitch, in->head_roll);
        rh_upright(&n.gaze_yaw, &n.gaze_pitch, in->head_roll);
        c->seen[c->n_seen++] = n;
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

/* The reading as that of a person whose neutral is that of most. */
static rh_contact_view view_of(const rh_contact *c, const rh_contact_table *t, const rh_contact_input *in)
{
    rh_contact_view v = {in->head_yaw,   in->head_pitch, in->gaze_yaw,
                         in->gaze_pitch, in->unclear,    in->gaze_known && !in->blink};
    rh_upright(&v.head_yaw, &v.head_pitch, in->head_roll);
    rh_upright(&v.gaze_yaw, &v.gaze_pitch, in->head_roll);
    if (!c->calibrated)
        return v;
    float k = c->by_command ? SHARPER : 1.0f;
    v.head_yaw = k * (v.head_yaw - c->neutral.head_yaw);
    v.head_pitch = t->head_pitch + k * (v.head_pitch - c->neutral.head_pitch);
    if (c->by_command)
        v.unclear = RH_EYES_CLEAR; /* glasses and dim light are the person's, too */
    if (c->gaze_calibrated) {
        v.gaze_yaw = k * (v.gaze_yaw - c->neutral.gaze_yaw);
        v.gaze_pitch = t->gaze_pitch + k * (v.gaze_pitch - c->neutral.gaze_pitch);
    }
    return v;
}

/* The direction of the eyes, or of the head where they are not seen, off that of a look at the camera. By what
 * breaks the contact most, in shares of what is tolerated to that side. */
static rh_look direction_of(const rh_contact_table *t, const rh_contact_view *v, float roll)
{
    float yaw = v->head_yaw, pitch = v->head_pitch - t->head_pitch, turned = fabsf(v->head_yaw);
    if (v->gaze_known) {
        yaw = blend(v->gaze_yaw, yaw, 1 - between(turned, 15, 45));
        pitch = blend(v->gaze_pitch - t->gaze_pitch, pitch, 1 - between(turned, 10, 35));
    }
    rh_upright(&yaw, &pitch, -roll); /* back into the picture */
    if (fabsf(yaw) / SIDE > fabsf(pitch) / (pitch > 0 ? SIDE : DOWN))
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
        c->facing = false;
        note_look(c, RH_LOOK_ABSENT, in->t_us, dt, &r);
        remember(c, dt, false, 1.0);
    }
    return r;
}

/* Shut eyes say nothing of where they look: a blink changes nothing, unless the head turns away meanwhile. */
static void judge(rh_contact *c, const rh_contact_input *in, const rh_contact_table *t, const rh_contact_view *v,
                  float d)
{
    if (in->shut)
        c->facing = false;
    else if (!in->blink)
        c->facing = d <= (c->facing ? LEAVE : 1.0f);
    else if (d > LEAVE)
        c->facing = false;
    if (!in->blink)
        c->probability = 1 / (1 + expf(-rh_contact_log_odds(t, v)));
    else if (!c->facing)
        c->probability = 0;
}

rh_contact_result rh_contact_push(rh_contact *c, const rh_contact_input *in)
{
    double dt = c->started ? (double)(in->t_us - c->last_us) * 1e-6 : 0;
    rh_contact_result r = {0};
    if (!in->present) {
        r = absent(c, in, dt);
    } else {
        const rh_contact_table *t = &rh_learned_contact;
        learn(c, in);
        rh_contact_view v = view_of(c, t, in);
        float d = rh_contact_outside(t, &v);
        judge(c, in, t, &v, d);
        r.looking = c->facing && !in->eyes_hidden;
        r.probability = in->eyes_hidden ? 0 : c->probability;
        r.look = c->facing ? RH_LOOK_CAMERA : in->shut ? RH_LOOK_DOWN : direction_of(t, &v, in->head_roll);
        r.calibrated = c->calibrated;
        r.attention = attention_of(in->blink && c->facing ? fminf(d, 1.0f) : d, in->confidence);
        if (!in->eyes_hidden)
            remember(c, dt, r.looking, (double)in->confidence);
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
