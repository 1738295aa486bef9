/* arm64: tiles of 6 pixels by 16 channels, 24 of 32 registers are sums. */
#include <stdbool.h>
#include "kernels_conv_internal.h"

#if defined(__aarch64__)
#include <arm_neon.h>

enum { ROWS = 6, WIDE = 4, TOGETHER = 1 };
typedef float32x4_t vf;
#define LOAD vld1q_f32
#define LOAD_HALF(p) vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)))
#define STORE vst1q_f32
#define SPREAD vdupq_n_f32
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#define LARGER vmaxq_f32
#define SMALLER vminq_f32
#include "kernels_conv_tiles.h"

const rh_conv_kernels rh_conv_kernels_neon = {"neon", product, depthwise, pool, NULL};
#endif
