/* The kernels of convolutional networks for arm64 against those every processor runs, which the unit tests hold to
 * sums in double. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include "nn/kernels_conv_internal.h"

enum { PIXELS = 25, INNER = 18, PANELS = 3, WIDE = PANELS * RH_CONV_PANEL };

static float a[2 * PIXELS * INNER * 4], w[WIDE * INNER * 2], bias[WIDE], slope[WIDE], add[PIXELS * WIDE];
static float out[2][PIXELS * WIDE];
static uint16_t half[WIDE * INNER * 2];
static unsigned seed = 1;

static void fill(float *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static bool same(const char *what, int n, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!(fabsf(out[0][i] - out[1][i]) < 1e-4f)) {
            printf("%s of %d: number %zu is %g for %g\n", what, n, i, (double)out[1][i], (double)out[0][i]);
            return false;
        }
    return true;
}

int main(void)
{
    const rh_conv_kernels *both[2] = {&rh_conv_kernels_c, &rh_conv_kernels_neon};
    bool good = true;
    fill(a, sizeof a / sizeof *a);
    fill(w, sizeof w / sizeof *w);
    fill(bias, WIDE);
    fill(slope, WIDE);
    fill(add, sizeof add / sizeof *add);
    for (size_t i = 0; i < sizeof half / sizeof *half;
         i++) /* both signs, numbers under 1 and those that are not normal */
        half[i] = (uint16_t)(i * 977 & 0xb7ff);
    for (int n = 1; n <= PIXELS; n++)
        for (int kind = 0; kind < 2; kind++) {
            for (int k = 0; k < 2; k++) {
                rh_conv_product p = {.n = n,
                                     .k = INNER,
                                     .n_rows = 2,
                                     .a = a,
                                     .ld_a = 12,
                                     .ld_row = PIXELS * INNER,
                                     .n_panels = PANELS,
                                     .w = kind ? NULL : w,
                                     .half = half,
                                     .bias = bias,
                                     .slope = kind ? slope : NULL,
                                     .add_panels = 2,
                                     .add = add,
                                     .ld_add = 2 * RH_CONV_PANEL,
                                     .out = out[k],
                                     .ld_out = WIDE};
                both[k]->product(&p);
            }
            good = same(kind ? "product in half precision" : "product", n, (size_t)n * WIDE) && good;
        }
    for (int stride = 1; stride <= 2; stride++)
        for (int width = 2; width <= 9; width++) {
            int n = (width + stride - 1) / stride;
            for (int k = 0; k < 2; k++) {
                rh_conv_depthwise d = {.width = width,
                                       .n = n,
                                       .channels = 32,
                                       .stride = stride,
                                       .left = 2 - stride,
                                       .row = {a, a + 300, a + 600},
                                       .w = w,
                                       .bias = bias,
                                       .out = out[k]};
                both[k]->depthwise(&d);
            }
            good = same("depthwise convolution", width, (size_t)n * 32) && good;
        }
    for (int k = 0; k < 2; k++)
        both[k]->pool(a, a + 500, 7, 32, out[k]);
    return good && same("pool", 7, 7 * 32) ? 0 : 1;
}
