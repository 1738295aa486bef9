/* kernels_conv.c - which table of kernels_conv_internal.h this machine takes. */
#include "kernels_conv_internal.h"
#include "rehearse/base/cpu.h"

const rh_conv_kernels *rh_conv_kernels_best(void)
{
#if defined(__x86_64__)
    if (rh_cpu()->avx512_vnni)
        return &rh_conv_kernels_avx512vnni;
    if (rh_cpu()->avx512)
        return &rh_conv_kernels_avx512;
    if (rh_cpu()->avx_vnni)
        return &rh_conv_kernels_avxvnni;
    if (rh_cpu()->avx2)
        return &rh_conv_kernels_avx2;
#elif defined(__aarch64__)
    if (rh_cpu()->neon)
        return &rh_conv_kernels_neon;
#endif
    return &rh_conv_kernels_c;
}
