/* onnx_file.h - constants of an ONNX network, as they stand in its file.
 *
 * Source: onnx.proto of ONNX 1.x (ModelProto.graph, GraphProto.node, AttributeProto.t, TensorProto).
 * Threads: any. */
#ifndef RH_ONNX_FILE_H
#define RH_ONNX_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum { RH_ONNX_DIMS = 3 };

/* The f32 values, nothing aligned, of the constant called `name`, which is to have these sides (0 behind the last);
 * they lie within `bytes`. RH_ERR_FORMAT no ONNX file, damaged, no such constant, or one of another shape. */
rh_status rh_onnx_constant(const void *bytes, size_t n, const char *name, const int dims[RH_ONNX_DIMS],
                           const uint8_t **values, rh_error *err);

#endif
