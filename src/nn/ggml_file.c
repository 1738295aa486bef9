/* ggml_file.c - see ggml_file.h. Every number in the file is data from
 * outside: each read is checked against what is left. */
#include "rehearse/nn/ggml_file.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/file.h"

enum {
    MAGIC = 0x67676d6c,
    N_FFT = 201,
    MAX_TENSORS = 4096,
    MAX_NAME = 127,
    MAX_TOKENS = 1 << 18,
    MAX_TOKEN_LEN = 4096,
    MAX_SIDE = 1 << 20,
};

typedef struct {
    const char *bytes;
    uint32_t len;
} token;

struct rh_ggml_file {
    const uint8_t *bytes;
    size_t n;
    bool mapped;
    rh_ggml_hparams hp;
    float *mel; /* [n_mels][N_FFT], copied for alignment */
    token *tokens;
    int32_t n_tokens;
    rh_ggml_tensor *tensors;
    char (*names)[MAX_NAME + 1];
    size_t n_tensors, cap_tensors;
};

typedef struct {
    const uint8_t *p, *end;
} cursor;

static bool take(cursor *c, void *out, size_t n)
{
    if ((size_t)(c->end - c->p) < n)
        return false;
    memcpy(out, c->p, n);
    c->p += n;
    return true;
}

static rh_status short_file(rh_error *err, const char *where)
{
    return rh_fail(err, RH_ERR_FORMAT,
                   "model file ends inside its %s: it is cut off or damaged, "
                   "fetch it again",
                   where);
}

static bool side_ok(int32_t v, int32_t max)
{
    return v >= 1 && v <= max;
}

static rh_status read_hparams(rh_ggml_file *f, cursor *c, rh_error *err)
{
    uint32_t magic = 0;
    if (!take(c, &magic, sizeof magic) || magic != MAGIC)
        return rh_fail(err, RH_ERR_FORMAT,
                       "not a Whisper model in ggml format (such files begin "
                       "with the bytes \"lmgg\")");
    rh_ggml_hparams *h = &f->hp;
    if (!take(c, h, sizeof *h))
        return short_file(err, "header");
    bool ok = side_ok(h->n_vocab, MAX_TOKENS) && side_ok(h->n_audio_ctx, 1 << 14) &&
              side_ok(h->n_audio_state, 1 << 14) && side_ok(h->n_audio_head, 1 << 10) &&
              side_ok(h->n_audio_layer, 256) && side_ok(h->n_text_ctx, 1 << 14) && side_ok(h->n_text_state, 1 << 14) &&
              side_ok(h->n_text_head, 1 << 10) && side_ok(h->n_text_layer, 256) &&
              (h->n_mels == 80 || h->n_mels == 128);
    ok = ok && h->n_audio_state % h->n_audio_head == 0 && h->n_text_state % h->n_text_head == 0;
    if (!ok)
        return rh_fail(err, RH_ERR_FORMAT,
                       "model header holds impossible sizes (state %d, heads "
                       "%d, layers %d, mels %d): the file is damaged or not a Whisper model",
                       h->n_audio_state, h->n_audio_head, h->n_audio_layer, h->n_mels);
    return RH_OK;
}

static rh_status read_mel(rh_ggml_file *f, cursor *c, rh_error *err)
{
    int32_t n_mels = 0, n_fft = 0;
    if (!take(c, &n_mels, sizeof n_mels) || !take(c, &n_fft, sizeof n_fft))
        return short_file(err, "mel filters");
    if (n_mels != f->hp.n_mels || n_fft != N_FFT)
        return rh_fail(err, RH_ERR_FORMAT, "mel filters are %d by %d, expected %d by %d", n_mels, n_fft, f->hp.n_mels,
                       N_FFT);
    size_t n = (size_t)n_mels * (size_t)n_fft;
    f->mel = rh_alloc_array(n, sizeof *f->mel);
    if (!f->mel)
        return rh_fail(err, RH_ERR_NOMEM, "model file: out of memory");
    if (!take(c, f->mel, n * sizeof *f->mel))
        return short_file(err, "mel filters");
    return RH_OK;
}

static rh_status read_vocabulary(rh_ggml_file *f, cursor *c, rh_error *err)
{
    int32_t n = 0;
    if (!take(c, &n, sizeof n))
        return short_file(err, "vocabulary");
    if (n < 1 || n > MAX_TOKENS)
        return rh_fail(err, RH_ERR_FORMAT, "vocabulary of %d tokens: the file is damaged", n);
    f->tokens = rh_alloc_array((size_t)n, sizeof *f->tokens);
    if (!f->tokens)
        return rh_fail(err, RH_ERR_NOMEM, "model file: out of memory");
    for (int32_t i = 0; i < n; i++) {
        uint32_t len = 0;
        if (!take(c, &len, sizeof len) || len > MAX_TOKEN_LEN || (size_t)(c->end - c->p) < len)
            return short_file(err, "vocabulary");
        f->tokens[i] = (token){(const char *)c->p, len};
        c->p += len;
    }
    f->n_tokens = n;
    return RH_OK;
}

/* Bytes of `ne0` values in a row; 0 for a type we don't read or a broken side. */
static size_t row_bytes(int32_t type, int64_t ne0)
{
    size_t n = (size_t)ne0, blocks = n / RH_GGML_BLOCK;
    if (type == RH_GGML_F32)
        return n * 4;
    if (type == RH_GGML_F16)
        return n * 2;
    if (n % RH_GGML_BLOCK)
        return 0;
    if (type == RH_GGML_Q5_0)
        return blocks * 22;
    if (type == RH_GGML_Q5_1)
        return blocks * 24;
    return type == RH_GGML_Q8_0 ? blocks * 34 : 0;
}

static rh_status grow_tensors(rh_ggml_file *f, rh_error *err)
{
    if (f->n_tensors < f->cap_tensors)
        return RH_OK;
    if (f->n_tensors >= MAX_TENSORS)
        return rh_fail(err, RH_ERR_FORMAT, "more than %d tensors: the file is damaged", MAX_TENSORS);
    size_t cap_names = f->cap_tensors;
    rh_status st = rh_array_reserve(&f->names, &cap_names, f->n_tensors + 1, sizeof *f->names);
    if (st == RH_OK)
        st = rh_array_reserve(&f->tensors, &f->cap_tensors, f->n_tensors + 1, sizeof *f->tensors);
    return st == RH_OK ? st : rh_fail(err, st, "model file: out of memory");
}

static rh_status read_tensor(rh_ggml_file *f, cursor *c, rh_error *err)
{
    int32_t head[3], sides[RH_GGML_MAX_DIMS] = {0}; /* head: dimensions, length of name, type */
    rh_status st = grow_tensors(f, err);
    if (st != RH_OK)
        return st;
    if (!take(c, head, sizeof head))
        return short_file(err, "tensor list");
    if (head[0] < 1 || head[0] > RH_GGML_MAX_DIMS || head[1] < 1 || head[1] > MAX_NAME)
        return rh_fail(err, RH_ERR_FORMAT,
                       "tensor %zu has %d sides and a name of %d bytes: the "
                       "file is damaged",
                       f->n_tensors, head[0], head[1]);
    rh_ggml_tensor *t = &f->tensors[f->n_tensors];
    char *name = f->names[f->n_tensors];
    if (!take(c, sides, (size_t)head[0] * sizeof *sides) || !take(c, name, (size_t)head[1]))
        return short_file(err, "tensor list");
    name[head[1]] = '\0';
    *t = (rh_ggml_tensor){.type = (rh_ggml_type)head[2], .n_dims = head[0], .ne = {1, 1, 1, 1}};
    size_t rows = 1;
    for (int i = 0; i < head[0]; i++) {
        if (!side_ok(sides[i], MAX_SIDE))
            return rh_fail(err, RH_ERR_FORMAT, "tensor %zu has a side of %d: the file is damaged", f->n_tensors,
                           sides[i]);
        t->ne[i] = sides[i];
        if (i && __builtin_mul_overflow(rows, (size_t)sides[i], &rows))
            return short_file(err, "tensors");
    }
    size_t row = row_bytes(head[2], sides[0]);
    if (row == 0)
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "weights of ggml type %d: this program reads f32, "
                       "f16, q8_0, q5_0 and q5_1 files",
                       head[2]);
    if (__builtin_mul_overflow(rows, row, &t->size) || (size_t)(c->end - c->p) < t->size)
        return short_file(err, "tensors");
    t->data = c->p;
    t->offset = (size_t)(c->p - f->bytes);
    c->p += t->size;
    f->n_tensors++;
    return RH_OK;
}

static rh_status parse(rh_ggml_file *f, rh_error *err)
{
    cursor c = {f->bytes, f->bytes + f->n};
    rh_status st = read_hparams(f, &c, err);
    if (st == RH_OK)
        st = read_mel(f, &c, err);
    if (st == RH_OK)
        st = read_vocabulary(f, &c, err);
    while (st == RH_OK && c.p < c.end)
        st = read_tensor(f, &c, err);
    if (st == RH_OK && f->n_tensors == 0)
        st = short_file(err, "tensors");
    for (size_t i = 0; st == RH_OK && i < f->n_tensors; i++)
        f->tensors[i].name = f->names[i]; /* after the last move of `names` */
    return st;
}

rh_status rh_ggml_file_parse(rh_ggml_file **out, const void *bytes, size_t n, rh_error *err)
{
    rh_ggml_file *f = rh_calloc(1, sizeof *f);
    if (!f)
        return rh_fail(err, RH_ERR_NOMEM, "model file: out of memory");
    f->bytes = bytes;
    f->n = n;
    rh_status st = parse(f, err);
    if (st == RH_OK)
        *out = f;
    else
        rh_ggml_file_free(f);
    return st;
}

rh_status rh_ggml_file_open(rh_ggml_file **out, const char *path, rh_error *err)
{
    const void *map;
    size_t n;
    rh_error why;
    if (rh_file_map(path, &map, &n, &why) != RH_OK)
        return rh_fail(err, why.code, "model file %.200s", why.msg);
    rh_status st = rh_ggml_file_parse(out, map, n, err);
    if (st == RH_OK)
        (*out)->mapped = true;
    else
        munmap((void *)(uintptr_t)map, n);
    return st;
}

void rh_ggml_file_free(rh_ggml_file *f)
{
    if (!f)
        return;
    if (f->mapped)
        munmap((void *)(uintptr_t)f->bytes, f->n);
    rh_free(f->mel);
    rh_free(f->tokens);
    rh_free(f->tensors);
    rh_free(f->names);
    rh_free(f);
}

const rh_ggml_hparams *rh_ggml_file_hparams(const rh_ggml_file *f)
{
    return &f->hp;
}

const float *rh_ggml_file_mel_filters(const rh_ggml_file *f)
{
    return f->mel;
}

int32_t rh_ggml_file_n_tokens(const rh_ggml_file *f)
{
    return f->n_tokens;
}

const char *rh_ggml_file_token(const rh_ggml_file *f, int32_t id, uint32_t *len)
{
    if (id < 0 || id >= f->n_tokens)
        return NULL;
    *len = f->tokens[id].len;
    return f->tokens[id].bytes;
}

const rh_ggml_tensor *rh_ggml_file_tensor(const rh_ggml_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_tensors; i++)
        if (strcmp(f->tensors[i].name, name) == 0)
            return &f->tensors[i];
    return NULL;
}

size_t rh_ggml_file_n_tensors(const rh_ggml_file *f)
{
    return f->n_tensors;
}

const rh_ggml_tensor *rh_ggml_file_tensor_at(const rh_ggml_file *f, size_t i)
{
    return i < f->n_tensors ? &f->tensors[i] : NULL;
}

rh_status rh_ggml_file_need(const rh_ggml_file *f, const rh_ggml_tensor **out, const char *name, int64_t ne0,
                            int64_t ne1, int64_t ne2, rh_error *err)
{
    const rh_ggml_tensor *t = rh_ggml_file_tensor(f, name);
    if (!t)
        return rh_fail(err, RH_ERR_FORMAT, "model file lacks the tensor %s", name);
    /* Old converters wrote a bias as [1, n] and others as [n]: the values lie the same way. */
    bool vector = ne1 == 1 && ne2 == 1 && t->ne[0] * t->ne[1] * t->ne[2] == ne0 &&
                  (t->type == RH_GGML_F32 || t->type == RH_GGML_F16);
    bool same = t->ne[0] == ne0 && t->ne[1] == ne1 && t->ne[2] == ne2 && t->ne[3] == 1;
    if (!same && !vector)
        return rh_fail(err, RH_ERR_FORMAT,
                       "tensor %s is %lld by %lld by %lld, expected %lld by "
                       "%lld by %lld",
                       name, (long long)t->ne[0], (long long)t->ne[1], (long long)t->ne[2], (long long)ne0,
                       (long long)ne1, (long long)ne2);
    *out = t;
    return RH_OK;
}

static uint64_t fnv1a(uint64_t h, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

uint64_t rh_ggml_file_hash(const rh_ggml_file *f)
{
    /* Reading 148 MB to name a cache file would cost more than the cache saves. */
    enum { SAMPLES = 64, PIECE = 4096 };
    uint64_t h = fnv1a(0xcbf29ce484222325u, (const uint8_t *)&f->n, sizeof f->n);
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = f->n / SAMPLES * i;
        size_t len = f->n - at < PIECE ? f->n - at : PIECE;
        h = fnv1a(h, f->bytes + at, len);
    }
    return h;
}

void rh_ggml_file_release_pages(const rh_ggml_file *f)
{
    if (f->mapped)
        (void)madvise((void *)(uintptr_t)f->bytes, f->n, MADV_DONTNEED);
}
