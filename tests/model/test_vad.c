/* Voice activity: speech is found, also soft speech; other sounds are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "models.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/asr/vad.h"

enum { RATE = 16000, SECONDS = 6, N = SECONDS * RATE };

static rh_vad_model *model;
static float sound[N];
static uint32_t seed;

static float noise(void) /* uniform in [-1,1] */
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

static double seconds_of_speech(const float *x, size_t n)
{
    rh_speech_span *spans = NULL;
    size_t n_spans = 0, sum = 0;
    rh_error err;
    assert_int_equal(rh_vad_spans(model, x, n, &spans, &n_spans, &err), RH_OK);
    for (size_t i = 0; i < n_spans; i++) {
        assert_true(spans[i].start < spans[i].end && spans[i].end <= n);
        assert_true(i == 0 || spans[i].start > spans[i - 1].end);
        sum += spans[i].end - spans[i].start;
    }
    rh_free(spans);
    return (double)sum / RATE;
}

static void add_tone(size_t at, size_t n, double hz, double level, double decay_per_s)
{
    for (size_t i = 0; i < n && at + i < N; i++) {
        double t = (double)i / RATE, attack = fmin(1, t / 0.01);
        sound[at + i] += (float)(level * attack * exp(-decay_per_s * t) * sin(2 * M_PI * hz * t));
    }
}

static void silence(void)
{
}

static void faint_noise(void)
{
    for (int i = 0; i < N; i++)
        sound[i] = 0.0003f * noise();
}

static void white_noise(void)
{
    for (int i = 0; i < N; i++)
        sound[i] = 0.3f * noise();
}

/* Voss and McCartney: rows of noise held for 1, 2, 4, ... samples. */
static void pink_noise(void)
{
    float rows[12] = {0};
    for (int i = 0; i < N; i++) {
        int k = i ? __builtin_ctz((unsigned)i) : 0;
        if (k < 12)
            rows[k] = noise();
        float sum = 0;
        for (int r = 0; r < 12; r++)
            sum += rows[r];
        sound[i] = 0.06f * sum;
    }
}

static void hum(void)
{
    for (int k = 1; k < 12; k++)
        add_tone(0, N, 50.0 * k, 0.3 / k, 0);
}

static void chords(void)
{
    static const double roots[] = {261.6, 220.0, 174.6, 196.0}, mult[] = {1, 1.26, 1.498, 2};
    for (int c = 0; c < SECONDS; c++)
        for (int m = 0; m < 4; m++)
            for (int h = 1; h < 7; h++)
                add_tone((size_t)c * RATE, RATE, roots[c % 4] * mult[m] * h, 0.06 / h, 2);
}

static void clicks(void)
{
    faint_noise();
    for (int c = 0; c < 30; c++) {
        size_t at = (size_t)((double)(noise() + 1) / 2 * (N - 200));
        for (int i = 0; i < 100; i++)
            sound[at + (size_t)i] += 0.8f * noise() * expf(-(float)i / 20);
    }
}

static void breathing(void)
{
    float low = 0, high = 0;
    for (int i = 0; i < N; i++) {
        double swell = fmax(0, sin(2 * M_PI * 0.3 * i / RATE));
        low += 0.5f * (noise() - low); /* roughly 300 to 2500 Hz */
        high += 0.1f * (low - high);
        sound[i] = 0.3f * (low - high) * (float)(swell * swell);
    }
}

/* Bursts of 0.2 s whose pitch jumps up and falls, rough, with two resonances. */
static void barking(void)
{
    faint_noise();
    for (size_t at = RATE / 2; at + RATE < N; at += RATE * 9 / 10) {
        double phase = 0, y1[3] = {0}, y2[3] = {0};
        for (size_t i = 0; i < RATE / 5; i++) {
            double u = (double)i / (RATE / 5.0), x = 0.8 * (double)noise();
            phase += 2 * M_PI * (500 + 500 * sin(M_PI * u)) / RATE;
            for (int k = 1; k < 8; k++)
                x += sin(k * phase) / k;
            y1[0] = 0.05 * x + 1.83 * y1[1] - 0.96 * y1[2]; /* 900 Hz */
            y2[0] = y1[0] + 1.46 * y2[1] - 0.94 * y2[2];    /* 1800 Hz */
            memmove(y1 + 1, y1, 2 * sizeof *y1);
            memmove(y2 + 1, y2, 2 * sizeof *y2);
            sound[at + i] += (float)fmax(-0.9, fmin(0.9, 0.1 * y2[0] * sqrt(sin(M_PI * u))));
        }
    }
}

static void typing(void)
{
    faint_noise();
    for (size_t at = 1000; at + 400 < N; at += (size_t)(2200 + 900 * (double)noise()))
        for (int i = 0; i < 300; i++)
            sound[at + (size_t)i] += 0.3f * noise() * expf(-(float)i / 40);
}

static void siren(void)
{
    double phase = 0;
    for (int i = 0; i < N; i++) {
        phase += 2 * M_PI * (700 + 300 * sin(M_PI * i / RATE)) / RATE;
        sound[i] = 0.3f * (float)sin(phase);
    }
}

static void what_is_not_speech_gives_no_span(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(void);
    } sounds[] = {
        {"silence", silence},
        {"faint noise", faint_noise},
        {"white noise", white_noise},
        {"pink noise", pink_noise},
        {"hum", hum},
        {"chords", chords},
        {"clicks", clicks},
        {"breathing", breathing},
        {"barking", barking},
        {"typing", typing},
        {"siren", siren},
    };
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
        memset(sound, 0, sizeof sound);
        seed = 1;
        sounds[i].make();
        double s = seconds_of_speech(sound, N);
        if (s > 0)
            fail_msg("%s: %.2f s of speech", sounds[i].name, s);
    }
}

static void speech_is_found_loud_and_soft(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    static const double gains_db[] = {0, -20, -30, -35, -40};
    for (int k = 0; k < 5; k++) {
        float *x = malloc(jfk.n * sizeof *x);
        for (size_t i = 0; i < jfk.n; i++)
            x[i] = jfk.samples[i] * (float)pow(10, gains_db[k] / 20);
        double s = seconds_of_speech(x, jfk.n);
        assert_true(s > 6.5 && s < 9.5);
        free(x);
    }
    rh_audio_done(&jfk);
}

static void pauses_of_a_speech_are_found(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    rh_speech_span *spans = NULL;
    size_t n = 0;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    assert_int_equal(rh_vad_spans(model, jfk.samples, jfk.n, &spans, &n, &err), RH_OK);
    assert_true(n >= 3 && n <= 6);
    double first = (double)spans[0].start / RATE, gap = (double)spans[0].end / RATE;
    assert_true(first > 0.2 && first < 0.45); /* "And so" */
    assert_true(gap > 2.0 && gap < 2.6);      /* "Americans," */
    rh_free(spans);
    rh_audio_done(&jfk);
}

/* A stream that begins in mid-sentence: its first words are not made so loud that they are no speech. */
static void speech_that_begins_at_once_is_heard(void **state)
{
    (void)state;
    enum { AT = 52800, CHUNKS = 40 };
    rh_audio a;
    rh_error err;
    rh_vad *v = NULL;
    assert_int_equal(rh_audio_read_file(&a, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    assert_int_equal(rh_vad_new(&v, model, &err), RH_OK);
    for (int again = 0; again < 2; again++) {
        int n_heard = 0;
        for (size_t i = 0; i < CHUNKS; i++) {
            n_heard += rh_vad_push(v, a.samples + AT + i * RH_VAD_CHUNK) > 0.5f;
        }
        assert_true(n_heard >= 8);
        rh_vad_reset(v);
    }
    rh_vad_free(v);
    rh_audio_done(&a);
}

static void a_word_too_short_is_no_speech(void **state)
{
    (void)state;
    rh_audio jfk;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    memset(sound, 0, sizeof sound);
    memcpy(sound + RATE, jfk.samples + RATE, 80 * RATE / 1000 * sizeof *sound); /* 80 ms of a vowel */
    assert_true(seconds_of_speech(sound, N) == 0);
    rh_audio_done(&jfk);
}

/* A session that goes on elsewhere is heard from 30 s before on. */
static void what_was_long_ago_hardly_counts(void **state)
{
    enum { AGO = 30 * RATE / RH_VAD_CHUNK, MORE = 3 };
    static const float gain[] = {1, 0.05f, 0.3f, 0.02f};
    rh_audio jfk;
    rh_error err;
    rh_vad *always = NULL, *later = NULL;
    int n = 0;
    (void)state;
    assert_int_equal(rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err), RH_OK);
    assert_int_equal(rh_vad_new(&always, model, &err), RH_OK);
    assert_int_equal(rh_vad_new(&later, model, &err), RH_OK);
    for (int part = 0; part < 4; part++)
        for (size_t at = 0; at + RH_VAD_CHUNK <= jfk.n; at += RH_VAD_CHUNK, n++) {
            float chunk[RH_VAD_CHUNK];
            for (int i = 0; i < RH_VAD_CHUNK; i++)
                chunk[i] = gain[part] * jfk.samples[at + (size_t)i];
            float p = rh_vad_push(always, chunk);
            if (n < MORE * RATE / RH_VAD_CHUNK)
                continue;
            float q = rh_vad_push(later, chunk);
            if (n >= MORE * RATE / RH_VAD_CHUNK + AGO) {
                assert_float_equal(p, q, 0.05f);
                assert_float_equal(rh_vad_loudness(always), rh_vad_loudness(later),
                                   0.1f * rh_vad_loudness(always) + 1e-9f);
            }
        }
    assert_true(n > MORE * RATE / RH_VAD_CHUNK + AGO + 5 * RATE / RH_VAD_CHUNK);
    rh_vad_free(always);
    rh_vad_free(later);
    rh_audio_done(&jfk);
}

static void memory_can_fail_anywhere(void **state)
{
    (void)state;
    memset(sound, 0, sizeof sound);
    for (long k = 1; k < 50; k++) {
        rh_speech_span *spans = NULL;
        size_t n = 0;
        rh_error err;
        rh_alloc_fail_at(k);
        rh_status st = rh_vad_spans(model, sound, RATE, &spans, &n, &err);
        rh_alloc_fail_at(0);
        rh_free(spans);
        if (st == RH_OK) {
            assert_true(k > 1);
            return;
        }
        assert_int_equal(st, RH_ERR_NOMEM);
    }
    fail();
}

static void other_models_are_refused(void **state)
{
    (void)state;
    rh_vad_model *m = NULL;
    rh_error err;
    assert_int_equal(rh_vad_model_load(&m, model_file("face_landmark.tflite"), &err), RH_ERR_FORMAT);
    assert_true(rh_vad_model_load(&m, "tests/fixtures/no such model.onnx", &err) < 0);
    assert_null(m);
}

static int load(void **state)
{
    (void)state;
    rh_error err;
    return rh_vad_model_load(&model, model_file("silero_vad_openvino_16k.onnx"), &err) == RH_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rh_vad_model_free(model);
    return 0;
}

int main(void)
{
    (void)model_file("silero_vad_openvino_16k.onnx");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_speech_gives_no_span), cmocka_unit_test(speech_is_found_loud_and_soft),
        cmocka_unit_test(pauses_of_a_speech_are_found),     cmocka_unit_test(speech_that_begins_at_once_is_heard),
        cmocka_unit_test(a_word_too_short_is_no_speech),    cmocka_unit_test(memory_can_fail_anywhere),
        cmocka_unit_test(what_was_long_ago_hardly_counts),  cmocka_unit_test(other_models_are_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
