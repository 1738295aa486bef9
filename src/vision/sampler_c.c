/* sampler_c.c - the portable kernel of affine crops. */
#include "sampler_internal.h"

void rh_sample_row_c(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n, float gain,
                     float bias)
{
    for (int i = 0; i < n; i++) {
        const uint8_t *p = src + row->offset[i], *q = p + stride;
        float fx = row->fx[i], fy = row->fy[i];
        for (int c = 0; c < 3; c++) {
            float left = (float)p[c] + fy * (float)(q[c] - p[c]);
            float right = (float)p[c + 3] + fy * (float)(q[c + 3] - p[c + 3]);
            out[i * 3 + c] = gain * (left + fx * (right - left)) + bias;
        }
    }
}
