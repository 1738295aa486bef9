/* Scores of real sound: good readers land high, the same speech made worse lands lower. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "models.h"
#include "rehearse/base/alloc.h"
#include "rehearse/asr/asr.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/asr/vad.h"
#include "speech/score_tables.h"

enum { RATE = 16000, POOLED = RH_ASR_POOLED };
_Static_assert((int)RH_ASR_POOLED == (int)RH_SOUND_INPUTS, "what the tables weigh is what is heard");

static rh_asr_model *model;
static rh_asr_stream *stream;
static rh_vad_model *vad;

static int load(void **state)
{
    (void)state;
    rh_asr_model_options o = rh_asr_model_options_default();
    rh_error err = {0};
    o.device = RH_DEVICE_CPU;
    if (rh_asr_model_load(&model, model_file("ggml-base.bin"), &o, &err) != RH_OK ||
        rh_vad_model_load(&vad, model_file("silero_vad_openvino_16k.onnx"), &err) != RH_OK ||
        rh_asr_stream_new(&stream, model, &err) != RH_OK) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    rh_asr_stream_free(stream);
    rh_vad_model_free(vad);
    rh_asr_model_free(model);
    return 0;
}

typedef rh_analysis judged;

static judged judge(const float *samples, size_t n, const char *reference)
{
    judged j = {0};
    rh_error err = {0};
    const rh_hearing_options o = {.language = "en", .reference = reference};
    rh_hearing h = {0};
    if (rh_hear(&h, stream, model, vad, samples, n, &o, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(rh_analyse(&h.words, &h.curves, NULL, 0, (double)n / RATE, &j, &err), RH_OK);
    rh_hearing_done(&h);
    return j;
}

static void judged_done(judged *j)
{
    rh_analysis_done(j);
}

static rh_audio sound(const char *path)
{
    rh_audio a = {0};
    assert_int_equal(rh_audio_read_file(&a, path, 60, NULL), RH_OK);
    return a;
}

/* A pause of 0.7 s at the quietest place about once a second. */
static float *chopped(const rh_audio *a, size_t *n_out)
{
    size_t n = 0, cap = a->n + (a->n / RATE + 1) * RATE;
    float *out = rh_calloc(cap, sizeof *out);
    for (size_t i = 0, last = 0; i < a->n; i++) {
        out[n++] = a->samples[i];
        bool quiet = i + 1 < a->n && fabsf(a->samples[i]) < 0.005f && fabsf(a->samples[i + 1]) < 0.005f;
        if (i - last > RATE && quiet && a->n - i > RATE / 2) {
            n += 7 * RATE / 10; /* zeros */
            last = i;
        }
    }
    *n_out = n;
    return out;
}

static const char *const jfk_text = "And so my fellow Americans ask not what your country can do for you "
                                    "ask what you can do for your country";

static void good_reading_lands_high(void **state)
{
    (void)state;
    static const char *const files[] = {"tests/fixtures/237-134500-0025.flac", "tests/fixtures/1688-142285-0002.flac"};
    for (size_t i = 0; i < 2; i++) {
        rh_audio a = sound(files[i]);
        judged j = judge(a.samples, a.n, NULL);
        assert_true(j.report.spoken);
        if (j.report.fluency.value < 75 || j.report.pronunciation.value < 75 || j.report.overall.value < 75)
            fail_msg("%s: %.1f %.1f %.1f", files[i], (double)j.report.fluency.value,
                     (double)j.report.pronunciation.value, (double)j.report.overall.value);
        judged_done(&j);
        rh_audio_done(&a);
    }
}

static void reference_is_followed_and_its_missing_words_found(void **state)
{
    (void)state;
    char longer[256];
    rh_audio a = sound("tests/fixtures/jfk.flac");
    judged same = judge(a.samples, a.n, jfk_text);
    assert_int_equal(same.report.n_missed + same.report.n_added + same.report.n_replaced, 0);
    (void)snprintf(longer, sizeof longer, "%s and your neighbour", jfk_text);
    judged more = judge(a.samples, a.n, longer);
    assert_int_equal(more.report.n_missed, 3);
    assert_true(more.report.pronunciation.value < same.report.pronunciation.value);
    judged_done(&same);
    judged_done(&more);
    rh_audio_done(&a);
}

static void silences_cut_in_lower_the_scores(void **state)
{
    (void)state;
    static const char *const files[] = {"tests/fixtures/jfk.flac", "tests/fixtures/237-134500-0025.flac"};
    for (size_t i = 0; i < 2; i++) {
        rh_audio a = sound(files[i]);
        size_t n;
        float *worse = chopped(&a, &n);
        judged whole = judge(a.samples, a.n, NULL), broken = judge(worse, n, NULL);
        assert_true(n > a.n);
        assert_true(broken.report.fluency.value < whole.report.fluency.value);
        assert_true(broken.report.overall.value < whole.report.overall.value);
        judged_done(&whole);
        judged_done(&broken);
        rh_free(worse);
        rh_audio_done(&a);
    }
}

static void scores_do_not_depend_on_level_or_container(void **state)
{
    (void)state;
    rh_audio a = sound("tests/fixtures/jfk.flac"), b = sound("tests/fixtures/jfk_opus_48k.webm");
    judged loud = judge(a.samples, a.n, NULL), opus = judge(b.samples, b.n, NULL);
    for (size_t i = 0; i < a.n; i++)
        a.samples[i] *= 0.5f;
    judged soft = judge(a.samples, a.n, NULL);
    const rh_score *x[] = {&loud.report.fluency, &loud.report.pronunciation, &loud.report.clarity};
    const rh_score *y[] = {&opus.report.fluency, &opus.report.pronunciation, &opus.report.clarity};
    const rh_score *z[] = {&soft.report.fluency, &soft.report.pronunciation, &soft.report.clarity};
    for (size_t i = 0; i < 3; i++) {
        if (fabsf(x[i]->value - y[i]->value) > 3 || fabsf(x[i]->value - z[i]->value) > 3)
            fail_msg("score %zu: %.1f, Opus %.1f, softer %.1f", i, (double)x[i]->value, (double)y[i]->value,
                     (double)z[i]->value);
    }
    judged_done(&loud);
    judged_done(&opus);
    judged_done(&soft);
    rh_audio_done(&a);
    rh_audio_done(&b);
}

static double apart(const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < POOLED; i++)
        sum += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
    return sqrt(sum);
}

/* Three sentences and pauses, longer than what is judged at once: the first by its own sound, not by that of all. */
static void a_sentence_is_judged_by_itself_whatever_follows(void **state)
{
    (void)state;
    static const char *const files[] = {"tests/fixtures/1688-142285-0002.flac", "tests/fixtures/jfk.flac",
                                        "tests/fixtures/237-134500-0025.flac"};
    enum { MOST = 29 * RATE, GAP = RATE };
    float *x = rh_calloc(MOST, sizeof *x), alone[POOLED], whole[POOLED];
    size_t n = 0, first = 0;
    rh_error err = {0};
    rh_transcript t;
    for (size_t i = 0; i < 3; i++) {
        rh_audio a = sound(files[i]);
        memcpy(x + n, a.samples, a.n * sizeof *x);
        n += a.n;
        for (size_t k = 0; k < GAP; k++) /* a quiet room */
            x[n++] = 2e-4f * sinf((float)(k * k % 7919));
        first = i == 0 ? n : first;
        rh_audio_done(&a);
    }
    assert_true(first < 12 * RATE && n > 15 * RATE && n < MOST);
    rh_transcript_init(&t);
    assert_int_equal(rh_asr_transcribe(stream, x, n, NULL, &t, &err), RH_OK);
    assert_int_equal(rh_asr_pooled(stream, whole, &err), RH_OK);
    assert_int_equal(rh_asr_pool(stream, x, first, alone, &err), RH_OK);
    const rh_hearing_options o = {.language = "en", .no_verbatim = true};
    rh_hearing h = {0};
    assert_int_equal(rh_hear(&h, stream, model, vad, x, n, &o, &err), RH_OK);
    const rh_speech_segment *s = &h.words.segments[0];
    assert_true(s->n_pooled >= 3);
    assert_true(s->pooled[0].end > 2 && s->pooled[0].end < (float)first / RATE);
    assert_true(apart(s->pooled[0].x, alone) < 0.7 * apart(whole, alone));
    rh_hearing_done(&h);
    rh_transcript_done(&t);
    rh_free(x);
}

static void silence_has_no_scores(void **state)
{
    (void)state;
    float *silence = rh_calloc(5 * RATE, sizeof *silence);
    judged j = judge(silence, 5 * RATE, NULL);
    assert_false(j.report.spoken);
    assert_true(strlen(j.report.reason) > 10);
    judged_done(&j);
    rh_free(silence);
}

int main(void)
{
    (void)model_file("ggml-base.bin"); /* skips when missing */
    (void)model_file("silero_vad_openvino_16k.onnx");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_reading_lands_high),
        cmocka_unit_test(reference_is_followed_and_its_missing_words_found),
        cmocka_unit_test(silences_cut_in_lower_the_scores),
        cmocka_unit_test(scores_do_not_depend_on_level_or_container),
        cmocka_unit_test(a_sentence_is_judged_by_itself_whatever_follows),
        cmocka_unit_test(silence_has_no_scores),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
