/* eyes.c - eye contact against labelled photographs and Pointing'04, on what was left out of learning.
 *
 * Each picture alone, by a tracker that knows nothing of the person. Photographs: labels.csv of eye_contact; its
 * pictures are in ten folds, each judged by a table learned from the others. Pointing'04: each person judged by
 * tables, of the pose too, learned without them; frontal pictures look at the camera. The tables are those of
 * bench/eyes_left_out.txt (tools/train_eyes.py). A labelled face that is not found counts as one that does not look.
 * --dump prints label and signs of each face for tools/train_eyes.py. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "paths.h"
#include "pose_left_out.h"
#include "vision/face_tracker_internal.h"

enum { MAX_FACES = 4000, MAX_BYTES = 1 << 22, FOLDS = 10, MAX_TABLES = 64 };

typedef struct {
    char file[192], group[8]; /* fold of a photograph, person of Pointing'04 */
    bool posed, looking;
    int off; /* of Pointing'04: the larger of pan and tilt, degrees */
    double p;
} sample;

static sample samples[MAX_FACES];
static int n_samples;
static unsigned char bytes[MAX_BYTES];
static struct {
    char group[8];
    rh_contact_table table;
} tables[MAX_TABLES];
static int n_tables;

/* Of the picture's name, so that faces of one picture stay together (FNV-1a). */
static int fold_of(const char *picture)
{
    unsigned h = 2166136261u;
    for (; *picture && *picture != '\n' && *picture != '\r'; picture++)
        h = (h ^ (unsigned char)*picture) * 16777619u;
    return (int)((h >> 8) % FOLDS);
}

static void read_lists(void)
{
    char path[4096], line[1024], name[128], looking[4];
    FILE *f = fopen(bench_data("eye_contact/labels.csv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f) && n_samples < MAX_FACES) {
        sample *s = &samples[n_samples];
        if (sscanf(line, "%127[^,],%3[01],", name, looking) != 2)
            continue;
        *s = (sample){.looking = looking[0] == '1'};
        (void)snprintf(s->file, sizeof s->file, "eye_contact/faces/%s", name);
        (void)snprintf(s->group, sizeof s->group, "fold%d", fold_of(strrchr(line, ',') + 1));
        n_samples++;
    }
    if (f)
        fclose(f);
    f = fopen(bench_data("pointing04/pose_gt.csv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f) && n_samples < MAX_FACES) {
        sample *s = &samples[n_samples];
        int tilt, pan;
        *s = (sample){.posed = true};
        if (sscanf(line, "%127[^,],%7[^,],%*d,%d,%d", name, s->group, &tilt, &pan) != 4)
            continue;
        s->off = abs(tilt) > abs(pan) ? abs(tilt) : abs(pan);
        s->looking = s->off == 0;
        (void)snprintf(s->file, sizeof s->file, "pointing04/%s", name);
        n_samples++;
    }
    if (f)
        fclose(f);
}

static bool read_floats(FILE *f, float *v, int n)
{
    bool ok = true;
    for (int i = 0; i < n; i++)
        ok = fscanf(f, "%f", &v[i]) == 1 && ok;
    return ok;
}

static void read_tables(const char *path)
{
    FILE *f = fopen(path, "r");
    while (f && n_tables < MAX_TABLES && fscanf(f, "%7s", tables[n_tables].group) == 1) {
        rh_contact_table *t = &tables[n_tables].table;
        t->threshold = rh_learned_contact.threshold;
        if (!read_floats(f, &t->constant, 1) || !read_floats(f, t->weight, RH_CONTACT_SIGNS) ||
            !read_floats(f, &t->head_constant, 1) || !read_floats(f, t->head, RH_CONTACT_HEAD_SIGNS))
            break;
        n_tables++;
    }
    if (f)
        fclose(f);
    else
        fprintf(stderr, "no %s: run this in the source folder\n", path);
}

static const rh_contact_table *table_without(const char *group)
{
    for (int i = 0; i < n_tables; i++)
        if (strcmp(tables[i].group, group) == 0)
            return &tables[i].table;
    return &rh_learned_contact;
}

static size_t load(const sample *s)
{
    char path[4096];
    return bench_read(bench_data(s->file, path, sizeof path), bytes, sizeof bytes);
}

/* The reading as the tracker would have it without what it learned from this person. */
static rh_contact_view view_of(const sample *s, const rh_face_tracker *t, const rh_face *f)
{
    rh_contact_view v = {f->yaw_deg, f->pitch_deg, f->gaze_yaw_deg, f->gaze_pitch_deg, t->unclear, f->gaze_known};
    if (s->posed) {
        const float(*points)[3] = f->points;
        rh_angles with = rh_corrected_angles(&rh_learned_pose, &t->fit, points);
        rh_angles without = rh_corrected_angles(pose_table_without(s->group), &t->fit, points);
        rh_eye_reading still = {0};
        rh_angles a = rh_gaze_of(&still, with), b = rh_gaze_of(&still, without);
        v.head_yaw += without.yaw - with.yaw;
        v.head_pitch += without.pitch - with.pitch;
        v.gaze_yaw += v.gaze_known ? b.yaw - a.yaw : without.yaw - with.yaw;
        v.gaze_pitch += v.gaze_known ? b.pitch - a.pitch : without.pitch - with.pitch;
    }
    rh_upright(&v.head_yaw, &v.head_pitch, f->roll_deg);
    rh_upright(&v.gaze_yaw, &v.gaze_pitch, f->roll_deg);
    return v;
}

static void dump(const sample *s, const rh_face *f, const rh_contact_view *v)
{
    float sign[RH_CONTACT_SIGNS + RH_CONTACT_HEAD_SIGNS];
    rh_contact_signs(v, sign);
    rh_contact_head_signs(v, sign + RH_CONTACT_SIGNS);
    printf("%s,%s,%d,%d,%d,%d,%d,%d", s->file, s->group, s->posed, s->off, s->looking, v->gaze_known, f->eyes_hidden,
           f->blink);
    printf(",%.5g,%.5g,%.5g,%.5g", (double)v->head_yaw, (double)v->head_pitch, (double)v->gaze_yaw,
           (double)v->gaze_pitch);
    for (int i = 0; i < RH_CONTACT_SIGNS + RH_CONTACT_HEAD_SIGNS; i++)
        printf(",%.6g", (double)sign[i]);
    printf("\n");
}

static void measure_all(const rh_face_model *m, bool dumping)
{
    rh_error err = {0};
    for (int i = 0; i < n_samples; i++) {
        sample *s = &samples[i];
        rh_face_tracker *t = NULL;
        rh_face face;
        bench_check(rh_face_tracker_new(&t, m, NULL, &err), &err);
        bench_check(rh_face_tracker_push_bytes(t, bytes, load(s), 1, &face, &err), &err);
        if (face.present) {
            rh_contact_view v = view_of(s, t, &face);
            bool seen = !face.eyes_hidden && !face.blink;
            s->p = seen ? 1 / (1 + exp(-(double)rh_contact_log_odds(table_without(s->group), &v))) : 0;
            if (dumping)
                dump(s, &face, &v);
        }
        rh_face_tracker_free(t);
    }
}

static int by_p(const void *a, const void *b)
{
    double x = ((const sample *)a)->p, y = ((const sample *)b)->p;
    return (x < y) - (x > y);
}

/* Precision at each face that looks, their mean; and how far said from seen, in ten steps of the probability. */
static void print_photos(double threshold)
{
    enum { STEPS = 10 };
    double said[STEPS] = {0}, seen[STEPS] = {0}, ap = 0, ece = 0;
    int n = 0, looks = 0, hits = 0, flagged = 0;
    qsort(samples, (size_t)n_samples, sizeof *samples, by_p);
    for (int i = 0; i < n_samples; i++) {
        const sample *s = &samples[i];
        if (s->posed)
            continue;
        int step = s->p < 1 ? (int)(s->p * STEPS) : STEPS - 1;
        said[step] += s->p;
        seen[step] += s->looking;
        n++;
        looks += s->looking;
        ap += s->looking ? (double)looks / n : 0;
        flagged += s->p >= threshold;
        hits += s->looking && s->p >= threshold;
    }
    for (int i = 0; i < STEPS; i++)
        ece += fabs(said[i] - seen[i]) / n;
    printf("photographs faces=%d f1=%.3f precision=%.3f recall=%.3f ap=%.3f ece=%.3f", n,
           2.0 * hits / (flagged + looks), (double)hits / flagged, (double)hits / looks, ap / looks, ece);
}

static void print_posed(double threshold)
{
    static const int from[] = {0, 15, 30}, to[] = {0, 15, 90};
    static const char *const names[] = {"frontal", "off_15", "off_30_and_more"};
    for (int k = 0; k < 3; k++) {
        int n = 0, flagged = 0;
        for (int i = 0; i < n_samples; i++)
            if (samples[i].posed && samples[i].off >= from[k] && samples[i].off <= to[k]) {
                n++;
                flagged += samples[i].p >= threshold;
            }
        printf(" %s=%d/%d", names[k], flagged, n);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    rh_error err = {0};
    rh_face_model *m = NULL;
    bool dumping = argc > 1 && strcmp(argv[1], "--dump") == 0;
    read_lists();
    read_pose_tables("bench/pose_left_out.txt");
    read_tables("bench/eyes_left_out.txt");
    bench_check(rh_face_model_load(&m, bench_models_dir(), NULL, &err), &err);
    measure_all(m, dumping);
    if (!dumping) {
        double threshold = 1 / (1 + exp(-(double)rh_learned_contact.threshold));
        print_photos(threshold);
        print_posed(threshold);
    }
    rh_face_model_free(m);
    return 0;
}
