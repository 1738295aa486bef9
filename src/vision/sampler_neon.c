/* sampler_neon.c - a pixel at a time in four lanes; the reads of sampler_avx2.c. */
#include "sampler_internal.h"

#ifdef __aarch64__
#include <arm_neon.h>

static inline float32x4_t to_float(uint8x8_t pixel)
{
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(pixel))));
}

static inline float32x4_t lerp(float32x4_t a, float32x4_t b, float f)
{
    return vfmaq_n_f32(a, vsubq_f32(b, a), f);
}

void rh_sample_row_neon(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n, float gain,
                        float bias)
{
    const uint8_t *below = src + stride - 2;
    for (int i = 0; i < n; i++) {
        uint8x8_t p = vld1_u8(src + row->offset[i]), q = vld1_u8(below + row->offset[i]);
        float32x4_t left = lerp(to_float(p), to_float(vext_u8(q, q, 2)), row->fy[i]);
        float32x4_t right = lerp(to_float(vext_u8(p, p, 3)), to_float(vext_u8(q, q, 5)), row->fy[i]);
        vst1q_f32(out + i * 3, vfmaq_n_f32(vdupq_n_f32(bias), lerp(left, right, row->fx[i]), gain));
    }
}
#else
void rh_sample_row_neon(float *out, const uint8_t *src, uint32_t stride, const rh_sample_row *row, int n, float gain,
                        float bias)
{
    rh_sample_row_c(out, src, stride, row, n, gain, bias);
}
#endif
