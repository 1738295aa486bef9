/* video.h - pictures of a video file, in order, with their times.
 *
 * Source: libavformat, libavcodec, libswscale. Any container and codec they
 * know, GIF among them. Pictures are upright, as a player shows them: the camera's display matrix
 * (rotations, mirrored or not; other angles are taken for the nearest quarter turn) and
 * the shape of the pixels are applied.
 * Threads: one reader from one thread at a time. */
#ifndef RH_VIDEO_H
#define RH_VIDEO_H

#include <stdint.h>
#include "rehearse/media/image.h"
#include "rehearse/base/status.h"

typedef struct rh_video rh_video;

/* Pictures whose longer side is over max_side_px are made smaller. A pipe is read to its end
 * first. RH_ERR_IO unreadable; RH_ERR_NOTFOUND a file of sound or other things, without
 * moving pictures; RH_ERR_FORMAT not a file that can be read; RH_ERR_UNSUPPORTED a codec unknown
 * here; RH_ERR_LIMIT too many tracks or pixels, or it takes too long. */
rh_status rh_video_open(rh_video **out, const char *path, int max_side_px, rh_error *err);
/* Borrows the bytes until rh_video_close(). */
rh_status rh_video_open_memory(rh_video **out, const void *bytes, size_t n, int max_side_px, rh_error *err);
/* The next picture at least min_step_us after the last one given (0 = each).
 * *img is borrowed until the next call, its rows are longer than its width; times begin near 0 and
 * increase. RH_END after the last; damaged parts and frames that cannot be shown are passed over.
 * An error when there is not one to show. RH_ERR_LIMIT decoding takes far longer than the video lasts. */
rh_status rh_video_next(rh_video *v, int64_t min_step_us, rh_image *img, int64_t *t_us, rh_error *err);
double rh_video_duration_s(const rh_video *v); /* 0 = not known */
void rh_video_close(rh_video *v);              /* NULL is fine */

#endif
