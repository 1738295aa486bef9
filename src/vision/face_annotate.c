/* face_annotate.c - mesh, axes of the head and gaze drawn onto a picture.
 *
 * Lines are smooth: a pixel takes the colour by how much of it lies within half
 * the width of the segment. */
#include <math.h>
#include "head_pose_internal.h"
#include "rehearse/vision/face_tracker.h"

typedef struct {
    float r, g, b, alpha;
} colour;

typedef struct {
    rh_image *img;
    float sx, sy; /* from px of the reading to px of this picture */
    float unit;   /* line width that suits the face's size */
} canvas;

static const colour MESH = {210, 235, 255, 0.16f}, CONTOUR = {235, 245, 255, 0.75f};
static const colour RED = {255, 84, 84, 0.95f}, GREEN = {72, 220, 120, 0.95f};
static const colour BLUE = {80, 150, 255, 0.95f}, AMBER = {255, 180, 50, 0.95f};
static const colour SHADOW = {0, 0, 0, 0.45f};

static void blend(uint8_t *p, const colour *c, float a)
{
    p[0] = (uint8_t)((float)p[0] + a * (c->r - (float)p[0]) + 0.5f);
    p[1] = (uint8_t)((float)p[1] + a * (c->g - (float)p[1]) + 0.5f);
    p[2] = (uint8_t)((float)p[2] + a * (c->b - (float)p[2]) + 0.5f);
}

static int bound(float v, int max)
{
    return v < 0 ? 0 : v > (float)max ? max : (int)v;
}

/* Distance of a pixel's centre to a segment. */
static float distance(float x, float y, const float a[2], const float b[2])
{
    float dx = b[0] - a[0], dy = b[1] - a[1], len = dx * dx + dy * dy;
    float s = len > 0 ? ((x - a[0]) * dx + (y - a[1]) * dy) / len : 0;
    s = s < 0 ? 0 : s > 1 ? 1 : s;
    return hypotf(x - a[0] - s * dx, y - a[1] - s * dy);
}

static void line(const canvas *c, const float p[2], const float q[2], float width, colour col)
{
    float a[2] = {p[0] * c->sx, p[1] * c->sy}, b[2] = {q[0] * c->sx, q[1] * c->sy};
    if (!(fabsf(a[0]) + fabsf(a[1]) + fabsf(b[0]) + fabsf(b[1]) < 1e6f))
        return;
    float half = width / 2, reach = half + 1;
    int x0 = bound(fminf(a[0], b[0]) - reach, c->img->width);
    int x1 = bound(fmaxf(a[0], b[0]) + reach + 1, c->img->width);
    int y0 = bound(fminf(a[1], b[1]) - reach, c->img->height);
    int y1 = bound(fmaxf(a[1], b[1]) + reach + 1, c->img->height);
    for (int y = y0; y < y1; y++) {
        uint8_t *row = c->img->data + (size_t)y * c->img->stride;
        for (int x = x0; x < x1; x++) {
            float cover = half + 0.5f - distance((float)x + 0.5f, (float)y + 0.5f, a, b);
            if (cover > 0)
                blend(row + (size_t)x * 3, &col, col.alpha * fminf(1.0f, cover));
        }
    }
}

static void disc(const canvas *c, const float p[2], float radius, colour col)
{
    line(c, p, p, 2 * radius, col);
}

static void ring(const canvas *c, const float p[2], float radius, float width, colour col)
{
    enum { STEPS = 24 };
    float last[2] = {p[0] + radius, p[1]};
    for (int i = 1; i <= STEPS; i++) {
        float a = 6.2831853f * (float)i / STEPS;
        float next[2] = {p[0] + radius * cosf(a), p[1] + radius * sinf(a)};
        line(c, last, next, width, col);
        last[0] = next[0];
        last[1] = next[1];
    }
}

/* Chains of points, each ended by -1. */
static const short contours[] = {
    10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109, 10,  -1,  33,  7,   163, 144, 145, 153, 154, 155,
    133, 173, 157, 158, 159, 160, 161, 246, 33,  -1,  263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386,
    387, 388, 466, 263, -1,  61,  146, 91,  181, 84,  17,  314, 405, 321, 375, 291, 409, 270, 269, 267, 0,   37,  39,
    40,  185, 61,  -1,  78,  95,  88,  178, 87,  14,  317, 402, 318, 324, 308, 415, 310, 311, 312, 13,  82,  81,  80,
    191, 78,  -1,  70,  63,  105, 66,  107, -1,  300, 293, 334, 296, 336, -1,  168, 6,   197, 195, 5,   4,   -1,
};

static void draw_mesh(const canvas *c, const rh_face *f)
{
    float thin = fmaxf(0.7f, 0.5f * c->unit);
    for (int i = 0; i < RH_FACE_TRIANGLES; i++) {
        const short *t = rh_face_triangles[i];
        for (int k = 0; k < 3; k++)
            if (t[k] < t[(k + 1) % 3]) /* an edge belongs to two triangles, in opposite order */
                line(c, f->points[t[k]], f->points[t[(k + 1) % 3]], thin, MESH);
    }
    for (size_t i = 1; i < sizeof contours / sizeof *contours; i++)
        if (contours[i] >= 0 && contours[i - 1] >= 0)
            line(c, f->points[contours[i - 1]], f->points[contours[i]], c->unit, CONTOUR);
}

static void arrow(const canvas *c, const float from[2], float dx, float dy, float width, colour col)
{
    float to[2] = {from[0] + dx, from[1] + dy};
    line(c, from, to, width + 2, SHADOW);
    line(c, from, to, width, col);
    float len = hypotf(dx, dy), head = 3.2f * width / fmaxf(c->sx, 1e-3f);
    if (len < 2 * head)
        return;
    for (int side = -1; side <= 1; side += 2) {
        float s = (float)side * 0.55f;
        float wing[2] = {to[0] - head * (dx - s * dy) / len, to[1] - head * (dy + s * dx) / len};
        line(c, to, wing, width, col);
    }
}

/* The head's own axes as it would be drawn by hand: red to the person's left,
 * green up, blue out of the face. */
static void draw_axes(const canvas *c, const rh_face *f, float face)
{
    rh_rigid_fit fit;
    rh_rigid_fit_points(&fit, f->points);
    const colour colours[3] = {RED, GREEN, BLUE};
    for (int axis = 0; axis < 3; axis++) {
        float len = face * (axis == 2 ? 0.55f : 0.38f);
        arrow(c, f->points[4], len * fit.r[0][axis], -len * fit.r[1][axis], 2 * c->unit, colours[axis]);
    }
    disc(c, f->points[4], 2 * c->unit, (colour){255, 255, 255, 1});
}

static void draw_gaze(const canvas *c, const rh_face *f, float face)
{
    static const float RAD = 57.29577951f;
    colour col = f->looking ? GREEN : AMBER;
    float yaw = f->gaze_yaw_deg / RAD, pitch = f->gaze_pitch_deg / RAD, len = 0.9f * face;
    for (int eye = 0; eye < 2; eye++) {
        const float(*iris)[3] = f->points + RH_MESH_POINTS + 5 * eye;
        float radius = (hypotf(iris[1][0] - iris[3][0], iris[1][1] - iris[3][1]) +
                        hypotf(iris[2][0] - iris[4][0], iris[2][1] - iris[4][1])) /
                       4;
        if (!f->gaze_known || !(radius > 0.5f))
            continue;
        ring(c, iris[0], radius, 1.2f * c->unit, col);
        arrow(c, iris[0], -len * sinf(yaw) * cosf(pitch), -len * sinf(pitch), 1.5f * c->unit, col);
    }
}

/* Corners around the face, in the colour of eye contact. */
static void draw_frame(const canvas *c, const rh_face *f)
{
    float x0 = f->points[0][0], x1 = x0, y0 = f->points[0][1], y1 = y0;
    for (int i = 1; i < RH_MESH_POINTS; i++) {
        x0 = fminf(x0, f->points[i][0]);
        x1 = fmaxf(x1, f->points[i][0]);
        y0 = fminf(y0, f->points[i][1]);
        y1 = fmaxf(y1, f->points[i][1]);
    }
    float pad = 0.12f * (y1 - y0), arm = 0.16f * (y1 - y0);
    x0 -= pad, y0 -= pad, x1 += pad, y1 += pad;
    const float corners[4][4] = {{x0, y0, 1, 1}, {x1, y0, -1, 1}, {x0, y1, 1, -1}, {x1, y1, -1, -1}};
    colour col = f->looking ? GREEN : AMBER;
    for (int i = 0; i < 4; i++) {
        const float *k = corners[i];
        float h[2] = {k[0] + k[2] * arm, k[1]}, v[2] = {k[0], k[1] + k[3] * arm};
        line(c, k, h, 2.2f * c->unit, col);
        line(c, k, v, 2.2f * c->unit, col);
    }
}

void rh_face_annotate(rh_image *img, const rh_face *f)
{
    if (!f->present || f->width < 1 || f->height < 1 || !img->data)
        return;
    canvas c = {.img = img, .sx = (float)img->width / (float)f->width, .sy = (float)img->height / (float)f->height};
    float face = hypotf(f->points[10][0] - f->points[152][0], f->points[10][1] - f->points[152][1]);
    c.unit = fmaxf(1.0f, face * c.sy / 180);
    draw_mesh(&c, f);
    draw_frame(&c, f);
    draw_axes(&c, f, face);
    draw_gaze(&c, f, face);
}
