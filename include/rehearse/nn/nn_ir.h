/* nn_ir.h - writes a network as OpenVINO IR text, node by node.
 *
 * Weights stay where they are: a constant is named by its address, so a mapped
 * model file serves as it lies, at any byte offset. Small constants are copied
 * into the writer. Errors (no memory, too many inputs) are kept and reported
 * once, by rh_ir_compile().
 * Source: OpenVINO IR version 11, operation sets 1 to 13.
 * Threads: one at a time. */
#ifndef RH_NN_IR_H
#define RH_NN_IR_H

#include <stdint.h>
#include "rehearse/nn/nn.h"

typedef struct rh_ir rh_ir;

/* A node's number; every operation used here has one output. */
typedef int rh_ir_node;

typedef struct {
    int n;
    int64_t d[RH_NN_MAX_DIMS]; /* outermost first; -1 = dynamic */
} rh_ir_shape;

#define RH_IR_SHAPE(...) ((rh_ir_shape){(int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), {__VA_ARGS__}})

rh_status rh_ir_new(rh_ir **out, const char *name, rh_error *err);
void rh_ir_free(rh_ir *ir); /* after the models made of it; NULL is fine */

rh_ir_node rh_ir_input(rh_ir *ir, const char *name, rh_nn_type type, rh_ir_shape shape);
/* `data` is borrowed and must outlive the writer. */
rh_ir_node rh_ir_const(rh_ir *ir, rh_nn_type type, rh_ir_shape shape, const void *data);
rh_ir_node rh_ir_const_copy(rh_ir *ir, rh_nn_type type, rh_ir_shape shape, const void *data);
rh_ir_node rh_ir_scalar(rh_ir *ir, float value);
rh_ir_node rh_ir_ints(rh_ir *ir, rh_ir_shape values); /* a vector of i64: its sides are the values */
/* Operation `type` of `opset` ("opset1"); `attributes` is the text inside <data .../>, or "". */
rh_ir_node rh_ir_op(rh_ir *ir, const char *type, const char *opset, const char *attributes, int n_inputs,
                    const rh_ir_node *inputs);
/* Shorthands for common operations, with numpy broadcasting. */
rh_ir_node rh_ir_add(rh_ir *ir, rh_ir_node a, rh_ir_node b);
rh_ir_node rh_ir_mul(rh_ir *ir, rh_ir_node a, rh_ir_node b);
rh_ir_node rh_ir_matmul(rh_ir *ir, rh_ir_node a, rh_ir_node b, int transpose_b);
rh_ir_node rh_ir_to_f32(rh_ir *ir, rh_ir_node a);
void rh_ir_output(rh_ir *ir, rh_ir_node node, const char *name);

rh_status rh_ir_compile(rh_ir *ir, rh_nn_model **out, const rh_nn_options *opts, rh_error *err);

#endif
