/* Vision without networks: rigid fit, samplers, contact rules, blinks, drawing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/cpu.h"
#include "vision/contact_internal.h"
#include "vision/eyes_internal.h"
#include "vision/sampler_internal.h"

static const float RAD = 57.29577951f;

/* The canonical face turned by angles of face_tracker.h, as px. */
static void turn_face(float points[RH_MESH_POINTS][3], float yaw, float pitch, float roll, float px)
{
    float a = -yaw / RAD, b = -pitch / RAD, c = -roll / RAD;
    for (int i = 0; i < RH_MESH_POINTS; i++) {
        const float *p = rh_canonical_face[i];
        float x = cosf(c) * p[0] - sinf(c) * p[1], y = sinf(c) * p[0] + cosf(c) * p[1], z = p[2];
        float y2 = cosf(b) * y - sinf(b) * z, z2 = sinf(b) * y + cosf(b) * z;
        points[i][0] = 320 + px * (cosf(a) * x + sinf(a) * z2);
        points[i][1] = 240 - px * y2;
        points[i][2] = -px * (-sinf(a) * x + cosf(a) * z2);
    }
}

static void fit_recovers_the_angles_it_was_turned_by(void **state)
{
    (void)state;
    float points[RH_MESH_POINTS][3];
    for (float yaw = -75; yaw <= 75; yaw += 25)
        for (float pitch = -60; pitch <= 60; pitch += 20)
            for (float roll = -45; roll <= 45; roll += 15) {
                turn_face(points, yaw, pitch, roll, 12);
                rh_rigid_fit fit;
                rh_rigid_fit_points(&fit, (const float(*)[3])points);
                rh_angles a = rh_angles_of((const float(*)[3])fit.r);
                assert_true(fabsf(a.yaw - yaw) < 0.05f && fabsf(a.pitch - pitch) < 0.05f &&
                            fabsf(a.roll - roll) < 0.05f);
                assert_true(fabsf(fit.scale - 12) < 0.01f && fit.error < 0.01f);
            }
}

static void signs_are_those_of_the_header(void **state)
{
    (void)state;
    float points[RH_MESH_POINTS][3];
    turn_face(points, 30, 0, 0, 12);
    assert_true(points[4][0] < points[10][0]); /* yaw > 0: the nose points to the image's left */
    turn_face(points, 0, 30, 0, 12);
    float flat[RH_MESH_POINTS][3];
    turn_face(flat, 0, 0, 0, 12);
    assert_true(points[4][1] < flat[4][1]); /* pitch > 0: the nose goes up */
    turn_face(points, 0, 0, 30, 12);
    assert_true(points[10][0] > 320); /* roll > 0: clockwise, forehead to the image's right */
}

static void bent_faces_move_the_pitch_within_a_limit(void **state)
{
    (void)state;
    float points[RH_MESH_POINTS][3];
    rh_rigid_fit fit;
    turn_face(points, 0, 0, 0, 12);
    rh_rigid_fit_points(&fit, (const float(*)[3])points);
    rh_angles a = rh_corrected_angles(&rh_learned_pose, &fit, (const float(*)[3])points);
    assert_true(fabsf(a.yaw) < 1);
    float low = a.pitch, high = a.pitch;
    for (int sign = -1; sign <= 1; sign += 2) { /* every point against its weight: the worst bend */
        turn_face(points, 0, 0, 0, 12);
        for (int i = 0; i < RH_POSE_REST; i++)
            points[rh_learned_pose.rest[i].point][1] +=
                (float)sign * (rh_learned_pose.rest[i].weight[1] > 0 ? 9.0f : -9.0f);
        a = rh_corrected_angles(&rh_learned_pose, &fit, (const float(*)[3])points);
        low = fminf(low, a.pitch);
        high = fmaxf(high, a.pitch);
    }
    assert_true(high - low > 19 && high - low < 20.1f); /* twice 10 */
}

/* Where this processor has none but the portable kernels there is nothing to compare. */
static void needs_other_kernels(bool there)
{
    if (!there)
        skip();
}

static void sampler_kernels_agree_with_the_portable_one(void **state)
{
    (void)state;
    needs_other_kernels(rh_cpu()->avx2 || rh_cpu()->neon);
    enum { W = 97, H = 61, N = 193 };
    uint8_t *px = malloc(W * H * 3); /* exactly: reads beyond are seen by ASan */
    srand(3);
    for (int i = 0; i < W * H * 3; i++)
        px[i] = (uint8_t)(rand() % 7 == 0 ? 255 : rand());
    rh_sample_row row;
    float want[N * 3 + 1], got[N * 3 + 1];
    for (int i = 0; i < N; i++) {
        int x = i == 0 ? 0 : i == 1 ? W - 2 : rand() % (W - 1), y = i == 0 ? 0 : i == 1 ? H - 2 : rand() % (H - 1);
        row.offset[i] = (uint32_t)(y * W * 3 + x * 3);
        row.fx[i] = (float)(rand() % 1001) / 1000;
        row.fy[i] = (float)(rand() % 1001) / 1000;
    }
    rh_sample_row_c(want, px, W * 3, &row, N, 2.0f / 255, -1);
    const struct {
        bool there;
        rh_sample_kernel *run;
    } kernels[] = {{rh_cpu()->avx2, rh_sample_row_avx2}, {rh_cpu()->neon, rh_sample_row_neon}};
    for (int k = 0; k < 2; k++)
        for (int n = 1; n <= N && kernels[k].there; n += 16) {
            memset(got, 0, sizeof got);
            kernels[k].run(got, px, W * 3, &row, n, 2.0f / 255, -1);
            for (int i = 0; i < n * 3; i++)
                assert_true(fabsf(got[i] - want[i]) < 1e-5f);
        }
    free(px);
}

static void prepared_positions_agree_and_stay_inside(void **state)
{
    (void)state;
    needs_other_kernels(rh_cpu()->avx2);
    rh_image img = {.width = 97, .height = 61, .stride = 97 * 3};
    static const float lines[][4] = {
        {3.2f, 5.5f, 0.7f, 0.2f}, {-40, 20, 1.3f, -0.4f}, {90, 70, -0.9f, 0.8f}, {1e9f, -1e9f, 1, 1}, {50, 30, 0, 0}};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
        rh_sample_row a, b;
        const float *l = lines[k];
        rh_sample_prepare_c(&a, &img, 193, l[0], l[1], l[2], l[3]);
        rh_sample_prepare_avx2(&b, &img, 193, l[0], l[1], l[2], l[3]);
        for (int i = 0; i < 193; i++) {
            float ax = (float)(a.offset[i] % img.stride / 3) + a.fx[i],
                  bx = (float)(b.offset[i] % img.stride / 3) + b.fx[i];
            float ay = (float)(a.offset[i] / img.stride) + a.fy[i], by = (float)(b.offset[i] / img.stride) + b.fy[i];
            assert_true(fabsf(ax - bx) < 1e-3f && fabsf(ay - by) < 1e-3f);
            assert_true(b.offset[i] + 6 + img.stride <= (uint32_t)img.stride * 61);
            assert_true(ax >= 0 && ax <= 96 && ay >= 0 && ay <= 60);
        }
    }
}

static void crop_reads_the_same_place_at_any_scale(void **state)
{
    (void)state;
    enum { W = 64, H = 48 };
    uint8_t px[W * H * 3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < 3; c++)
                px[(y * W + x) * 3 + c] = (uint8_t)(c == 0 ? x * 4 : c == 1 ? y * 4 : 9);
    rh_image_part part = {
        .img = {.data = px, .width = W, .height = H, .stride = W * 3}, .full_width = W, .full_height = H, .scale = 1};
    rh_affine m = {.x0 = 10, .y0 = 20, .ux = 0.5f, .vy = 0.5f};
    float out[16 * 16 * 3 + 1];
    rh_sample_crop(out, 16, 16, &part, &m, 1, 0, 0);
    assert_true(fabsf(out[0] - 40) < 0.01f && fabsf(out[1] - 80) < 0.01f);
    assert_true(fabsf(out[(3 * 16 + 5) * 3] - (10 + 2.5f) * 4) < 0.01f);
    rh_sample_crop(out, 16, 16, &part, &m, 1, 0, 1);
    assert_true(fabsf(out[15 * 3] - 40) < 0.01f); /* mirrored */
    /* The same pixels as a part of a larger picture. */
    part.x0 = 100, part.y0 = 200, m.x0 += 100, m.y0 += 200;
    rh_sample_crop(out, 16, 16, &part, &m, 1, 0, 0);
    assert_true(fabsf(out[0] - 40) < 0.01f && fabsf(out[1] - 80) < 0.01f);
}

typedef struct {
    rh_contact c;
    int64_t t_us;
    rh_away away[4]; /* looks away that ended */
    int n_away;
} person;

static rh_contact_result push(person *p, const rh_contact_input *in)
{
    rh_contact_result r = rh_contact_push(&p->c, in);
    if (r.away_ended && p->n_away < 4)
        p->away[p->n_away++] = r.away;
    return r;
}

/* Head and eyes so far off where they are in most people who look at the camera. */
static rh_contact_input turned(int64_t t_us, float yaw, float pitch)
{
    const rh_contact_table *t = &rh_learned_contact;
    return (rh_contact_input){.t_us = t_us,
                              .present = true,
                              .confidence = 1,
                              .head_yaw = yaw,
                              .gaze_yaw = yaw,
                              .head_pitch = t->head_pitch + pitch,
                              .gaze_pitch = t->gaze_pitch + pitch,
                              .unclear = RH_EYES_CLEAR,
                              .gaze_known = true};
}

static rh_contact_result look(person *p, float yaw, float pitch, int n_pictures)
{
    rh_contact_result r = {0};
    for (int i = 0; i < n_pictures; i++) {
        p->t_us += 100000;
        rh_contact_input in = turned(p->t_us, yaw, pitch);
        r = push(p, &in);
    }
    return r;
}

static rh_contact_result vanish(person *p, int n_pictures)
{
    rh_contact_result r = {0};
    for (int i = 0; i < n_pictures; i++) {
        p->t_us += 100000;
        rh_contact_input in = {.t_us = p->t_us};
        r = push(p, &in);
    }
    return r;
}

static void new_person(person *p)
{
    rh_contact_init(&p->c);
    p->t_us = 0;
    p->n_away = 0;
}

static void a_look_off_the_camera_is_less_likely_the_farther(void **state)
{
    (void)state;
    static const float to[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    person p;
    float below = 0, above = 0;
    for (int k = 0; k < 4; k++) {
        float last = 1;
        for (int off = 0; off <= 40; off += 4) {
            new_person(&p);
            rh_contact_result r = look(&p, to[k][0] * (float)off, to[k][1] * (float)off, 1);
            assert_true(r.probability >= 0 && r.probability <= last);
            assert_int_equal(r.looking, r.look == RH_LOOK_CAMERA);
            if (off <= 4)
                assert_true(r.looking);
            if (off >= 32)
                assert_false(r.looking);
            if (off == 16)
                (k == 2 ? above = r.probability : k == 3 ? below = r.probability : 0);
            last = r.probability;
        }
    }
    assert_true(below > above); /* tolerated more */
}

/* The eyes may stay on the camera while the head turns, and leave it while the head does not. */
static void eyes_count_more_than_the_head(void **state)
{
    (void)state;
    person p;
    rh_contact_input in = turned(100000, 15, 0);
    in.gaze_yaw = 0;
    new_person(&p);
    assert_true(push(&p, &in).looking);
    in.head_yaw = 0;
    in.gaze_yaw = 20;
    new_person(&p);
    assert_false(push(&p, &in).looking);
}

static void hidden_eyes_are_no_contact_and_no_look_away(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    rh_contact_input in = turned(100000, 0, 0);
    in.gaze_known = false;
    in.eyes_hidden = true;
    rh_contact_result r = push(&p, &in);
    assert_true(!r.looking && r.probability == 0 && r.look == RH_LOOK_CAMERA);
    in.head_yaw = 40;
    in.t_us += 100000;
    assert_int_equal(push(&p, &in).look, RH_LOOK_RIGHT);
    in = turned(300000, 0, 0); /* too small to show a gaze: the head decides */
    in.gaze_known = false;
    new_person(&p);
    assert_true(push(&p, &in).looking);
}

/* The same face in a picture turned by any angle gives the same answer. */
static void a_turned_picture_changes_no_contact(void **state)
{
    (void)state;
    for (int roll = -180; roll <= 180; roll += 30) {
        person p;
        rh_contact_input in = turned(100000, 6, -9), level = in;
        in.head_roll = (float)roll;
        rh_upright(&in.head_yaw, &in.head_pitch, (float)-roll);
        rh_upright(&in.gaze_yaw, &in.gaze_pitch, (float)-roll);
        new_person(&p);
        float want = push(&p, &level).probability;
        new_person(&p);
        assert_true(fabsf(push(&p, &in).probability - want) < 1e-3f);
    }
}

/* The first place to a side where looking is not said to begin. */
static float edge_of(float from_calibrated_yaw)
{
    for (float yaw = 0; yaw < 40; yaw += 0.5f) {
        person p;
        new_person(&p);
        if (!look(&p, from_calibrated_yaw + yaw, 0, 1).looking)
            return yaw;
    }
    return 40;
}

static void hysteresis_keeps_the_flag_at_the_edge(void **state)
{
    (void)state;
    person p;
    float edge = edge_of(0);
    new_person(&p);
    assert_true(look(&p, 0, 0, 5).looking);
    assert_true(look(&p, edge + 0.5f, 0, 1).looking);
    assert_false(look(&p, edge + 12, 0, 1).looking);
    assert_false(look(&p, edge + 0.5f, 0, 1).looking);
}

static void steady_first_seconds_become_the_neutral(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    assert_false(look(&p, 5, -4, 1).calibrated);
    float before = look(&p, 5, -4, 1).probability;
    rh_contact_result r = look(&p, 5, -4, 40);
    assert_true(r.calibrated && r.looking && r.probability > before);
    float edge = edge_of(0);
    assert_false(look(&p, 5 - edge - 8, -4, 10).looking);
    assert_true(look(&p, 5, -4, 10).looking);
}

/* Who reads aside from the start is not learned as one who looks there: a recording and its first picture agree. */
static void a_look_aside_never_becomes_the_neutral(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    rh_contact_result r = look(&p, 22, 0, 100);
    assert_true(!r.calibrated && !r.looking);
}

static void far_off_or_restless_seconds_do_not(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    assert_false(look(&p, 40, 0, 60).looking);
    new_person(&p);
    rh_contact_result r = {0};
    for (int i = 0; i < 60; i++)
        r = look(&p, i % 2 ? 15.0f : -15.0f, 0, 1);
    assert_false(r.calibrated);
}

static void command_calibrates_at_once(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    (void)look(&p, 0, 0, 40);
    assert_false(look(&p, 18, 6, 5).looking);
    rh_contact_calibrate(&p.c);
    assert_true(look(&p, 18, 6, 1).looking);
    assert_true(look(&p, 18, 6, 20).looking);
    assert_false(look(&p, 0, 0, 10).looking);
}

static void blink_does_not_break_contact(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    float before = look(&p, 0, 0, 20).eye_contact;
    for (int i = 0; i < 3; i++) {
        p.t_us += 100000;
        rh_contact_input in = turned(p.t_us, 0, 0);
        in.gaze_pitch = -30;
        in.blink = true;
        assert_true(rh_contact_push(&p.c, &in).looking);
    }
    assert_true(look(&p, 0, 0, 1).eye_contact >= before - 0.1f);
}

static void eyes_shut_for_long_or_a_turned_head_do(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    (void)look(&p, 0, 0, 20);
    rh_contact_input in = turned(p.t_us + 100000, 0, 0);
    in.gaze_known = false;
    in.blink = in.shut = true;
    rh_contact_result r = rh_contact_push(&p.c, &in);
    assert_true(!r.looking && r.look == RH_LOOK_DOWN);
    new_person(&p);
    (void)look(&p, 0, 0, 20);
    in.shut = false;
    in.t_us = p.t_us + 100000;
    in.head_yaw = 40;
    assert_false(rh_contact_push(&p.c, &in).looking);
}

static void eye_contact_is_the_share_of_the_last_seconds(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    assert_true(look(&p, 0, 0, 400).eye_contact > 99);
    float half = look(&p, 40, 0, 42).eye_contact; /* 6 s x ln 2 */
    assert_true(half > 45 && half < 55);
    assert_true(look(&p, 40, 0, 400).eye_contact < 1);
    assert_true(look(&p, 40, 0, 1).attention < 10);
}

static void looks_away_are_events_with_direction(void **state)
{
    (void)state;
    person p;
    const rh_away *a = p.away;
    new_person(&p);
    (void)look(&p, 0, 0, 40);
    (void)look(&p, 30, 0, 3); /* a glance of 0.3 s is none */
    (void)look(&p, 0, 0, 10);
    assert_int_equal(p.n_away, 0);
    int64_t start = p.t_us + 100000;
    (void)look(&p, 30, 0, 10);
    (void)look(&p, 0, 0, 10);
    (void)look(&p, 0, -40, 10);
    (void)look(&p, 0, 0, 10);
    (void)vanish(&p, 20);
    (void)look(&p, 0, 0, 1);
    assert_int_equal(p.n_away, 3);
    assert_int_equal(a[0].direction, RH_LOOK_RIGHT);
    assert_int_equal(a[0].start_us, start);
    assert_int_equal(a[0].end_us, start + 1000000);
    assert_int_equal(a[1].direction, RH_LOOK_DOWN);
    assert_int_equal(a[2].direction, RH_LOOK_ABSENT);
    assert_string_equal(rh_look_name(a[1].direction), "down");
}

/* Of a far turned head the eyes' up and down is guesswork. */
static void a_turned_head_with_level_eyes_looks_aside(void **state)
{
    (void)state;
    for (int side = -1; side <= 1; side += 2)
        for (int head = 30; head <= 60; head += 5)
            for (int eyes = 20; eyes <= head; eyes += 10)
                for (int low = -20; low <= 20; low += 5) {
                    person p;
                    new_person(&p);
                    rh_contact_input in = turned(100000, (float)(side * head), 0);
                    in.gaze_yaw = (float)(side * eyes);
                    in.gaze_pitch += (float)low;
                    rh_contact_result r = rh_contact_push(&p.c, &in);
                    assert_int_equal(r.look, side > 0 ? RH_LOOK_RIGHT : RH_LOOK_LEFT);
                }
    person p;
    new_person(&p); /* eyes cast down from a head that is not turned still look down */
    assert_int_equal(look(&p, 0, -25, 1).look, RH_LOOK_DOWN);
    assert_int_equal(look(&p, 5, 25, 1).look, RH_LOOK_UP);
}

static void no_face_reads_all_zero(void **state)
{
    (void)state;
    person p;
    new_person(&p);
    (void)look(&p, 0, 0, 10);
    rh_contact_result r = vanish(&p, 1);
    assert_false(r.looking);
    assert_true(r.attention == 0 && r.eye_contact == 0 && r.look == RH_LOOK_ABSENT);
}

static void blinks_are_counted_and_squints_are_not(void **state)
{
    (void)state;
    rh_blinks b = {0};
    int64_t t = 0;
    for (int i = 0; i < 300; i++) { /* 30 s; shut for 0.2 s every 3 s */
        t += 100000;
        (void)rh_blinks_push(&b, i % 30 >= 28 ? 0.08f : 0.30f, t);
    }
    float rate = rh_blinks_per_minute(&b, t);
    assert_true(rate > 16 && rate < 21);
    memset(&b, 0, sizeof b);
    for (int i = 0; i < 300; i++)
        assert_false(rh_blinks_push(&b, 0.30f - 0.07f * (float)(i % 2), t += 100000));
    assert_true(rh_blinks_per_minute(&b, t) == 0);
}

static void annotation_draws_inside_the_picture_only(void **state)
{
    (void)state;
    enum { W = 200, H = 150 };
    uint8_t *px = calloc(W * H, 3);
    rh_image img = {.data = px, .width = W, .height = H, .stride = W * 3};
    rh_face f;
    memset(&f, 0, sizeof f);
    rh_face_annotate(&img, &f);
    int lit = 0;
    for (int i = 0; i < W * H * 3; i++)
        lit += px[i] != 0;
    assert_int_equal(lit, 0); /* no face, nothing drawn */
    f.present = f.gaze_known = true;
    f.width = 640;
    f.height = 480;
    turn_face(f.points, 20, 10, 5, 60); /* larger than the picture */
    rh_face_annotate(&img, &f);
    for (int i = 0; i < W * H * 3; i++)
        lit += px[i] != 0;
    assert_true(lit > 1000);
    f.points[4][0] = NAN;
    f.points[10][1] = INFINITY;
    rh_face_annotate(&img, &f);
    free(px);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fit_recovers_the_angles_it_was_turned_by),
        cmocka_unit_test(signs_are_those_of_the_header),
        cmocka_unit_test(bent_faces_move_the_pitch_within_a_limit),
        cmocka_unit_test(sampler_kernels_agree_with_the_portable_one),
        cmocka_unit_test(prepared_positions_agree_and_stay_inside),
        cmocka_unit_test(crop_reads_the_same_place_at_any_scale),
        cmocka_unit_test(a_look_off_the_camera_is_less_likely_the_farther),
        cmocka_unit_test(eyes_count_more_than_the_head),
        cmocka_unit_test(hidden_eyes_are_no_contact_and_no_look_away),
        cmocka_unit_test(a_turned_picture_changes_no_contact),
        cmocka_unit_test(hysteresis_keeps_the_flag_at_the_edge),
        cmocka_unit_test(steady_first_seconds_become_the_neutral),
        cmocka_unit_test(a_look_aside_never_becomes_the_neutral),
        cmocka_unit_test(far_off_or_restless_seconds_do_not),
        cmocka_unit_test(command_calibrates_at_once),
        cmocka_unit_test(blink_does_not_break_contact),
        cmocka_unit_test(eyes_shut_for_long_or_a_turned_head_do),
        cmocka_unit_test(eye_contact_is_the_share_of_the_last_seconds),
        cmocka_unit_test(looks_away_are_events_with_direction),
        cmocka_unit_test(a_turned_head_with_level_eyes_looks_aside),
        cmocka_unit_test(no_face_reads_all_zero),
        cmocka_unit_test(blinks_are_counted_and_squints_are_not),
        cmocka_unit_test(annotation_draws_inside_the_picture_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
