/* Our mel filter banks against openai-whisper's tables (tests/golden/mel). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "rehearse/models/mel_filters.h"

/* Every listed value must be there, and everything else be 0. */
static void check(int n_mels)
{
    float *f = calloc((size_t)n_mels * RH_MEL_BINS, sizeof *f);
    assert_non_null(f);
    rh_mel_filters(n_mels, f);
    FILE *in = fopen("tests/golden/mel/filters.txt", "r");
    assert_non_null(in);
    int n, m, b, listed = 0, nonzero = 0;
    double value;
    while (fscanf(in, "%d %d %d %lf", &n, &m, &b, &value) == 4) {
        if (n != n_mels)
            continue;
        double ours = (double)f[m * RH_MEL_BINS + b];
        if (fabs(ours - value) > 1e-6 * value)
            fail_msg("mel %d of %d, bin %d: %.9g, but should be %.9g", m, n, b, ours, value);
        listed++;
    }
    fclose(in);
    for (int i = 0; i < n_mels * RH_MEL_BINS; i++)
        nonzero += f[i] != 0.0f;
    free(f);
    assert_true(listed > 300);
    assert_int_equal(listed, nonzero);
}

static void filters_of_80_mels_are_the_reference(void **state)
{
    (void)state;
    check(80);
}

static void filters_of_128_mels_are_the_reference(void **state)
{
    (void)state;
    check(128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_of_80_mels_are_the_reference),
        cmocka_unit_test(filters_of_128_mels_are_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
