/* made_model.h - Whisper files with made-up weights, in every official shape
 * and weight format, so that sizes whose weights are not at hand can be
 * compared with another implementation.
 *
 * Values come from a hash of their index, tensor after tensor with a new seed,
 * and are written as they come: a file never lies in memory whole. Layers keep
 * the scale of what goes through them; attention is as sharp and logits are as
 * far apart as in trained models (made_gains), so that a wrong head, position
 * or mask shows in the result.
 * Layout of the file: ggml_file.h. Threads: a file belongs to one thread. */
#ifndef RH_MADE_MODEL_H
#define RH_MADE_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "rehearse/nn/ggml_file.h"

typedef struct {
    const char *name;
    int n_mels, width, n_heads, n_enc, n_dec, n_vocab;
} made_shape;

typedef struct {
    float query, logits; /* times what keeps the scale */
} made_gains;

typedef struct {
    FILE *out;
    uint32_t seed;
    rh_ggml_type type; /* of matrices; convolutions are f16 at least, vectors and positions f32 */
    made_gains gains;
    bool ok; /* false after a failed write */
} made_file;

typedef struct {
    rh_ggml_type type;
    int n_layers;    /* at most, of encoder and of decoder; 0 = all */
    int n_audio_ctx; /* 0 = 1500 */
} made_options;

extern const made_shape made_shapes[];               /* ends with name NULL */
const made_shape *made_shape_find(const char *name); /* NULL when there is none */
bool made_type_find(const char *name, rh_ggml_type *type);

/* Value i of a sequence, in [-0.5,0.5). */
float made_value(uint32_t seed, uint32_t i);

/* Parts of a file. The head: hyperparameters, mel filters, vocabulary (every byte, then pairs). */
void made_head(made_file *f, const rh_ggml_hparams *h);
void made_encoder(made_file *f, const rh_ggml_hparams *h);
void made_decoder(made_file *f, const rh_ggml_hparams *h);

/* A whole file. */
bool made_model(FILE *out, const made_shape *s, const made_options *o);

#endif
