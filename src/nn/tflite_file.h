/* tflite_file.h - the tensors and operators of a TFLite file, as they stand in it.
 *
 * Source: TensorFlow Lite's schema.fbs, version 3, in FlatBuffers' binary form: tables whose fields are found through
 * a list of offsets, each read here only where it lies within the file. */
#ifndef RH_TFLITE_FILE_H
#define RH_TFLITE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_TFLITE_DIMS = 4, RH_TFLITE_ARGUMENTS = 4, RH_TFLITE_TENSORS = 1024 };

typedef enum { RH_TFLITE_F32 = 0, RH_TFLITE_F16 = 1, RH_TFLITE_I32 = 2 } rh_tflite_type;
typedef enum {
    RH_TFLITE_ADD = 0,
    RH_TFLITE_CONV = 3,
    RH_TFLITE_DEPTHWISE = 4,
    RH_TFLITE_DEQUANTIZE = 6,
    RH_TFLITE_MAX_POOL = 17,
    RH_TFLITE_RESHAPE = 22,
    RH_TFLITE_PAD = 34,
    RH_TFLITE_PRELU = 54
} rh_tflite_code;

typedef struct {
    int n_dims, dims[RH_TFLITE_DIMS];
    int type;
    const uint8_t *data; /* of a constant, `size` bytes, nothing aligned; NULL where it is none */
    size_t size;
} rh_tflite_tensor;

typedef struct {
    int code; /* an rh_tflite_code or another */
    int n_in, n_out;
    int in[RH_TFLITE_ARGUMENTS], out[RH_TFLITE_ARGUMENTS]; /* tensors; all exist */
    /* Of convolutions and pools. */
    bool same; /* zeros around the picture, so that it keeps its size over the stride */
    int stride_x, stride_y, window_x, window_y, multiplier, dilation_x, dilation_y;
    int activation; /* built in; 0 = none */
} rh_tflite_op;

typedef struct {
    int n_tensors, n_ops, n_in, n_out;
    rh_tflite_tensor *tensors;
    rh_tflite_op *ops;
    int in[RH_TFLITE_ARGUMENTS], out[RH_TFLITE_ARGUMENTS];
} rh_tflite_file;

/* Borrows `bytes`. RH_ERR_FORMAT not such a file, or larger than is read; RH_ERR_NOMEM. */
rh_status rh_tflite_parse(rh_tflite_file *out, const uint8_t *bytes, size_t n, rh_error *err);
void rh_tflite_done(rh_tflite_file *f);

#endif
