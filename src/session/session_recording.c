/* session_recording.c - a session made from a file. */
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/vision/face_video.h"
#include "session_internal.h"

static rh_status hear(rh_session *s, const char *path, rh_error *err)
{
    rh_audio audio = {0};
    rh_status st = rh_audio_read_file(&audio, path, RH_SESSION_MAX_S, err);
    if (st == RH_OK)
        st = rh_session_feed(s, audio.samples, audio.n, 0, err);
    rh_audio_done(&audio);
    return st;
}

static void saw(void *user, const rh_face *f, rh_image *img)
{
    (void)img;
    rh_session_note_face(user, f, f->t_us);
}

rh_status rh_session_recording(rh_session *s, const char *path, const atomic_bool *cancel, rh_error *err)
{
    rh_error seen = {0};
    rh_status heard = hear(s, path, err);
    if (heard != RH_OK && heard != RH_ERR_FORMAT && heard != RH_ERR_NOTFOUND)
        return heard;
    const rh_face_model *m = s->models->faces;
    rh_face_video_options o = rh_face_video_options_default();
    o.cancel = cancel;
    o.progress = s->o.progress;
    o.progress_user = s->o.user;
    rh_status st = m ? rh_face_video(m, path, &o, saw, s, &seen) : rh_fail(&seen, RH_ERR_NOTFOUND, "no face models");
    if (st == RH_OK || (heard == RH_OK && st != RH_ERR_CANCELED))
        return RH_OK; /* sound alone or pictures alone make a session */
    if (st == RH_ERR_CANCELED && err)
        *err = seen;
    return st == RH_ERR_CANCELED ? st : heard;
}
