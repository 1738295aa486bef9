/* Fillers on real sound and weights: two spoken "um" are found where they are,
 * a speech read from paper has none, and tones are no speech. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "model_set.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/session/hearing.h"
#include "rehearse/session/model_set.h"

static rh_model_set *models;

static json_t *analyze(const float *samples, size_t n)
{
    rh_analysis a = {0};
    rh_error err = {0};
    const rh_hearing_options o = {.language = "en"};
    assert_int_equal(rh_analyze_recording(models, samples, n, &o, &a, &err), RH_OK);
    json_t *r = rh_analysis_json(&a);
    rh_analysis_done(&a);
    return r;
}

static json_t *analyze_file(const char *path)
{
    rh_audio a = {0};
    rh_error err = {0};
    assert_int_equal(rh_audio_read_file(&a, path, 60, &err), RH_OK);
    json_t *r = analyze(a.samples, a.n);
    rh_audio_done(&a);
    return r;
}

static double start_of(const json_t *result, size_t i)
{
    return json_number_value(json_object_get(json_array_get(json_object_get(result, "fillers"), i), "start"));
}

static void two_spoken_ums_are_found_where_they_are(void **state)
{
    (void)state;
    json_t *r = analyze_file("tests/fixtures/fillers_but_um.flac");
    const char *clean = json_string_value(json_object_get(r, "transcribed_text"));
    const char *verbatim = json_string_value(json_object_get(r, "verbatim_text"));
    assert_int_equal(json_array_size(json_object_get(r, "fillers")), 2);
    assert_int_equal(json_integer_value(json_object_get(r, "filler_words_count")), 2);
    assert_true(fabs(start_of(r, 0) - 2.1) < 0.2);   /* grows out of "but": no clear border */
    assert_true(fabs(start_of(r, 1) - 5.82) < 0.15); /* marked by hand on its level */
    assert_non_null(strstr(verbatim, "um,"));
    assert_null(strstr(clean, "um,"));
    json_decref(r);
}

static void a_read_speech_has_no_fillers(void **state)
{
    (void)state;
    json_t *r = analyze_file("tests/fixtures/jfk.flac");
    assert_int_equal(json_array_size(json_object_get(r, "fillers")), 0);
    assert_string_equal(json_string_value(json_object_get(r, "verbatim_text")),
                        json_string_value(json_object_get(r, "transcribed_text")));
    json_decref(r);
}

static void a_bark_is_no_speech(void **state)
{
    (void)state;
    enum { N = 5 * 16000, EVERY = 11000, LENGTH = 2900 };
    float *x = calloc(N, sizeof *x);
    assert_non_null(x);
    for (int at = 4000; at + LENGTH < N; at += EVERY)
        for (int i = 0; i < LENGTH; i++) {
            double t = i / 16000.0, hz = 300 + 500 * exp(-pow((t - 0.06) / 0.08, 2)), sum = 0;
            for (int k = 1; k < 8; k++)
                sum += sin(k * 6.2831853 * hz * t) / k;
            x[at + i] = (float)(0.2 * sum * sin(3.14159265 * i / LENGTH));
        }
    json_t *r = analyze(x, N);
    assert_string_equal(json_string_value(json_object_get(r, "transcribed_text")), "");
    assert_int_equal(json_array_size(json_object_get(r, "fillers")), 0);
    assert_true(json_number_value(json_object_get(r, "fluency_score")) <= 0);
    json_decref(r);
    free(x);
}

static int load(void **state)
{
    (void)state;
    return (models = load_model_set(false)) ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rh_model_set_free(models);
    return 0;
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    (void)model_file("silero_vad_openvino_16k.onnx");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_spoken_ums_are_found_where_they_are),
        cmocka_unit_test(a_read_speech_has_no_fillers),
        cmocka_unit_test(a_bark_is_no_speech),
    };
    return cmocka_run_group_tests_name("hearing_fillers", tests, load, unload);
}
