#include "rehearse/speech/sight.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"

void rh_face_track_done(rh_face_track *t)
{
    rh_free(t->seconds);
    rh_free(t->away);
    *t = (rh_face_track){0};
}

void rh_sight_done(rh_sight *s)
{
    rh_face_track_done(&s->track);
    *s = (rh_sight){0};
}

static rh_status copy_track(rh_face_track *t, const rh_face_track *from)
{
    t->seconds = rh_alloc_array(from->n_seconds + 1, sizeof *t->seconds);
    t->away = rh_alloc_array(from->n_away + 1, sizeof *t->away);
    if (!t->seconds || !t->away)
        return RH_ERR_NOMEM;
    if (from->n_seconds)
        memcpy(t->seconds, from->seconds, from->n_seconds * sizeof *t->seconds);
    if (from->n_away)
        memcpy(t->away, from->away, from->n_away * sizeof *t->away);
    t->n_seconds = from->n_seconds;
    t->n_away = from->n_away;
    return RH_OK;
}

static float mean_of(const rh_face_track *t, rh_seen kind)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->n_seconds; i++) {
        float v = t->seconds[i].mean[kind];
        if (isnan(v))
            continue;
        sum += (double)v;
        n++;
    }
    return n ? (float)(sum / (double)n) : -1;
}

float rh_between(float v, float bad, float fine)
{
    return fmaxf(0, fminf(100, 100 * (v - bad) / (fine - bad)));
}

/* Degrees that the head turned from second to second, mean. */
static float restlessness(const rh_face_track *t)
{
    double sum = 0;
    int n = 0;
    for (size_t i = 1; i < t->n_seconds; i++) {
        const float *a = t->seconds[i - 1].mean, *b = t->seconds[i].mean;
        float d = fabsf(b[RH_SEEN_YAW] - a[RH_SEEN_YAW]) + fabsf(b[RH_SEEN_PITCH] - a[RH_SEEN_PITCH]);
        if (isnan(d))
            continue;
        sum += (double)d;
        n++;
    }
    return n ? (float)(sum / n) : 0;
}

static float presence(const rh_sight *s)
{
    if (s->attention < 0)
        return s->in_frame >= 0 ? 0 : -1;
    float in_frame = rh_between(s->in_frame, 20, 95), faces = rh_between(s->attention, 10, 80);
    return fmaxf(0, fminf(in_frame, faces) - 0.3f * rh_between(restlessness(&s->track), 6, 20));
}

rh_status rh_sight_measure(const rh_face_track *track, rh_sight *out)
{
    static const rh_face_track none = {0};
    rh_sight s = {0};
    if (copy_track(&s.track, track ? track : &none) != RH_OK) {
        rh_sight_done(&s);
        return RH_ERR_NOMEM;
    }
    s.in_frame = mean_of(&s.track, RH_SEEN_FACE);
    bool judged = s.in_frame >= RH_SIGHT_LEAST_FACE;
    s.eye_contact = judged ? mean_of(&s.track, RH_SEEN_EYE_CONTACT) : -1;
    s.attention = judged ? mean_of(&s.track, RH_SEEN_ATTENTION) : -1;
    s.eyes_hidden = judged ? mean_of(&s.track, RH_SEEN_EYES_HIDDEN) : -1;
    s.mouth_hidden = judged ? mean_of(&s.track, RH_SEEN_MOUTH_HIDDEN) : -1;
    s.presence = presence(&s);
    *out = s;
    return RH_OK;
}
