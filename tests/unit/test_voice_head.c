/* The voice head's network by hand: which neighbours it sees, what it leaves out, what it makes of very short sounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "asr/voice_head.h"

enum { MOST = 64, LD = VOICE_SUMS + 3, CENTRE = VOICE_TAPS / 2, STEP = 100 };

/* Output 0 is sum 0 as it is; output 1 is sum 0 two steps (of two positions) earlier by the first convolution and four by
 * the second; output 2 is 7 always. */
static voice_head *plain(void)
{
    static voice_head h;
    memset(&h, 0, sizeof h);
    for (int i = 0; i < VOICE_SUMS; i++)
        h.scale1[i] = 1.0f / STEP;
    for (int i = 0; i < VOICE_OUT; i++)
        h.scale2[i] = 1.0f / STEP;
    h.conv1[CENTRE][0][0] = STEP;
    h.conv1[CENTRE - 2][0][1] = STEP;
    h.conv2[CENTRE][0][0] = STEP;
    h.conv2[CENTRE - 2][1][1] = STEP;
    h.bias2[2] = 7;
    return &h;
}

typedef struct {
    float sums[MOST][LD], presence[MOST], pooled[2 * VOICE_HEARD];
    size_t n;
} sound;

/* Sum 0 at each position; NAN behind it where nobody may look. */
static sound sounding(const float *values, size_t n)
{
    sound s = {.n = n};
    for (size_t i = 0; i < MOST; i++) {
        for (size_t j = VOICE_SUMS; j < LD; j++)
            s.sums[i][j] = NAN;
        s.sums[i][0] = i < n ? values[i] : NAN;
        s.presence[i] = 1;
    }
    return s;
}

static void pool(const voice_head *h, sound *s)
{
    assert_true(voice_head_pool(h, s->sums[0], LD, s->presence, s->n, s->pooled));
}

static void neighbours_are_averaged_and_negatives_cut_off(void **state)
{
    (void)state;
    sound s = sounding((const float[]){1, 3, -4, 2, 6, 6}, 6); /* 2, 0, 6 */
    pool(plain(), &s);
    assert_float_equal(s.pooled[0], 8.0 / 3, 1e-5);
    assert_float_equal(s.pooled[VOICE_OUT], 8.0 / 3, 1e-5); /* the sum itself */
    assert_float_equal(s.pooled[VOICE_OUT + 1], 0, 1e-5);
    assert_float_equal(s.pooled[VOICE_HEARD], sqrt((4 + 0 + 36) / 3.0 - 64.0 / 9 + 1e-3), 1e-4);
    assert_float_equal(s.pooled[2], 7, 1e-5);
    assert_float_equal(s.pooled[VOICE_HEARD + 2], sqrt(1e-3), 1e-5);
}

static void convolutions_reach_two_and_four_steps_back(void **state)
{
    (void)state;
    float values[2 * 8] = {0};
    for (int step = 0; step < 8; step++) {
        memset(values, 0, sizeof values);
        values[2 * step] = values[2 * step + 1] = 8;
        sound s = sounding(values, 16);
        pool(plain(), &s);
        assert_float_equal(s.pooled[0], 1, 1e-5);                /* once in eight */
        assert_float_equal(s.pooled[1], step < 2 ? 1 : 0, 1e-5); /* six steps later, where that is still inside */
    }
}

static void silences_do_not_count_but_are_heard(void **state)
{
    (void)state;
    sound s = sounding((const float[]){2, 2, 4, 4, 10, 10, 10, 10}, 8);
    for (size_t i = 4; i < 8; i++)
        s.presence[i] = 0;
    pool(plain(), &s);
    assert_float_equal(s.pooled[0], 3, 1e-5);
    for (size_t i = 0; i < 8; i++)
        s.presence[i] = 0; /* nothing but silence: then all of it */
    pool(plain(), &s);
    assert_float_equal(s.pooled[0], 6.5, 1e-5);
}

static void one_position_and_an_odd_last_one(void **state)
{
    (void)state;
    sound s = sounding((const float[]){5}, 1);
    pool(plain(), &s);
    assert_float_equal(s.pooled[0], 5, 1e-5);
    s = sounding((const float[]){1, 1, 4}, 3); /* the last counts half as much: (1 + 4 / 2) / 1.5 */
    pool(plain(), &s);
    assert_float_equal(s.pooled[0], 2, 1e-5);
}

static void weights_are_bytes_times_scale_and_gain(void **state)
{
    (void)state;
    voice_head *h = plain();
    h->layers[3][7][500] = -20;
    h->scale[7] = 0.5f;
    h->gain[3][500] = 0.25f;
    assert_float_equal(voice_head_weight(h, 3, 7, 500), -2.5, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_averaged_and_negatives_cut_off),
        cmocka_unit_test(convolutions_reach_two_and_four_steps_back),
        cmocka_unit_test(silences_do_not_count_but_are_heard),
        cmocka_unit_test(one_position_and_an_odd_last_one),
        cmocka_unit_test(weights_are_bytes_times_scale_and_gain),
    };
    return cmocka_run_group_tests_name("voice_head", tests, NULL, NULL);
}
