/* session_faces.c - the video half of a session. */
#include <math.h>
#include "session_internal.h"

rh_status rh_camera_open(rh_camera *c, const rh_face_model *m, const rh_face_options *o, rh_error *err)
{
    if (c->tracker)
        return RH_OK;
    if (!m)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "the face models are not loaded");
    c->last_us = -1;
    return rh_face_tracker_new(&c->tracker, m, o, err);
}

rh_status rh_camera_read(rh_camera *c, const void *bytes, size_t n, int64_t t_us, rh_face *out, rh_error *err)
{
    int64_t at_us = t_us > c->last_us ? t_us : c->last_us + 1;
    rh_status st = rh_face_tracker_push_bytes(c->tracker, bytes, n, at_us, out, err);
    if (st == RH_OK)
        c->last_us = at_us;
    return st;
}

void rh_session_note_face(rh_session *s, const rh_face *f, int64_t t_us)
{
    double t = (double)t_us / 1e6;
    rh_look_away away;
    pthread_mutex_lock(&s->lock);
    bool ended = rh_timeline_face(&s->timeline, f, t, &away);
    pthread_mutex_unlock(&s->lock);
    if (ended)
        rh_session_keep_event(s, "look_away", away.start, away.end, json_pack("{s:s}", "direction", away.direction));
    rh_session_advance(s, t);
}

rh_status rh_session_frame(rh_session *s, const void *bytes, size_t n, int64_t t_us, rh_error *err)
{
    if (t_us < 0 || t_us > (int64_t)RH_SESSION_MAX_S * 1000000)
        return rh_fail(err, RH_ERR_INVAL, "time %lld us is outside the session", (long long)t_us);
    rh_face f;
    rh_error remark = {0};
    rh_face_options o = rh_face_options_default();
    o.fov_deg = s->o.fov_deg;
    rh_status st = rh_camera_open(&s->camera, s->models->faces, &o, &remark);
    if (st == RH_OK)
        st = rh_camera_read(&s->camera, bytes, n, t_us, &f, &remark);
    if (st != RH_OK && err)
        *err = remark;
    if (st != RH_OK)
        return st;
    t_us = s->camera.last_us;
    double t = (double)t_us / 1e6;
    if (t - s->last_face_event >= 1.0 / (double)s->o.face_hz || t < s->last_face_event) {
        s->last_face_event = t;
        rh_session_send_face(s, &f, t, &remark);
    }
    rh_session_note_face(s, &f, t_us);
    return RH_OK;
}

void rh_session_calibrate(rh_session *s)
{
    if (s->camera.tracker)
        rh_face_tracker_calibrate(s->camera.tracker);
}
