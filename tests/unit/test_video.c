/* Frames of video files: order, times, sizes; files that are none are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "rehearse/media/video.h"

static int count(const char *path, int side, int64_t step_us, int *width, double *last_s)
{
    rh_video *v = NULL;
    rh_error err = {0};
    rh_image img;
    int64_t t = -1, before = -1;
    int n = 0;
    if (rh_video_open(&v, path, side, &err) != RH_OK)
        fail_msg("%s", err.msg);
    while (rh_video_next(v, step_us, &img, &t, &err) == RH_OK) {
        assert_true(t > before);
        before = t;
        *width = img.width;
        n++;
    }
    *last_s = (double)t * 1e-6;
    assert_int_equal(rh_video_next(v, 0, &img, &t, &err), RH_END);
    assert_true(rh_video_duration_s(v) > 0.9);
    rh_video_close(v);
    return n;
}

static void frames_come_in_order_and_may_be_thinned(void **state)
{
    (void)state;
    int w = 0, w_small = 0;
    double last, last_thin;
    int all = count("tests/fixtures/jfk_3s_video.mp4", 4096, 0, &w, &last);
    int thin = count("tests/fixtures/jfk_3s_video.mp4", 32, 400000, &w_small, &last_thin);
    assert_int_equal(all, 15);
    assert_int_equal(thin, 8);
    assert_true(last > 2.5 && last < 3.2);
    assert_true(w == 64 && w_small == 32);
}

static void what_is_no_video_is_told_apart(void **state)
{
    (void)state;
    rh_video *v = NULL;
    rh_error err = {0};
    assert_int_equal(rh_video_open(&v, "tests/fixtures/nothing.mp4", 640, &err), RH_ERR_IO);
    assert_int_equal(rh_video_open(&v, "tests/fixtures/jfk_44k_stereo.mp3", 640, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_video_open(&v, "tests/fixtures/README.md", 640, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_video_open(&v, "tests/fixtures/jfk_3s_video.mp4", 0, &err), RH_ERR_INVAL);
    assert_null(v);
    rh_video_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_in_order_and_may_be_thinned),
        cmocka_unit_test(what_is_no_video_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
