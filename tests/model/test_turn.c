/* The end of a turn, against what pipecat's own code makes of the same sound (tests/golden/turn). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <math.h>
#include "models.h"
#include "rehearse/asr/turn.h"
#include "rehearse/media/audio.h"

static rh_turn_model *model;

static void as_the_reference(void **state)
{
    (void)state;
    char name[64], path[128];
    size_t n;
    double want, off = 0;
    float p;
    int lines = 0;
    FILE *in = fopen("tests/golden/turn/turn.txt", "r");
    assert_non_null(in);
    for (; fscanf(in, "%63s %zu %lf", name, &n, &want) == 3; lines++) {
        rh_audio a = {0};
        (void)snprintf(path, sizeof path, "tests/fixtures/%s", name);
        assert_int_equal(rh_audio_read_file(&a, path, 60, NULL), RH_OK);
        assert_true(n <= a.n);
        assert_int_equal(rh_turn_over(model, a.samples, n, &p, NULL), RH_OK);
        off += fabs((double)p - want);
        if (fabs((double)p - want) > 0.03)
            fail_msg("%zu samples of %s: %.3f, the reference has %.3f", n, name, (double)p, want);
        rh_audio_done(&a);
    }
    fclose(in);
    assert_int_equal(lines, 28);
    assert_true(off / lines < 0.005);
}

static void silence_is_a_number_too(void **state)
{
    (void)state;
    static const float nothing[1600];
    float p = -1;
    assert_int_equal(rh_turn_over(model, nothing, 1600, &p, NULL), RH_OK);
    assert_true(p >= 0 && p <= 1);
    assert_int_equal(rh_turn_over(model, NULL, 0, &p, NULL), RH_OK);
    assert_true(p >= 0 && p <= 1);
}

static void another_model_is_refused(void **state)
{
    (void)state;
    rh_turn_model *m = NULL;
    rh_error err;
    assert_int_equal(rh_turn_model_load(&m, model_file("silero_vad_openvino_16k.onnx"), NULL, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_turn_model_load(&m, "tests/golden/turn/none.onnx", NULL, &err), RH_ERR_IO);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_reference),
        cmocka_unit_test(silence_is_a_number_too),
        cmocka_unit_test(another_model_is_refused),
    };
    if (rh_turn_model_load(&model, model_file("smart-turn-v3.2-cpu.onnx"), NULL, NULL) != RH_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rh_turn_model_free(model);
    return failed;
}
