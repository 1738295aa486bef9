/* Arm NEON with the dot-product instruction of Armv8.2: sdot adds 16 products
 * of signed bytes to 4 sums; the packed layout holds 4 rows of 4 columns in 16
 * bytes, and one activation group is a lane of the other operand. */
#if defined(__aarch64__)
#include "kernels_shared.h"

#include <arm_neon.h>

enum { TILE = 2 };

static inline float32x4_t joined(int32x4_t hi, int32x4_t lo, bool wide)
{
    if (!wide)
        return vaddq_f32(vmulq_n_f32(vcvtq_f32_s32(hi), 128.0f), vcvtq_f32_s32(lo));
    float32x2_t half[2];
    for (int k = 0; k < 2; k++) {
        float64x2_t h = vcvtq_f64_s64(vmovl_s32(k ? vget_high_s32(hi) : vget_low_s32(hi)));
        float64x2_t l = vcvtq_f64_s64(vmovl_s32(k ? vget_high_s32(lo) : vget_low_s32(lo)));
        half[k] = vcvt_f32_f64(vaddq_f64(vmulq_n_f64(h, 128.0), l));
    }
    return vcombine_f32(half[0], half[1]);
}

static inline void store_quarter(const rh_qmat *w, int row, int32x4_t hi, int32x4_t lo, float x_scale, float *y,
                                 bool add)
{
    float32x4_t v = joined(hi, lo, w->n_cols > NARROW);
    v = vmulq_f32(v, vmulq_n_f32(vld1q_f32(w->scale + row), x_scale));
    if (w->bias)
        v = vaddq_f32(v, vld1q_f32(w->bias + row));
    if (row + 4 <= w->n_rows) {
        if (add)
            v = vaddq_f32(vld1q_f32(y + row), v);
        vst1q_f32(y + row, v);
        return;
    }
    float part[4];
    vst1q_f32(part, v);
    for (int i = 0; row + i < w->n_rows; i++)
        y[row + i] = add ? y[row + i] + part[i] : part[i];
}

static inline int8x16_t broadcast4(const int8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return vreinterpretq_s8_s32(vdupq_n_s32(v));
}

static inline __attribute__((always_inline)) void tile(const rh_qmat *w, int block, const rh_qvec *x, int first,
                                                       float *y, size_t ld_y, bool add, const int nx)
{
    size_t n = (size_t)w->n_cols;
    const int8_t *p = w->w + (size_t)block * n * RH_KERNEL_BLOCK;
    const int8_t *q = x->q + (size_t)first * 2 * n;
    int32x4_t hi[TILE][4], lo[TILE][4];
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 4; h++)
            hi[i][h] = lo[i][h] = vdupq_n_s32(0);
    for (size_t c = 0; c < n; c += 4, p += 64)
        for (int h = 0; h < 4; h++) {
            int8x16_t v = vld1q_s8(p + 16 * h);
            for (int i = 0; i < nx; i++) {
                const int8_t *a = q + (size_t)i * 2 * n + c;
                hi[i][h] = vdotq_s32(hi[i][h], v, broadcast4(a));
                lo[i][h] = vdotq_s32(lo[i][h], v, broadcast4(a + n));
            }
        }
    for (int i = 0; i < nx; i++)
        for (int h = 0; h < 4; h++)
            store_quarter(w, block * RH_KERNEL_BLOCK + 4 * h, hi[i][h], lo[i][h], x->scale[first + i],
                          y + (size_t)(first + i) * ld_y, add);
}

static void gemm(const rh_qmat *w, int block0, int block1, const rh_qvec *x, float *y, size_t ld_y, bool add)
{
    for (int b = block0; b < block1; b++) {
        int i = 0;
        for (; i + 2 <= x->n; i += 2)
            tile(w, b, x, i, y, ld_y, add, 2);
        if (i < x->n)
            tile(w, b, x, i, y, ld_y, add, 1);
    }
}

static void quantise(const float *x, rh_qvec *q, int index)
{
    int n = q->n_cols, i = 0;
    int8_t *hi = q->q + (size_t)index * 2 * (size_t)n, *lo = hi + n;
    float inv = quantise_scale(q, index, largest_magnitude(x, n));
    int32x4_t sum_hi = vdupq_n_s32(0), sum_lo = sum_hi;
    for (; i + 8 <= n; i += 8) {
        int16x4_t h[2], l[2];
        for (int k = 0; k < 2; k++) {
            float32x4_t t = vaddq_f32(vmulq_n_f32(vld1q_f32(x + i + 4 * k), inv), vdupq_n_f32(magic_float));
            int32x4_t v = vsubq_s32(vreinterpretq_s32_f32(t), vdupq_n_s32(MAGIC_BITS));
            int32x4_t high = vshrq_n_s32(vaddq_s32(v, vdupq_n_s32(64)), ACT_LOW_BITS);
            int32x4_t low = vsubq_s32(v, vshlq_n_s32(high, ACT_LOW_BITS));
            h[k] = vmovn_s32(high);
            l[k] = vmovn_s32(low);
        }
        int8x8_t h8 = vmovn_s16(vcombine_s16(h[0], h[1]));
        int8x8_t l8 = vmovn_s16(vcombine_s16(l[0], l[1]));
        vst1_s8(hi + i, h8);
        vst1_s8(lo + i, l8);
        sum_hi = vpadalq_s16(sum_hi, vmovl_s8(h8));
        sum_lo = vpadalq_s16(sum_lo, vmovl_s8(l8));
    }
    int32_t *sum = q->sum + 2 * index;
    sum[0] = vaddvq_s32(sum_hi);
    sum[1] = vaddvq_s32(sum_lo);
    quantise_rest(x, i, n, inv, hi, lo, sum);
}

const rh_kernels rh_kernels_neon = {.name = "neon", .bias = 0, .gemm = gemm, .quantise = quantise, SHARED_KERNELS};
#else
typedef int rh_no_neon_here;
#endif
