/* sampler.c - affine crops: row preparation, kernel choice, portable kernel. */
#include "sampler_internal.h"
#include <math.h>
#include "rehearse/base/cpu.h"

static rh_sample_kernel *choose(void)
{
    const rh_cpu_features *cpu = rh_cpu();
    if (cpu->avx2)
        return rh_sample_row_avx2;
    if (cpu->neon)
        return rh_sample_row_neon;
    return rh_sample_row_c;
}

void rh_sample_prepare_c(rh_sample_row *row, const rh_image *img, int n, float x, float y, float dx, float dy)
{
    rh_sample_positions(row, img, n, x, y, dx, dy);
}

static rh_sample_prepare *choose_prepare(void)
{
    return rh_cpu()->avx2 ? rh_sample_prepare_avx2 : rh_sample_prepare_c;
}

void rh_sample_crop(float *out, int width, int height, const rh_image_part *part, const rh_affine *m, float gain,
                    float bias, int mirror)
{
    rh_sample_kernel *kernel = choose();
    rh_sample_prepare *prepare = choose_prepare();
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
        kernel(out + (size_t)v * (size_t)width * 3, part->img.data, (uint32_t)part->img.stride, &row, width, gain,
               bias);
    }
}

void rh_sample_letterbox(float *out, int size, const rh_image_part *part, float gain, float bias)
{
    rh_sample_kernel *kernel = choose();
    rh_sample_prepare *prepare = choose_prepare();
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
        kernel(out + ((size_t)v * (size_t)size + (size_t)u0) * 3, part->img.data, (uint32_t)part->img.stride, &row, n,
               gain, bias);
        out[((size_t)v * (size_t)size + (size_t)(u0 + n)) * 3] = keep;
    }
}
