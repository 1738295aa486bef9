/* face_detector.c - BlazeFace: anchors, decoding, weighted suppression.
 *
 * Two networks of one kind: the near one (128 px, faces within about 2 m of a
 * webcam), the far one (192 px, finer grid).
 * Reference: V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face
 * Detection on Mobile GPUs" (2019); settings as in MediaPipe's graphs
 * face_detection_short_range and face_detection_full_range. */
#include <math.h>
#include "face_nets_internal.h"

enum { NEAR_SIZE = 128, NEAR_ANCHORS = 896, FAR_SIZE = 192, FAR_ANCHORS = 2304, VALUES = 16, MAX_CANDIDATES = 256 };
static const float MIN_OVERLAP = 0.3f; /* boxes of the same face */

/* Centre of anchor i, [0,1]. Near: a 16x16 grid with 2 anchors a cell, then 8x8
 * with 6; far: 48x48 with 1. */
static void anchor(rh_detector which, int i, float *x, float *y)
{
    int grid = 48, cell = i;
    if (which == RH_DETECT_NEAR) {
        grid = i < 512 ? 16 : 8;
        cell = i < 512 ? i / 2 : (i - 512) / 6;
    }
    *x = ((float)(cell % grid) + 0.5f) / (float)grid;
    *y = ((float)(cell / grid) + 0.5f) / (float)grid;
}

static float overlap(const rh_face_box *a, const rh_face_box *b)
{
    float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);
    if (w <= 0 || h <= 0)
        return 0;
    return w * h / (a->width * a->height + b->width * b->height - w * h);
}

/* Boxes in units of the letterboxed square. */
static int decode(rh_detector which, const float *raw, const float *scores, float min_score, rh_face_box *out)
{
    int n_anchors = which == RH_DETECT_NEAR ? NEAR_ANCHORS : FAR_ANCHORS;
    float size = which == RH_DETECT_NEAR ? (float)NEAR_SIZE : (float)FAR_SIZE;
    float min_logit = logf(min_score / (1 - min_score));
    int n = 0;
    for (int i = 0; i < n_anchors && n < MAX_CANDIDATES; i++) {
        if (!(scores[i] >= min_logit))
            continue;
        const float *r = raw + i * VALUES;
        float ax, ay;
        anchor(which, i, &ax, &ay);
        rh_face_box b = {.width = r[2] / size, .height = r[3] / size};
        b.x = r[0] / size + ax - b.width / 2;
        b.y = r[1] / size + ay - b.height / 2;
        b.score = 1 / (1 + expf(-fminf(scores[i], 100.0f)));
        for (int k = 0; k < 2; k++) {
            b.eyes[k][0] = r[4 + 2 * k] / size + ax;
            b.eyes[k][1] = r[5 + 2 * k] / size + ay;
        }
        if (b.width > 0 && b.height > 0)
            out[n++] = b;
    }
    return n;
}

static void blend(rh_face_box *sum, const rh_face_box *b)
{
    sum->x += b->score * b->x;
    sum->y += b->score * b->y;
    sum->width += b->score * b->width;
    sum->height += b->score * b->height;
    for (int k = 0; k < 4; k++)
        sum->eyes[k / 2][k % 2] += b->score * b->eyes[k / 2][k % 2];
}

static void scale_box(rh_face_box *b, float f)
{
    b->x *= f;
    b->y *= f;
    b->width *= f;
    b->height *= f;
    for (int k = 0; k < 4; k++)
        b->eyes[k / 2][k % 2] *= f;
}

/* The best box and all that overlap it become their mean, weighted by score. */
static int suppress(rh_face_box *c, int n, rh_face_box *out)
{
    int found = 0;
    while (n > 0 && found < RH_MAX_FACES) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (c[i].score > c[best].score)
                best = i;
        rh_face_box top = c[best], sum = {0};
        float weight = 0;
        int kept = 0;
        for (int i = 0; i < n; i++) {
            if (i == best || overlap(&top, &c[i]) > MIN_OVERLAP) {
                blend(&sum, &c[i]);
                weight += c[i].score;
            } else {
                c[kept++] = c[i];
            }
        }
        n = kept;
        scale_box(&sum, 1 / weight);
        sum.score = top.score;
        out[found++] = sum;
    }
    return found;
}

void rh_move_box(rh_face_box *b, float dx, float dy, float scale)
{
    b->x += dx;
    b->y += dy;
    for (int k = 0; k < 2; k++) {
        b->eyes[k][0] += dx;
        b->eyes[k][1] += dy;
    }
    scale_box(b, scale);
}

static void to_picture(rh_face_box *b, const rh_image_part *part)
{
    float w = (float)part->full_width, h = (float)part->full_height, side = fmaxf(w, h);
    scale_box(b, side);
    rh_move_box(b, (w - side) / 2, (h - side) / 2, 1.0f);
}

rh_status rh_detect_faces(rh_face_workspace *e, rh_detector which, const rh_image_part *part, float min_score,
                          rh_face_box *out, int *n, rh_error *err)
{
    const rh_face_net *net = which == RH_DETECT_NEAR ? &e->near : &e->far;
    int size = which == RH_DETECT_NEAR ? NEAR_SIZE : FAR_SIZE;
    rh_face_box candidates[MAX_CANDIDATES];
    rh_sample_letterbox(e->crop, size, part, 2.0f / 255.0f, -1.0f);
    rh_status st = rh_nn_run(net->request, err);
    if (st != RH_OK)
        return st;
    int count = decode(which, net->out[0], net->out[1], min_score, candidates);
    *n = suppress(candidates, count, out);
    for (int i = 0; i < *n; i++)
        to_picture(&out[i], part);
    return RH_OK;
}

/* From a square turned about the picture's middle back to the picture. */
static void turn_back(float *x, float *y, const rh_roi *square)
{
    float c = cosf(square->angle), s = sinf(square->angle);
    float dx = (*x - 0.5f) * square->side, dy = (*y - 0.5f) * square->side;
    *x = square->cx + c * dx - s * dy;
    *y = square->cy + s * dx + c * dy;
}

rh_status rh_detect_turned(rh_face_workspace *e, const rh_image_part *part, int quarters, float min_score,
                           rh_face_box *out, int *n, rh_error *err)
{
    rh_face_box candidates[MAX_CANDIDATES];
    float w = (float)part->full_width, h = (float)part->full_height;
    rh_roi square = {w / 2, h / 2, fmaxf(w, h), (float)quarters * 1.57079633f};
    rh_affine a = rh_affine_of_roi(&square, NEAR_SIZE);
    rh_sample_crop(e->crop, NEAR_SIZE, NEAR_SIZE, part, &a, 2.0f / 255.0f, -1.0f, 0);
    rh_status st = rh_nn_run(e->near.request, err);
    if (st != RH_OK)
        return st;
    *n = suppress(candidates, decode(RH_DETECT_NEAR, e->near.out[0], e->near.out[1], min_score, candidates), out);
    for (int i = 0; i < *n; i++) {
        rh_face_box *b = &out[i];
        float x = b->x + b->width / 2, y = b->y + b->height / 2;
        float wide = (quarters % 2 ? b->height : b->width) * square.side;
        float high = (quarters % 2 ? b->width : b->height) * square.side;
        turn_back(&x, &y, &square);
        *b = (rh_face_box){.x = x - wide / 2,
                           .y = y - high / 2,
                           .width = wide,
                           .height = high,
                           .score = b->score,
                           .eyes = {{b->eyes[0][0], b->eyes[0][1]}, {b->eyes[1][0], b->eyes[1][1]}}};
        for (int k = 0; k < 2; k++)
            turn_back(&b->eyes[k][0], &b->eyes[k][1], &square);
    }
    return RH_OK;
}

rh_roi rh_roi_of_box(const rh_face_box *b)
{
    return (rh_roi){
        .cx = b->x + b->width / 2,
        .cy = b->y + b->height / 2,
        .side = 1.5f * fmaxf(b->width, b->height),
        .angle = atan2f(b->eyes[1][1] - b->eyes[0][1], b->eyes[1][0] - b->eyes[0][0]),
    };
}
