/* The voice activity network: every table of kernels against what OpenVINO says of real speech, its states carried on
 * from step to step; files that are damaged or of another kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "models.h"
#include "nn/silero_net_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "rehearse/media/audio.h"
#include "rehearse/nn/nn.h"

enum { N_TABLES = 3, STEP = 512, BEFORE = RH_SILERO_IN - STEP, STATE = RH_SILERO_STATE, MAX_STEPS = 1000 };

static const char *path;
static uint32_t seed = 1;

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

/* False where the processor lacks it. */
static bool use_table(rh_silero_net *n, int i)
{
#if defined(__x86_64__)
    const rh_conv_kernels *all[N_TABLES] = {&rh_conv_kernels_c, &rh_conv_kernels_avx2, &rh_conv_kernels_avx512};
    bool there[N_TABLES] = {true, rh_cpu()->avx2, rh_cpu()->avx512};
    n->products = all[i];
#elif defined(__aarch64__)
    const rh_conv_kernels *all[N_TABLES] = {&rh_conv_kernels_c, &rh_conv_kernels_neon};
    bool there[N_TABLES] = {true, rh_cpu()->neon};
    n->products = all[i];
#else
    bool there[N_TABLES] = {true};
#endif
    if (!there[i])
        return false;
    n->kernels = rh_kernels_named(n->products->name);
    return n->kernels != NULL;
}

typedef struct {
    float in[RH_SILERO_IN], state[STATE];
    float p[MAX_STEPS], after[MAX_STEPS][STATE];
} answers;

/* Speech, then the same soft, then noise and nothing at all: a step's samples with those before them. */
static int steps_of(const rh_audio *a)
{
    return (int)(2 * a->n / STEP + 100);
}

static void fill(const rh_audio *a, int step, float *in)
{
    size_t speech = a->n / STEP, at = (size_t)step % speech * STEP;
    memmove(in, in + STEP, BEFORE * sizeof *in);
    for (size_t i = 0; i < STEP; i++)
        if ((size_t)step < 2 * speech)
            in[BEFORE + i] = a->samples[at + i] * ((size_t)step < speech ? 1.0f : 0.03f);
        else
            in[BEFORE + i] = (size_t)step < 2 * speech + 50 ? 0.05f * uniform() : 0.0f;
}

static void ask_openvino(const rh_audio *a, answers *out)
{
    rh_error err = {0};
    rh_nn_model *m = NULL;
    rh_nn_request *r = NULL;
    rh_nn_options o = rh_nn_options_default();
    assert_int_equal(rh_nn_model_load(&m, path, &o, &err), RH_OK);
    assert_int_equal(rh_nn_request_new(&r, m, &err), RH_OK);
    float next[STATE];
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, RH_SILERO_IN}, .data = out->in};
    rh_nn_tensor from = {.type = RH_NN_F32, .n_dims = 3, .dims = {2, 1, STATE / 2}, .data = out->state};
    rh_nn_tensor state = from, p = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, 1}};
    state.data = next;
    seed = 1;
    for (int s = 0; s < steps_of(a); s++) {
        fill(a, s, out->in);
        p.data = &out->p[s];
        assert_int_equal(rh_nn_set_input(r, rh_nn_model_input(m, "input"), &in, &err), RH_OK);
        assert_int_equal(rh_nn_set_input(r, rh_nn_model_input(m, "state"), &from, &err), RH_OK);
        assert_int_equal(rh_nn_set_output(r, 1, &state, &err), RH_OK);
        assert_int_equal(rh_nn_set_output(r, 0, &p, &err), RH_OK);
        assert_int_equal(rh_nn_run(r, &err), RH_OK);
        memcpy(out->state, next, sizeof next);
        memcpy(out->after[s], next, sizeof next);
    }
    rh_nn_request_free(r);
    rh_nn_model_free(m);
}

static rh_silero_net *load(void)
{
    rh_silero_net *n = NULL;
    rh_error err = {0};
    if (rh_silero_net_load(&n, path, &err) != RH_OK)
        fail_msg("%s", err.msg);
    return n;
}

/* Cells add up small differences for hundreds of steps: OpenVINO's gates are approximate (by exact ones they come out as
 * ours do, 2e-4 from OpenVINO's). */
static float apart(float a, float b)
{
    return fabsf(a - b) / fmaxf(1.0f, fabsf(b));
}

static void speech_is_heard_as_by_openvino(void **state)
{
    static const char *const files[] = {"tests/fixtures/jfk.flac", "tests/fixtures/1688-142285-0002.flac"};
    static answers expected;
    (void)state;
    rh_silero_net *n = load();
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        rh_audio a;
        rh_error err;
        assert_int_equal(rh_audio_read_file(&a, files[f], 60, &err), RH_OK);
        int steps = steps_of(&a), likely = 0;
        assert_in_range(steps, 200, MAX_STEPS);
        memset(&expected, 0, sizeof expected);
        ask_openvino(&a, &expected);
        for (int t = 0; t < N_TABLES; t++) {
            float in[RH_SILERO_IN] = {0}, carried[STATE] = {0}, most = 0, most_state = 0;
            if (!use_table(n, t))
                continue;
            seed = 1;
            for (int s = 0; s < steps; s++) {
                fill(&a, s, in);
                float p = rh_silero_net_run(n, in, carried);
                likely += p > 0.5f;
                most = fmaxf(most, fabsf(p - expected.p[s]));
                for (int i = 0; i < STATE; i++)
                    most_state = fmaxf(most_state, apart(carried[i], expected.after[s][i]));
                if (!(most < 1e-4f && most_state < 1e-3f))
                    fail_msg("%s, %s, step %d: %g for %g", files[f], n->products->name, s, (double)p,
                             (double)expected.p[s]);
            }
            assert_true(likely > 50);
            print_message("%s, %s: %d steps, at most %.1e apart, states %.1e\n", files[f], n->products->name, steps,
                          (double)most, (double)most_state);
        }
        rh_audio_done(&a);
    }
    rh_silero_net_free(n);
}

static void other_files_are_refused(void **state)
{
    rh_silero_net *n = NULL;
    rh_error err = {0};
    (void)state;
    assert_int_equal(rh_silero_net_load(&n, model_file("smart-turn-v3.2-cpu.onnx"), &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "stft.forward_basis_buffer"));
    assert_int_equal(rh_silero_net_load(&n, "tests/fixtures/astronaut.jpg", &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "not an ONNX file"));
    assert_int_equal(rh_silero_net_load(&n, "tests/fixtures/none.onnx", &err), RH_ERR_IO);
    assert_null(n);
}

static void damaged_files_are_errors_or_networks_that_run(void **state)
{
    enum { TRIES = 300 };
    static const float in[RH_SILERO_IN];
    (void)state;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *good = rh_alloc(size);
    assert_int_equal(fread(good, 1, size, f), size);
    fclose(f);
    int refused = 0, ran = 0;
    for (int i = 0; i < TRIES; i++) {
        size_t n = i % 3 == 0 ? size * (size_t)i / TRIES : size;
        uint8_t *bad = rh_alloc(n + 1); /* no longer than the file, so that a reader past its end is seen */
        memcpy(bad, good, n);
        if (i % 3 && n)
            for (int k = 0; k < 4; k++) { /* names and sizes, of the first constants and wherever */
                size_t at = (size_t)(fabsf(uniform()) * (float)(i % 3 == 1 ? 200 : n));
                bad[at < n ? at : n - 1] ^= (uint8_t)(1 << (i % 8));
            }
        rh_silero_net *net = rh_calloc(1, sizeof *net);
        rh_error err = {0};
        rh_status st = rh_silero_net_build(net, bad, n, &err);
        if (st != RH_OK) {
            assert_true(st == RH_ERR_FORMAT && err.msg[0]);
            refused++;
        } else {
            float carried[STATE] = {0};
            (void)rh_silero_net_run(net, in, carried);
            ran++;
        }
        rh_silero_net_free(net);
        rh_free(bad);
    }
    rh_free(good);
    assert_true(refused > TRIES / 3 && ran > 0);
}

int main(void)
{
    path = model_file("silero_vad_openvino_16k.onnx");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_is_heard_as_by_openvino),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(damaged_files_are_errors_or_networks_that_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
