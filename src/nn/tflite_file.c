/* tflite_file.c - see tflite_file.h. */
#include "tflite_file.h"
#include <string.h>
#include "rehearse/base/alloc.h"

/* A place in the file; reading outside of it gives 0 and sets `bad`. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
    bool bad;
} reader;

static uint32_t number(reader *r, size_t at, size_t width)
{
    uint32_t v = 0;
    if (at > r->n || r->n - at < width)
        r->bad = true;
    else
        for (size_t i = 0; i < width; i++)
            v |= (uint32_t)r->bytes[at + i] << (8 * i);
    return v;
}

/* Where field `i` of a table lies; 0 = it has its default. */
static size_t field(reader *r, size_t table, int i)
{
    if (!table)
        return 0;
    int64_t list = (int64_t)table - (int32_t)number(r, table, 4);
    if (list < 0 || (size_t)list > r->n) {
        r->bad = true;
        return 0;
    }
    size_t at = 4 + 2 * (size_t)i;
    if (at + 2 > number(r, (size_t)list, 2))
        return 0;
    uint32_t offset = number(r, (size_t)list + at, 2);
    return offset ? table + offset : 0;
}

static int value(reader *r, size_t table, int i, size_t width, int otherwise)
{
    size_t at = field(r, table, i);
    return at ? (int)number(r, at, width) : otherwise;
}

/* What a field points to: a table or a vector; 0 = nothing. */
static size_t pointed(reader *r, size_t table, int i)
{
    size_t at = field(r, table, i);
    return at ? at + number(r, at, 4) : 0;
}

/* Number of a vector's items, of `width` bytes each, all within the file. */
static int count(reader *r, size_t vector, size_t width)
{
    uint32_t n = vector ? number(r, vector, 4) : 0;
    if (n > r->n / width || (n && vector + 4 > r->n - n * width)) {
        r->bad = true;
        return 0;
    }
    return (int)n;
}

static size_t item(reader *r, size_t vector, int i)
{
    size_t at = vector + 4 + 4 * (size_t)i;
    return at + number(r, at, 4);
}

/* Numbers of tensors. */
static int numbers(reader *r, size_t vector, int n_tensors, int out[RH_TFLITE_ARGUMENTS])
{
    int n = count(r, vector, 4);
    if (n > RH_TFLITE_ARGUMENTS)
        r->bad = true;
    for (int i = 0; i < n && !r->bad; i++) {
        out[i] = (int)number(r, vector + 4 + 4 * (size_t)i, 4);
        if (out[i] < 0 || out[i] >= n_tensors)
            r->bad = true;
    }
    return n;
}

static void read_tensor(reader *r, size_t table, size_t buffers, rh_tflite_tensor *t)
{
    size_t shape = pointed(r, table, 0);
    int buffer = value(r, table, 2, 4, 0);
    t->n_dims = count(r, shape, 4);
    t->type = value(r, table, 1, 1, 0);
    if (t->n_dims > RH_TFLITE_DIMS || buffer < 0 || buffer >= count(r, buffers, 4))
        r->bad = true;
    for (int i = 0; i < t->n_dims && !r->bad; i++) {
        t->dims[i] = (int)number(r, shape + 4 + 4 * (size_t)i, 4);
        if (t->dims[i] < 1 || t->dims[i] > 65536)
            r->bad = true;
    }
    if (r->bad)
        return;
    size_t data = pointed(r, item(r, buffers, buffer), 0);
    t->size = (size_t)count(r, data, 1);
    t->data = t->size ? r->bytes + data + 4 : NULL;
}

static void read_op(reader *r, size_t table, size_t codes, int n_tensors, rh_tflite_op *o)
{
    int code = value(r, table, 0, 4, 0);
    if (code < 0 || code >= count(r, codes, 4)) {
        r->bad = true;
        return;
    }
    size_t entry = item(r, codes, code), options = pointed(r, table, 4);
    o->code = value(r, entry, 3, 4, 0);
    if (o->code == 0) /* written before there were more than 127 */
        o->code = value(r, entry, 0, 1, 0);
    o->n_in = numbers(r, pointed(r, table, 1), n_tensors, o->in);
    o->n_out = numbers(r, pointed(r, table, 2), n_tensors, o->out);
    bool conv = o->code == RH_TFLITE_CONV, depthwise = o->code == RH_TFLITE_DEPTHWISE;
    if (conv || depthwise || o->code == RH_TFLITE_MAX_POOL) {
        o->same = value(r, options, 0, 1, 0) == 0;
        o->stride_x = value(r, options, 1, 4, 0);
        o->stride_y = value(r, options, 2, 4, 0);
        o->activation = value(r, options, conv ? 3 : depthwise ? 4 : 5, 1, 0);
    }
    if (conv || depthwise) {
        o->multiplier = depthwise ? value(r, options, 3, 4, 0) : 1;
        o->dilation_x = value(r, options, conv ? 4 : 5, 4, 1);
        o->dilation_y = value(r, options, conv ? 5 : 6, 4, 1);
    } else if (o->code == RH_TFLITE_MAX_POOL) {
        o->window_x = value(r, options, 3, 4, 0);
        o->window_y = value(r, options, 4, 4, 0);
    } else if (o->code == RH_TFLITE_ADD) {
        o->activation = value(r, options, 0, 1, 0);
    }
}

static rh_status read_graph(reader *r, rh_tflite_file *f)
{
    size_t model = number(r, 0, 4), codes = pointed(r, model, 1), graphs = pointed(r, model, 2);
    size_t buffers = pointed(r, model, 4);
    if (r->n < 8 || memcmp(r->bytes + 4, "TFL3", 4) != 0 || count(r, graphs, 4) != 1 || r->bad)
        return RH_ERR_FORMAT;
    size_t graph = item(r, graphs, 0), tensors = pointed(r, graph, 0), ops = pointed(r, graph, 3);
    f->n_tensors = count(r, tensors, 4);
    f->n_ops = count(r, ops, 4);
    if (r->bad || f->n_tensors > RH_TFLITE_TENSORS || f->n_ops > RH_TFLITE_TENSORS)
        return RH_ERR_FORMAT;
    f->tensors = rh_calloc((size_t)f->n_tensors + 1, sizeof *f->tensors);
    f->ops = rh_calloc((size_t)f->n_ops + 1, sizeof *f->ops);
    if (!f->tensors || !f->ops)
        return RH_ERR_NOMEM;
    for (int i = 0; i < f->n_tensors && !r->bad; i++)
        read_tensor(r, item(r, tensors, i), buffers, &f->tensors[i]);
    for (int i = 0; i < f->n_ops && !r->bad; i++)
        read_op(r, item(r, ops, i), codes, f->n_tensors, &f->ops[i]);
    f->n_in = numbers(r, pointed(r, graph, 1), f->n_tensors, f->in);
    f->n_out = numbers(r, pointed(r, graph, 2), f->n_tensors, f->out);
    return r->bad ? RH_ERR_FORMAT : RH_OK;
}

rh_status rh_tflite_parse(rh_tflite_file *out, const uint8_t *bytes, size_t n, rh_error *err)
{
    reader r = {.bytes = bytes, .n = n};
    rh_tflite_file f = {0};
    rh_status st = n < INT32_MAX ? read_graph(&r, &f) : RH_ERR_FORMAT;
    if (st != RH_OK) {
        rh_tflite_done(&f);
        return rh_fail(err, st,
                       st == RH_ERR_NOMEM ? "no memory for a network" : "not a TFLite file of one small network");
    }
    *out = f;
    return RH_OK;
}

void rh_tflite_done(rh_tflite_file *f)
{
    rh_free(f->tensors);
    rh_free(f->ops);
    *f = (rh_tflite_file){0};
}
