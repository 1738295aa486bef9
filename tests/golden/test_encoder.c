/* The encoder's network against openai-whisper's, in the width of every
 * official size (tests/golden/encoder). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "asr/native_encoder.h"
#include "random_encoder.h"

enum { CTX = 200, LAYERS = 2, SAMPLES = CTX * 320 };

static const float *sound(void)
{
    static float x[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        x[i] = (float)(0.3 * sin(0.05 * i) + 0.1 * sin((double)i * i * 1e-5));
    return x;
}

/* Largest difference to the golden values, over the largest of them. */
static double compare(const random_shape *s, const rh_enc_output *out)
{
    int n_mels, width, heads, position, channel, n = 0;
    double value, worst = 0.0, largest = 0.0;
    FILE *in = fopen("tests/golden/encoder/encoder.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%d %d %d %d %d %lf", &n_mels, &width, &heads, &position, &channel, &value) ==
           6) {
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

static double run(const random_shape *s, const char *precision, int n_threads)
{
    random_file f;
    rh_error err = {0};
    rh_ggml_file *file = NULL;
    rh_enc_model *m = NULL;
    rh_enc_state *state = NULL;
    rh_enc_output out;
    rh_enc_options o = {.precision = precision, .n_threads = n_threads};
    rh_enc_window w = {.samples = sound(), .n = SAMPLES, .n_hops = 2 * CTX};
    assert_true(random_encoder_file(&f, s));
    if (rh_ggml_file_parse(&file, f.bytes.data, f.bytes.len, &err) != RH_OK ||
        rh_enc_model_new(&m, file, &o, &err) != RH_OK ||
        rh_enc_state_new(&state, m, &err) != RH_OK || rh_enc_run(state, &w, &out, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(out.n_pos, CTX);
    double worst = compare(s, &out);
    rh_enc_state_free(state);
    rh_enc_model_free(m);
    rh_ggml_file_free(file);
    rh_buf_done(&f.bytes);
    return worst;
}

static void every_width_is_the_reference(void **state)
{
    (void)state;
    static const random_shape shapes[] = {
        {80, 384, 6, LAYERS, CTX},   {80, 512, 8, LAYERS, CTX},   {80, 768, 12, LAYERS, CTX},
        {80, 1024, 16, LAYERS, CTX}, {80, 1280, 20, LAYERS, CTX}, {128, 1280, 20, LAYERS, CTX},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double worst = run(&shapes[i], "f32", 1);
        if (!(worst < 1e-3))
            fail_msg("width %d, %d bands: off by %g", shapes[i].width, shapes[i].n_mels, worst);
    }
}

static void eight_bits_stay_close(void **state)
{
    (void)state;
    const random_shape s = {80, 512, 8, LAYERS, CTX};
    assert_true(run(&s, "int8", 2) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width_is_the_reference),
        cmocka_unit_test(eight_bits_stay_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
