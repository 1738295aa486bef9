/* sampler_internal.h - the one way pixels reach a network: an affine crop,
 * bilinear, to float RGB.
 *
 * Kernels work on a row of source positions prepared by the caller: offset of
 * the upper left of four pixels (never in the last row or column, so all four exist),
 * and the weights of the right and the lower ones. */
#ifndef RH_SAMPLER_INTERNAL_H
#define RH_SAMPLER_INTERNAL_H

#include <stdint.h>
#include "rehearse/media/image.h"

enum { RH_SAMPLE_MAX_WIDTH = 256 };

typedef struct {
    uint32_t offset[RH_SAMPLE_MAX_WIDTH];
    float fx[RH_SAMPLE_MAX_WIDTH], fy[RH_SAMPLE_MAX_WIDTH];
} rh_sample_row;

/* out[n][3] = gain * pixel + bias. `out` has room for one float more, which may
 * be overwritten. */
typedef void rh_sample_kernel(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n,
                              float gain, float bias);
rh_sample_kernel rh_sample_row_c, rh_sample_row_avx2, rh_sample_row_neon;

/* Positions (x + i dx, y + i dy), i < n, in px of `img`, whole numbers at pixel centres; beyond the
 * edges the edge. */
typedef void rh_sample_prepare(rh_sample_row *row, const rh_image *img, int n, float x, float y, float dx, float dy);
rh_sample_prepare rh_sample_prepare_c, rh_sample_prepare_avx2;

/* One loop for all processors; compilers turn it into vectors where it is compiled for them. */
static inline void rh_sample_positions(rh_sample_row *row, const rh_image *img, int n, float x, float y, float dx,
                                       float dy)
{
    float max_x = (float)(img->width - 1), max_y = (float)(img->height - 1);
    int32_t last_x = img->width - 2, last_y = img->height - 2, stride = (int32_t)img->stride;
    for (int i = 0; i < n; i++) {
        float px = x + (float)i * dx, py = y + (float)i * dy;
        px = px > 0.0f ? px : 0.0f; /* also for NaN */
        py = py > 0.0f ? py : 0.0f;
        px = px < max_x ? px : max_x;
        py = py < max_y ? py : max_y;
        int32_t ix = (int32_t)px, iy = (int32_t)py;
        ix = ix < last_x ? ix : last_x;
        iy = iy < last_y ? iy : last_y;
        row->offset[i] = (uint32_t)(iy * stride + ix * 3);
        row->fx[i] = px - (float)ix;
        row->fy[i] = py - (float)iy;
    }
}

/* Source position of crop pixel (u, v): (x0 + ux u + vx v, y0 + uy u + vy v), where
 * whole numbers are centres of pixels of the whole picture. */
typedef struct {
    float x0, y0, ux, uy, vx, vy;
} rh_affine;

/* Fills out[height][width][3] (+ 1 float) from the picture; beyond its edges
 * the edge is repeated. width at most RH_SAMPLE_MAX_WIDTH; the part at
 * least 2x2 px. `mirror` turns the crop left to right. */
void rh_sample_crop(float *out, int width, int height, const rh_image_part *part, const rh_affine *m, float gain,
                    float bias, int mirror);
/* The whole picture fitted into size x size with its shape kept, black around it. */
void rh_sample_letterbox(float *out, int size, const rh_image_part *part, float gain, float bias);

#endif
