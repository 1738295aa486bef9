/* Sound files and resampling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"

#define FIXTURES "tests/fixtures/"

static unsigned char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    unsigned char *b = malloc(*n + 1);
    assert_int_equal(fread(b, 1, *n, f), *n);
    fclose(f);
    return b;
}

static double level(const rh_audio *a)
{
    double sum = 0;
    for (size_t i = 0; i < a->n; i++)
        sum += (double)a->samples[i] * (double)a->samples[i];
    return sqrt(sum / (double)a->n);
}

static void common_formats_give_the_same_sound(void **state)
{
    (void)state;
    static const struct {
        const char *path, *codec;
        int rate_hz, channels;
        double seconds;
    } files[] = {
        {FIXTURES "jfk.flac", "flac", 16000, 1, 11.0},
        {FIXTURES "jfk_44k_stereo.mp3", "mp3", 44100, 2, 11.0},
        {FIXTURES "jfk_opus_48k.webm", "opus", 48000, 1, 11.0},
        {FIXTURES "jfk_3s_video.mp4", "aac", 16000, 1, 3.0},
    };
    rh_audio ref;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&ref, files[0].path, 60, &err), RH_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        rh_audio a, b;
        assert_int_equal(rh_audio_read_file(&a, files[i].path, 60, &err), RH_OK);
        assert_string_equal(a.codec, files[i].codec);
        assert_int_equal(a.rate_hz, 16000);
        assert_int_equal(a.source_rate_hz, files[i].rate_hz);
        assert_int_equal(a.source_channels, files[i].channels);
        assert_true(fabs((double)a.n / 16000 - files[i].seconds) < 0.1);
        if (files[i].seconds > 10)
            assert_true(fabs(20 * log10(level(&a) / level(&ref))) < 1.0);
        size_t n;
        unsigned char *bytes = slurp(files[i].path, &n);
        assert_int_equal(rh_audio_read_memory(&b, bytes, n, 60, &err), RH_OK);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.samples, b.samples, a.n * sizeof *a.samples);
        free(bytes);
        rh_audio_done(&a);
        rh_audio_done(&b);
    }
    rh_audio_done(&ref);
}

static void what_is_not_sound_is_refused_with_advice(void **state)
{
    (void)state;
    rh_audio a;
    rh_error err;
    assert_int_equal(rh_audio_read_memory(&a, "", 0, 60, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "empty"));
    assert_non_null(strstr(err.msg, "WAV"));
    static const char text[] = "This is a letter, not a recording.\nIt has two lines.\n";
    assert_int_equal(rh_audio_read_memory(&a, text, sizeof text - 1, 60, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "not a sound file"));
    assert_int_equal(rh_audio_read_file(&a, FIXTURES "silent_video.mp4", 60, &err), RH_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "no sound track"));
    assert_int_equal(rh_audio_read_file(&a, FIXTURES "no such file", 60, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_audio_read_file(&a, "tests", 60, &err), RH_ERR_IO);
    assert_int_equal(rh_audio_read_file(&a, "/dev/null", 60, &err), RH_ERR_FORMAT);
}

static void playlists_open_no_other_files(void **state)
{
    (void)state;
    rh_audio a;
    rh_error err;
    static const char hls[] = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
                              "file:" FIXTURES "jfk.flac\n#EXT-X-ENDLIST\n";
    static const char concat[] = "ffconcat version 1.0\nfile '" FIXTURES "jfk.flac'\n";
    assert_int_equal(rh_audio_read_memory(&a, hls, sizeof hls - 1, 60, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_audio_read_memory(&a, concat, sizeof concat - 1, 60, &err), RH_ERR_FORMAT);
}

static void too_long_is_a_limit(void **state)
{
    (void)state;
    rh_audio a;
    rh_error err;
    assert_int_equal(rh_audio_read_file(&a, FIXTURES "jfk.flac", 5, &err), RH_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "5 seconds"));
}

static void truncated_files_give_what_they_hold_or_an_error(void **state)
{
    (void)state;
    static const char *const files[] = {FIXTURES "jfk.flac", FIXTURES "jfk_44k_stereo.mp3",
                                        FIXTURES "jfk_opus_48k.webm", FIXTURES "jfk_3s_video.mp4"};
    for (size_t f = 0; f < 4; f++) {
        size_t n;
        unsigned char *bytes = slurp(files[f], &n);
        for (size_t cut = 1; cut < n; cut = cut * 3 + 1) {
            rh_audio a;
            rh_error err = {0};
            unsigned char *copy = malloc(cut); /* its own block, so that reading past it shows */
            memcpy(copy, bytes, cut);
            rh_status st = rh_audio_read_memory(&a, copy, cut, 60, &err);
            free(copy);
            if (st == RH_OK)
                rh_audio_done(&a);
            else
                assert_true(st == RH_ERR_FORMAT && err.msg[0]);
        }
        rh_audio a;
        rh_error err;
        if (f < 3) { /* streamable formats: half the file is about half the sound */
            assert_int_equal(rh_audio_read_memory(&a, bytes, n / 2, 60, &err), RH_OK);
            assert_true(a.n > 3 * 16000 && a.n < 8 * 16000);
            rh_audio_done(&a);
        }
        free(bytes);
    }
}

static void put(unsigned char **p, const void *bytes, size_t n)
{
    memcpy(*p, bytes, n);
    *p += n;
}

/* A float WAV file of n samples. */
static size_t float_wav(unsigned char *dst, const float *samples, uint32_t n, uint32_t rate_hz)
{
    unsigned char *p = dst;
    uint32_t bytes = n * 4, riff = 36 + bytes, sixteen = 16, per_s = rate_hz * 4;
    uint16_t fmt = 3, channels = 1, block = 4, bits = 32;
    put(&p, "RIFF", 4);
    put(&p, &riff, 4);
    put(&p, "WAVEfmt ", 8);
    put(&p, &sixteen, 4);
    put(&p, &fmt, 2);
    put(&p, &channels, 2);
    put(&p, &rate_hz, 4);
    put(&p, &per_s, 4);
    put(&p, &block, 2);
    put(&p, &bits, 2);
    put(&p, "data", 4);
    put(&p, &bytes, 4);
    put(&p, samples, bytes);
    return (size_t)(p - dst);
}

static void samples_that_are_no_numbers_become_silence(void **state)
{
    (void)state;
    enum { N = 8000 };
    static float s[N];
    static unsigned char wav[44 + sizeof s];
    for (int i = 0; i < N; i++)
        s[i] = i == 100 ? NAN : i == 200 ? INFINITY : i == 300 ? -INFINITY : i == 400 ? 1e30f : 0.25f;
    static const uint32_t rates[] = {8000, 16000, 44100};
    for (int k = 0; k < 3; k++) {
        size_t n = float_wav(wav, s, N, rates[k]);
        rh_audio a;
        rh_error err;
        assert_int_equal(rh_audio_read_memory(&a, wav, n, 60, &err), RH_OK);
        for (size_t i = 0; i < a.n; i++)
            assert_true(isfinite(a.samples[i]) && fabsf(a.samples[i]) <= 1.0f);
        rh_audio_done(&a);
    }
}

static void decoding_survives_failed_allocations(void **state)
{
    (void)state;
    for (long k = 1; k < 100; k++) {
        rh_audio a;
        rh_error err;
        rh_alloc_fail_at(k);
        rh_status st = rh_audio_read_file(&a, FIXTURES "jfk_44k_stereo.mp3", 60, &err);
        rh_alloc_fail_at(0);
        if (st == RH_OK) {
            rh_audio_done(&a);
            assert_true(k > 3);
            return;
        }
        assert_int_equal(st, RH_ERR_NOMEM);
    }
    fail();
}

/* Resamples a sine given in pieces; returns how many samples came out. */
static size_t resample_sine(int in_hz, int out_hz, size_t piece, float *out, size_t cap)
{
    enum { F0_HZ = 440 };
    rh_resampler *r = NULL;
    rh_error err;
    assert_int_equal(rh_resampler_new(&r, in_hz, out_hz, &err), RH_OK);
    size_t n_in = (size_t)in_hz, got = 0;
    float *in = malloc(n_in * sizeof *in);
    for (size_t i = 0; i < n_in; i++)
        in[i] = 0.5f * (float)sin(2 * M_PI * F0_HZ * (double)i / in_hz);
    for (size_t i = 0; i <= n_in; i += piece) {
        const float *o;
        size_t n_o, n = i + piece > n_in ? n_in - i : piece;
        if (n > 0) {
            assert_int_equal(rh_resampler_feed(r, in + i, n, &o, &n_o), RH_OK);
            assert_true(got + n_o <= cap);
            memcpy(out + got, o, n_o * sizeof *o);
            got += n_o;
        }
    }
    const float *o;
    size_t n_o;
    assert_int_equal(rh_resampler_feed(r, NULL, 0, &o, &n_o), RH_OK);
    assert_true(got + n_o <= cap);
    if (n_o)
        memcpy(out + got, o, n_o * sizeof *o);
    got += n_o;
    free(in);
    rh_resampler_free(r);
    return got;
}

static void resampling_keeps_pitch_level_and_length(void **state)
{
    (void)state;
    enum { CAP = 17000 };
    static float one[CAP], many[CAP];
    static const int rates[] = {8000, 11025, 16000, 22050, 44100, 48000, 96000};
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        size_t n = resample_sine(rates[k], 16000, 1 << 20, one, CAP);
        assert_true(labs((long)n - 16000) < 40);
        double worst = 0;
        for (size_t i = 500; i + 500 < n; i++) {
            double want = 0.5 * sin(2 * M_PI * 440 * (double)i / 16000);
            worst = fmax(worst, fabs((double)one[i] - want));
        }
        assert_true(worst < 0.005);
        size_t m = resample_sine(rates[k], 16000, 441, many, CAP);
        assert_int_equal(m, n);
        for (size_t i = 0; i < n; i++)
            assert_true(fabsf(one[i] - many[i]) < 1e-6f);
    }
}

static void absurd_rates_are_refused(void **state)
{
    (void)state;
    static const int rates[] = {-1, 0, 1, 7999, 96001, 2000000000};
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        rh_resampler *r = NULL;
        rh_error err;
        assert_int_equal(rh_resampler_new(&r, rates[k], 16000, &err), RH_ERR_INVAL);
        assert_non_null(strstr(err.msg, "8000"));
        assert_null(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_formats_give_the_same_sound),
        cmocka_unit_test(what_is_not_sound_is_refused_with_advice),
        cmocka_unit_test(playlists_open_no_other_files),
        cmocka_unit_test(too_long_is_a_limit),
        cmocka_unit_test(truncated_files_give_what_they_hold_or_an_error),
        cmocka_unit_test(samples_that_are_no_numbers_become_silence),
        cmocka_unit_test(decoding_survives_failed_allocations),
        cmocka_unit_test(resampling_keeps_pitch_level_and_length),
        cmocka_unit_test(absurd_rates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
