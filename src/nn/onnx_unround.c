#include "onnx_unround.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "protobuf.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"

enum { MAX_PAIRS = 4096 };
enum {
    MODEL_GRAPH = 7,
    GRAPH_NODE = 1,
    GRAPH_OUTPUT = 12,
    VALUE_NAME = 1,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_OP = 4
};

typedef rh_pb_span span;
typedef rh_pb_field field;

typedef struct {
    span from, to;
} name_pair;

typedef struct {
    name_pair *at;
    size_t n, cap;
} name_pairs;

typedef struct {
    name_pairs rounded; /* output of a QuantizeLinear, its input */
    name_pairs renamed; /* output of a DequantizeLinear behind one, what is read instead */
} plan;

static bool same(span a, span b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

static const span *found(const name_pairs *p, span name)
{
    for (size_t i = 0; i < p->n; i++)
        if (same(p->at[i].from, name))
            return &p->at[i].to;
    return NULL;
}

static rh_status no_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "network: out of memory");
}

static rh_status add(name_pairs *p, span from, span to, rh_error *err)
{
    if (p->n == MAX_PAIRS)
        return rh_fail(err, RH_ERR_LIMIT, "network: more than %d operations that round", MAX_PAIRS);
    if (rh_array_reserve(&p->at, &p->cap, p->n + 1, sizeof *p->at) != RH_OK)
        return no_memory(err);
    p->at[p->n++] = (name_pair){from, to};
    return RH_OK;
}

static rh_status damaged(rh_error *err)
{
    return rh_fail(err, RH_ERR_FORMAT, "network: not an ONNX file, or a damaged one");
}

/* ---- which ---- */

/* First input and first output of a node, and what it does. */
static bool read_node(span node, span *in, span *out, span *op)
{
    bool bad = false;
    field f;
    *in = *out = *op = (span){(const uint8_t *)"", 0};
    while (rh_pb_next(&node, &f, &bad)) {
        span *to = f.number == NODE_INPUT ? in : f.number == NODE_OUTPUT ? out : f.number == NODE_OP ? op : NULL;
        if (to && f.bytes && !to->n)
            *to = f.value;
    }
    return !bad;
}

/* Nodes stand in the order in which they are computed. */
static rh_status plan_node(plan *p, span node, rh_error *err)
{
    span in, out, op;
    if (!read_node(node, &in, &out, &op))
        return damaged(err);
    const span *before = found(&p->renamed, in);
    if (rh_pb_is_text(op, "QuantizeLinear"))
        return add(&p->rounded, out, before ? *before : in, err);
    before = rh_pb_is_text(op, "DequantizeLinear") ? found(&p->rounded, in) : NULL;
    return before ? add(&p->renamed, out, *before, err) : RH_OK;
}

/* What the network gives keeps its name. */
static bool keep_output(plan *p, span value)
{
    bool bad = false;
    field f;
    while (rh_pb_next(&value, &f, &bad))
        for (size_t i = 0; f.number == VALUE_NAME && f.bytes && i < p->renamed.n; i++)
            if (same(p->renamed.at[i].from, f.value))
                p->renamed.at[i].to = f.value;
    return !bad;
}

static rh_status make_plan(plan *p, span graph, rh_error *err)
{
    bool bad = false;
    field f;
    rh_status st = RH_OK;
    for (span s = graph; st == RH_OK && rh_pb_next(&s, &f, &bad);)
        if (f.number == GRAPH_NODE && f.bytes)
            st = plan_node(p, f.value, err);
    for (span s = graph; st == RH_OK && rh_pb_next(&s, &f, &bad);)
        if (f.number == GRAPH_OUTPUT && f.bytes && !keep_output(p, f.value))
            bad = true;
    return st == RH_OK && bad ? damaged(err) : st;
}

/* ---- written anew ---- */

static rh_status put_varint(rh_buf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    return rh_buf_add(b, bytes, n);
}

static rh_status put_bytes(rh_buf *b, uint64_t number, span value)
{
    rh_status st = put_varint(b, number << 3 | 2);
    if (st == RH_OK)
        st = put_varint(b, value.n);
    return st == RH_OK ? rh_buf_add(b, value.at, value.n) : st;
}

static rh_status put_node(rh_buf *b, const plan *p, span node)
{
    span in, out, op;
    bool bad = false;
    field f;
    (void)read_node(node, &in, &out, &op);
    const span *instead = rh_pb_is_text(op, "DequantizeLinear") ? found(&p->renamed, out) : NULL;
    if (instead && !same(*instead, out))
        return RH_OK;
    rh_buf n;
    rh_buf_init(&n, SIZE_MAX);
    rh_status st = RH_OK;
    while (st == RH_OK && rh_pb_next(&node, &f, &bad)) {
        const span *name = f.number == NODE_INPUT && f.bytes ? found(&p->renamed, f.value) : NULL;
        st = name ? put_bytes(&n, NODE_INPUT, *name) : rh_buf_add(&n, f.whole.at, f.whole.n);
    }
    if (st == RH_OK)
        st = put_bytes(b, GRAPH_NODE, (span){(const uint8_t *)n.data, n.len});
    rh_buf_done(&n);
    return st;
}

static rh_status put_graph(rh_buf *b, span graph, rh_error *err)
{
    plan p = {0};
    bool bad = false;
    field f;
    rh_status planned = make_plan(&p, graph, err), st = RH_OK;
    rh_buf g;
    rh_buf_init(&g, SIZE_MAX);
    while (planned == RH_OK && st == RH_OK && rh_pb_next(&graph, &f, &bad))
        st = f.number == GRAPH_NODE && f.bytes ? put_node(&g, &p, f.value) : rh_buf_add(&g, f.whole.at, f.whole.n);
    if (planned == RH_OK && st == RH_OK)
        st = put_bytes(b, MODEL_GRAPH, (span){(const uint8_t *)g.data, g.len});
    rh_buf_done(&g);
    rh_free(p.rounded.at);
    rh_free(p.renamed.at);
    return planned != RH_OK || st == RH_OK ? planned : no_memory(err);
}

rh_status rh_onnx_unround(const void *bytes, size_t n, rh_buf *out, rh_error *err)
{
    span model = {bytes, n};
    bool bad = false, any = false;
    field f;
    rh_status st = RH_OK;
    while (st == RH_OK && rh_pb_next(&model, &f, &bad)) {
        bool graph = f.number == MODEL_GRAPH && f.bytes;
        any |= graph;
        if (graph)
            st = put_graph(out, f.value, err);
        else if (rh_buf_add(out, f.whole.at, f.whole.n) != RH_OK)
            st = no_memory(err);
    }
    return st == RH_OK && (bad || !any) ? damaged(err) : st;
}
