/* hidden.c - what the tracker says of faces with something drawn over eyes or mouth, and of turned pictures.
 *
 * Faces: those of eye_contact and of Pointing'04, each `every`-th (first argument; 7). Lines: how many gazes
 * are known, eyes and mouths called hidden, and how far the pitch is from that of the clear face (median). Then
 * rolls of turned pictures of frontal faces, where people of Pointing'04 look by their label, and the
 * agreement with the labels of looking.
 * --dump [EVERY] prints the signs of the same drawings for tools/train_hidden, a line a picture, and only of
 * faces that are no seventh: what is printed without it is of faces not learned from. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"
#include "rehearse/vision/face_tracker.h"
#include "vision/eyes_internal.h"
#include "vision/hidden_internal.h"
#include "worn.h"

enum { MAX_FACES = 2000, MAX_BYTES = 1 << 22, LEFT_OUT = 7 };

typedef struct {
    char file[256], person[8]; /* of Pointing'04 */
    bool posed;
    int pan, tilt, looking; /* -1 = no label */
} sample;

static sample samples[MAX_FACES];
static int n_samples;
static unsigned char bytes[MAX_BYTES];
static rh_face_model *model;

static void read_lists(void)
{
    char path[4096], line[1024], name[128];
    FILE *f = fopen(bench_data("eye_contact/labels.csv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f) && n_samples < MAX_FACES) {
        sample *s = &samples[n_samples];
        if (sscanf(line, "%127[^,],", name) != 1 || !strstr(name, ".jpg"))
            continue;
        *s = (sample){.looking = -1};
        (void)snprintf(s->file, sizeof s->file, "eye_contact/faces/%s", name);
        (void)sscanf(strchr(line, ',') + 1, "%d", &s->looking);
        if (strchr(line, ',')[1] == ',')
            s->looking = -1;
        n_samples++;
    }
    if (f)
        fclose(f);
    f = fopen(bench_data("pointing04/pose_gt.csv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f) && n_samples < MAX_FACES) {
        sample *s = &samples[n_samples];
        *s = (sample){.posed = true, .looking = -1};
        if (sscanf(line, "%127[^,],%7[^,],%*d,%d,%d", name, s->person, &s->tilt, &s->pan) != 4)
            continue;
        (void)snprintf(s->file, sizeof s->file, "pointing04/%s", name);
        n_samples++;
    }
    if (f)
        fclose(f);
}

static void load(const sample *s, rh_image *img)
{
    char path[4096];
    rh_error err = {0};
    size_t n = bench_read(bench_data(s->file, path, sizeof path), bytes, sizeof bytes);
    bench_check(rh_image_decode(img, bytes, n, &err), &err);
}

static rh_face look(const rh_image *img)
{
    rh_error err = {0};
    rh_face_tracker *t = NULL;
    rh_face f;
    bench_check(rh_face_tracker_new(&t, model, NULL, &err), &err);
    bench_check(rh_face_tracker_push(t, img, 1, &f), &err);
    rh_face_tracker_free(t);
    return f;
}

static const rh_paint glass[] = {{12, 12, 14}, {52, 33, 22}, {128, 132, 138}, {20, 28, 60}};
static const rh_paint cloth[] = {{150, 190, 215}, {236, 236, 236}, {28, 28, 30}, {90, 130, 90}, {205, 170, 150}};

typedef enum {
    CLEAR,
    GLASSES_100,
    GLASSES_90,
    GLASSES_80,
    LIDS,
    HAND_EYES,
    MASK_NOSE,
    MASK_MOUTH,
    PATCH,
    HAND_MOUTH,
    MICROPHONE,
    KINDS
} kind;
static const char *const names[KINDS] = {"clear",         "glasses",       "glasses 90 %",   "glasses 80 %",
                                         "lids shut",     "hand on eyes",  "mask over nose", "mask over mouth",
                                         "mouth covered", "hand on mouth", "microphone"};
static struct {
    int n, known, eyes, mouth;
    float off[MAX_FACES];
} told[KINDS];

static void draw(rh_image *img, const rh_face *f, kind k, int i)
{
    int shape = (i + (int)k) % RH_GLASSES_SHAPES, colour = i / RH_GLASSES_SHAPES % 4;
    rh_paint c = cloth[(i + (int)k) % 5];
    switch (k) {
    case GLASSES_100: rh_draw_glasses(img, f, (rh_glasses_shape)shape, glass[colour], 1, colour == 2); break;
    case GLASSES_90: rh_draw_glasses(img, f, (rh_glasses_shape)shape, glass[colour], 0.9f, colour == 2); break;
    case GLASSES_80: rh_draw_glasses(img, f, (rh_glasses_shape)shape, glass[colour], 0.8f, colour == 2); break;
    case LIDS: rh_draw_lids(img, f); break;
    case HAND_EYES: rh_draw_hand(img, f, false); break;
    case MASK_NOSE: rh_draw_mask(img, f, RH_MASK_NOSE, c); break;
    case MASK_MOUTH: rh_draw_mask(img, f, RH_MASK_MOUTH, c); break;
    case PATCH: rh_draw_mask(img, f, RH_MASK_PATCH, c); break;
    case HAND_MOUTH: rh_draw_hand(img, f, true); break;
    case MICROPHONE: rh_draw_microphone(img, f); break;
    default: break;
    }
}

/* ---- signs for tools/train_hidden ---- */

static void print_signs(const float *sign, int n)
{
    for (int i = 0; i < n; i++)
        printf(",%.5g", (double)sign[i]);
}

/* Face, person, kind, yaw and pitch of the clear face and how sure it was; each eye's weight and signs; the signs
 * of the mouth, of the upper and of the lower face. */
static void dump_signs(int face, kind k, const rh_image *img, const rh_face *clear, const rh_face *f)
{
    rh_error err = {0};
    rh_face_workspace *e = NULL;
    rh_rigid_fit fit;
    rh_image_part part = {.img = *img, .full_width = img->width, .full_height = img->height, .scale = 1};
    float eye_sign[RH_EYE_SIGNS], mouth[RH_MOUTH_SIGNS], of_part[RH_PART_SIGNS];
    printf("%d,%s,%s,%.3f,%.3f,%.3f", face, samples[face].person, names[k], (double)clear->yaw_deg,
           (double)clear->pitch_deg, (double)clear->confidence);
    bench_check(rh_face_workspace_take(&e, model, &err), &err);
    rh_rigid_fit_points(&fit, f->points);
    for (int side = 0; side < 2; side++) {
        rh_eye eye;
        rh_roi roi = rh_roi_of_eye(f->points, side == 0);
        rh_crop_eye(e, &part, &roi, side == 0);
        rh_find_eye(e, &roi, side == 0, &eye);
        rh_eye_signs(e, &part, &roi, side == 0, f->points, eye_sign);
        printf(",%.4f", (double)rh_read_eye(&eye, &fit, side == 0).weight);
        print_signs(eye_sign, RH_EYE_SIGNS);
    }
    rh_mouth_signs(e, &part, f->points, mouth);
    print_signs(mouth, RH_MOUTH_SIGNS);
    rh_part_signs(rh_learned_upper.point, f->points, of_part);
    print_signs(of_part, RH_PART_SIGNS);
    rh_part_signs(rh_learned_lower.point, f->points, of_part);
    print_signs(of_part, RH_PART_SIGNS);
    printf("\n");
    rh_face_workspace_give(model, e);
}

static void dump_all(int every)
{
    rh_error err = {0};
    rh_image clear = {0}, img = {0};
    for (int i = 0; i < n_samples; i++) {
        if (i % LEFT_OUT == 0 || i % every)
            continue;
        load(&samples[i], &clear);
        rh_face f = look(&clear);
        rh_roi at = rh_roi_of_mesh(f.points);
        for (int k = CLEAR; k < KINDS && f.present; k++) {
            bench_check(rh_copy_image(&img, &clear), &err);
            draw(&img, &f, (kind)k, i / every);
            rh_face g = look(&img);
            rh_roi now = rh_roi_of_mesh(g.points);
            if (g.present && hypotf(now.cx - at.cx, now.cy - at.cy) < 0.3f * at.side) /* not another's */
                dump_signs(i, (kind)k, &img, &f, &g);
        }
    }
    rh_image_done(&clear);
    rh_image_done(&img);
}

/* ---- what the tracker says ---- */

static const float turns[] = {45, -45, 60, -60, 90, -90, 180};
enum { TURNS = sizeof turns / sizeof *turns };
static int turned[TURNS], turned_found[TURNS], turned_wrong[TURNS];

static void turn(const rh_image *clear, float upright, rh_image *img)
{
    for (int k = 0; k < TURNS; k++) {
        (void)rh_turn_image(img, clear, turns[k]);
        rh_face f = look(img);
        turned[k]++;
        turned_found[k] += f.present;
        turned_wrong[k] +=
            f.present && f.confidence >= 0.5f && fabsf(remainderf(f.roll_deg - upright - turns[k], 360)) > 8;
    }
}

static void print_all(void)
{
    printf("%-16s %5s %12s %12s %12s %12s\n", "", "faces", "gaze known", "eyes hidden", "mouth hidden", "pitch off");
    for (int k = 0; k < KINDS; k++) {
        int n = told[k].n ? told[k].n : 1;
        rh_sort_floats(told[k].off, (size_t)told[k].n);
        printf("%-16s %5d %10.1f %% %10.1f %% %10.1f %% %12.1f\n", names[k], told[k].n, 100.0 * told[k].known / n,
               100.0 * told[k].eyes / n, 100.0 * told[k].mouth / n, (double)told[k].off[told[k].n / 2]);
    }
    for (int k = 0; k < TURNS; k++)
        printf("turned by %4.0f: %d faces, %d found, %d sure and over 8 degrees wrong\n", (double)turns[k], turned[k],
               turned_found[k], turned_wrong[k]);
}

static void measure_all(int every)
{
    rh_error err = {0};
    rh_image clear = {0}, img = {0};
    int table[2][3] = {{0}}, yes[4] = {0}; /* aside: as labelled, other side, not aside; looking */
    for (int i = 0; i < n_samples; i++) {
        const sample *s = &samples[i];
        bool drawn = i % every == 0;
        if (!drawn && s->looking < 0 && !(s->posed && s->tilt == 0 && abs(s->pan) >= 30))
            continue;
        load(s, &clear);
        rh_face f = look(&clear);
        if (!f.present)
            continue;
        if (s->looking >= 0)
            yes[2 * s->looking + f.looking]++;
        if (s->posed && s->tilt == 0 && abs(s->pan) >= 30) { /* pan below 0: the image's right, the person's left */
            rh_look want = s->pan < 0 ? RH_LOOK_LEFT : RH_LOOK_RIGHT, other = s->pan < 0 ? RH_LOOK_RIGHT : RH_LOOK_LEFT;
            table[s->pan > 0][f.look == want ? 0 : f.look == other ? 1 : 2]++;
        }
        bool frontal = fabsf(f.yaw_deg) < 25 && fabsf(f.pitch_deg) < 25;
        if (!drawn || !frontal)
            continue;
        for (int k = CLEAR; k < KINDS; k++) {
            bench_check(rh_copy_image(&img, &clear), &err);
            draw(&img, &f, (kind)k, i / every);
            rh_face g = look(&img);
            if (!g.present)
                continue;
            told[k].known += g.gaze_known;
            told[k].eyes += g.eyes_hidden;
            told[k].mouth += g.mouth_hidden;
            told[k].off[told[k].n++] = fabsf(g.pitch_deg - f.pitch_deg);
        }
        if (fabsf(f.yaw_deg) < 15)
            turn(&clear, f.roll_deg, &img);
    }
    print_all();
    for (int side = 0; side < 2; side++)
        printf("turned 30 to 60 degrees to the person's %s: %d look there, %d to the other side, %d elsewhere\n",
               side ? "right" : "left", table[side][0], table[side][1], table[side][2]);
    printf("looking: precision %.3f recall %.3f f1 %.3f\n", (double)yes[3] / (yes[3] + yes[1]),
           (double)yes[3] / (yes[3] + yes[2]), 2.0 * yes[3] / (2 * yes[3] + yes[1] + yes[2]));
    rh_image_done(&clear);
    rh_image_done(&img);
}

int main(int argc, char **argv)
{
    bool dumping = argc > 1 && strcmp(argv[1], "--dump") == 0;
    int every = argc > 1 + dumping ? atoi(argv[1 + dumping]) : dumping ? 1 : LEFT_OUT;
    rh_error err = {0};
    if (every < 1) {
        fprintf(stderr, "usage: hidden [--dump] [EVERY], EVERY at least 1\n");
        return 2;
    }
    read_lists();
    bench_check(rh_face_model_load(&model, bench_models_dir(), NULL, &err), &err);
    if (dumping)
        dump_all(every);
    else
        measure_all(every);
    rh_face_model_free(model);
    return 0;
}
