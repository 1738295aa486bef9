/* What counts where the encoder's output is pooled: of silences no more than their ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "asr/phone_head.h"

enum { MAX = 200, SOUND = 5 };

/* A position that sounds like `sound`: along its own weights. */
static void sound_like(int sound, float *state)
{
    for (size_t j = 0; j < PHONE_HEAD_STATE; j++)
        state[j] = (float)phone_head_weights[sound][j] / 20.0f;
}

/* '.' is silence, '#' a sound; '+' counts, '-' does not. */
static void expect_counted(const char *heard, const char *counted)
{
    static float states[MAX][PHONE_HEAD_STATE];
    float presence[MAX];
    size_t n = strlen(heard);
    for (size_t i = 0; i < n; i++)
        sound_like(heard[i] == '.' ? 0 : SOUND, states[i]);
    phone_head_presence(*states, n, presence);
    for (size_t i = 0; i < n; i++)
        if (counted[i] == '+' ? !(presence[i] > 0.9f && presence[i] <= 1.0f)
                              : !(presence[i] < 0.1f && presence[i] >= 0.0f))
            fail_msg("position %zu of %s has %g", i, heard, (double)presence[i]);
}

static void the_inside_of_silences_is_left_out(void **state)
{
    (void)state;
    expect_counted("###", "+++");
    expect_counted("##..............##", "++++++++++++++++++"); /* 14: shorter than both ends */
    expect_counted("##....................##", "++++++++++----++++++++++");
    expect_counted("............##............", "----++++++++++++++++++----");
    expect_counted("....##.", "+++++++");
    expect_counted("....", "----");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_inside_of_silences_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
