/* video_internal.h - from a decoded frame to the picture that a viewer is shown. */
#ifndef RH_VIDEO_INTERNAL_H
#define RH_VIDEO_INTERNAL_H

#include <libavutil/frame.h>
#include <libswscale/swscale.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

/* Room for RGB pictures that libswscale writes. Its vector code works on blocks of up to 64
 * pixels and writes whole ones, past the last pixel of a row. */
size_t rh_rgb_stride(int width);
size_t rh_rgb_bytes(int width, int height);

/* The size a frame is shown at before it is turned: square pixels (pixel_aspect is a pixel's
 * width by its height; 0/1 = not known), the longer side at most max_side_px. */
void rh_shown_size(int width, int height, AVRational pixel_aspect, int max_side_px, int *w, int *h);

/* EXIF's number, 1..8, of a display matrix: the nearest quarter turn, mirrored or not. */
int rh_matrix_orientation(const int32_t matrix[9]);

/* Converts to w x h pixels of RGB in rh_rgb_bytes() bytes, aligned to 64. *sws is made anew when the
 * frames change. RH_ERR_UNSUPPORTED a pixel format or size that libswscale can't do; RH_ERR_FORMAT. */
rh_status rh_frame_to_rgb(struct SwsContext **sws, const AVFrame *f, uint8_t *rgb, int w, int h, rh_error *err);

#endif
