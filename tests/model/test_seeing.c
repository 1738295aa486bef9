/* What a webcam meets: small, turned, dim and several faces, pictures without any, a person off the
 * middle, a head turning fast, a still one under noise. Pictures are made from the portrait and the
 * clip among the fixtures. Skipped without the models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "portrait.h"
#include "rehearse/base/alloc.h"
#include "rehearse/vision/face_video.h"

enum { W = 640, H = 480, PORTRAIT_FACE = 94 }; /* px: width of the face in the portrait */

static rh_face_model *model;
static rh_image portrait;
static uint8_t px[W * H * 3];
static rh_image canvas = {.data = px, .width = W, .height = H, .stride = W * 3};
static uint32_t seed;

static int chance(int n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (uint32_t)n);
}

static void fill(int r, int g, int b)
{
    for (int i = 0; i < W * H; i++) {
        px[3 * i] = (uint8_t)r;
        px[3 * i + 1] = (uint8_t)g;
        px[3 * i + 2] = (uint8_t)b;
    }
}

static void noise(int amount)
{
    for (int i = 0; i < W * H * 3; i++) {
        int v = px[i] + (chance(amount) + chance(amount) + chance(amount)) * 2 / 3 - amount;
        px[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/* The portrait with its face `face` px wide, its middle at (cx, cy), turned by `deg`; each pixel is the
 * mean of what it covers, so that small ones are not jagged. */
static void paste(float cx, float cy, float face, float deg)
{
    float step = PORTRAIT_FACE / face, a = deg / 57.29578f;
    int n = (int)ceilf(step);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int sum[3] = {0}, count = 0;
            for (int k = 0; k < n * n; k++) {
                float dx = ((float)x + (float)(k % n) / (float)n - cx) * step;
                float dy = ((float)y + (float)(k / n) / (float)n - cy) * step;
                int sx = 223 + (int)(cosf(a) * dx + sinf(a) * dy), sy = 127 + (int)(cosf(a) * dy - sinf(a) * dx);
                if (sx < 0 || sy < 0 || sx >= portrait.width || sy >= portrait.height)
                    break;
                for (int c = 0; c < 3; c++)
                    sum[c] += portrait.data[(size_t)sy * portrait.stride + (size_t)sx * 3 + (size_t)c];
                count++;
            }
            for (int c = 0; c < 3 && count == n * n; c++)
                px[(y * W + x) * 3 + c] = (uint8_t)(sum[c] / count);
        }
}

static rh_face look(void)
{
    return look_at(model, &canvas);
}

static void assert_face_at(const rh_face *f, float x, float y, float size)
{
    assert_true(f->present);
    float off = hypotf((f->points[4][0] - x), (f->points[4][1] - y)); /* tip of the nose */
    if (off > 0.5f * size)
        fail_msg("a face at %g,%g instead of %g,%g", (double)f->points[4][0], (double)f->points[4][1], (double)x,
                 (double)y);
}

static void faces_of_40_px_are_found_anywhere(void **state)
{
    (void)state;
    static const float at[6][2] = {{60, 70}, {320, 240}, {560, 400}, {90, 380}, {500, 80}, {250, 330}};
    for (int i = 0; i < 6; i++) {
        fill(60 + 25 * i, 90, 160 - 20 * i);
        paste(at[i][0], at[i][1], 40, 0);
        noise(6);
        rh_face f = look();
        assert_face_at(&f, at[i][0], at[i][1], 40);
    }
}

static void rolled_heads_are_found_and_their_roll_read(void **state)
{
    (void)state;
    fill(120, 110, 100);
    paste(320, 240, 140, 0);
    float upright = look().roll_deg;
    for (int deg = -45; deg <= 45; deg += 15) {
        fill(120, 110, 100);
        paste(320, 240, 140, (float)deg);
        rh_face f = look();
        assert_face_at(&f, 320, 240, 140);
        assert_true(fabsf(f.roll_deg - upright - (float)deg) < 5);
    }
}

static float apart(float a, float b)
{
    return fabsf(remainderf(a - b, 360));
}

/* Upright, lying on either side and standing on its head: never read as another. */
static void lying_faces_are_read_with_their_roll(void **state)
{
    (void)state;
    static const float faces[] = {140, 90, 200};
    for (int k = 0; k < 3; k++) {
        float upright = 0;
        for (int deg = 0; deg < 360; deg += 30) {
            fill(120, 110, 100);
            paste(320, 240, faces[k], (float)deg);
            noise(4);
            rh_face f = look();
            assert_face_at(&f, 320, 240, faces[k]);
            if (deg == 0)
                upright = f.roll_deg;
            if (!(apart(f.roll_deg - upright, (float)deg) < 8))
                fail_msg("turned by %d, read as %.1f", deg, (double)(f.roll_deg - upright));
        }
    }
}

static void dim_pictures_show_the_face_and_say_so(void **state)
{
    (void)state;
    fill(120, 110, 100);
    paste(320, 240, 140, 0);
    float bright = look().brightness;
    for (int i = 0; i < W * H * 3; i++)
        px[i] = (uint8_t)(px[i] * 8 / 100);
    noise(2);
    rh_face f = look();
    assert_face_at(&f, 320, 240, 140);
    assert_true(f.brightness < 0.12f && bright > 0.3f);
}

static void of_several_faces_the_large_middle_one_is_the_person(void **state)
{
    (void)state;
    fill(100, 100, 100);
    paste(560, 120, 70, 0);
    uint8_t *first = malloc(sizeof px);
    memcpy(first, px, sizeof px);
    fill(100, 100, 100);
    paste(250, 260, 150, 0);
    for (int y = 0; y < 240; y++) /* the small one back, beside the large */
        memcpy(px + (y * W + 480) * 3, first + (y * W + 480) * 3, (W - 480) * 3);
    rh_face f = look();
    assert_face_at(&f, 250, 260, 150);
    assert_int_equal(f.n_faces, 2);
    free(first);
}

static void blots(void)
{
    fill(chance(256), chance(256), chance(256));
    for (int k = 0; k < 30; k++) {
        int x0 = chance(W), y0 = chance(H), r = 10 + chance(90), round = chance(2);
        uint8_t colour[3] = {(uint8_t)chance(256), (uint8_t)chance(256), (uint8_t)chance(256)};
        for (int y = y0 - r; y < y0 + r; y++)
            for (int x = x0 - r; x < x0 + r; x++)
                if (x >= 0 && y >= 0 && x < W && y < H && (!round || (x - x0) * (x - x0) + (y - y0) * (y - y0) < r * r))
                    memcpy(px + (y * W + x) * 3, colour, 3);
    }
}

static void waves(void)
{
    float a = (float)chance(100) / 400, b = (float)chance(100) / 400, c = (float)chance(100) / 300;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int k = 0; k < 3; k++)
                px[(y * W + x) * 3 + k] =
                    (uint8_t)(128 + 60 * sinf((float)x * a + (float)k) + 60 * sinf((float)y * b + c * (float)x));
}

/* Lines of letters, dark on light, of a small font of 5x7. */
static void text(void)
{
    static const uint8_t font[8][7] = {{14, 17, 17, 31, 17, 17, 17}, {30, 17, 17, 30, 17, 17, 30},
                                       {14, 17, 16, 16, 16, 17, 14}, {31, 16, 16, 30, 16, 16, 31},
                                       {17, 17, 17, 31, 17, 17, 17}, {14, 17, 17, 17, 17, 17, 14},
                                       {31, 4, 4, 4, 4, 4, 4},       {17, 17, 17, 17, 17, 17, 14}};
    int size = 1 + chance(6);
    fill(200 + chance(56), 200 + chance(56), 200 + chance(56));
    for (int row = 0; row < H / (10 * size); row++)
        for (int col = 0; col < W / (6 * size); col++) {
            const uint8_t *glyph = font[chance(8)];
            for (int i = 0; i < 35 * size * size && chance(40) < 39; i++) {
                int u = i % (5 * size), v = i / (5 * size);
                int x = col * 6 * size + u, y = row * 10 * size + v;
                if (glyph[v / size] >> (4 - u / size) & 1)
                    memset(px + (y * W + x) * 3, 30, 3);
            }
        }
}

static void gradient(void)
{
    int a = chance(256), b = chance(256), c = chance(256), turn = chance(2);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int t = turn ? x * 256 / W : y * 256 / H;
            uint8_t *p = px + (y * W + x) * 3;
            p[0] = (uint8_t)((a * t + b * (256 - t)) >> 8);
            p[1] = (uint8_t)((b * t + c * (256 - t)) >> 8);
            p[2] = (uint8_t)((c * t + a * (256 - t)) >> 8);
        }
}

static void two_hundred_pictures_without_a_face_give_one_alarm_at_most(void **state)
{
    (void)state;
    int alarms = 0;
    seed = 7;
    for (int i = 0; i < 200; i++) {
        switch (i % 5) {
        case 0: fill(128, 128, 128), noise(100); break;
        case 1: gradient(); break;
        case 2: waves(); break;
        case 3: blots(); break;
        default: text();
        }
        alarms += look().present;
    }
    print_message("%d of 200\n", alarms);
    assert_true(alarms <= 1);
}

/* Angles are those to the camera, not to its axis: who looks into the lens does so from anywhere. */
static void off_the_middle_eye_contact_stays(void **state)
{
    (void)state;
    static const float at[5][2] = {{320, 240}, {110, 240}, {530, 240}, {320, 120}, {320, 370}};
    rh_face_tracker *t = NULL;
    rh_face middle = {0}, f;
    int64_t now = 0;
    assert_int_equal(rh_face_tracker_new(&t, model, NULL, NULL), RH_OK);
    rh_face_tracker_calibrate(t);
    for (int i = 0; i < 5; i++) {
        fill(120, 110, 100);
        paste(at[i][0], at[i][1], 110, 0);
        for (int k = 0; k < 10; k++)
            assert_int_equal(rh_face_tracker_push(t, &canvas, now += 100000, &f), RH_OK);
        assert_face_at(&f, at[i][0], at[i][1], 110);
        assert_true(f.looking);
        if (i == 0)
            middle = f;
        assert_true(fabsf(f.yaw_deg - middle.yaw_deg) < 1.5f && fabsf(f.pitch_deg - middle.pitch_deg) < 1.5f);
    }
    rh_face_tracker_free(t);
}

/* One picture, and the same one for four seconds, in which a neutral is learned. */
static void a_picture_and_a_stream_of_it_agree(void **state)
{
    (void)state;
    static const float turned[3] = {0, 20, -25};
    for (int i = 0; i < 3; i++) {
        rh_face_tracker *t = NULL;
        rh_face f = {0};
        fill(120, 110, 100);
        paste(320, 240, 140, turned[i]);
        rh_face alone = look();
        assert_true(alone.gaze_known && alone.pitch_known && alone.contact_probability > 0);
        assert_int_equal(rh_face_tracker_new(&t, model, NULL, NULL), RH_OK);
        for (int k = 0; k < 40; k++) {
            assert_int_equal(rh_face_tracker_push(t, &canvas, (k + 1) * 100000, &f), RH_OK);
            assert_int_equal(f.looking, alone.looking);
            if (!f.calibrated)
                assert_true(fabsf(f.contact_probability - alone.contact_probability) < 0.15f);
        }
        rh_face_tracker_free(t);
    }
}

static void still_pictures_under_noise_keep_the_pose(void **state)
{
    (void)state;
    enum { N = 50 };
    double sum[3] = {0}, squares[3] = {0};
    rh_face_tracker *t = NULL;
    assert_int_equal(rh_face_tracker_new(&t, model, NULL, NULL), RH_OK);
    for (int i = 0; i < N + 10; i++) {
        rh_face f;
        uint8_t *jpeg = NULL;
        size_t n = 0;
        fill(120, 110, 100);
        paste(320, 240, 140, 0);
        noise(5);
        assert_int_equal(rh_image_encode_jpeg(&canvas, 80, &jpeg, &n, NULL), RH_OK);
        assert_int_equal(rh_face_tracker_push_bytes(t, jpeg, n, (i + 1) * 100000, &f, NULL), RH_OK);
        rh_free(jpeg);
        double a[3] = {(double)f.yaw_deg, (double)f.pitch_deg, (double)f.roll_deg};
        for (int k = 0; k < 3 && i >= 10; k++) {
            sum[k] += a[k];
            squares[k] += a[k] * a[k];
        }
    }
    for (int k = 0; k < 3; k++) {
        double rms = sqrt(fmax(0, squares[k] / N - sum[k] / N * sum[k] / N));
        print_message("%.3f degrees\n", rms);
        assert_true(rms < 0.3);
    }
    rh_face_tracker_free(t);
}

/* Ours: libjpeg and OpenVINO take and return some of their own. */
static void following_a_face_takes_no_memory(void **state)
{
    (void)state;
    rh_face_tracker *t = NULL;
    rh_face f;
    uint8_t *jpeg = NULL;
    size_t n = 0;
    int64_t now = 0;
    fill(120, 110, 100);
    paste(320, 240, 140, 0);
    assert_int_equal(rh_image_encode_jpeg(&canvas, 80, &jpeg, &n, NULL), RH_OK);
    assert_int_equal(rh_face_tracker_new(&t, model, NULL, NULL), RH_OK);
    for (int i = 0; i < 30; i++)
        assert_int_equal(rh_face_tracker_push_bytes(t, jpeg, n, now += 100000, &f, NULL), RH_OK);
    rh_alloc_fail_at(1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rh_face_tracker_push_bytes(t, jpeg, n, now += 100000, &f, NULL), RH_OK);
    assert_null(rh_alloc(1)); /* the hook was still waiting for the next one */
    rh_alloc_fail_at(0);
    assert_true(f.present);
    rh_face_tracker_free(t);
    rh_free(jpeg);
}

typedef struct {
    rh_face_tracker *fresh;
    float yaw, pitch, fresh_yaw, fresh_pitch;
    int n;
} turn;

/* Steps over 12 degrees are the person's own when pictures looked at one by one show them too. */
static void check_step(void *user, const rh_face *f, rh_image *img)
{
    turn *c = user;
    rh_face alone;
    assert_true(f->present);
    rh_face_tracker_reset(c->fresh);
    assert_int_equal(rh_face_tracker_push(c->fresh, img, 1, &alone), RH_OK);
    if (c->n++ > 0 && alone.present) {
        float yaw = fabsf(f->yaw_deg - c->yaw), pitch = fabsf(f->pitch_deg - c->pitch);
        float own_yaw = fabsf(alone.yaw_deg - c->fresh_yaw), own_pitch = fabsf(alone.pitch_deg - c->fresh_pitch);
        if (yaw > fmaxf(12.0f, own_yaw + 2) || pitch > fmaxf(12.0f, own_pitch + 2))
            fail_msg("picture %d: a step of %.1f, %.1f where the person made %.1f, %.1f", c->n, (double)yaw,
                     (double)pitch, (double)own_yaw, (double)own_pitch);
    }
    c->yaw = f->yaw_deg;
    c->pitch = f->pitch_deg;
    c->fresh_yaw = alone.yaw_deg;
    c->fresh_pitch = alone.pitch_deg;
}

static void a_turning_head_is_followed_without_jumps(void **state)
{
    (void)state;
    turn c = {0};
    rh_error err = {0};
    rh_face_video_options o = rh_face_video_options_default();
    o.hz = 0;
    assert_int_equal(rh_face_tracker_new(&c.fresh, model, NULL, NULL), RH_OK);
    if (rh_face_video(model, "tests/fixtures/head_turn.mp4", &o, check_step, &c, &err) != RH_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(c.n, 23);
    rh_face_tracker_free(c.fresh);
}

static int load(void **state)
{
    (void)state;
    return portrait_load(&model, &portrait);
}

static int unload(void **state)
{
    (void)state;
    rh_face_model_free(model);
    rh_image_done(&portrait);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faces_of_40_px_are_found_anywhere),
        cmocka_unit_test(rolled_heads_are_found_and_their_roll_read),
        cmocka_unit_test(lying_faces_are_read_with_their_roll),
        cmocka_unit_test(dim_pictures_show_the_face_and_say_so),
        cmocka_unit_test(of_several_faces_the_large_middle_one_is_the_person),
        cmocka_unit_test(two_hundred_pictures_without_a_face_give_one_alarm_at_most),
        cmocka_unit_test(off_the_middle_eye_contact_stays),
        cmocka_unit_test(a_picture_and_a_stream_of_it_agree),
        cmocka_unit_test(still_pictures_under_noise_keep_the_pose),
        cmocka_unit_test(following_a_face_takes_no_memory),
        cmocka_unit_test(a_turning_head_is_followed_without_jumps),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
