/* encoder_padding_file.c - the kept silence on disk, beside the compiled
 * networks: it is the same for every run of a model, and making it costs as
 * much as a full window. A file that does not fit is made anew, never an error.
 * Layout: header, keys and values, states. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "encoder_internal.h"

typedef struct {
    char magic[8];
    uint64_t model;
    char precision[8];
    int32_t merge, tenths;
    uint64_t n_kv, n_states;
} header;

static bool path_of(const rh_enc_model *m, int tenths, char *path, size_t size)
{
    if (!m->cache_dir[0])
        return false;
    /* Each set of kernels rounds in its own way. */
    int n = snprintf(path, size, "%s/silence-%016llx-%s-%s-%d.bin", m->cache_dir,
                     (unsigned long long)rh_ggml_file_hash(m->file), m->precision,
                     m->net ? enc_net_kernels(m->net) : "openvino", tenths);
    return n > 0 && (size_t)n < size;
}

static header header_of(const rh_enc_model *m, int tenths)
{
    size_t d = (size_t)m->hp.n_audio_state;
    header h = {.magic = "rhsil01", .model = rh_ggml_file_hash(m->file), .merge = MERGE, .tenths = tenths};
    memcpy(h.precision, m->precision, strnlen(m->precision, sizeof h.precision));
    h.n_kv = 2 * (size_t)m->hp.n_audio_layer * (size_t)enc_n_merged(m) * d;
    h.n_states = (size_t)m->hp.n_audio_ctx * d;
    return h;
}

bool enc_tail_read(const rh_enc_model *m, enc_tail *t)
{
    char path[PATH_MAX];
    header want = header_of(m, t->tenths), have;
    FILE *f = path_of(m, t->tenths, path, sizeof path) ? fopen(path, "rb") : NULL;
    if (!f)
        return false;
    char rest;
    bool ok = fread(&have, sizeof have, 1, f) == 1 && memcmp(&have, &want, sizeof have) == 0 &&
              fread(t->kv, sizeof *t->kv, want.n_kv, f) == want.n_kv &&
              fread(t->states, sizeof *t->states, want.n_states, f) == want.n_states && fread(&rest, 1, 1, f) == 0;
    fclose(f);
    return ok;
}

void enc_tail_write(const rh_enc_model *m, const enc_tail *t)
{
    char path[PATH_MAX], temporary[PATH_MAX + 32];
    header h = header_of(m, t->tenths);
    if (!path_of(m, t->tenths, path, sizeof path))
        return;
    (void)snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    FILE *f = fopen(temporary, "wb");
    if (!f)
        return;
    bool ok = fwrite(&h, sizeof h, 1, f) == 1 && fwrite(t->kv, sizeof *t->kv, h.n_kv, f) == h.n_kv &&
              fwrite(t->states, sizeof *t->states, h.n_states, f) == h.n_states;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(temporary, path) != 0)
        (void)unlink(temporary);
}
