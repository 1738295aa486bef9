/* isa.c - see isa_internal.h. */
#include "isa_internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "rehearse/base/cpu.h"

const void *nn_isa_choose(const void *const tables[NN_ISAS], const char *name)
{
    const rh_cpu_features *cpu = rh_cpu();
    const struct {
        const char *name;
        bool runs;
    } isas[NN_ISAS] = {
        [NN_AVX512] = {"avx512", cpu->avx512_vnni},  [NN_AVXVNNI] = {"avxvnni", cpu->avx_vnni},
        [NN_EVEXVNNI] = {"avxvnni", cpu->evex_vnni}, [NN_AVX2] = {"avx2", cpu->avx2},
        [NN_NEON] = {"neon", cpu->neon_dot},         [NN_C] = {"c", true},
    };
    for (int i = 0; i < NN_ISAS; i++)
        if (tables[i] && isas[i].runs && (!name || strcmp(name, isas[i].name) == 0))
            return tables[i];
    return NULL;
}
