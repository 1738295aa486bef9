/* pose.c - head pose against the labels of Pointing'04 and the looking flag.
 *
 * Each picture alone: mean absolute error of yaw and pitch, by pose.
 * Then each person's second series after calibration on the frontal picture of
 * the first: share flagged as looking, frontal and turned by 30 degrees or more.
 * The tracker's own table was learned from these people, so the errors are
 * printed for persons left out (bench/pose_left_out.txt: a table a person, learned
 * from all others), for the tracker as it is, and for the rigid fit alone.
 * --dump prints a line a picture (label, angles, all mesh points) for tools/train_pose. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "paths.h"
#include "pose_left_out.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/vision/face_tracker.h"

enum { MAX_IMAGES = 4000, MAX_BYTES = 1 << 22, N_PAN = 9, N_TILT = 5 };

typedef struct {
    char image[128], person[8];
    int series, tilt, pan;
    bool found;
    rh_angles whole, left_out, raw; /* with the table of all, of all others, with none */
} sample;

static sample samples[MAX_IMAGES];
static int n_samples;
static unsigned char bytes[MAX_BYTES];

static void read_labels(const char *path)
{
    char line[512];
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f) && n_samples < MAX_IMAGES) {
        sample *s = &samples[n_samples];
        if (sscanf(line, "%127[^,],%7[^,],%d,%d,%d", s->image, s->person, &s->series, &s->tilt, &s->pan) == 5)
            n_samples++;
    }
    if (f)
        fclose(f);
}

static size_t load(const sample *s)
{
    char name[256], path[4096];
    (void)snprintf(name, sizeof name, "pointing04/%s", s->image);
    return bench_read(bench_data(name, path, sizeof path), bytes, sizeof bytes);
}

static void dump(const sample *s, const rh_face *f, rh_angles raw)
{
    printf("%s,%s,%d,%d,%d,%d,%d,%.4f,%.4f,%.3f,%.3f,%d,%.3f", s->image, s->person, s->pan, s->tilt, f->present,
           f->width, f->height, (double)raw.yaw, (double)raw.pitch, (double)f->gaze_yaw_deg, (double)f->gaze_pitch_deg,
           f->gaze_known, (double)f->confidence);
    for (int i = 0; i < RH_FACE_POINTS; i++)
        printf(",%.3f,%.3f,%.3f", (double)f->points[i][0], (double)f->points[i][1], (double)f->points[i][2]);
    printf("\n");
}

static void measure_all(const rh_face_model *m, bool dumping)
{
    rh_error err = {0};
    for (int i = 0; i < n_samples; i++) {
        sample *s = &samples[i];
        rh_face_tracker *t = NULL;
        rh_face face;
        size_t n = load(s);
        bench_check(rh_face_tracker_new(&t, m, NULL, &err), &err);
        bench_check(rh_face_tracker_push_bytes(t, bytes, n, 1, &face, &err), &err);
        s->found = face.present;
        if (face.present) {
            rh_rigid_fit fit;
            rh_rigid_fit_points(&fit, (const float(*)[3])face.points);
            s->raw = rh_angles_of((const float(*)[3])fit.r);
            s->left_out = rh_corrected_angles(pose_table_without(s->person), &fit, (const float(*)[3])face.points);
            s->whole = (rh_angles){face.yaw_deg, face.pitch_deg, face.roll_deg};
            if (dumping)
                dump(s, &face, s->raw);
        }
        rh_face_tracker_free(t);
    }
}

static void print_bins(void)
{
    printf("%-10s", "tilt\\pan");
    for (int p = 0; p < N_PAN; p++)
        printf("%13d", -60 + 15 * p);
    printf("\n");
    for (int t = 0; t < N_TILT; t++) {
        printf("%-10d", -30 + 15 * t);
        for (int p = 0; p < N_PAN; p++) {
            double yaw = 0, pitch = 0;
            int n = 0;
            for (int i = 0; i < n_samples; i++)
                if (samples[i].found && samples[i].pan == -60 + 15 * p && samples[i].tilt == -30 + 15 * t) {
                    yaw += fabs((double)samples[i].left_out.yaw - samples[i].pan);
                    pitch += fabs((double)samples[i].left_out.pitch - samples[i].tilt);
                    n++;
                }
            printf("  %4.1f / %4.1f", n ? yaw / n : 0, n ? pitch / n : 0);
        }
        printf("\n");
    }
}

static void print_errors(void)
{
    static const char *const names[] = {"left_out", "tracker", "rigid_fit"};
    int found = 0;
    for (int k = 0; k < 3; k++) {
        double yaw = 0, pitch = 0;
        found = 0;
        for (int i = 0; i < n_samples; i++) {
            const sample *s = &samples[i];
            rh_angles a = k == 0 ? s->left_out : k == 1 ? s->whole : s->raw;
            if (s->found) {
                found++;
                yaw += fabs((double)a.yaw - s->pan);
                pitch += fabs((double)a.pitch - s->tilt);
            }
        }
        printf("%-9s yaw_mae=%.2f pitch_mae=%.2f\n", names[k], yaw / found, pitch / found);
    }
    printf("images=%d found=%.2f%%\n", n_samples, 100.0 * found / n_samples);
}

/* A tracker that has seen the person's frontal picture of series 1 while told
 * to calibrate; then each picture of series 2 on its own. */
static void measure_looking(const rh_face_model *m)
{
    rh_error err = {0};
    int frontal = 0, frontal_yes = 0, turned = 0, turned_yes = 0;
    for (int i = 0; i < n_samples; i++) {
        if (samples[i].series != 1 || samples[i].pan || samples[i].tilt)
            continue;
        for (int k = 0; k < n_samples; k++) {
            const sample *s = &samples[k];
            bool is_turned = abs(s->pan) >= 30 || abs(s->tilt) >= 30;
            if (strcmp(s->person, samples[i].person) || s->series != 2 || (!is_turned && (s->pan || s->tilt)))
                continue;
            rh_face_tracker *t = NULL;
            rh_face face;
            bench_check(rh_face_tracker_new(&t, m, NULL, &err), &err);
            rh_face_tracker_calibrate(t);
            for (int64_t j = 0; j < 10; j++)
                bench_check(rh_face_tracker_push_bytes(t, bytes, load(&samples[i]), (j + 1) * 100000, &face, &err),
                            &err);
            for (int64_t j = 10; j < 20; j++)
                bench_check(rh_face_tracker_push_bytes(t, bytes, load(s), (j + 1) * 100000, &face, &err), &err);
            (is_turned ? turned++ : frontal++);
            (is_turned ? (turned_yes += face.looking) : (frontal_yes += face.looking));
            if (face.looking == is_turned)
                printf("  %s: looking=%d head %.1f %.1f gaze %.1f %.1f\n", s->image, face.looking, (double)face.yaw_deg,
                       (double)face.pitch_deg, (double)face.gaze_yaw_deg, (double)face.gaze_pitch_deg);
            rh_face_tracker_free(t);
        }
    }
    if (frontal && turned)
        printf("looking frontal=%d/%d (%.1f%%) turned_30=%d/%d (%.1f%%)\n", frontal_yes, frontal,
               100.0 * frontal_yes / frontal, turned_yes, turned, 100.0 * turned_yes / turned);
}

int main(int argc, char **argv)
{
    char path[4096];
    rh_error err = {0};
    rh_face_model *m = NULL;
    bool dumping = argc > 1 && strcmp(argv[1], "--dump") == 0;
    read_labels(bench_data("pointing04/pose_gt.csv", path, sizeof path));
    read_pose_tables("bench/pose_left_out.txt");
    bench_check(rh_face_model_load(&m, bench_models_dir(), NULL, &err), &err);
    int64_t cpu = rh_process_cpu_us();
    measure_all(m, dumping);
    cpu = rh_process_cpu_us() - cpu;
    if (!dumping) {
        print_bins();
        print_errors();
        printf("cpu_ms_per_image=%.2f\n", (double)cpu / 1000 / n_samples);
        measure_looking(m);
    }
    rh_face_model_free(m);
    return 0;
}
