/* ggml_file.h - an official ggml Whisper file, mapped read-only.
 *
 * Layout of the file (little endian): magic, eleven hyperparameters, mel
 * filters, vocabulary, then tensors: number of dimensions, length of name,
 * type, sides (innermost first), name, data. Tensor data lies at any byte
 * offset: read it only through rh_ggml_row() or memcpy.
 * Source: whisper.cpp, models/convert-pt-to-ggml.py and ggml's block formats.
 * Threads: an opened file is immutable and may be shared. */
#ifndef RH_GGML_FILE_H
#define RH_GGML_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct rh_ggml_file rh_ggml_file;

enum { RH_GGML_MAX_DIMS = 4, RH_GGML_BLOCK = 32 };

/* Numbers are ggml's own. */
typedef enum {
    RH_GGML_F32 = 0,
    RH_GGML_F16 = 1,
    RH_GGML_Q5_0 = 6, /* 32 weights: f16 scale, 4 bytes of fifth bits, 16 of nibbles */
    RH_GGML_Q5_1 = 7, /* as q5_0, with an f16 minimum after the scale */
    RH_GGML_Q8_0 = 8, /* 32 weights: f16 scale, 32 int8 */
} rh_ggml_type;

typedef struct {
    int32_t n_vocab, n_audio_ctx, n_audio_state, n_audio_head, n_audio_layer;
    int32_t n_text_ctx, n_text_state, n_text_head, n_text_layer, n_mels, ftype;
} rh_ggml_hparams;

typedef struct {
    const char *name; /* "encoder.blocks.0.attn.query.weight" */
    rh_ggml_type type;
    int n_dims;
    int64_t ne[RH_GGML_MAX_DIMS]; /* innermost first, as in ggml; 1 past n_dims */
    const void *data;             /* inside the mapping, not aligned */
    size_t offset, size;          /* bytes from the start of the file; bytes */
} rh_ggml_tensor;

/* On success the caller owns *out; it may not outlive users of its tensors.
 * RH_ERR_IO unreadable; RH_ERR_FORMAT not a Whisper ggml file, or damaged;
 * RH_ERR_UNSUPPORTED a weight format we don't read; RH_ERR_NOMEM. */
rh_status rh_ggml_file_open(rh_ggml_file **out, const char *path, rh_error *err);
/* The same over borrowed bytes. */
rh_status rh_ggml_file_parse(rh_ggml_file **out, const void *bytes, size_t n, rh_error *err);
void rh_ggml_file_free(rh_ggml_file *f); /* NULL is fine */

const rh_ggml_hparams *rh_ggml_file_hparams(const rh_ggml_file *f);
const float *rh_ggml_file_mel_filters(const rh_ggml_file *f); /* [n_mels][201] */
/* Entry of the vocabulary list: bytes (not NUL-terminated) or NULL past its
 * end: the list lacks special tokens, n_vocab of the hyperparameters has them. */
int32_t rh_ggml_file_n_tokens(const rh_ggml_file *f);
const char *rh_ggml_file_token(const rh_ggml_file *f, int32_t id, uint32_t *len);

/* NULL when there is none of that name. */
const rh_ggml_tensor *rh_ggml_file_tensor(const rh_ggml_file *f, const char *name);
size_t rh_ggml_file_n_tensors(const rh_ggml_file *f);
const rh_ggml_tensor *rh_ggml_file_tensor_at(const rh_ggml_file *f, size_t i);
/* The tensor, with its shape checked: ne1 = 1 for a vector, ne2 = 1 for a matrix.
 * RH_ERR_FORMAT when missing or of another shape. */
rh_status rh_ggml_file_need(const rh_ggml_file *f, const rh_ggml_tensor **out, const char *name, int64_t ne0,
                            int64_t ne1, int64_t ne2, rh_error *err);

/* Of size, header and samples of the content: tells files apart in cache keys. */
uint64_t rh_ggml_file_hash(const rh_ggml_file *f);
/* Tells the kernel that pages of the mapping may be dropped (they come back when touched). */
void rh_ggml_file_release_pages(const rh_ggml_file *f);

/* Values of row `row` (of ne[0] values; rows count over all outer sides) as f32. */
void rh_ggml_row(const rh_ggml_tensor *t, int64_t row, float *out);
/* All values, row after row. A conv bias is stored as n rows of one value. */
void rh_ggml_values(const rh_ggml_tensor *t, float *out);

/* Bits of an IEEE half to float and back (round to nearest even). */
float rh_f16_to_f32(uint16_t h);
uint16_t rh_f32_to_f16(float f);

#endif
