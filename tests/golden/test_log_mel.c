/* Log-mel against openai-whisper's, column by column (tests/golden/log_mel). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "asr/log_mel.h"
#include "rehearse/models/mel_filters.h"
#include "rehearse/media/audio.h"

enum { MAX_MELS = 128 };

static rh_log_mel *make(int n_mels)
{
    static float filters[MAX_MELS * RH_MEL_N_BINS];
    rh_log_mel *lm = NULL;
    rh_mel_filters(n_mels, filters);
    assert_int_equal(rh_log_mel_new(&lm, filters, n_mels, NULL), RH_OK);
    return lm;
}

static double compare_column(FILE *in, const rh_log_mel *lm, const rh_audio *a, size_t hop, float max)
{
    double worst = 0.0, want;
    float ours[MAX_MELS];
    (void)rh_log_mel_raw(lm, a->samples, a->n, hop, 1, ours, 1);
    rh_log_mel_normalise(lm, ours, 1, 1, max);
    for (int m = 0; m < rh_log_mel_n_mels(lm); m++) {
        assert_int_equal(fscanf(in, "%lf", &want), 1);
        worst = fmax(worst, fabs(want - (double)ours[m]));
    }
    return worst;
}

static void check(int n_mels)
{
    rh_audio a = {0};
    int n, columns = 0;
    size_t hop;
    assert_int_equal(rh_audio_read_file(&a, "tests/fixtures/237-134500-0025.flac", 60, NULL), RH_OK);
    rh_log_mel *lm = make(n_mels);
    float max = rh_log_mel_max(lm, a.samples, a.n);
    FILE *in = fopen("tests/golden/log_mel/log_mel.txt", "r");
    assert_non_null(in);
    while (fscanf(in, "%d %zu", &n, &hop) == 2) {
        if (n != n_mels) {
            assert_int_equal(fscanf(in, "%*[^\n]"), 0);
            continue;
        }
        double worst = compare_column(in, lm, &a, hop, max);
        if (worst > 1e-4)
            fail_msg("hop %zu of %d mels differs by %g", hop, n_mels, worst);
        columns++;
    }
    assert_true(columns >= 15);
    fclose(in);
    rh_log_mel_free(lm);
    rh_audio_done(&a);
}

static void columns_of_80_mels_are_the_reference(void **state)
{
    (void)state;
    check(80);
}

static void columns_of_128_mels_are_the_reference(void **state)
{
    (void)state;
    check(128);
}

static void pieces_equal_the_whole(void **state)
{
    (void)state;
    enum { N = 16000, HOPS = 110 };
    float *x = malloc(N * sizeof *x), whole[80 * HOPS], piece[80];
    rh_log_mel *lm = make(80);
    assert_non_null(x);
    for (int i = 0; i < N; i++)
        x[i] = sinf((float)(i * i) * 1e-5f);
    float max = rh_log_mel_raw(lm, x, N, 0, HOPS, whole, HOPS);
    assert_float_equal(max, rh_log_mel_max(lm, x, N), 0);
    for (size_t t = 0; t < HOPS; t++) {
        (void)rh_log_mel_raw(lm, x, N, t, 1, piece, 1);
        for (size_t m = 0; m < 80; m++)
            assert_float_equal(piece[m], whole[m * HOPS + t], 0);
    }
    assert_float_equal(whole[HOPS - 1], -10.0f, 0);
    free(x);
    rh_log_mel_free(lm);
}

static void silence_and_the_shortest_sounds_are_safe(void **state)
{
    (void)state;
    rh_log_mel *lm = make(80);
    const float one = 1.0f, zeros[400] = {0};
    float out[80 * 4];
    assert_int_equal(rh_log_mel_n_hops(0), 0);
    assert_float_equal(rh_log_mel_max(lm, NULL, 0), -10.0f, 0);
    assert_float_equal(rh_log_mel_max(lm, zeros, 400), -10.0f, 0);
    assert_float_equal(rh_log_mel_normal(-10.0f, -10.0f), -1.5f, 1e-6);
    assert_true(isfinite(rh_log_mel_raw(lm, &one, 1, 0, 4, out, 4)));
    for (int i = 0; i < 80 * 4; i++)
        assert_true(isfinite(out[i]));
    rh_log_mel_free(lm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_80_mels_are_the_reference),
        cmocka_unit_test(columns_of_128_mels_are_the_reference),
        cmocka_unit_test(pieces_equal_the_whole),
        cmocka_unit_test(silence_and_the_shortest_sounds_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
