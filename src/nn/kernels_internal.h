/* kernels_internal.h - tables of the instruction sets this build has. */
#ifndef RH_KERNELS_INTERNAL_H
#define RH_KERNELS_INTERNAL_H

#include "rehearse/nn/kernels.h"

enum {
    ACT_LOW_BITS = 7,
    /* High parts stay within +-127 for low parts in [-64, 63]. */
    ACT_MAX = 127 * 128,
};

extern const rh_kernels rh_kernels_c;
#if defined(__x86_64__)
extern const rh_kernels rh_kernels_avx2, rh_kernels_avxvnni, rh_kernels_evexvnni, rh_kernels_avx512;
#elif defined(__aarch64__)
extern const rh_kernels rh_kernels_neon;
#endif

#endif
