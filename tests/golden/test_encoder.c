/* The encoder's network against openai-whisper's, in the width of every
 * official size (tests/golden/encoder). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "asr/native/encoder.h"
#include "made_model.h"
#include "rehearse/base/alloc.h"

enum { CTX = 200, LAYERS = 2, SAMPLES = CTX * 320 };

typedef struct {
    int n_mels, width, n_heads;
} shape;

static const float *sound(void)
{
    static float x[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        x[i] = (float)(0.3 * sin(0.05 * i) + 0.1 * sin((double)i * i * 1e-5));
    return x;
}

/* Largest difference to the golden values, over the largest of them. */
static double compare(const shape *s, const rh_enc_output *out)
{
    int n_mels, width, heads, position, channel, n = 0;
    double value, worst = 0.0, largest = 0.0;
    FILE *in = fopen("tests/golden/encoder/encoder.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%d %d %d %d %d %lf", &n_mels, &width, &heads, &position, &channel, &value) == 6) {
        if (n_mels != s->n_mels || width != s->width)
            continue;
        double ours = (double)out->states[position * width + channel];
        worst = fmax(worst, fabs(ours - value));
        largest = fmax(largest, fabs(value));
        n++;
    }
    fclose(in);
    assert_int_equal(n, 24);
    return worst / largest;
}

/* An encoder by the formulas of encoder/make.py; the caller frees the bytes. */
static char *make(const shape *s, size_t *n)
{
    char *bytes = NULL;
    made_file f = {.out = open_memstream(&bytes, n), .type = RH_GGML_F32, .gains = {1.0f, 1.0f}, .ok = true};
    const rh_ggml_hparams h = {.n_vocab = 51865,
                               .n_audio_ctx = CTX,
                               .n_audio_state = s->width,
                               .n_audio_head = s->n_heads,
                               .n_audio_layer = LAYERS,
                               .n_text_ctx = 448,
                               .n_text_state = s->width,
                               .n_text_head = s->n_heads,
                               .n_text_layer = LAYERS,
                               .n_mels = s->n_mels};
    assert_non_null(f.out);
    made_head(&f, &h);
    f.seed = 0;
    made_encoder(&f, &h);
    assert_true(f.ok && fclose(f.out) == 0);
    return bytes;
}

static double run(const shape *s, const char *precision, int n_threads)
{
    size_t n;
    char *bytes = make(s, &n);
    rh_error err = {0};
    rh_ggml_file *file = NULL;
    rh_enc_model *m = NULL;
    rh_enc_state *state = NULL;
    rh_enc_output out;
    rh_enc_options o = {.precision = precision, .n_threads = n_threads};
    rh_enc_window w = {.samples = sound(), .n = SAMPLES, .n_hops = 2 * CTX};
    if (rh_ggml_file_parse(&file, bytes, n, &err) != RH_OK || rh_enc_model_new(&m, file, &o, &err) != RH_OK ||
        rh_enc_state_new(&state, m, &err) != RH_OK || rh_enc_run(state, &w, &out, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(out.n_pos, CTX);
    double worst = compare(s, &out);
    rh_enc_state_free(state);
    rh_enc_model_free(m);
    rh_ggml_file_free(file);
    free(bytes);
    return worst;
}

static void every_width(const char *precision, int n_threads, double limit)
{
    static const shape shapes[] = {
        {80, 384, 6}, {80, 512, 8}, {80, 768, 12}, {80, 1024, 16}, {80, 1280, 20}, {128, 1280, 20},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double worst = run(&shapes[i], precision, n_threads);
        if (!(worst < limit))
            fail_msg("width %d, %d bands, %s: off by %g", shapes[i].width, shapes[i].n_mels, precision, worst);
    }
}

static void every_width_is_the_reference(void **state)
{
    (void)state;
    every_width("f32", 1, 1e-3);
}

static void eight_bits_stay_close(void **state)
{
    (void)state;
    every_width("int8", 2, 0.05);
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    const shape s = {80, 384, 6};
    size_t n;
    char *bytes = make(&s, &n);
    rh_error err = {0};
    rh_ggml_file *file = NULL;
    const rh_enc_options o = {.precision = "int8", .n_threads = 2};
    const rh_enc_window w = {.samples = sound(), .n = SAMPLES / 2, .n_hops = CTX};
    assert_int_equal(rh_ggml_file_parse(&file, bytes, n, &err), RH_OK);
    rh_status st = RH_ERR_NOMEM;
    for (long at = 1; st != RH_OK; at++) {
        rh_enc_model *m = NULL;
        rh_enc_state *e = NULL;
        rh_enc_output out;
        rh_alloc_fail_at(at);
        st = rh_enc_model_new(&m, file, &o, &err);
        if (st == RH_OK)
            st = rh_enc_state_new(&e, m, &err);
        if (st == RH_OK)
            st = rh_enc_run(e, &w, &out, &err);
        rh_alloc_fail_at(0);
        assert_true(st == RH_OK || st == RH_ERR_NOMEM);
        rh_enc_state_free(e);
        rh_enc_model_free(m);
    }
    rh_ggml_file_free(file);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width_is_the_reference),
        cmocka_unit_test(eight_bits_stay_close),
        cmocka_unit_test(lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
