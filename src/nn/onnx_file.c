/* onnx_file.c - see onnx_file.h. */
#include "onnx_file.h"

#include "protobuf.h"

enum {
    MODEL_GRAPH = 7,
    GRAPH_NODE = 1,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_TENSOR = 5,
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TYPE_F32 = 1
};

/* What lies within one message inside another is looked for by its way there. */
static const uint64_t way[] = {MODEL_GRAPH, GRAPH_NODE, NODE_ATTRIBUTE, ATTRIBUTE_TENSOR};
enum { TENSOR = sizeof way / sizeof *way };

static rh_status damaged(rh_error *err)
{
    return rh_fail(err, RH_ERR_FORMAT, "not an ONNX file, or a damaged one");
}

static bool is_called(rh_pb_span tensor, const char *name)
{
    bool bad = false;
    rh_pb_field f;
    while (rh_pb_next(&tensor, &f, &bad))
        if (f.number == TENSOR_NAME && f.bytes)
            return rh_pb_is_text(f.value, name);
    return false;
}

/* Empty where there is none of that name. */
static rh_status find(rh_pb_span in, int depth, const char *name, rh_pb_span *tensor, rh_error *err)
{
    bool bad = false;
    rh_pb_field f;
    if (depth == TENSOR) {
        if (is_called(in, name))
            *tensor = in;
        return RH_OK;
    }
    rh_status st = RH_OK;
    while (st == RH_OK && !tensor->n && rh_pb_next(&in, &f, &bad))
        if (f.number == way[depth] && f.bytes)
            st = find(f.value, depth + 1, name, tensor, err);
    return st == RH_OK && bad ? damaged(err) : st;
}

rh_status rh_onnx_constant(const void *bytes, size_t n, const char *name, const int dims[RH_ONNX_DIMS],
                           const uint8_t **values, rh_error *err)
{
    rh_pb_span tensor = {0}, raw = {0};
    rh_status st = find((rh_pb_span){bytes, n}, 0, name, &tensor, err);
    if (st != RH_OK)
        return st;
    bool bad = false, right = true;
    int at = 0;
    size_t size = sizeof(float);
    rh_pb_field f;
    while (rh_pb_next(&tensor, &f, &bad))
        if (f.number == TENSOR_DIMS) {
            right = right && !f.bytes && at < RH_ONNX_DIMS && f.whole_number == (uint64_t)dims[at];
            size *= (size_t)(right ? dims[at++] : 0);
        } else if (f.number == TENSOR_TYPE)
            right = right && f.whole_number == TYPE_F32;
        else if (f.number == TENSOR_RAW)
            raw = f.value;
    if (bad || !right || !at || (at < RH_ONNX_DIMS && dims[at]) || raw.n != size)
        return rh_fail(err, RH_ERR_FORMAT, "it has no constant %s of the right shape", name);
    *values = raw.at;
    return RH_OK;
}
