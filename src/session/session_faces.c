/* session_faces.c - the video half of a session. */
#include <math.h>
#include "session_internal.h"

static rh_status need_tracker(rh_session *s, rh_error *err)
{
    if (s->tracker)
        return RH_OK;
    const rh_face_model *m = s->models->faces;
    if (!m)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "the face models are not loaded");
    rh_face_options o = rh_face_options_default();
    o.fov_deg = s->o.fov_deg;
    return rh_face_tracker_new(&s->tracker, m, &o, err);
}

static void note(rh_session *s, const rh_face *f, int64_t t_us)
{
    double t = (double)t_us / 1e6;
    rh_look_away away;
    pthread_mutex_lock(&s->lock);
    bool ended = rh_timeline_face(&s->timeline, f, t, &away);
    pthread_mutex_unlock(&s->lock);
    if (ended)
        rh_session_keep_event(s, "look_away", away.start, away.end, json_pack("{s:s}", "direction", away.direction));
    rh_session_advance(s, t, s->transcriber && rh_transcriber_speaking(s->transcriber));
}

rh_status rh_session_frame(rh_session *s, const void *bytes, size_t n, int64_t t_us, rh_error *err)
{
    if (t_us < 0 || t_us > (int64_t)RH_SESSION_MAX_S * 1000000)
        return rh_fail(err, RH_ERR_INVAL, "time %lld us is outside the session", (long long)t_us);
    rh_face f;
    rh_error remark = {0};
    rh_status st = need_tracker(s, err);
    if (st != RH_OK)
        return st;
    if (t_us <= s->last_frame_us) /* two pictures of one moment, or the client's clock went back */
        t_us = s->last_frame_us + 1;
    st = rh_face_tracker_push_bytes(s->tracker, bytes, n, t_us, &f, &remark);
    if (st != RH_OK && err)
        *err = remark;
    if (st != RH_OK)
        return st;
    s->last_frame_us = t_us;
    double t = (double)t_us / 1e6;
    if (t - s->last_face_event >= 1.0 / (double)s->o.face_hz || t < s->last_face_event) {
        s->last_face_event = t;
        rh_session_send_face(s, &f, t, &remark);
    }
    note(s, &f, t_us);
    return RH_OK;
}

void rh_session_calibrate(rh_session *s)
{
    if (s->tracker)
        rh_face_tracker_calibrate(s->tracker);
}

void rh_session_note_face(rh_session *s, const rh_face *f, int64_t t_us)
{
    note(s, f, t_us);
}
