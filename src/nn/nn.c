/* nn.c - see nn.h. The library's core lives as long as the process: freeing
 * it at exit races with its own worker threads. */
#include "rehearse/nn/nn.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openvino/c/openvino.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cache.h"
#include "onnx_unround.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "rehearse/base/file.h"

enum { MAX_PORTS = 256, MAX_PROPERTIES = 32 };

struct rh_nn_model {
    ov_compiled_model_t *compiled;
    int n_inputs, n_outputs;
};

struct rh_nn_request {
    const rh_nn_model *model;
    ov_infer_request_t *request;
};

static ov_core_t *core;
static char version[96] = "unknown";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    ov_version_t v = {0};
    if (ov_core_create(&core) != OK)
        core = NULL;
    if (ov_get_openvino_version(&v) == OK) {
        (void)snprintf(version, sizeof version, "%s", v.buildNumber);
        ov_version_free(&v);
    }
}

bool rh_nn_cache_folder(char *buf, size_t size, const char *parent)
{
    uint32_t key = 2166136261u; /* FNV-1a */
    pthread_once(&once, start);
    for (const char *p = version; *p; p++)
        key = (key ^ (uint8_t)*p) * 16777619u;
    for (const char *p = rh_cpu_key(); *p; p++)
        key = (key ^ (uint8_t)*p) * 16777619u;
    (void)mkdir(parent, 0755);
    int n = snprintf(buf, size, "%s/networks-%08x", parent, key);
    return n > 0 && (size_t)n < size && (mkdir(buf, 0755) == 0 || errno == EEXIST);
}

/* First line of the library's own words, without its source file names. */
static rh_status fail_ov(rh_error *err, rh_status code, const char *what)
{
    const char *why = ov_get_last_err_msg();
    char line[160];
    const char *from = why ? why : "";
    for (const char *p = from; (p = strchr(p, '\n')) != NULL && p[1];)
        from = ++p; /* the reason comes last */
    (void)snprintf(line, sizeof line, "%s", from);
    line[strcspn(line, "\n")] = '\0';
    return rh_fail(err, code, "%s: %s", what, *line ? line : "refused by OpenVINO");
}

rh_nn_options rh_nn_options_default(void)
{
    return (rh_nn_options){.n_threads = 1, .n_streams = 1};
}

typedef struct {
    char threads[16], streams[16];
    ov_property_t list[MAX_PROPERTIES];
    size_t n;
} property_list;

static void add_property(property_list *p, const char *key, const char *value)
{
    if (p->n < MAX_PROPERTIES)
        p->list[p->n++] = (ov_property_t){key, value};
}

static rh_status make_properties(property_list *p, const rh_nn_options *o, rh_error *err)
{
    if (o->n_threads < 0 || o->n_threads > 1024 || o->n_streams < 1 || o->n_streams > 1024)
        return rh_fail(err, RH_ERR_INVAL,
                       "%d threads in %d streams: expected 0 to 1024 in 1 to "
                       "1024",
                       o->n_threads, o->n_streams);
    (void)snprintf(p->threads, sizeof p->threads, "%d", o->n_threads);
    (void)snprintf(p->streams, sizeof p->streams, "%d", o->n_streams);
    if (o->n_threads > 0)
        add_property(p, ov_property_key_inference_num_threads, p->threads);
    add_property(p, ov_property_key_num_streams, p->streams);
    /* Pinned threads of several models would sit on the same processors. */
    add_property(p, ov_property_key_hint_enable_cpu_pinning, "NO");
    add_property(p, ov_property_key_hint_inference_precision, o->precision ? o->precision : "f32");
    if (o->cache_dir)
        add_property(p, ov_property_key_cache_dir, o->cache_dir);
    for (const char *const *kv = o->properties; kv && kv[0] && kv[1]; kv += 2)
        add_property(p, kv[0], kv[1]);
    return RH_OK;
}

static rh_status wrap(rh_nn_model **out, ov_compiled_model_t *compiled, rh_error *err)
{
    size_t ins = 0, outs = 0;
    rh_nn_model *m = rh_calloc(1, sizeof *m);
    if (!m || ov_compiled_model_inputs_size(compiled, &ins) != OK ||
        ov_compiled_model_outputs_size(compiled, &outs) != OK || ins > MAX_PORTS || outs > MAX_PORTS) {
        ov_compiled_model_free(compiled);
        rh_free(m);
        return rh_fail(err, m ? RH_ERR_FORMAT : RH_ERR_NOMEM, "network: %s",
                       m ? "too many inputs or outputs" : "out of memory");
    }
    m->compiled = compiled;
    m->n_inputs = (int)ins;
    m->n_outputs = (int)outs;
    *out = m;
    return RH_OK;
}

/* Compiles `model`, or where it is NULL the file `name`, which is not even read where the folder has it compiled. */
static rh_status compile(rh_nn_model **out, const ov_model_t *model, const rh_nn_options *opts, const char *name,
                         rh_error *err)
{
    rh_nn_options o = opts ? *opts : rh_nn_options_default();
    property_list p = {.n = 0};
    ov_compiled_model_t *compiled = NULL;
    rh_status st = make_properties(&p, &o, err);
    if (st != RH_OK)
        return st;
    int lock = o.cache_dir ? rh_nn_cache_enter(o.cache_dir) : -1;
    ov_status_e made = model ? ov_core_compile_model_props(core, model, "CPU", p.n, p.list, &compiled)
                             : ov_core_compile_model_from_file_props(core, name, "CPU", p.n, p.list, &compiled);
    rh_nn_cache_leave(o.cache_dir, lock);
    if (made != OK)
        return fail_ov(err, RH_ERR_FORMAT, name);
    return wrap(out, compiled, err);
}

static rh_status need_core(rh_error *err)
{
    pthread_once(&once, start);
    return core ? RH_OK
                : rh_fail(err, RH_ERR_UNSUPPORTED,
                          "OpenVINO does not start: its libraries "
                          "should lie in the folder lib beside the program");
}

rh_status rh_nn_model_load(rh_nn_model **out, const char *path, const rh_nn_options *opts, rh_error *err)
{
    rh_status st = need_core(err);
    if (st != RH_OK)
        return st;
    /* Given an unknown kind, OpenVINO tries every reader and some print their complaints. */
    const char *dot = strrchr(path, '.');
    if (!dot || (strcmp(dot, ".xml") && strcmp(dot, ".onnx") && strcmp(dot, ".tflite")))
        return rh_fail(err, RH_ERR_FORMAT, "network file %s: expected .xml, .onnx or .tflite", path);
    if (access(path, R_OK) != 0)
        return rh_fail(err, RH_ERR_IO, "cannot read network file %s", path);
    return compile(out, NULL, opts, path, err);
}

rh_status rh_nn_model_load_ir(rh_nn_model **out, const char *xml, size_t n_xml, const void *weights, size_t n_weights,
                              const rh_nn_options *opts, rh_error *err)
{
    ov_model_t *model = NULL;
    ov_tensor_t *buffer = NULL;
    int64_t dims[1] = {(int64_t)n_weights};
    rh_status st = need_core(err);
    if (st != RH_OK)
        return st;
    ov_shape_t shape = {.rank = 1, .dims = dims};
    if (n_weights && ov_tensor_create_from_host_ptr(U8, shape, (void *)(uintptr_t)weights, &buffer) != OK)
        return fail_ov(err, RH_ERR_NOMEM, "network weights");
    if (ov_core_read_model_from_memory_buffer(core, xml, n_xml, buffer, &model) != OK)
        st = fail_ov(err, RH_ERR_FORMAT, "network description");
    else
        st = compile(out, model, opts, "network description", err);
    ov_model_free(model);
    ov_tensor_free(buffer);
    return st;
}

rh_status rh_nn_model_load_unrounded(rh_nn_model **out, const char *path, const rh_nn_options *opts, rh_error *err)
{
    const void *file = NULL;
    size_t n = 0;
    rh_buf plain;
    rh_error why = {0};
    ov_model_t *model = NULL;
    rh_status st = need_core(err);
    if (st == RH_OK && (st = rh_file_map(path, &file, &n, &why)) != RH_OK)
        return rh_fail(err, st, "cannot read network file %s: %s", path, why.msg);
    if (st != RH_OK)
        return st;
    rh_buf_init(&plain, SIZE_MAX);
    if ((st = rh_onnx_unround(file, n, &plain, err)) == RH_OK &&
        ov_core_read_model_from_memory_buffer(core, plain.data, plain.len, NULL, &model) != OK)
        st = fail_ov(err, RH_ERR_FORMAT, path);
    (void)munmap((void *)(uintptr_t)file, n);
    rh_buf_done(&plain);
    if (st == RH_OK)
        st = compile(out, model, opts, path, err);
    ov_model_free(model);
    return st;
}

bool rh_nn_model_from_cache(const rh_nn_model *m)
{
    char *value = NULL;
    bool yes = ov_compiled_model_get_property(m->compiled, "LOADED_FROM_CACHE", &value) == OK && value &&
               strcmp(value, "YES") == 0;
    ov_free(value);
    return yes;
}

void rh_nn_release_pages(const char *cache_dir)
{
    char line[PATH_MAX + 128];
    size_t n = strlen(cache_dir);
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        uintptr_t from, to;
        int path = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %n", &from, &to, &path) < 2 || !path ||
            strncmp(line + path, cache_dir, n) != 0 || line[(size_t)path + n] != '/')
            continue;
        (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
    if (f)
        fclose(f);
}

void rh_nn_model_free(rh_nn_model *m)
{
    if (!m)
        return;
    ov_compiled_model_free(m->compiled);
    rh_free(m);
}

static ov_element_type_e to_ov(rh_nn_type t)
{
    static const ov_element_type_e types[] = {
        [RH_NN_F32] = F32, [RH_NN_F16] = F16, [RH_NN_BF16] = BF16, [RH_NN_I8] = I8,
        [RH_NN_U8] = U8,   [RH_NN_I32] = I32, [RH_NN_I64] = I64,   [RH_NN_BOOL] = BOOLEAN,
    };
    return types[t];
}

static rh_status from_ov(ov_element_type_e t, rh_nn_type *out)
{
    for (rh_nn_type i = RH_NN_F32; i <= RH_NN_BOOL; i++)
        if (to_ov(i) == t) {
            *out = i;
            return RH_OK;
        }
    return RH_ERR_UNSUPPORTED;
}

int rh_nn_model_n_outputs(const rh_nn_model *m)
{
    return m->n_outputs;
}

static bool port_by_index(const rh_nn_model *m, int input, int index, ov_output_const_port_t **p)
{
    if (index < 0 || index >= (input ? m->n_inputs : m->n_outputs))
        return false;
    return (input ? ov_compiled_model_input_by_index(m->compiled, (size_t)index, p)
                  : ov_compiled_model_output_by_index(m->compiled, (size_t)index, p)) == OK;
}

int rh_nn_model_input(const rh_nn_model *m, const char *name)
{
    int found = -1;
    for (int i = 0; i < m->n_inputs && found < 0; i++) {
        ov_output_const_port_t *p = NULL;
        char *have = NULL;
        if (!port_by_index(m, 1, i, &p))
            break;
        if (ov_port_get_any_name(p, &have) == OK && have && strcmp(have, name) == 0)
            found = i;
        ov_free(have);
        ov_output_const_port_free(p);
    }
    return found;
}

static rh_status describe(const rh_nn_model *m, int input, int index, rh_nn_tensor *out)
{
    ov_output_const_port_t *p = NULL;
    ov_partial_shape_t shape = {0};
    ov_element_type_e type = DYNAMIC;
    rh_nn_tensor t = {0};
    if (!port_by_index(m, input, index, &p))
        return RH_ERR_INVAL;
    rh_status st = RH_ERR_UNSUPPORTED;
    if (ov_port_get_element_type(p, &type) == OK && from_ov(type, &t.type) == RH_OK &&
        ov_port_get_partial_shape(p, &shape) == OK) {
        int64_t rank = shape.rank.min;
        if (rank == shape.rank.max && rank <= RH_NN_MAX_DIMS) {
            t.n_dims = (int)rank;
            for (int i = 0; i < t.n_dims; i++)
                t.dims[i] = shape.dims[i].min == shape.dims[i].max ? shape.dims[i].min : -1;
            *out = t;
            st = RH_OK;
        }
        ov_partial_shape_free(&shape);
    }
    ov_output_const_port_free(p);
    return st;
}

rh_status rh_nn_model_describe_input(const rh_nn_model *m, int index, rh_nn_tensor *out)
{
    return describe(m, 1, index, out);
}

rh_status rh_nn_model_describe_output(const rh_nn_model *m, int index, rh_nn_tensor *out)
{
    return describe(m, 0, index, out);
}

rh_status rh_nn_request_new(rh_nn_request **out, const rh_nn_model *m, rh_error *err)
{
    rh_nn_request *r = rh_calloc(1, sizeof *r);
    if (!r)
        return rh_fail(err, RH_ERR_NOMEM, "network request: out of memory");
    r->model = m;
    if (ov_compiled_model_create_infer_request(m->compiled, &r->request) != OK) {
        rh_free(r);
        return fail_ov(err, RH_ERR_NOMEM, "network request");
    }
    *out = r;
    return RH_OK;
}

void rh_nn_request_free(rh_nn_request *r)
{
    if (!r)
        return;
    ov_infer_request_free(r->request);
    rh_free(r);
}

static rh_status set_tensor(rh_nn_request *r, int input, int index, const rh_nn_tensor *t, rh_error *err)
{
    int n = input ? r->model->n_inputs : r->model->n_outputs;
    const char *what = input ? "network input" : "network output";
    if (index < 0 || index >= n || t->n_dims < 0 || t->n_dims > RH_NN_MAX_DIMS || !t->data)
        return rh_fail(err, RH_ERR_INVAL, "%s %d: no such index, or no data", what, index);
    int64_t dims[RH_NN_MAX_DIMS];
    memcpy(dims, t->dims, sizeof dims);
    ov_shape_t shape = {.rank = t->n_dims, .dims = dims};
    ov_tensor_t *tensor = NULL;
    if (ov_tensor_create_from_host_ptr(to_ov(t->type), shape, t->data, &tensor) != OK)
        return fail_ov(err, RH_ERR_INVAL, what);
    ov_status_e st = input ? ov_infer_request_set_input_tensor_by_index(r->request, (size_t)index, tensor)
                           : ov_infer_request_set_output_tensor_by_index(r->request, (size_t)index, tensor);
    ov_tensor_free(tensor);
    return st == OK ? RH_OK : fail_ov(err, RH_ERR_INVAL, what);
}

rh_status rh_nn_set_input(rh_nn_request *r, int index, const rh_nn_tensor *t, rh_error *err)
{
    return set_tensor(r, 1, index, t, err);
}

rh_status rh_nn_set_output(rh_nn_request *r, int index, const rh_nn_tensor *t, rh_error *err)
{
    return set_tensor(r, 0, index, t, err);
}

static rh_status get_tensor(rh_nn_request *r, int input, int index, rh_nn_tensor *out, rh_error *err)
{
    int n = input ? r->model->n_inputs : r->model->n_outputs;
    const char *what = input ? "network input" : "network output";
    if (index < 0 || index >= n)
        return rh_fail(err, RH_ERR_INVAL, "%s %d: there are %d", what, index, n);
    ov_tensor_t *tensor = NULL;
    ov_status_e got = input ? ov_infer_request_get_input_tensor_by_index(r->request, (size_t)index, &tensor)
                            : ov_infer_request_get_output_tensor_by_index(r->request, (size_t)index, &tensor);
    if (got != OK)
        return fail_ov(err, RH_ERR_INVAL, what);
    ov_shape_t shape = {0};
    ov_element_type_e type = DYNAMIC;
    rh_nn_tensor t = {0};
    rh_status st = RH_ERR_UNSUPPORTED;
    if (ov_tensor_get_element_type(tensor, &type) == OK && from_ov(type, &t.type) == RH_OK &&
        ov_tensor_get_byte_size(tensor, &t.size) == OK && ov_tensor_data(tensor, &t.data) == OK &&
        ov_tensor_get_shape(tensor, &shape) == OK) {
        if (shape.rank <= RH_NN_MAX_DIMS) {
            t.n_dims = (int)shape.rank;
            for (int i = 0; i < t.n_dims; i++)
                t.dims[i] = shape.dims[i];
            *out = t;
            st = RH_OK;
        }
        ov_shape_free(&shape);
    }
    ov_tensor_free(tensor); /* the request keeps the memory alive */
    return st == RH_OK ? RH_OK : rh_fail(err, st, "%s %d: unknown element type", what, index);
}

rh_status rh_nn_get_output(rh_nn_request *r, int index, rh_nn_tensor *out, rh_error *err)
{
    return get_tensor(r, 0, index, out, err);
}

rh_status rh_nn_run(rh_nn_request *r, rh_error *err)
{
    return ov_infer_request_infer(r->request) == OK ? RH_OK : fail_ov(err, RH_ERR_FORMAT, "network run");
}
