/* Parts of a video: pieces in order, limits, whose files they are, their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/session/videos.h"
#include "rehearse/media/remux.h"
#include "rehearse/media/video.h"
#include "rehearse/store/store.h"

static char dir[] = "/tmp/rehearse-videos-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(dir); /* which fails when something is left */
}

static rh_status add(const char *id, int part, uint64_t at, const char *bytes, uint64_t most, uint64_t *held,
                     rh_error *err)
{
    rh_video_piece p = {
        .part = part, .start_ms = 1500, .type = "video/webm;codecs=vp9", .at = at, .bytes = bytes, .n = strlen(bytes)};
    return rh_videos_add(dir, id, &p, most, held, err);
}

static void pieces_come_in_order_and_within_limits(void **state)
{
    (void)state;
    rh_error err;
    uint64_t held = 9;
    assert_int_equal(add("me", 1, 3, "x", 100, &held, &err), RH_ERR_INVAL);
    assert_int_equal(held, 0);
    assert_int_equal(add("me", 1, 0, "abc", 100, &held, &err), RH_OK);
    assert_int_equal(add("me", 1, 3, "def", 100, &held, &err), RH_OK);
    assert_int_equal(held, 6);
    assert_int_equal(add("me", 1, 3, "def", 100, &held, &err), RH_ERR_INVAL);
    assert_int_equal(held, 6);
    assert_int_equal(add("me-too", 1, 0, "other", 100, &held, &err), RH_OK);
    assert_int_equal(add("me", 2, 0, "0123456789", 15, &held, &err), RH_ERR_LIMIT);
    assert_int_equal(add("me", 2, 0, "0123456789", 16, &held, &err), RH_OK);
    json_t *list = rh_videos_list(dir, "me");
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "bytes")), 10);
    assert_true(json_number_value(json_object_get(json_array_get(list, 0), "start")) > 1.49);
    json_decref(list);
    rh_videos_finish(dir, "me"); /* no video: stays as it came */
    int fd = -1;
    const char *type = NULL;
    char text[8] = "";
    assert_int_equal(rh_videos_open(dir, "me", 1, &fd, &type, &err), RH_OK);
    assert_int_equal(read(fd, text, sizeof text - 1), 6);
    assert_string_equal(text, "abcdef");
    assert_string_equal(type, "video/webm");
    close(fd);
    rh_videos_remove(dir, "me");
    assert_null(rh_videos_list(dir, "me"));
    assert_int_equal(rh_videos_open(dir, "me", 1, &fd, &type, &err), RH_ERR_NOTFOUND);
    list = rh_videos_list(dir, "me-too");
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    rh_videos_remove(dir, "me-too");
}

static void names_tell_whose_they_are(void **state)
{
    (void)state;
    rh_video_name n;
    assert_true(rh_video_name_read(&n, "12-3500-2026-a.b.mp4"));
    assert_int_equal(n.part, 12);
    assert_int_equal(n.start_ms, 3500);
    assert_string_equal(n.id, "2026-a.b");
    assert_string_equal(n.ending, "mp4");
    static const char *const others[] = {"a.webm",      "1-2-.webm",   "1-a.webm", "0-1-a.webm", "1-2-a.wav",
                                         "-1-2-a.webm", "1--2-a.webm", "1-2-a",    ".webm",      "1-2-a b.webm"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (rh_video_name_read(&n, others[i]))
            fail_msg("%s is part %d of %s", others[i], n.part, n.id);
}

static void a_recording_gets_a_length(void **state)
{
    (void)state;
    char to[64];
    const char *type = NULL;
    rh_error err = {0};
    (void)snprintf(to, sizeof to, "%s/copy", dir);
    assert_int_equal(rh_remux("tests/fixtures/no such file", to, &type, &err), RH_ERR_NOTFOUND);
    assert_int_equal(rh_remux("tests/fixtures/astronaut.jpg", to, &type, &err), RH_ERR_FORMAT);
    assert_int_equal(access(to, F_OK), -1);
    if (rh_remux("tests/fixtures/recorded.webm", to, &type, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(type, "video/webm");
    rh_video *v = NULL;
    assert_int_equal(rh_video_open(&v, to, 320, &err), RH_OK);
    rh_video_close(v);
    (void)unlink(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_in_order_and_within_limits),
        cmocka_unit_test(names_tell_whose_they_are),
        cmocka_unit_test(a_recording_gets_a_length),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
