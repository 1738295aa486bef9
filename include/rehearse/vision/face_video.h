/* face_video.h - the face readings of a whole recording. */
#ifndef RH_FACE_VIDEO_H
#define RH_FACE_VIDEO_H

#include <stdatomic.h>
#include "rehearse/vision/face_tracker.h"

typedef struct {
    float hz; /* pictures measured a second at most; 0 = each; 10 */
    rh_face_options face;
    const atomic_bool *cancel;                 /* may be NULL */
    void (*progress)(void *user, double done); /* [0,1]; may be NULL */
    void *progress_user;
} rh_face_video_options;

rh_face_video_options rh_face_video_options_default(void);

/* Called for each picture measured, in order; the reading's t_us begins near 0.
 * `img`, the picture, is borrowed and may be drawn on. */
typedef void (*rh_face_video_fn)(void *user, const rh_face *f, rh_image *img);

/* RH_ERR_NOTFOUND a recording without moving pictures; RH_ERR_CANCELED; and what
 * rh_video_open() gives. */
rh_status rh_face_video(const rh_face_model *m, const char *path, const rh_face_video_options *o, rh_face_video_fn fn,
                        void *user, rh_error *err);

#endif
