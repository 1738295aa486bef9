/* Convolutional networks of one thread: every table of kernels this machine has against sums in double, the face's
 * networks against OpenVINO's answers, and files that are damaged or of another kind. */
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
#include <sys/mman.h>
#include <unistd.h>
#include "nn/conv_net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "rehearse/base/file.h"
#include "rehearse/config/config.h"
#include "rehearse/nn/ggml_file.h"
#include "rehearse/nn/nn.h"

enum { N_TABLES = 5 };

static uint32_t seed = 1;

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

static float *random_floats(size_t n)
{
    float *p = rh_alloc_aligned(n, sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = uniform();
    return p;
}

/* NULL where the processor lacks it. */
static const rh_conv_kernels *table(int i)
{
#if defined(__x86_64__)
    const rh_conv_kernels *all[N_TABLES] = {&rh_conv_kernels_c, &rh_conv_kernels_avx2, &rh_conv_kernels_avxvnni,
                                            &rh_conv_kernels_avx512, &rh_conv_kernels_avx512vnni};
    bool there[N_TABLES] = {true, rh_cpu()->avx2, rh_cpu()->avx_vnni, rh_cpu()->avx512, rh_cpu()->avx512_vnni};
    return there[i] ? all[i] : NULL;
#elif defined(__aarch64__)
    return i == 0 ? &rh_conv_kernels_c : i == 1 ? &rh_conv_kernels_neon : NULL;
#else
    return i == 0 ? &rh_conv_kernels_c : NULL;
#endif
}

/* Windows of `rows` rows, each of `inner` values, a pixel's beginning `apart` behind the last one's: it may lie in it. */
static void products_are(const rh_conv_kernels *k, int n, int inner, int rows, int apart, int panels, int add_panels,
                         bool slope, bool in_half)
{
    size_t wide = (size_t)panels * RH_CONV_PANEL, more = (size_t)add_panels * RH_CONV_PANEL, ld = (size_t)apart;
    size_t all = (size_t)inner * (size_t)rows, ld_row = (size_t)n * ld + (size_t)inner;
    float *a = random_floats(ld_row * (size_t)rows), *w = random_floats(wide * all), *b = random_floats(wide);
    float *s = random_floats(wide), *add = random_floats((size_t)n * more + 1),
          *out = random_floats((size_t)n * wide + 1);
    float end = out[(size_t)n * wide];
    uint16_t *half = rh_alloc_array(wide * all, sizeof *half);
    for (size_t i = 0; i < wide * all; i++) { /* the smallest too, which are not normal */
        half[i] = rh_f32_to_f16(i % 7 ? w[i] : w[i] * 1e-5f);
        w[i] = in_half ? rh_f16_to_f32(half[i]) : w[i];
    }
    rh_conv_product p = {.n = n,
                         .k = inner,
                         .n_rows = rows,
                         .a = a,
                         .ld_a = ld,
                         .ld_row = ld_row,
                         .n_panels = panels,
                         .w = in_half ? NULL : w,
                         .half = half,
                         .bias = b,
                         .slope = slope ? s : NULL,
                         .add_panels = add_panels,
                         .add = add,
                         .ld_add = more,
                         .out = out,
                         .ld_out = wide};
    k->product(&p);
    for (size_t i = 0; i < (size_t)n; i++)
        for (size_t c = 0; c < wide; c++) {
            double sum = (double)b[c] + (c < more ? (double)add[i * more + c] : 0);
            for (size_t j = 0; j < all; j++)
                sum += (double)a[j / (size_t)inner * ld_row + i * ld + j % (size_t)inner] *
                       (double)w[(c / RH_CONV_PANEL * all + j) * RH_CONV_PANEL + c % RH_CONV_PANEL];
            if (slope && sum < 0)
                sum *= (double)s[c];
            if (!(fabs((double)out[i * wide + c] - sum) < 1e-4))
                fail_msg("%s: %d pixels of %d, %d panels, channel %zu: %g for %g", k->name, n, inner, panels, c,
                         (double)out[i * wide + c], sum);
        }
    assert_true(out[(size_t)n * wide] == end); /* nothing behind */
    rh_free(a);
    rh_free(w);
    rh_free(half);
    rh_free(b);
    rh_free(s);
    rh_free(add);
    rh_free(out);
}

static void products_of_every_size_are_right(void **state)
{
    (void)state;
    for (int t = 0; t < N_TABLES; t++)
        for (int n = 1; table(t) && n <= 25; n++)
            for (int half = 0; half < 2; half++) {
                products_are(table(t), n, 9, 3, 6, 1, 0, true, half);
                products_are(table(t), n, 16, 1, 16, 2, 1, true, half);
                products_are(table(t), n, 1, 1, 4, 3, 3, false, half);
                products_are(table(t), n, 5, 2, 5, 5, 2, true, half);
                if (n <= 2) /* many panels a tile */
                    products_are(table(t), n, 7, 3, 7, 19, 9, true, half);
            }
}

/* Pixels and weights of random numbers, or all as large as sums in 32 bits allow. */
static void whole_products_are(const rh_conv_kernels *k, int n, int inner, int panels, int add_panels, bool largest)
{
    size_t wide = (size_t)panels * RH_CONV_PANEL, more = (size_t)add_panels * RH_CONV_PANEL, all = (size_t)inner;
    size_t n_a = (size_t)n * all, n_out = (size_t)n * wide;
    float *a = random_floats(n_a), *b = random_floats(wide), *s = random_floats(wide);
    float *add = random_floats(n_out), *scale = random_floats(wide), *out = random_floats(n_out + 1), end = out[n_out];
    int16_t *a16 = rh_alloc_array(n_a + 1, sizeof *a16), *w = rh_alloc_array(wide * all, sizeof *w);
    for (size_t i = 0; largest && i < n_a; i++)
        a[i] = i % 3 ? 3.5f : -3.5f;
    a16[n_a] = 77;
    float step = k->narrow(a, n_a, a16);
    assert_int_equal(a16[n_a], 77); /* nothing behind */
    for (size_t i = 0; i < n_a; i++)
        assert_true(fabsf(a[i] - step * (float)a16[i]) <= 0.501f * step && abs(a16[i]) <= RH_CONV_LEVELS);
    for (size_t i = 0; i < wide; i++)
        scale[i] *= 1.0f / RH_CONV_WEIGHTS;
    for (size_t i = 0; i < wide * all; i++) {
        float v = largest ? (i / 2 % 2 ? 1.0f : -1.0f) : uniform();
        w[i] = (int16_t)(v * (float)(RH_CONV_WEIGHTS / inner));
    }
    rh_conv_product p = {.n = n,
                         .k = inner,
                         .n_rows = 1,
                         .n_panels = panels,
                         .a16 = a16,
                         .a_scale = step,
                         .w16 = w,
                         .w_scale = scale,
                         .bias = b,
                         .slope = add_panels ? s : NULL,
                         .add_panels = add_panels,
                         .add = add,
                         .ld_add = more,
                         .out = out,
                         .ld_out = wide};
    k->product(&p);
    for (size_t i = 0; i < (size_t)n; i++)
        for (size_t c = 0; c < wide; c++) {
            int64_t whole = 0;
            for (size_t j = 0; j < all; j++)
                whole += (int64_t)a16[i * all + j] * w[rh_conv_pair_at(c, j, all)];
            double sum = (double)whole * (double)step * (double)scale[c] + (double)b[c];
            sum += c < more ? (double)add[i * more + c] : 0;
            if (add_panels && sum < 0)
                sum *= (double)s[c];
            if (!(fabs((double)out[i * wide + c] - sum) < 1e-5))
                fail_msg("%s: %d pixels of %d, %d panels, channel %zu: %g for %g", k->name, n, inner, panels, c,
                         (double)out[i * wide + c], sum);
        }
    assert_true(out[n_out] == end);
    rh_free(a);
    rh_free(a16);
    rh_free(w);
    rh_free(scale);
    rh_free(b);
    rh_free(s);
    rh_free(add);
    rh_free(out);
}

static void products_of_whole_numbers_are_right(void **state)
{
    (void)state;
    assert_true((int64_t)RH_CONV_LEVELS * RH_CONV_WEIGHTS <= INT32_MAX);
    for (int t = 0; t < N_TABLES; t++)
        for (int n = 1; table(t) && table(t)->narrow && n <= 25; n++)
            for (int largest = 0; largest < 2; largest++) {
                whole_products_are(table(t), n, 16, 1, 0, largest);
                whole_products_are(table(t), n, 48, 2, 1, largest);
                whole_products_are(table(t), n, 32, 3, 0, largest);
                whole_products_are(table(t), n, 256, 5, 5, largest);
                if (n <= 2) /* many panels a tile */
                    whole_products_are(table(t), n, 64, 19, 9, largest);
            }
}

/* Zeros stay zeros; beside what is no number or has no bounds, numbers may be lost, and nothing else happens. */
static void pixels_of_any_floats_become_whole_numbers(void **state)
{
    (void)state;
    enum { SIZE = 48 };
    static const float odd[] = {0.0f, -0.0f, 1e-40f, 1e-31f, 3e38f, NAN, INFINITY, -INFINITY};
    for (int t = 0; t < N_TABLES; t++)
        for (size_t i = 0; table(t) && table(t)->narrow && i < sizeof odd / sizeof *odd; i++) {
            float a[SIZE], out[RH_CONV_PANEL], ones[RH_CONV_PANEL];
            int16_t a16[SIZE], w[SIZE * RH_CONV_PANEL];
            for (int j = 0; j < SIZE; j++)
                a[j] = odd[i];
            for (int j = 0; j < RH_CONV_PANEL; j++)
                ones[j] = 1.0f;
            for (int j = 0; j < SIZE * RH_CONV_PANEL; j++)
                w[j] = INT16_MIN + 1;
            rh_conv_product p = {.n = 1,
                                 .k = SIZE,
                                 .n_rows = 1,
                                 .n_panels = 1,
                                 .a16 = a16,
                                 .a_scale = table(t)->narrow(a, SIZE, a16),
                                 .w16 = w,
                                 .w_scale = ones,
                                 .bias = ones,
                                 .out = out,
                                 .ld_out = RH_CONV_PANEL};
            table(t)->product(&p);
            for (int j = 0; j < SIZE && fabsf(odd[i]) < 1e-30f; j++)
                assert_true(a16[j] == 0);
            for (int j = 0; j < RH_CONV_PANEL && fabsf(odd[i]) < 1e-30f; j++)
                assert_true(out[j] == ones[j]);
            if (isinf(odd[i]))
                assert_true(!isfinite(out[0]));
            a[1] = 2.0f; /* another than its neighbours */
            float step = table(t)->narrow(a, SIZE, a16);
            if (fabsf(odd[i]) < 1.0f)
                assert_true(a16[0] == 0 && a16[1] == RH_CONV_LEVELS && fabsf(step * RH_CONV_LEVELS - 2.0f) < 1e-6f);
        }
}

static void filters_are(const rh_conv_kernels *k, int width, int stride, int left, int channels)
{
    int n = (width + stride - 1) / stride;
    size_t c = (size_t)channels;
    rh_conv_depthwise d = {.width = width, .n = n, .channels = channels, .stride = stride, .left = left};
    float *row[3], *w = random_floats(9 * c), *b = random_floats(c), *out = random_floats((size_t)n * c);
    for (int i = 0; i < 3; i++)
        d.row[i] = row[i] = random_floats((size_t)width * c);
    d.w = w;
    d.bias = b;
    d.out = out;
    k->depthwise(&d);
    for (int x = 0; x < n; x++)
        for (size_t ch = 0; ch < c; ch++) {
            double sum = (double)b[ch];
            for (int i = 0; i < 9; i++) {
                int from = x * stride - left + i % 3;
                if (from >= 0 && from < width)
                    sum += (double)w[(size_t)i * c + ch] * (double)row[i / 3][(size_t)from * c + ch];
            }
            if (!(fabs((double)out[(size_t)x * c + ch] - sum) < 1e-5))
                fail_msg("%s: width %d, stride %d: %g for %g", k->name, width, stride, (double)out[(size_t)x * c + ch],
                         sum);
        }
    for (int i = 0; i < 3; i++)
        rh_free(row[i]);
    rh_free(w);
    rh_free(b);
    rh_free(out);
}

static void filters_and_pools_of_every_width_are_right(void **state)
{
    (void)state;
    for (int t = 0; t < N_TABLES; t++)
        for (int width = 2; table(t) && width <= 9; width++) {
            filters_are(table(t), width, 1, 1, 16);
            filters_are(table(t), width, 2, 0, 32);
            float *a = random_floats((size_t)width * 64), *out = random_floats((size_t)width * 16);
            const float *b = a + (size_t)width * 32;
            table(t)->pool(a, b, width, 16, out);
            for (size_t i = 0; i < (size_t)width * 16; i++) {
                size_t at = i / 16 * 32 + i % 16;
                assert_true(out[i] == fmaxf(fmaxf(a[at], a[at + 16]), fmaxf(b[at], b[at + 16])));
            }
            rh_free(a);
            rh_free(out);
        }
}

static const char *model(const char *name)
{
    static char path[4096] = "";
    const char *set = getenv("REHEARSE_MODELS_DIR");
    char dir[3072] = "";
    if (set || rh_config_cache_dir(dir, sizeof dir))
        (void)snprintf(path, sizeof path, "%s%s/%s", set ? set : dir, set ? "" : "/models", name);
    return path;
}

static rh_conv_net *load(const char *name, const rh_conv_kernels *kernels)
{
    rh_error err = {0};
    const void *bytes;
    size_t size;
    rh_tflite_file file;
    if (access(model(name), R_OK) != 0)
        skip(); /* fetched by tools/setup */
    rh_conv_net *n = rh_calloc(1, sizeof *n);
    n->kernels = kernels;
    if (rh_file_map(model(name), &bytes, &size, &err) != RH_OK || rh_tflite_parse(&file, bytes, size, &err) != RH_OK ||
        rh_conv_net_build(n, &file, &err) != RH_OK)
        fail_msg("%s", err.msg);
    rh_tflite_done(&file);
    assert_int_equal(munmap((void *)(uintptr_t)bytes, size), 0);
    return n;
}

/* What the network says of values in [0,1], by OpenVINO. */
static void by_openvino(const char *name, float *in, rh_nn_tensor *out, rh_nn_request **r, rh_nn_model **m)
{
    rh_error err = {0};
    rh_nn_tensor t;
    assert_int_equal(rh_nn_model_load(m, model(name), NULL, &err), RH_OK);
    assert_int_equal(rh_nn_request_new(r, *m, &err), RH_OK);
    assert_int_equal(rh_nn_model_describe_input(*m, 0, &t), RH_OK);
    t.data = in;
    assert_int_equal(rh_nn_set_input(*r, 0, &t, &err), RH_OK);
    assert_int_equal(rh_nn_run(*r, &err), RH_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rh_nn_get_output(*r, i, &out[i], &err), RH_OK);
}

/* See RH_CONV_WEIGHTS. */
static void weights_leave_sums_in_32_bits(const rh_conv_net *n)
{
    int some = 0;
    for (int i = 0; i < n->n_steps; i++) {
        const rh_conv_step *s = &n->step[i];
        size_t k = (size_t)(s->window.width * s->window.height * s->from.channels);
        for (size_t c = 0; s->w16 && c < (size_t)s->to.channels; c++) {
            int64_t sum = 0;
            for (size_t j = 0; j < k; j++)
                sum += abs(s->w16[rh_conv_pair_at(c, j, k)]);
            assert_true(sum <= RH_CONV_WEIGHTS);
            some++;
        }
    }
    assert_true((some > 0) == (n->kernels->narrow != NULL));
}

static void agrees_with_openvino(const char *name, size_t n_first, size_t n_second)
{
    rh_conv_net *n = load(name, table(0));
    int h, w, c;
    rh_conv_net_input(n, &h, &w, &c);
    size_t size = (size_t)h * (size_t)w * (size_t)c;
    assert_int_equal(rh_conv_net_output(n, 0), n_first);
    assert_int_equal(rh_conv_net_output(n, 1), n_second);
    assert_int_equal(rh_conv_net_output(n, 2), 0);
    rh_conv_net_free(n);
    seed = 1;
    float *in = random_floats(size);
    float *out[2] = {random_floats(n_first), random_floats(n_second)};
    for (size_t i = 0; i < size; i++) /* a soft pattern with noise, no two rows alike */
        in[i] = 0.5f + 0.3f * sinf((float)i * 0.0007f) + 0.1f * uniform();
    rh_nn_tensor expected[2];
    rh_nn_request *r = NULL;
    rh_nn_model *m = NULL;
    by_openvino(name, in, expected, &r, &m);
    for (int t = 0; t < N_TABLES; t++) {
        if (!table(t))
            continue;
        n = load(name, table(t));
        weights_leave_sums_in_32_bits(n);
        float *work = random_floats(rh_conv_net_work(n)), near = table(t)->narrow ? 0.03f : 0.01f;
        rh_conv_net_run(n, in, out, work);
        for (int i = 0; i < 2; i++)
            for (size_t k = 0; k < rh_conv_net_output(n, i); k++) {
                float by = ((const float *)expected[i].data)[k];
                if (!(fabsf(out[i][k] - by) < near)) /* of pixels, 192 or 64 a side: rounding */
                    fail_msg("%s, %s: output %d, number %zu: %g for %g", name, table(t)->name, i, k, (double)out[i][k],
                             (double)by);
            }
        rh_free(work);
        rh_conv_net_free(n);
    }
    rh_nn_request_free(r);
    rh_nn_model_free(m);
    rh_free(in);
    rh_free(out[0]);
    rh_free(out[1]);
}

static void the_mesh_is_what_openvino_says(void **state)
{
    (void)state;
    agrees_with_openvino("face_landmark.tflite", 1404, 1);
}

static void the_iris_is_what_openvino_says(void **state)
{
    (void)state;
    agrees_with_openvino("iris_landmark.tflite", 213, 15);
}

static void other_networks_are_refused_by_name_of_the_operator(void **state)
{
    (void)state;
    rh_conv_net *n = NULL;
    rh_error err = {0};
    if (access(model("face_detection_short_range.tflite"), R_OK) != 0)
        skip();
    assert_int_equal(rh_conv_net_load(&n, model("face_detection_short_range.tflite"), &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "operator"));
    assert_int_equal(rh_conv_net_load(&n, "tests/fixtures/astronaut.jpg", &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "not a TFLite file"));
    assert_int_equal(rh_conv_net_load(&n, "tests/fixtures/none.tflite", &err), RH_ERR_IO);
    assert_null(n);
}

/* Whatever bytes say, nothing outside the file is read and no network is made that would write outside its memory. */
static void damaged_files_are_errors_or_networks_that_run(void **state)
{
    (void)state;
    enum { TRIES = 600 };
    FILE *f = fopen(model("iris_landmark.tflite"), "rb");
    if (!f)
        skip();
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *good = rh_alloc(size), *bad = rh_alloc(size);
    assert_int_equal(fread(good, 1, size, f), size);
    fclose(f);
    int refused = 0, ran = 0;
    for (int i = 0; i < TRIES; i++) {
        memcpy(bad, good, size);
        size_t n = i % 10 == 0 ? size * (size_t)(i + 1) / TRIES : size;
        for (int k = 0; k < 1 + i % 3; k++) { /* the tables lie at both ends, weights between */
            size_t at = (size_t)(fabsf(uniform()) * 40000);
            at = i % 2 ? at : size - 1 - at % size;
            bad[at] = (uint8_t)(i % 4 < 2 ? bad[at] ^ (1 << (i % 8)) : (int)(fabsf(uniform()) * 255));
        }
        rh_tflite_file file;
        rh_conv_net *net = rh_calloc(1, sizeof *net);
        rh_error err = {0};
        rh_status st = rh_tflite_parse(&file, bad, n, &err);
        if (st == RH_OK) {
            net->kernels = table(i % N_TABLES) ? table(i % N_TABLES) : table(0);
            st = rh_conv_net_build(net, &file, &err);
            rh_tflite_done(&file);
        }
        if (st != RH_OK) {
            assert_true(st == RH_ERR_FORMAT && err.msg[0]);
            refused++;
        } else if (ran++ < 20) {
            size_t n_in = (size_t)net->in.width * (size_t)net->in.height * (size_t)net->in.channels;
            float *in = random_floats(n_in), *work = random_floats(net->work), *out[RH_TFLITE_ARGUMENTS];
            for (int k = 0; k < net->n_out; k++)
                out[k] = random_floats(net->out_size[k]);
            rh_conv_net_run(net, in, out, work);
            for (int k = 0; k < net->n_out; k++)
                rh_free(out[k]);
            rh_free(in);
            rh_free(work);
        }
        rh_conv_net_free(net);
    }
    rh_free(good);
    rh_free(bad);
    assert_true(refused > TRIES / 10 && ran > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_every_size_are_right),
        cmocka_unit_test(products_of_whole_numbers_are_right),
        cmocka_unit_test(pixels_of_any_floats_become_whole_numbers),
        cmocka_unit_test(filters_and_pools_of_every_width_are_right),
        cmocka_unit_test(the_mesh_is_what_openvino_says),
        cmocka_unit_test(the_iris_is_what_openvino_says),
        cmocka_unit_test(other_networks_are_refused_by_name_of_the_operator),
        cmocka_unit_test(damaged_files_are_errors_or_networks_that_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
