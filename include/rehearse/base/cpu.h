/* cpu.h - what the processor can do, asked once. Threads: any. */
#ifndef RH_CPU_H
#define RH_CPU_H

#include <stdbool.h>

typedef struct {
    bool avx2;   /* AVX2 with FMA and F16C */
    bool avx512; /* AVX-512 F, BW, VL, DQ */
    bool avx512_vnni;
    bool avx_vnni;  /* VNNI of 256 bits beside AVX2 */
    bool evex_vnni; /* the same in AVX-512's encoding */
    bool avx512_bf16;
    bool amx_int8, amx_bf16;
    bool neon, neon_dot; /* arm64; dot product of Armv8.2 */
} rh_cpu_features;

/* Environment variable REHEARSE_ISA (c, avx2, avxvnni, avx512, neon) caps the answer, for tests. */
const rh_cpu_features *rh_cpu(void);
/* Processors this process may run on (affinity and cgroup quota considered), at least 1. */
int rh_cpu_count(void);
/* For example "AMD EPYC 9354", for logs. */
const char *rh_cpu_name(void);
/* The name and what the processor can do, whatever REHEARSE_ISA says: virtual machines of one name differ in that. */
const char *rh_cpu_key(void);

#endif
