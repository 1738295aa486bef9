/* onnx_unround.h - an ONNX network without the rounding between its operations.
 *
 * Networks made small keep their weights as 8-bit integers and round what flows between operations
 * too: QuantizeLinear, and DequantizeLinear behind it. On processors without instructions for
 * it that saves no time, and a score may stray far. Here such pairs are left out; weights stay as stored.
 * Source: onnx.proto of ONNX 1.x (ModelProto.graph, GraphProto.node, NodeProto).
 * Threads: any. */
#ifndef RH_NN_ONNX_UNROUND_H
#define RH_NN_ONNX_UNROUND_H

#include "rehearse/base/buf.h"

/* The file's `n` bytes, changed, into `out` (initialised; what was in it stays before). RH_ERR_FORMAT no ONNX
 * file, or damaged; RH_ERR_LIMIT too many such operations; RH_ERR_NOMEM. */
rh_status rh_onnx_unround(const void *bytes, size_t n, rh_buf *out, rh_error *err);

#endif
