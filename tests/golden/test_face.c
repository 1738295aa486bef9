/* Faces against MediaPipe's own points (tests/golden/face/make.py, mediapipe
 * 0.10.21) on one real picture: each stage, then the tracker. Skipped without
 * the models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/config/config.h"
#include "vision/face_nets_internal.h"

static rh_face_model *model;
static uint8_t *bytes;
static size_t n_bytes;
static float expected[2][RH_MESH_POINTS][3]; /* static, video */

static void read_expected(void)
{
    FILE *f = fopen("tests/golden/face/astronaut.txt", "r");
    assert_non_null(f);
    char mode[16];
    int i;
    float x, y, z;
    while (fscanf(f, "%15s %d %f %f %f", mode, &i, &x, &y, &z) == 5) {
        float *p = expected[strcmp(mode, "video") == 0][i];
        p[0] = x, p[1] = y, p[2] = z;
    }
    fclose(f);
}

/* Mean distance over the distance between the eyes. */
static double distance(const float a[][3], const float b[][3])
{
    double sum = 0, eyes = hypot((double)(b[33][0] - b[263][0]), (double)(b[33][1] - b[263][1]));
    for (int i = 0; i < RH_MESH_POINTS; i++)
        sum += sqrt(pow((double)(a[i][0] - b[i][0]), 2) + pow((double)(a[i][1] - b[i][1]), 2) +
                    pow((double)(a[i][2] - b[i][2]), 2));
    return sum / RH_MESH_POINTS / eyes;
}

static void first_look_equals_mediapipe_static_mode(void **state)
{
    (void)state;
    rh_error err = {0};
    rh_face_workspace *e = NULL;
    rh_image_part part = {0};
    rh_face_box boxes[RH_MAX_FACES];
    float points[RH_MESH_POINTS][3], presence = 0;
    int n = 0;
    assert_int_equal(rh_face_workspace_take(&e, model, &err), RH_OK);
    assert_int_equal(rh_image_decode_part(&part, bytes, n_bytes, NULL, 0, 0, 1.0f, &err), RH_OK);
    assert_int_equal(rh_detect_faces(e, RH_DETECT_NEAR, &part, 0.5f, boxes, &n, &err), RH_OK);
    assert_int_equal(n, 1);
    rh_roi roi = rh_roi_of_box(&boxes[0]);
    rh_find_mesh(e, &part, &roi, points, &presence);
    assert_true(presence > 0.9f);
    double d = distance((const float(*)[3])points, (const float(*)[3])expected[0]);
    print_message("static: %.4f of the distance between the eyes\n", d);
    assert_true(d < 0.004);
    rh_image_done(&part.img);
    rh_face_workspace_give(model, e);
}

static void tracker_equals_mediapipe_video_mode(void **state)
{
    (void)state;
    rh_error err = {0};
    rh_face_tracker *t = NULL;
    rh_face face;
    assert_int_equal(rh_face_tracker_new(&t, model, NULL, &err), RH_OK);
    assert_int_equal(rh_face_tracker_push_bytes(t, bytes, n_bytes, 1, &face, &err), RH_OK);
    assert_true(face.present);
    double d = distance((const float(*)[3])face.points, (const float(*)[3])expected[1]);
    print_message("video: %.4f of the distance between the eyes\n", d);
    assert_true(d < 0.01);
    rh_face_tracker_free(t);
}

static void far_network_finds_the_same_face(void **state)
{
    (void)state;
    rh_face_workspace *e = NULL;
    rh_image_part part = {0};
    rh_face_box near[RH_MAX_FACES], far[RH_MAX_FACES];
    int n = 0, m = 0;
    assert_int_equal(rh_face_workspace_take(&e, model, NULL), RH_OK);
    assert_int_equal(rh_image_decode_part(&part, bytes, n_bytes, NULL, 0, 0, 1.0f, NULL), RH_OK);
    assert_int_equal(rh_detect_faces(e, RH_DETECT_NEAR, &part, 0.5f, near, &n, NULL), RH_OK);
    assert_int_equal(rh_detect_faces(e, RH_DETECT_FAR, &part, 0.6f, far, &m, NULL), RH_OK);
    assert_int_equal(m, 1);
    assert_true(fabsf(near[0].x - far[0].x) < 0.25f * near[0].width);
    assert_true(fabsf(near[0].width - far[0].width) < 0.3f * near[0].width);
    rh_image_done(&part.img);
    rh_face_workspace_give(model, e);
}

static void bytes_and_pixels_agree(void **state)
{
    (void)state;
    rh_image img = {0};
    rh_face a, b;
    assert_int_equal(rh_image_decode(&img, bytes, n_bytes, NULL), RH_OK);
    for (int k = 0; k < 2; k++) {
        rh_face_tracker *t = NULL;
        assert_int_equal(rh_face_tracker_new(&t, model, NULL, NULL), RH_OK);
        for (int64_t i = 1; i < 6; i++) {
            rh_status st = k ? rh_face_tracker_push_bytes(t, bytes, n_bytes, i * 40000, &b, NULL)
                             : rh_face_tracker_push(t, &img, i * 40000, &a);
            assert_int_equal(st, RH_OK);
        }
        rh_face_tracker_free(t);
    }
    assert_true(distance((const float(*)[3])a.points, (const float(*)[3])b.points) < 0.01);
    assert_true(fabsf(a.yaw_deg - b.yaw_deg) < 1.0f && fabsf(a.pitch_deg - b.pitch_deg) < 1.0f);
    rh_image_done(&img);
}

static void bad_pictures_and_times_are_refused(void **state)
{
    (void)state;
    rh_error err = {0};
    rh_face_tracker *t = NULL;
    rh_face face;
    rh_face_options o = rh_face_options_default();
    o.smooth_ms = -1;
    assert_int_equal(rh_face_tracker_new(&t, model, &o, &err), RH_ERR_INVAL);
    assert_int_equal(rh_face_tracker_new(&t, model, NULL, &err), RH_OK);
    assert_int_equal(rh_face_tracker_push_bytes(t, bytes, n_bytes / 2, 1, &face, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_face_tracker_push_bytes(t, "x", 1, 2, &face, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_face_tracker_push_bytes(t, bytes, n_bytes, 3, &face, &err), RH_OK);
    assert_int_equal(rh_face_tracker_push_bytes(t, bytes, n_bytes, 3, &face, &err), RH_ERR_INVAL);
    uint8_t grey[64 * 64 * 3];
    memset(grey, 128, sizeof grey);
    rh_image img = {.data = grey, .width = 64, .height = 64, .stride = 192};
    assert_int_equal(rh_face_tracker_push(t, &img, 4, &face), RH_OK);
    assert_false(face.present);
    assert_int_equal(face.n_faces, 0);
    img.width = img.height = 1;
    assert_int_equal(rh_face_tracker_push(t, &img, 5, &face), RH_ERR_INVAL);
    rh_face_tracker_free(t);
}

static int load(void **state)
{
    (void)state;
    char dir[4096] = "";
    rh_error err = {0};
    const char *set = getenv("REHEARSE_MODELS_DIR");
    if (set)
        (void)snprintf(dir, sizeof dir, "%s", set);
    else if (rh_config_cache_dir(dir, sizeof dir - 8))
        strcat(dir, "/models");
    rh_status st = rh_face_model_load(&model, dir, NULL, &err);
    if (st == RH_ERR_IO) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        exit(77);
    }
    FILE *f = fopen("tests/fixtures/astronaut.jpg", "rb");
    bytes = malloc(1 << 20);
    n_bytes = f ? fread(bytes, 1, 1 << 20, f) : 0;
    if (f)
        fclose(f);
    read_expected();
    return st == RH_OK && n_bytes ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rh_face_model_free(model);
    free(bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_look_equals_mediapipe_static_mode),
        cmocka_unit_test(tracker_equals_mediapipe_video_mode),
        cmocka_unit_test(far_network_finds_the_same_face),
        cmocka_unit_test(bytes_and_pixels_agree),
        cmocka_unit_test(bad_pictures_and_times_are_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
