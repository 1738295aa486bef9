/* Maps model.bin and indexes it; every length in it is checked. */
#include "ct2_file_internal.h"

#include <string.h>
#include <sys/mman.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "rehearse/nn/ggml_file.h"

enum { MAX_VARIABLES = 20000, MAX_ALIAS_STEPS = 4 };
enum { OLDEST_VERSION = 4, NEWEST_VERSION = 6 };

typedef struct {
    const char *name, *target;
} alias;

struct rh_ct2_file {
    const uint8_t *bytes;
    size_t size, at;
    rh_ct2_variable *variables;
    alias *aliases;
    uint32_t n_variables, n_aliases;
};

static const size_t type_size[] = {4, 1, 2, 4, 2, 2};

static bool take(rh_ct2_file *f, void *out, size_t n)
{
    if (f->size - f->at < n)
        return false;
    memcpy(out, f->bytes + f->at, n);
    f->at += n;
    return true;
}

static bool take_name(rh_ct2_file *f, const char **name)
{
    uint16_t n;
    if (!take(f, &n, sizeof n) || n == 0 || f->size - f->at < n)
        return false;
    *name = (const char *)f->bytes + f->at;
    f->at += n;
    return (*name)[n - 1] == '\0';
}

static bool take_variable(rh_ct2_file *f, rh_ct2_variable *v)
{
    uint8_t rank, type;
    uint32_t size;
    uint64_t values = 1;
    if (!take_name(f, &v->name) || !take(f, &rank, 1) || rank > RH_CT2_MAX_RANK)
        return false;
    v->rank = rank;
    for (int i = 0; i < RH_CT2_MAX_RANK; i++) {
        v->side[i] = 1;
        if (i < rank && (!take(f, &v->side[i], 4) || v->side[i] == 0))
            return false;
        values *= v->side[i];
        if (values > f->size)
            return false;
    }
    if (!take(f, &type, 1) || type > RH_CT2_BF16 || !take(f, &size, 4) || size != values * type_size[type] ||
        f->size - f->at < size)
        return false;
    v->type = (rh_ct2_type)type;
    v->data = f->bytes + f->at;
    v->size = size;
    f->at += size;
    return true;
}

static rh_status parse(rh_ct2_file *f, rh_error *err)
{
    uint32_t version, revision;
    const char *kind = "";
    if (!take(f, &version, 4) || version < OLDEST_VERSION || version > NEWEST_VERSION)
        return rh_fail(err, RH_ERR_FORMAT, "not a CTranslate2 model of format %d to %d", OLDEST_VERSION,
                       NEWEST_VERSION);
    if (!take_name(f, &kind) || strcmp(kind, "WhisperSpec") != 0)
        return rh_fail(err, RH_ERR_FORMAT, "a CTranslate2 model, but not of Whisper");
    if (!take(f, &revision, 4) || !take(f, &f->n_variables, 4) || f->n_variables > MAX_VARIABLES)
        return rh_fail(err, RH_ERR_FORMAT, "the file's head is damaged");
    f->variables = rh_calloc(f->n_variables + 1, sizeof *f->variables);
    if (!f->variables)
        return rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    for (uint32_t i = 0; i < f->n_variables; i++)
        if (!take_variable(f, &f->variables[i]))
            return rh_fail(err, RH_ERR_FORMAT, "variable %u of %u is damaged, or the file cut off", i + 1,
                           f->n_variables);
    if (!take(f, &f->n_aliases, 4) || f->n_aliases > MAX_VARIABLES)
        return rh_fail(err, RH_ERR_FORMAT, "the table of aliases is damaged, or the file cut off");
    f->aliases = rh_calloc(f->n_aliases + 1, sizeof *f->aliases);
    if (!f->aliases)
        return rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    for (uint32_t i = 0; i < f->n_aliases; i++)
        if (!take_name(f, &f->aliases[i].name) || !take_name(f, &f->aliases[i].target))
            return rh_fail(err, RH_ERR_FORMAT, "the table of aliases is damaged");
    return RH_OK;
}

rh_status rh_ct2_open(rh_ct2_file **out, const char *path, rh_error *err)
{
    rh_error why = {RH_OK, ""};
    rh_ct2_file *f = rh_calloc(1, sizeof *f);
    if (!f)
        return rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    const void *bytes;
    rh_status st = rh_file_map(path, &bytes, &f->size, err);
    if (st == RH_OK) {
        f->bytes = bytes;
        st = parse(f, &why);
        if (st != RH_OK)
            rh_fail(err, st, "%s: %s", path, why.msg);
    }
    if (st != RH_OK) {
        rh_ct2_close(f);
        return st;
    }
    *out = f;
    return RH_OK;
}

void rh_ct2_close(rh_ct2_file *f)
{
    if (!f)
        return;
    if (f->bytes)
        munmap((void *)(uintptr_t)f->bytes, f->size);
    rh_free(f->variables);
    rh_free(f->aliases);
    rh_free(f);
}

int64_t rh_ct2_size(const rh_ct2_file *f)
{
    return (int64_t)f->size;
}

static const char *follow(const rh_ct2_file *f, const char *name)
{
    for (uint32_t i = 0; i < f->n_aliases; i++)
        if (strcmp(f->aliases[i].name, name) == 0)
            return f->aliases[i].target;
    return NULL;
}

const rh_ct2_variable *rh_ct2_find(const rh_ct2_file *f, const char *name)
{
    for (int step = 0; name && step <= MAX_ALIAS_STEPS; step++, name = follow(f, name))
        for (uint32_t i = 0; i < f->n_variables; i++)
            if (strcmp(f->variables[i].name, name) == 0)
                return &f->variables[i];
    return NULL;
}

int64_t rh_ct2_number(const rh_ct2_file *f, const char *name, int64_t otherwise)
{
    const rh_ct2_variable *v = rh_ct2_find(f, name);
    if (!v || v->size != type_size[v->type])
        return otherwise;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    switch (v->type) {
    case RH_CT2_I8: memcpy(&i8, v->data, sizeof i8); return i8;
    case RH_CT2_I16: memcpy(&i16, v->data, sizeof i16); return i16;
    case RH_CT2_I32: memcpy(&i32, v->data, sizeof i32); return i32;
    case RH_CT2_F32:
    case RH_CT2_F16:
    case RH_CT2_BF16: break;
    }
    return otherwise;
}

static float one_value(rh_ct2_type type, const uint8_t *p)
{
    uint16_t half;
    uint32_t bits;
    float x;
    if (type == RH_CT2_F32) {
        memcpy(&x, p, sizeof x);
        return x;
    }
    memcpy(&half, p, sizeof half);
    if (type == RH_CT2_F16)
        return rh_f16_to_f32(half);
    bits = (uint32_t)half << 16; /* bfloat16 is the upper half of a float */
    memcpy(&x, &bits, sizeof x);
    return x;
}

rh_status rh_ct2_values(const rh_ct2_variable *v, const rh_ct2_variable *scale, size_t i, size_t n, float *out,
                        rh_error *err)
{
    const uint8_t *p = (const uint8_t *)v->data + i * type_size[v->type];
    size_t row = v->size / type_size[v->type] / v->side[0]; /* values a row */
    switch (v->type) {
    case RH_CT2_F32:
    case RH_CT2_F16:
    case RH_CT2_BF16:
        for (size_t k = 0; k < n; k++)
            out[k] = one_value(v->type, p + k * type_size[v->type]);
        return RH_OK;
    case RH_CT2_I8:
        if (!scale || scale->type != RH_CT2_F32 || scale->size != v->side[0] * sizeof(float))
            return rh_fail(err, RH_ERR_FORMAT, "%s is int8 without a scale for each row", v->name);
        for (size_t k = 0; k < n; k++) {
            const uint8_t *s = (const uint8_t *)scale->data + (i + k) / row * sizeof(float);
            out[k] = (float)(int8_t)p[k] / one_value(RH_CT2_F32, s);
        }
        return RH_OK;
    case RH_CT2_I16:
    case RH_CT2_I32: break;
    }
    return rh_fail(err, RH_ERR_UNSUPPORTED, "%s is stored as int16 or int32; convert a float16, float32 or int8 model",
                   v->name);
}
