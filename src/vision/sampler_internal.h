/* sampler_internal.h - the one way pixels reach a network: an affine crop,
 * bilinear, to float RGB.
 *
 * Kernels work on a row of source positions prepared by the caller: offset of
 * the upper left of four pixels (never in the last row or column, so all four exist),
 * and the weights of the right and the lower ones. */
#ifndef RH_SAMPLER_INTERNAL_H
#define RH_SAMPLER_INTERNAL_H

#include <stdint.h>
#include "rehearse/image.h"

enum { RH_SAMPLE_MAX_WIDTH = 256 };

typedef struct {
    uint32_t offset[RH_SAMPLE_MAX_WIDTH];
    float fx[RH_SAMPLE_MAX_WIDTH], fy[RH_SAMPLE_MAX_WIDTH];
} rh_sample_row;

/* out[n][3] = gain * pixel + bias. `out` has room for one float more, which may
 * be overwritten. */
typedef void rh_sample_kernel(float *out, const uint8_t *src, uint32_t stride,
                              const rh_sample_row *row, int n, float gain, float bias);
rh_sample_kernel rh_sample_row_c, rh_sample_row_avx2, rh_sample_row_neon;

/* Source position of crop pixel (u, v): (x0 + ux u + vx v, y0 + uy u + vy v), where
 * whole numbers are centres of pixels of the whole picture. */
typedef struct {
    float x0, y0, ux, uy, vx, vy;
} rh_affine;

/* Fills out[height][width][3] (+ 1 float) from the picture; beyond its edges
 * the edge is repeated. width at most RH_SAMPLE_MAX_WIDTH; the part at
 * least 2x2 px. `mirror` turns the crop left to right. */
void rh_sample_crop(float *out, int width, int height, const rh_image_part *part,
                    const rh_affine *m, float gain, float bias, int mirror);
/* The whole picture fitted into size x size with its shape kept, black around it. */
void rh_sample_letterbox(float *out, int size, const rh_image_part *part, float gain, float bias);

#endif
