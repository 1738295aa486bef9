/* sampler.c - affine crops: row preparation, kernel choice, portable kernel. */
#include "sampler_internal.h"
#include <math.h>
#include "rehearse/cpu.h"

void rh_sample_row_c(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row,
                     int n, float gain, float bias)
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

static rh_sample_kernel *choose(void)
{
    const rh_cpu_features *cpu = rh_cpu();
    if (cpu->avx2)
        return rh_sample_row_avx2;
    if (cpu->neon)
        return rh_sample_row_neon;
    return rh_sample_row_c;
}

static float clampf(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v; /* NaN would stay: positions are finite by construction */
}

/* Positions in px of the decoded part, whole numbers at pixel centres. */
static void prepare(rh_sample_row *row, const rh_image *img, int n, float x, float y, float dx,
                    float dy)
{
    float max_x = (float)(img->width - 1), max_y = (float)(img->height - 1);
    int last_x = img->width - 2, last_y = img->height - 2;
    uint32_t stride = (uint32_t)img->stride;
    for (int i = 0; i < n; i++) {
        float px = clampf(x + (float)i * dx, 0.0f, max_x);
        float py = clampf(y + (float)i * dy, 0.0f, max_y);
        int ix = (int)px, iy = (int)py;
        ix = ix > last_x ? last_x : ix;
        iy = iy > last_y ? last_y : iy;
        row->offset[i] = (uint32_t)iy * stride + (uint32_t)ix * 3;
        row->fx[i] = px - (float)ix;
        row->fy[i] = py - (float)iy;
    }
}

void rh_sample_crop(float *out, int width, int height, const rh_image_part *part,
                    const rh_affine *m, float gain, float bias, int mirror)
{
    rh_sample_kernel *kernel = choose();
    rh_sample_row row;
    float s = part->scale;
    /* From pixel centres of the whole to pixel centres of the part. */
    float x0 = (m->x0 + 0.5f - (float)part->x0) * s - 0.5f;
    float y0 = (m->y0 + 0.5f - (float)part->y0) * s - 0.5f;
    float ux = m->ux * s, uy = m->uy * s;
    if (mirror) {
        x0 += ux * (float)(width - 1);
        y0 += uy * (float)(width - 1);
        ux = -ux;
        uy = -uy;
    }
    for (int v = 0; v < height; v++) {
        prepare(&row, &part->img, width, x0 + m->vx * s * (float)v, y0 + m->vy * s * (float)v, ux, uy);
        kernel(out + (size_t)v * (size_t)width * 3, part->img.data, (uint32_t)part->img.stride, &row,
               width, gain, bias);
    }
}

void rh_sample_letterbox(float *out, int size, const rh_image_part *part, float gain, float bias)
{
    rh_sample_kernel *kernel = choose();
    rh_sample_row row;
    int w = part->full_width, h = part->full_height;
    float step = (float)(w > h ? w : h) / (float)size;
    float left = ((float)w - step * (float)size) / 2, top = ((float)h - step * (float)size) / 2;
    int u0 = (int)ceilf(-left / step), v0 = (int)ceilf(-top / step);
    for (size_t i = 0; i < (size_t)size * (size_t)size * 3; i++)
        out[i] = bias;
    float s = part->scale;
    float x = (left + (float)u0 * step + 0.5f - (float)part->x0) * s - 0.5f;
    for (int v = v0; v < size - v0; v++) {
        float y = (top + (float)v * step + 0.5f - (float)part->y0) * s - 0.5f;
        int n = size - 2 * u0;
        float keep = out[((size_t)v * (size_t)size + (size_t)(u0 + n)) * 3];
        prepare(&row, &part->img, n, x, y, step * s, 0.0f);
        kernel(out + ((size_t)v * (size_t)size + (size_t)u0) * 3, part->img.data,
               (uint32_t)part->img.stride, &row, n, gain, bias);
        out[((size_t)v * (size_t)size + (size_t)(u0 + n)) * 3] = keep;
    }
}
