/* vision.c - CPU time of one 640x480 JPEG webcam picture in the tracker, by stage.
 *
 * The picture is the portrait among the test fixtures, shrunk into a webcam's frame, moved and
 * turned to noise a little from frame to frame so that nothing can be cached.
 * Stages and tracker are timed one picture after the other; --paced SECONDS [FPS] times the tracker, so many pictures
 * a second (10), as from a client that pauses: a picture then finds caches cold and processors asleep.
 * --write DIR only writes these pictures, 00.jpg and on, for bench/vision_peers. */
#include <math.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/stats.h"
#include "rehearse/vision/face_tracker.h"
#include "vision/face_nets_internal.h"

enum { W = 640, H = 480, FRAMES = 16, ROUNDS = 25 };

static uint8_t *jpeg[FRAMES];
static size_t n_jpeg[FRAMES];

/* The portrait of 512x512 with its face about 150 px wide, shifted by `dx`. */
static void make_frame(const rh_image *face, int i)
{
    rh_image img = {0};
    rh_error err = {0};
    bench_check(rh_image_resize(&img, W, H, &err), &err);
    int dx = (int)(6 * sin(i * 6.2832 / FRAMES)), dy = (int)(4 * cos(i * 6.2832 / FRAMES));
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int sx = (x - 100 + dx) * 4 / 5, sy = (y + 10 + dy) * 4 / 5;
            sx = sx < 0 ? 0 : sx >= face->width ? face->width - 1 : sx;
            sy = sy < 0 ? 0 : sy >= face->height ? face->height - 1 : sy;
            memcpy(img.data + (size_t)y * img.stride + (size_t)x * 3,
                   face->data + (size_t)sy * face->stride + (size_t)sx * 3, 3);
        }
    bench_check(rh_image_encode_jpeg(&img, 80, &jpeg[i], &n_jpeg[i], &err), &err);
    rh_image_done(&img);
}

static double run(const rh_face_model *m, bool gaze)
{
    rh_error err = {0};
    rh_face_tracker *t = NULL;
    rh_face face;
    rh_face_options o = rh_face_options_default();
    o.gaze = gaze;
    bench_check(rh_face_tracker_new(&t, m, &o, &err), &err);
    int64_t now = 0, best = INT64_MAX;
    for (int r = 0; r < ROUNDS; r++) {
        int64_t cpu = rh_process_cpu_us();
        for (int i = 0; i < FRAMES; i++)
            bench_check(rh_face_tracker_push_bytes(t, jpeg[i], n_jpeg[i], now += 100000, &face, &err), &err);
        cpu = rh_process_cpu_us() - cpu;
        best = cpu < best ? cpu : best;
    }
    if (!face.present)
        fprintf(stderr, "the face was lost\n");
    rh_face_tracker_free(t);
    return (double)best / 1000 / FRAMES;
}

#define TIME(name, code)                                                                                               \
    do {                                                                                                               \
        int64_t best_us = INT64_MAX;                                                                                   \
        for (int rep = 0; rep < ROUNDS; rep++) {                                                                       \
            int64_t cpu = rh_process_cpu_us();                                                                         \
            for (int k = 0; k < FRAMES; k++) {                                                                         \
                code;                                                                                                  \
            }                                                                                                          \
            cpu = rh_process_cpu_us() - cpu;                                                                           \
            best_us = cpu < best_us ? cpu : best_us;                                                                   \
        }                                                                                                              \
        printf(name "=%.3f ", (double)best_us / 1000 / FRAMES);                                                        \
    } while (0)

static void stages(const rh_face_model *m)
{
    rh_error err = {0};
    rh_face_workspace *e = NULL;
    rh_image_part part = {0};
    size_t n = n_jpeg[0], n_out, n_text = RH_BASE64_ENCODED_LEN(n);
    char *text = rh_alloc(n_text), *lines = rh_alloc(2 * n_text);
    uint8_t *back = rh_alloc(RH_BASE64_DECODED_MAX(2 * n_text));
    rh_base64_encode(text, jpeg[0], n);
    size_t n_lines = 0; /* MIME's lines of 76 */
    for (size_t i = 0; i < n_text; i++) {
        if (i && i % 76 == 0)
            n_lines += (size_t)sprintf(lines + n_lines, "\r\n");
        lines[n_lines++] = text[i];
    }
    bench_check(rh_face_workspace_take(&e, m, &err), &err);
    rh_rect face = {150, 20, 300, 300};
    rh_roi roi = {300, 170, 280, 0.05f};
    rh_affine a = rh_affine_of_roi(&roi, 192);
    rh_face_box boxes[RH_MAX_FACES];
    int found;
    TIME("base64",
         bench_check(rh_base64_decode(back, RH_BASE64_DECODED_MAX(n_text), &n_out, text, n_text, &err), &err));
    TIME("base64_lines",
         bench_check(rh_base64_decode(back, RH_BASE64_DECODED_MAX(2 * n_text), &n_out, lines, n_lines, &err), &err));
    TIME("decode_half", bench_check(rh_image_decode_part(&part, jpeg[k], n_jpeg[k], &face, W, H, 0.5f, &err), &err));
    TIME("decode_face", bench_check(rh_image_decode_part(&part, jpeg[k], n_jpeg[k], &face, W, H, 1.0f, &err), &err));
    TIME("decode_all", bench_check(rh_image_decode_part(&part, jpeg[k], n_jpeg[k], NULL, W, H, 1.0f, &err), &err));
    TIME("crop", rh_sample_crop(e->crop, 192, 192, &part, &a, 1.0f / 255, 0, 0));
    TIME("mesh", rh_conv_net_run(e->mesh.net, e->crop, e->mesh.out, e->work));
    TIME("iris", rh_conv_net_run(e->iris.net, e->crop, e->iris.out, e->work));
    TIME("detector", bench_check(rh_detect_faces(e, RH_DETECT_NEAR, &part, 0.5f, boxes, &found, &err), &err));
    rh_face_workspace_give(m, e);
    rh_image_done(&part.img);
    rh_free(text);
    rh_free(lines);
    rh_free(back);
}

enum { P_DECODE, P_CROP, P_MESH, P_IRIS, P_TRACKER_POSE, P_TRACKER_GAZE, PACED, PACED_MAX = 4096 };

/* The stages of one picture, each timed once after a pause, the trackers with and without gaze on the same picture after
 * pauses of their own. */
static void paced(const rh_face_model *m, double seconds, double fps)
{
    static const char *const names[PACED] = {"decode_face", "crop", "mesh", "iris", "pose", "gaze"};
    static float ms[PACED][PACED_MAX];
    rh_error err = {0};
    rh_face_workspace *e = NULL;
    rh_face_tracker *t[2] = {NULL};
    rh_face face;
    rh_rect region = {150, 20, 300, 300};
    rh_roi roi = {300, 170, 280, 0.05f};
    rh_affine a = rh_affine_of_roi(&roi, 192);
    int n = (int)(seconds * fps / 3), wait_us = (int)(1e6 / fps);
    n = n < 1 ? 1 : n > PACED_MAX ? PACED_MAX : n;
    bench_check(rh_face_model_prepare(m, 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        rh_face_options o = rh_face_options_default();
        o.gaze = i == 1;
        bench_check(rh_face_tracker_new(&t[i], m, &o, &err), &err);
        bench_check(rh_face_tracker_push_bytes(t[i], jpeg[FRAMES - 1], n_jpeg[FRAMES - 1], 1, &face, &err), &err);
    }
    bench_check(rh_face_workspace_take(&e, m, &err), &err);
    for (int i = 0; i < n; i++) {
        int k = i % FRAMES;
        int64_t at[P_IRIS + 2];
        usleep((useconds_t)wait_us);
        at[0] = rh_process_cpu_us();
        bench_check(rh_image_decode_part(&e->part, jpeg[k], n_jpeg[k], &region, W, H, 1.0f, &err), &err);
        at[1] = rh_process_cpu_us();
        rh_sample_crop(e->crop, 192, 192, &e->part, &a, 1.0f / 255, 0, 0);
        at[2] = rh_process_cpu_us();
        rh_conv_net_run(e->mesh.net, e->crop, e->mesh.out, e->work);
        at[3] = rh_process_cpu_us();
        rh_conv_net_run(e->iris.net, e->crop, e->iris.out, e->work);
        at[4] = rh_process_cpu_us();
        for (int s = P_DECODE; s <= P_IRIS; s++)
            ms[s][i] = (float)(at[s + 1] - at[s]) / 1000;
        for (int j = 0; j < 2; j++) {
            usleep((useconds_t)wait_us);
            int64_t cpu = rh_process_cpu_us();
            bench_check(rh_face_tracker_push_bytes(t[j], jpeg[k], n_jpeg[k], 1 + (i + 1) * 100000LL, &face, &err),
                        &err);
            ms[P_TRACKER_POSE + j][i] = (float)(rh_process_cpu_us() - cpu) / 1000;
        }
    }
    printf("cpu_ms at %.0f pictures a second, median and mean: ", fps);
    for (int s = 0; s < PACED; s++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += (double)ms[s][i];
        rh_sort_floats(ms[s], (size_t)n);
        printf("%s=%.2f,%.2f ", names[s], (double)ms[s][n / 2], sum / n);
    }
    printf("\n");
    rh_face_workspace_give(m, e);
    rh_face_tracker_free(t[0]);
    rh_face_tracker_free(t[1]);
}

static void write_frames(const char *dir)
{
    for (int i = 0; i < FRAMES; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%02d.jpg", dir, i);
        FILE *f = fopen(path, "wb");
        if (!f || fwrite(jpeg[i], 1, n_jpeg[i], f) != n_jpeg[i] || fclose(f) != 0) {
            fprintf(stderr, "cannot write %s\n", path);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    rh_error err = {0};
    rh_face_model *m = NULL;
    rh_image face = {0};
    static uint8_t bytes[1 << 20];
    size_t n = bench_read("tests/fixtures/astronaut.jpg", bytes, sizeof bytes);
    bench_check(rh_image_decode(&face, bytes, n, &err), &err);
    for (int i = 0; i < FRAMES; i++)
        make_frame(&face, i);
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        write_frames(argv[2]);
        return 0;
    }
    bench_check(rh_face_model_load(&m, bench_models_dir(), NULL, &err), &err);
    if (argc > 2 && strcmp(argv[1], "--paced") == 0) {
        paced(m, atof(argv[2]), argc > 3 ? atof(argv[3]) : 10);
        rh_face_model_free(m);
        return 0;
    }
    printf("cpu_ms: ");
    stages(m);
    printf("pose=%.2f gaze=%.2f jpeg_kb=%.0f\n", run(m, false), run(m, true), (double)n_jpeg[0] / 1024);
    rh_face_model_free(m);
    rh_image_done(&face);
    for (int i = 0; i < FRAMES; i++)
        rh_free(jpeg[i]);
    return 0;
}
