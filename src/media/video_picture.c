/* video_picture.c - see video_internal.h.
 *
 * A display matrix (ISO/IEC 14496-12, 8.3.2) maps the stored point (x, y) to
 * (a x + c y, b x + d y); a, b, c, d are its elements 0, 1, 3, 4 in 16.16. */
#include "video_internal.h"
#include <libavutil/pixdesc.h>
#include <math.h>

enum { BLOCK_PX = 64, TAIL_BYTES = 64 };

size_t rh_rgb_stride(int width)
{
    return ((size_t)width + BLOCK_PX - 1) / BLOCK_PX * BLOCK_PX * 3;
}

size_t rh_rgb_bytes(int width, int height)
{
    return rh_rgb_stride(width) * (size_t)height + TAIL_BYTES;
}

void rh_shown_size(int width, int height, AVRational pixel_aspect, int max_side_px, int *w, int *h)
{
    double x = width, y = height, r = pixel_aspect.den > 0 ? av_q2d(pixel_aspect) : 1;
    if (r > 1 && r <= 4) /* what is beyond is a mistake; nothing is made smaller */
        x *= r;
    else if (r < 1 && r >= 0.25)
        y /= r;
    double longer = fmax(x, y), scale = longer > max_side_px ? max_side_px / longer : 1;
    *w = (int)fmax(2, round(x * scale)); /* a face needs some width */
    *h = (int)fmax(2, round(y * scale));
}

int rh_matrix_orientation(const int32_t m[9])
{
    /* a, b, c, d of the eight */
    static const signed char of[8][4] = {{1, 0, 0, 1}, {-1, 0, 0, 1}, {-1, 0, 0, -1}, {1, 0, 0, -1},
                                         {0, 1, 1, 0}, {0, 1, -1, 0}, {0, -1, -1, 0}, {0, -1, 1, 0}};
    double nx = hypot(m[0], m[1]), ny = hypot(m[3], m[4]), best = 0;
    int orientation = 1;
    if (nx == 0 || ny == 0)
        return 1;
    for (int i = 0; i < 8; i++) {
        const signed char *o = of[i];
        double near =
            ((double)m[0] * o[0] + (double)m[1] * o[1]) / nx + ((double)m[3] * o[2] + (double)m[4] * o[3]) / ny;
        if (near > best + 1e-6) { /* of two as near, the first */
            best = near;
            orientation = i + 1;
        }
    }
    return orientation;
}

rh_status rh_frame_to_rgb(struct SwsContext **sws, const AVFrame *f, uint8_t *rgb, int w, int h, rh_error *err)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    *sws = sws_getCachedContext(*sws, f->width, f->height, (enum AVPixelFormat)f->format, w, h, AV_PIX_FMT_RGB24,
                                SWS_BILINEAR, NULL, NULL, NULL);
    if (!*sws)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "its pictures (%dx%d, %s) cannot be converted", f->width, f->height,
                       d ? d->name : "unknown pixels");
    uint8_t *rows[4] = {rgb};
    int strides[4] = {(int)rh_rgb_stride(w)};
    if (sws_scale(*sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, rows, strides) <= 0)
        return rh_fail(err, RH_ERR_FORMAT, "a picture of the video cannot be converted");
    return RH_OK;
}
