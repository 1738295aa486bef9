/* face_video.c - a tracker over the pictures of a recording. */
#include "rehearse/vision/face_video.h"
#include <math.h>
#include "rehearse/media/video.h"

/* Faces are measured at 192 px; more than this side only costs time. */
enum { MAX_SIDE_PX = 1280 };

rh_face_video_options rh_face_video_options_default(void)
{
    return (rh_face_video_options){.hz = 10, .face = rh_face_options_default()};
}

static rh_status measure(rh_face_tracker *t, rh_video *v, const rh_face_video_options *o, rh_face_video_fn fn,
                         void *user, rh_error *err)
{
    double total = rh_video_duration_s(v);
    int64_t step = o->hz > 0 ? (int64_t)(1e6f / o->hz) : 0, t_us;
    rh_image img;
    for (;;) {
        if (o->cancel && atomic_load(o->cancel))
            return rh_fail(err, RH_ERR_CANCELED, "canceled");
        rh_status st = rh_video_next(v, step, &img, &t_us, err);
        if (st != RH_OK)
            return st == RH_END ? RH_OK : st;
        rh_face face;
        st = rh_face_tracker_push(t, &img, t_us, &face);
        if (st != RH_OK)
            return rh_fail(err, st, "a picture of %dx%d cannot be measured", img.width, img.height);
        fn(user, &face, &img);
        if (o->progress && total > 0)
            o->progress(o->progress_user, fmin(1.0, (double)t_us * 1e-6 / total));
    }
}

rh_status rh_face_video(const rh_face_model *m, const char *path, const rh_face_video_options *o, rh_face_video_fn fn,
                        void *user, rh_error *err)
{
    rh_face_video_options d = rh_face_video_options_default();
    o = o ? o : &d;
    if (!(o->hz >= 0 && o->hz <= 1000))
        return rh_fail(err, RH_ERR_INVAL, "%g pictures a second outside 0..1000", (double)o->hz);
    rh_video *v = NULL;
    rh_face_tracker *t = NULL;
    rh_status st = rh_video_open(&v, path, MAX_SIDE_PX, err);
    if (st == RH_OK)
        st = rh_face_tracker_new(&t, m, &o->face, err);
    if (st == RH_OK)
        st = measure(t, v, o, fn, user, err);
    rh_face_tracker_free(t);
    rh_video_close(v);
    return st;
}
