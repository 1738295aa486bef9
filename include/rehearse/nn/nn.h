/* nn.h - neural networks on the CPU through OpenVINO.
 *
 * A model is compiled once and serves many requests; a request is the memory
 * of one inference and is reused. Shapes may be dynamic: an input's shape is
 * that of the data last set, outputs follow.
 * Source: OpenVINO 2026, C API; reads its own IR, ONNX and TFLite.
 * Threads: a model is immutable and may be shared; use a request from one
 * thread at a time, several requests of a model at once as far as it has streams. */
#ifndef RH_NN_H
#define RH_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct rh_nn_model rh_nn_model;
typedef struct rh_nn_request rh_nn_request;

enum { RH_NN_MAX_DIMS = 8 };

typedef enum { RH_NN_F32, RH_NN_F16, RH_NN_BF16, RH_NN_I8, RH_NN_U8, RH_NN_I32, RH_NN_I64, RH_NN_BOOL } rh_nn_type;

typedef struct {
    int n_threads;                 /* of all streams together; 0 = every processor; 1 */
    int n_streams;                 /* inferences at the same time; 1 */
    const char *precision;         /* of the arithmetic: "f32" "bf16" "f16"; NULL = f32 */
    const char *cache_dir;         /* compiled models are kept here; NULL = none; NULL */
    const char *const *properties; /* further OpenVINO properties: key, value, ..., NULL; NULL */
} rh_nn_options;

/* What an input or output is; dims of -1 are dynamic in a description. */
typedef struct {
    rh_nn_type type;
    int n_dims;
    int64_t dims[RH_NN_MAX_DIMS];
    void *data;  /* dense, outermost side first; NULL in a description */
    size_t size; /* bytes */
} rh_nn_tensor;

rh_nn_options rh_nn_options_default(void);

/* Reads .xml (IR, weights beside it), .onnx or .tflite and compiles it.
 * RH_ERR_IO unreadable; RH_ERR_FORMAT refused by OpenVINO (err says why);
 * RH_ERR_INVAL bad options; RH_ERR_NOMEM. */
rh_status rh_nn_model_load(rh_nn_model **out, const char *path, const rh_nn_options *opts, rh_error *err);
/* An .onnx file of a network made small, without what rounds between its operations: weights stay 8-bit integers as
 * they are stored, what flows between them is f32. As rh_nn_model_load(). */
rh_status rh_nn_model_load_unrounded(rh_nn_model **out, const char *path, const rh_nn_options *opts, rh_error *err);
/* IR text with its weights in the caller's memory, which must outlive the model. */
rh_status rh_nn_model_load_ir(rh_nn_model **out, const char *xml, size_t n_xml, const void *weights, size_t n_weights,
                              const rh_nn_options *opts, rh_error *err);
void rh_nn_model_free(rh_nn_model *m); /* after its requests; NULL is fine */

/* The folder below `parent` for what is compiled by this version for this processor, made
 * when it is not there; false when it cannot be. Good as rh_nn_options.cache_dir. */
bool rh_nn_cache_folder(char *buf, size_t size, const char *parent);
/* Whether the model came out of opts->cache_dir: then it has its weights from
 * there, and those given to rh_nn_model_load_ir() may go. */
bool rh_nn_model_from_cache(const rh_nn_model *m);
/* Files of `cache_dir` stay mapped while a model lives, though after its first
 * run it has the weights in its own order: gives their memory back. Pages that
 * are needed after all are read again. */
void rh_nn_release_pages(const char *cache_dir);

int rh_nn_model_n_outputs(const rh_nn_model *m);
/* Index by name; -1 when there is none. */
int rh_nn_model_input(const rh_nn_model *m, const char *name);
/* Type and shape as the model declares them. RH_ERR_INVAL no such index. */
rh_status rh_nn_model_describe_input(const rh_nn_model *m, int index, rh_nn_tensor *out);
rh_status rh_nn_model_describe_output(const rh_nn_model *m, int index, rh_nn_tensor *out);

rh_status rh_nn_request_new(rh_nn_request **out, const rh_nn_model *m, rh_error *err);
void rh_nn_request_free(rh_nn_request *r);

/* Uses the caller's memory without a copy: it must stay until the last run, or
 * until replaced. `t->size` is ignored. RH_ERR_INVAL wrong index, type or shape. */
rh_status rh_nn_set_input(rh_nn_request *r, int index, const rh_nn_tensor *t, rh_error *err);
rh_status rh_nn_set_output(rh_nn_request *r, int index, const rh_nn_tensor *t, rh_error *err);
/* The request's own memory: to be read until the next run. */
rh_status rh_nn_get_output(rh_nn_request *r, int index, rh_nn_tensor *out, rh_error *err);

rh_status rh_nn_run(rh_nn_request *r, rh_error *err);

#endif
