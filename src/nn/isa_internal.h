/* isa_internal.h - the instruction sets that tables of kernels are for, and which of them this machine has. */
#ifndef RH_ISA_INTERNAL_H
#define RH_ISA_INTERNAL_H

/* The best first; EVEXVNNI goes by the name of AVXVNNI, whose encoding it replaces. */
typedef enum { NN_AVX512, NN_AVXVNNI, NN_EVEXVNNI, NN_AVX2, NN_NEON, NN_C, NN_ISAS } nn_isa;

/* The best of the tables (NULL where there is none) that runs on this machine, of those called `name` (as REHEARSE_ISA
 * has it; NULL = of all); NULL: none does. */
const void *nn_isa_choose(const void *const tables[NN_ISAS], const char *name);

#endif
