/* AVX-512 with VNNI: tiles of 12 rows by 32 columns, 24 of 32 registers are sums. */
#if defined(__x86_64__)
#include <immintrin.h>

enum { ROWS = 12, WIDE = 16 };
typedef __m512 vf;
typedef __m512i vi;
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define LOAD_BYTES(p) _mm512_loadu_si512(p)
#define SPREAD _mm512_set1_ps
#define SPREAD_BYTES _mm512_set1_epi32
#define FMA _mm512_fmadd_ps
#define TO_FLOAT _mm512_cvtepi32_ps
#define TO_WHOLE _mm512_cvtps_epi32
#define STORE_WHOLE(p, v) _mm512_storeu_si512(p, v)
#define LARGER _mm512_max_ps
#define MAGNITUDE _mm512_abs_ps
#define FEW_REGISTERS 0
#define DOT _mm512_dpbusd_epi32
#include "kernels_gemm_tiles.h"

const rh_gemm rh_gemm_avx512 = GEMM_TABLE("avx512", 255);
#else
typedef int rh_no_gemm_avx512_here;
#endif
