/* ir_writer.c - see nn_ir.h. The text's weight offsets are counted from BASE,
 * an address below any other, so that constants may lie anywhere in memory;
 * OpenVINO reads only the bytes that constants name. */
#include "rehearse/nn/nn_ir.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"

enum { MAX_TEXT = 16 << 20, MAX_OP_INPUTS = 8, MAX_OUTPUTS = 256, MAX_LABEL = 32 };
static const uintptr_t BASE = 4096;          /* the first page is never mapped */
static const size_t SPACE = (size_t)1 << 56; /* past every user address */

typedef struct chunk {
    struct chunk *next;
} chunk;

typedef struct {
    rh_ir_node node;
    char name[MAX_LABEL];
} output;

struct rh_ir {
    rh_buf layers, edges;
    char name[MAX_LABEL];
    chunk *chunks; /* copied constants follow each header */
    int n_nodes, n_outputs;
    output outputs[MAX_OUTPUTS];
    rh_status failed;
};

static void keep(rh_ir *ir, rh_status st)
{
    if (ir->failed == RH_OK)
        ir->failed = st;
}

rh_status rh_ir_new(rh_ir **out, const char *name, rh_error *err)
{
    rh_ir *ir = rh_calloc(1, sizeof *ir);
    if (!ir)
        return rh_fail(err, RH_ERR_NOMEM, "network description: out of memory");
    rh_buf_init(&ir->layers, MAX_TEXT);
    rh_buf_init(&ir->edges, MAX_TEXT);
    strncpy(ir->name, name, sizeof ir->name - 1);
    *out = ir;
    return RH_OK;
}

void rh_ir_free(rh_ir *ir)
{
    if (!ir)
        return;
    for (chunk *c = ir->chunks, *next; c; c = next) {
        next = c->next;
        rh_free(c);
    }
    rh_buf_done(&ir->layers);
    rh_buf_done(&ir->edges);
    rh_free(ir);
}

typedef struct {
    const char *attribute, *precision;
    size_t size;
} type_name;

static const type_name types[] = {
    [RH_NN_F32] = {"f32", "FP32", 4}, [RH_NN_F16] = {"f16", "FP16", 2},      [RH_NN_BF16] = {"bf16", "BF16", 2},
    [RH_NN_I8] = {"i8", "I8", 1},     [RH_NN_U8] = {"u8", "U8", 1},          [RH_NN_I32] = {"i32", "I32", 4},
    [RH_NN_I64] = {"i64", "I64", 8},  [RH_NN_BOOL] = {"boolean", "BOOL", 1},
};

static void open_layer(rh_ir *ir, const char *type, const char *opset)
{
    keep(ir, rh_buf_printf(&ir->layers, "<layer id=\"%d\" name=\"n%d\" type=\"%s\" version=\"%s\">", ir->n_nodes,
                           ir->n_nodes, type, opset));
}

static void put_shape(rh_ir *ir, rh_ir_shape shape)
{
    for (int i = 0; i < shape.n; i++) {
        const char *comma = i ? "," : "";
        if (shape.d[i] < 0)
            keep(ir, rh_buf_printf(&ir->layers, "%s?", comma));
        else
            keep(ir, rh_buf_printf(&ir->layers, "%s%lld", comma, (long long)shape.d[i]));
    }
}

/* An output port's declared sides are not read back: shapes are inferred anew. */
static rh_ir_node close_layer(rh_ir *ir, int port, const char *precision, const char *name)
{
    keep(ir, rh_buf_printf(&ir->layers, "<output><port id=\"%d\" precision=\"%s\"", port, precision));
    if (name)
        keep(ir, rh_buf_printf(&ir->layers, " names=\"%s\"", name));
    keep(ir, rh_buf_puts(&ir->layers, "/></output></layer>\n"));
    return ir->n_nodes++;
}

rh_ir_node rh_ir_input(rh_ir *ir, const char *name, rh_nn_type type, rh_ir_shape shape)
{
    open_layer(ir, "Parameter", "opset1");
    keep(ir, rh_buf_puts(&ir->layers, "<data shape=\""));
    put_shape(ir, shape);
    keep(ir, rh_buf_printf(&ir->layers, "\" element_type=\"%s\"/>", types[type].attribute));
    return close_layer(ir, 0, types[type].precision, name);
}

static size_t shape_bytes(rh_nn_type type, rh_ir_shape shape)
{
    size_t n = types[type].size;
    for (int i = 0; i < shape.n; i++)
        n *= (size_t)shape.d[i];
    return n;
}

rh_ir_node rh_ir_const(rh_ir *ir, rh_nn_type type, rh_ir_shape shape, const void *data)
{
    open_layer(ir, "Const", "opset1");
    keep(ir, rh_buf_printf(&ir->layers,
                           "<data element_type=\"%s\" offset=\"%zu\" size=\"%zu\" "
                           "shape=\"",
                           types[type].attribute, (size_t)((uintptr_t)data - BASE), shape_bytes(type, shape)));
    put_shape(ir, shape);
    keep(ir, rh_buf_puts(&ir->layers, "\"/>"));
    return close_layer(ir, 0, types[type].precision, NULL);
}

rh_ir_node rh_ir_const_copy(rh_ir *ir, rh_nn_type type, rh_ir_shape shape, const void *data)
{
    enum { HEADER = 64 }; /* keeps what follows aligned */
    size_t n = shape_bytes(type, shape);
    chunk *c = rh_alloc_aligned(1, HEADER + n);
    if (!c) {
        keep(ir, RH_ERR_NOMEM);
        return 0;
    }
    c->next = ir->chunks;
    ir->chunks = c;
    memcpy((char *)c + HEADER, data, n);
    return rh_ir_const(ir, type, shape, (char *)c + HEADER);
}

rh_ir_node rh_ir_scalar(rh_ir *ir, float value)
{
    return rh_ir_const_copy(ir, RH_NN_F32, (rh_ir_shape){0}, &value);
}

rh_ir_node rh_ir_ints(rh_ir *ir, rh_ir_shape values)
{
    return rh_ir_const_copy(ir, RH_NN_I64, RH_IR_SHAPE(values.n), values.d);
}

rh_ir_node rh_ir_op(rh_ir *ir, const char *type, const char *opset, const char *attributes, int n_inputs,
                    const rh_ir_node *inputs)
{
    if (n_inputs > MAX_OP_INPUTS)
        keep(ir, RH_ERR_INVAL);
    open_layer(ir, type, opset);
    if (*attributes)
        keep(ir, rh_buf_printf(&ir->layers, "<data %s/>", attributes));
    keep(ir, rh_buf_puts(&ir->layers, "<input>"));
    for (int i = 0; i < n_inputs; i++) {
        keep(ir, rh_buf_printf(&ir->layers, "<port id=\"%d\"/>", i));
        keep(ir, rh_buf_printf(&ir->edges,
                               "<edge from-layer=\"%d\" from-port=\"0\" "
                               "to-layer=\"%d\" to-port=\"%d\"/>\n",
                               inputs[i], ir->n_nodes, i));
    }
    keep(ir, rh_buf_puts(&ir->layers, "</input>"));
    return close_layer(ir, 0, "FP32", NULL);
}

rh_ir_node rh_ir_add(rh_ir *ir, rh_ir_node a, rh_ir_node b)
{
    return rh_ir_op(ir, "Add", "opset1", "", 2, (rh_ir_node[]){a, b});
}

rh_ir_node rh_ir_mul(rh_ir *ir, rh_ir_node a, rh_ir_node b)
{
    return rh_ir_op(ir, "Multiply", "opset1", "", 2, (rh_ir_node[]){a, b});
}

rh_ir_node rh_ir_matmul(rh_ir *ir, rh_ir_node a, rh_ir_node b, int transpose_b)
{
    return rh_ir_op(ir, "MatMul", "opset1",
                    transpose_b ? "transpose_a=\"false\" transpose_b=\"true\""
                                : "transpose_a=\"false\" transpose_b=\"false\"",
                    2, (rh_ir_node[]){a, b});
}

rh_ir_node rh_ir_to_f32(rh_ir *ir, rh_ir_node a)
{
    return rh_ir_op(ir, "Convert", "opset1", "destination_type=\"f32\"", 1, &a);
}

void rh_ir_output(rh_ir *ir, rh_ir_node node, const char *name)
{
    if (ir->n_outputs == MAX_OUTPUTS) {
        keep(ir, RH_ERR_LIMIT);
        return;
    }
    output *o = &ir->outputs[ir->n_outputs++];
    o->node = node;
    (void)strncpy(o->name, name, sizeof o->name - 1);
}

/* Results are named through an identity's port: a port's name belongs to its
 * tensor, and the tensor may have been written already without one. */
static void put_results(rh_ir *ir, rh_buf *text)
{
    for (int i = 0; i < ir->n_outputs; i++) {
        int id = ir->n_nodes + i;
        keep(ir, rh_buf_printf(text,
                               "<layer id=\"%d\" name=\"%s\" type=\"Result\" "
                               "version=\"opset1\" output_names=\"%s\"><input><port id=\"0\"/>"
                               "</input></layer>\n",
                               id, ir->outputs[i].name, ir->outputs[i].name));
        keep(ir, rh_buf_printf(&ir->edges,
                               "<edge from-layer=\"%d\" from-port=\"0\" "
                               "to-layer=\"%d\" to-port=\"0\"/>\n",
                               ir->outputs[i].node, id));
    }
}

rh_status rh_ir_compile(rh_ir *ir, rh_nn_model **out, const rh_nn_options *opts, rh_error *err)
{
    rh_buf text;
    rh_buf_init(&text, 2 * MAX_TEXT);
    keep(ir, rh_buf_printf(&text,
                           "<?xml version=\"1.0\"?>\n<net name=\"%s\" version=\"11\">\n"
                           "<layers>\n",
                           ir->name));
    if (ir->layers.len)
        keep(ir, rh_buf_add(&text, ir->layers.data, ir->layers.len));
    size_t edges = ir->edges.len;
    put_results(ir, &text);
    keep(ir, rh_buf_puts(&text, "</layers>\n<edges>\n"));
    if (ir->edges.len)
        keep(ir, rh_buf_add(&text, ir->edges.data, ir->edges.len));
    keep(ir, rh_buf_puts(&text, "</edges>\n</net>\n"));
    ir->edges.len = edges; /* compiling again must not repeat the results */
    rh_status st = ir->failed;
    if (st != RH_OK)
        (void)rh_fail(err, st, "network description: %s", rh_status_name(st));
    else
        st = rh_nn_model_load_ir(out, text.data, text.len, (const void *)BASE, SPACE, opts, err);
    rh_buf_done(&text);
    return st;
}
