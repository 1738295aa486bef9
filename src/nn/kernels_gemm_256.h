/* kernels_gemm_256.h - vectors of 256 bits: tiles of 6 rows by 16 columns, 12 of 16 registers are sums. The file
 * that includes it defines DOT. */
#ifndef RH_KERNELS_GEMM_256_H
#define RH_KERNELS_GEMM_256_H

#include <immintrin.h>

enum { ROWS = 6, WIDE = 8 };
typedef __m256 vf;
typedef __m256i vi;
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define LOAD_BYTES(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define SPREAD _mm256_set1_ps
#define SPREAD_BYTES _mm256_set1_epi32
#define FMA _mm256_fmadd_ps
#define TO_FLOAT _mm256_cvtepi32_ps
#define TO_WHOLE _mm256_cvtps_epi32
#define STORE_WHOLE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define LARGER _mm256_max_ps
#define MAGNITUDE(v) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v)
#include "kernels_gemm_tiles.h"

#endif
