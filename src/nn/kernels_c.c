/* The reference in portable C. */
#include "kernels_shared.h"

static void gemm_row_block(const rh_qmat *w, int block, const rh_qvec *x, int i, float *y, bool add)
{
    int n = w->n_cols;
    const int8_t *p = w->w + (size_t)block * (size_t)n * RH_KERNEL_BLOCK;
    const int8_t *hi = x->q + (size_t)i * 2 * (size_t)n, *lo = hi + n;
    int32_t acc_hi[RH_KERNEL_BLOCK] = {0}, acc_lo[RH_KERNEL_BLOCK] = {0};
    for (int c = 0; c < n; c += 4, p += 64)
        for (int r = 0; r < RH_KERNEL_BLOCK; r++)
            for (int j = 0; j < 4; j++) {
                acc_hi[r] += p[r * 4 + j] * hi[c + j];
                acc_lo[r] += p[r * 4 + j] * lo[c + j];
            }
    for (int r = 0; r < RH_KERNEL_BLOCK; r++) {
        int row = block * RH_KERNEL_BLOCK + r;
        float v = (float)((double)acc_hi[r] * 128.0 + (double)acc_lo[r]) * (x->scale[i] * w->scale[row]);
        if (w->bias)
            v += w->bias[row];
        if (row < w->n_rows)
            y[row] = add ? y[row] + v : v;
    }
}

static void gemm(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add)
{
    for (int b = block0; b < block1; b++)
        for (int i = 0; i < x->n; i++)
            gemm_row_block(w, b, x, i, y + (size_t)i * ld_y, add);
}

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols;
    int8_t *hi = q->q + (size_t)index * 2 * (size_t)n;
    int32_t *sum = q->sum + 2 * index;
    sum[0] = sum[1] = 0;
    quantise_rest(x, 0, n, quantise_scale(q, index, largest_magnitude(x, n)), hi, hi + n, sum);
}

const rh_kernels rh_kernels_c = {.name = "c", .bias = 0, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
