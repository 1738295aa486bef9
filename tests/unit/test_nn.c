/* Networks through OpenVINO: text in memory, weights at odd offsets, dynamic shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nn/onnx_unround.h"
#include "rehearse/nn/nn.h"

/* y[n][2] = x[n][2] + w, w f16 at byte 1 of the weights: 0.5 and -1. */
static const char ir[] = "<?xml version=\"1.0\"?><net name=\"add\" version=\"11\"><layers>"
                         "<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\">"
                         "<data shape=\"?,2\" element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" "
                         "names=\"x\"><dim>-1</dim><dim>2</dim></port></output></layer>"
                         "<layer id=\"1\" name=\"w\" type=\"Const\" version=\"opset1\">"
                         "<data element_type=\"f16\" shape=\"1,2\" offset=\"1\" size=\"4\"/>"
                         "<output><port id=\"0\" precision=\"FP16\"><dim>1</dim><dim>2</dim></port></output></layer>"
                         "<layer id=\"2\" name=\"wf\" type=\"Convert\" version=\"opset1\">"
                         "<data destination_type=\"f32\"/><input><port id=\"0\" precision=\"FP16\"><dim>1</dim>"
                         "<dim>2</dim></port></input><output><port id=\"1\" precision=\"FP32\"><dim>1</dim>"
                         "<dim>2</dim></port></output></layer>"
                         "<layer id=\"3\" name=\"sum\" type=\"Add\" version=\"opset1\">"
                         "<input><port id=\"0\" precision=\"FP32\"><dim>-1</dim><dim>2</dim></port>"
                         "<port id=\"1\" precision=\"FP32\"><dim>1</dim><dim>2</dim></port></input>"
                         "<output><port id=\"2\" precision=\"FP32\" names=\"y\"><dim>-1</dim><dim>2</dim></port>"
                         "</output></layer>"
                         "<layer id=\"4\" name=\"out\" type=\"Result\" version=\"opset1\">"
                         "<input><port id=\"0\" precision=\"FP32\"><dim>-1</dim><dim>2</dim></port></input></layer>"
                         "</layers><edges>"
                         "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"3\" to-port=\"0\"/>"
                         "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>"
                         "<edge from-layer=\"2\" from-port=\"1\" to-layer=\"3\" to-port=\"1\"/>"
                         "<edge from-layer=\"3\" from-port=\"2\" to-layer=\"4\" to-port=\"0\"/>"
                         "</edges></net>";
static const uint8_t weights[] = {0xff, 0x00, 0x38, 0x00, 0xbc};

static rh_nn_model *load(void)
{
    rh_nn_model *m = NULL;
    rh_error err = {0};
    if (rh_nn_model_load_ir(&m, ir, sizeof ir - 1, weights, sizeof weights, NULL, &err) != RH_OK)
        fail_msg("%s", err.msg);
    return m;
}

static void add_runs(rh_nn_request *r, float *x, int64_t n)
{
    rh_error err = {0};
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 2, .dims = {n, 2}, .data = x}, out;
    assert_int_equal(rh_nn_set_input(r, 0, &in, &err), RH_OK);
    assert_int_equal(rh_nn_run(r, &err), RH_OK);
    assert_int_equal(rh_nn_get_output(r, 0, &out, &err), RH_OK);
    assert_int_equal(out.n_dims, 2);
    assert_int_equal(out.dims[0], n);
    assert_int_equal(out.size, (size_t)n * 2 * sizeof(float));
    for (int64_t i = 0; i < 2 * n; i++)
        assert_float_equal(((float *)out.data)[i], x[i] + (i % 2 ? -1.0f : 0.5f), 1e-6);
}

static void shapes_may_change_between_runs(void **state)
{
    (void)state;
    float x[] = {1, 2, 3, 4, 5, 6};
    rh_nn_model *m = load();
    rh_nn_request *r = NULL;
    assert_int_equal(rh_nn_request_new(&r, m, NULL), RH_OK);
    add_runs(r, x, 1);
    add_runs(r, x, 3);
    add_runs(r, x, 2);
    rh_nn_request_free(r);
    rh_nn_model_free(m);
}

static void ports_are_found_by_name(void **state)
{
    (void)state;
    rh_nn_model *m = load();
    rh_nn_tensor d;
    assert_int_equal(rh_nn_model_input(m, "x"), 0);
    assert_int_equal(rh_nn_model_input(m, "z"), -1);
    assert_int_equal(rh_nn_model_describe_input(m, 0, &d), RH_OK);
    assert_int_equal(d.type, RH_NN_F32);
    assert_int_equal(d.dims[0], -1);
    assert_int_equal(d.dims[1], 2);
    assert_int_equal(rh_nn_model_describe_input(m, 1, &d), RH_ERR_INVAL);
    rh_nn_model_free(m);
}

static void wrong_input_is_refused(void **state)
{
    (void)state;
    float x[] = {1, 2, 3};
    rh_nn_model *m = load();
    rh_nn_request *r = NULL;
    rh_error err = {0};
    assert_int_equal(rh_nn_request_new(&r, m, NULL), RH_OK);
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, 3}, .data = x};
    assert_int_equal(rh_nn_set_input(r, 7, &in, &err), RH_ERR_INVAL);
    rh_status st = rh_nn_set_input(r, 0, &in, &err);
    if (st == RH_OK)
        st = rh_nn_run(r, &err);
    assert_true(st < 0);
    assert_true(strlen(err.msg) > 10);
    rh_nn_request_free(r);
    rh_nn_model_free(m);
}

static void bad_networks_say_why(void **state)
{
    (void)state;
    rh_nn_model *m = NULL;
    rh_error err = {0};
    assert_int_equal(rh_nn_model_load(&m, "no/such.onnx", NULL, &err), RH_ERR_IO);
    assert_non_null(strstr(err.msg, "no/such.onnx"));
    assert_int_equal(rh_nn_model_load(&m, "LICENSE", NULL, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_nn_model_load_ir(&m, "<net/>", 6, NULL, 0, NULL, &err), RH_ERR_FORMAT);
    rh_nn_options o = rh_nn_options_default();
    o.n_streams = 0;
    assert_int_equal(rh_nn_model_load_ir(&m, ir, sizeof ir - 1, weights, sizeof weights, &o, &err), RH_ERR_INVAL);
    assert_null(m);
}

/* A cached network needs neither the weights it was made of nor pages it has read. */
static void cached_networks_stand_alone(void **state)
{
    (void)state;
    char dir[] = "/tmp/rehearse-nn-XXXXXX", command[sizeof dir + 16];
    uint8_t copy[sizeof weights];
    rh_error err = {0};
    rh_nn_options o = rh_nn_options_default();
    assert_non_null(mkdtemp(dir));
    o.cache_dir = dir;
    for (int turn = 0; turn < 2; turn++) {
        rh_nn_model *m = NULL;
        rh_nn_request *r = NULL;
        float x[4] = {1.0f, 2.0f, -3.0f, 4.0f};
        memcpy(copy, weights, sizeof copy);
        assert_int_equal(rh_nn_model_load_ir(&m, ir, sizeof ir - 1, copy, sizeof copy, &o, &err), RH_OK);
        assert_int_equal(rh_nn_model_from_cache(m), turn == 1);
        if (turn == 1)
            memset(copy, 0, sizeof copy);
        assert_int_equal(rh_nn_request_new(&r, m, &err), RH_OK);
        add_runs(r, x, 2);
        rh_nn_release_pages(dir);
        add_runs(r, x, 2);
        rh_nn_request_free(r);
        rh_nn_model_free(m);
    }
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

/* ---- ONNX without rounding ---- */

/* A message inside another, or a text; all here are shorter than 128 bytes, or the length has two bytes. */
static void put(rh_buf *b, int number, const void *bytes, size_t n)
{
    uint8_t head[3] = {(uint8_t)(number << 3 | 2), (uint8_t)(n < 128 ? n : (n & 127) | 128), (uint8_t)(n >> 7)};
    assert_true(n < 1 << 14);
    assert_int_equal(rh_buf_add(b, head, n < 128 ? 2 : 3), RH_OK);
    assert_int_equal(rh_buf_add(b, bytes, n), RH_OK);
}

static void put_node(rh_buf *graph, const char *op, const char *const *inputs, const char *output)
{
    rh_buf n;
    rh_buf_init(&n, 1000);
    for (; *inputs; inputs++)
        put(&n, 1, *inputs, strlen(*inputs));
    put(&n, 2, output, strlen(output));
    put(&n, 4, op, strlen(op));
    put(graph, 1, n.data, n.len);
    rh_buf_done(&n);
}

static void put_value(rh_buf *graph, int number, const char *name)
{
    /* type: tensor_type: elem_type f32, shape: dim of value 4 */
    static const uint8_t type[] = {0x0a, 8, 0x08, 1, 0x12, 4, 0x0a, 2, 0x08, 4};
    rh_buf v;
    rh_buf_init(&v, 1000);
    put(&v, 1, name, strlen(name));
    put(&v, 2, type, sizeof type);
    put(graph, number, v.data, v.len);
    rh_buf_done(&v);
}

static void put_constant(rh_buf *graph, const char *name, uint8_t type, const void *bytes, size_t n)
{
    const uint8_t head[] = {0x10, type}; /* no dims: a scalar */
    rh_buf t;
    rh_buf_init(&t, 1000);
    assert_int_equal(rh_buf_add(&t, head, sizeof head), RH_OK);
    put(&t, 8, name, strlen(name));
    put(&t, 9, bytes, n);
    put(graph, 5, t.data, t.len);
    rh_buf_done(&t);
}

/* a = 2 round(x); where `ends_rounded`, y = 2 round(a + a), else y = a + a. Rounded by steps of 1. */
static void make_onnx(rh_buf *model, bool ends_rounded)
{
    static const float one = 1;
    static const uint8_t zero = 0, head[] = {0x08, 8, 0x42, 2, 0x10, 13}; /* of IR 8, operations of set 13 */
    rh_buf g;
    rh_buf_init(&g, 5000);
    put_node(&g, "QuantizeLinear", (const char *const[]){"x", "step", "zero", NULL}, "xq");
    put_node(&g, "DequantizeLinear", (const char *const[]){"xq", "step", "zero", NULL}, "xr");
    put_node(&g, "QuantizeLinear", (const char *const[]){"xr", "step", "zero", NULL}, "xq2");
    put_node(&g, "DequantizeLinear", (const char *const[]){"xq2", "step", "zero", NULL}, "xr2");
    put_node(&g, "Add", (const char *const[]){"xr", "xr2", NULL}, ends_rounded ? "a" : "y");
    if (ends_rounded) {
        put_node(&g, "QuantizeLinear", (const char *const[]){"a", "step", "zero", NULL}, "aq");
        put_node(&g, "DequantizeLinear", (const char *const[]){"aq", "step", "zero", NULL}, "y");
    }
    put(&g, 2, "g", 1);
    put_constant(&g, "step", 1, &one, sizeof one);
    put_constant(&g, "zero", 2, &zero, sizeof zero);
    put_value(&g, 11, "x");
    put_value(&g, 12, "y");
    assert_int_equal(rh_buf_add(model, head, sizeof head), RH_OK);
    put(model, 7, g.data, g.len);
    rh_buf_done(&g);
}

static void run_onnx(const rh_buf *bytes, bool unrounded, float x[4], float y[4])
{
    char path[] = "/tmp/rehearse-XXXXXX.onnx";
    rh_error err = {0};
    rh_nn_model *m = NULL;
    rh_nn_request *r = NULL;
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 1, .dims = {4}, .data = x}, out;
    int fd = mkstemps(path, 5);
    assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
    close(fd);
    if ((unrounded ? rh_nn_model_load_unrounded : rh_nn_model_load)(&m, path, NULL, &err) != RH_OK)
        fail_msg("%s", err.msg);
    unlink(path);
    assert_int_equal(rh_nn_request_new(&r, m, &err), RH_OK);
    assert_int_equal(rh_nn_set_input(r, 0, &in, &err), RH_OK);
    assert_int_equal(rh_nn_run(r, &err), RH_OK);
    assert_int_equal(rh_nn_get_output(r, 0, &out, &err), RH_OK);
    memcpy(y, out.data, 4 * sizeof *y);
    rh_nn_request_free(r);
    rh_nn_model_free(m);
}

static void rounding_is_left_out(void **state)
{
    (void)state;
    for (int ends_rounded = 0; ends_rounded < 2; ends_rounded++) {
        float x[4] = {0.3f, 1.4f, 20.7f, 100.4f}, y[4];
        rh_buf onnx;
        rh_buf_init(&onnx, 5000);
        make_onnx(&onnx, ends_rounded);
        run_onnx(&onnx, false, x, y);
        for (int i = 0; i < 4; i++)
            assert_float_equal(y[i], 2 * roundf(x[i]), 1e-4);
        run_onnx(&onnx, true, x, y);
        for (int i = 0; i < 4; i++)
            assert_float_equal(y[i], ends_rounded ? roundf(2 * x[i]) : 2 * x[i], 1e-4);
        rh_buf_done(&onnx);
    }
}

static void half_an_onnx_is_refused(void **state)
{
    (void)state;
    rh_error err = {0};
    rh_buf onnx, out;
    rh_buf_init(&onnx, 5000);
    rh_buf_init(&out, 5000);
    make_onnx(&onnx, true);
    for (size_t n = 0; n < onnx.len; n++) {
        char *copy = malloc(n + 1); /* so that a byte too far is seen */
        memcpy(copy, onnx.data, n);
        rh_buf_clear(&out);
        assert_int_equal(rh_onnx_unround(copy, n, &out, &err), RH_ERR_FORMAT);
        assert_non_null(strstr(err.msg, "not an ONNX file"));
        free(copy);
    }
    rh_buf_done(&onnx);
    rh_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_is_left_out),           cmocka_unit_test(half_an_onnx_is_refused),
        cmocka_unit_test(shapes_may_change_between_runs), cmocka_unit_test(ports_are_found_by_name),
        cmocka_unit_test(wrong_input_is_refused),         cmocka_unit_test(bad_networks_say_why),
        cmocka_unit_test(cached_networks_stand_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
