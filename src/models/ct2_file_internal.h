/* ct2_file_internal.h - reads model.bin of a CTranslate2 model.
 *
 * Layout (little endian): u32 format version, name of the model's kind, u32
 * revision, u32 count of variables, each: name, u8 rank, u32 sides, u8 type,
 * u32 bytes, data; then u32 count of aliases, each two names. A name is a u16
 * length that counts its NUL.
 * Source: ctranslate2 4.x, specs/model_spec.py. */
#ifndef RH_CT2_FILE_INTERNAL_H
#define RH_CT2_FILE_INTERNAL_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef enum { RH_CT2_F32, RH_CT2_I8, RH_CT2_I16, RH_CT2_I32, RH_CT2_F16, RH_CT2_BF16 } rh_ct2_type;

enum { RH_CT2_MAX_RANK = 3 };

typedef struct {
    const char *name;
    rh_ct2_type type;
    int rank;
    uint32_t side[RH_CT2_MAX_RANK]; /* outermost first; 1 past the rank */
    const void *data;               /* inside the mapping, not aligned */
    size_t size;                    /* bytes */
} rh_ct2_variable;

typedef struct rh_ct2_file rh_ct2_file;

/* RH_ERR_IO; RH_ERR_FORMAT not a Whisper model of CTranslate2, or damaged; RH_ERR_NOMEM. */
rh_status rh_ct2_open(rh_ct2_file **out, const char *path, rh_error *err);
void rh_ct2_close(rh_ct2_file *f); /* NULL is fine */

int64_t rh_ct2_size(const rh_ct2_file *f); /* bytes of the file */

/* Follows aliases; NULL = none of that name. */
const rh_ct2_variable *rh_ct2_find(const rh_ct2_file *f, const char *name);
/* A whole number stored as a scalar, or `otherwise` when there is none. */
int64_t rh_ct2_number(const rh_ct2_file *f, const char *name, int64_t otherwise);
/* n values from the i-th on as f32. `scale` (the variable <name>_scale of an
 * int8 weight, else NULL) holds a divisor a row. RH_ERR_UNSUPPORTED. */
rh_status rh_ct2_values(const rh_ct2_variable *v, const rh_ct2_variable *scale, size_t i, size_t n, float *out,
                        rh_error *err);

#endif
