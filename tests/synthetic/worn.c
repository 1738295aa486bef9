/* worn.c - things drawn onto faces, in the plane that the head's rigid fit gives. */
#include "worn.h"
#include <math.h>
#include <string.h>
#include "vision/head_pose_internal.h"

/* Where a pixel lies: centimetres to the picture's right and up along the head's axes, from a centre. */
typedef struct {
    float cx, cy;        /* px */
    float inverse[2][2]; /* px -> cm */
} plane;

typedef struct {
    float points[RH_FACE_POINTS][3];
    rh_rigid_fit fit;
} head;

static head head_of(const rh_face *f)
{
    head h;
    memcpy(h.points, f->points, sizeof h.points);
    rh_rigid_fit_points(&h.fit, (const float(*)[3])h.points);
    return h;
}

static plane plane_at(const head *h, float cx, float cy)
{
    float s = h->fit.scale, a = s * h->fit.r[0][0], b = s * h->fit.r[0][1];
    float c = -s * h->fit.r[1][0], d = -s * h->fit.r[1][1], det = a * d - b * c;
    return (plane){cx, cy, {{d / det, -b / det}, {-c / det, a / det}}};
}

static void to_plane(const plane *p, float x, float y, float *u, float *v)
{
    x -= p->cx;
    y -= p->cy;
    *u = p->inverse[0][0] * x + p->inverse[0][1] * y;
    *v = p->inverse[1][0] * x + p->inverse[1][1] * y;
}

static void mix(uint8_t *px, const float colour[3], float share)
{
    for (int c = 0; c < 3; c++) {
        float v = (float)px[c] + share * (colour[c] - (float)px[c]);
        px[c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
    }
}

/* Of a pixel of four by four points, the share for which `inside` holds. */
typedef bool inside_fn(const void *shape, float x, float y);

static float covered(inside_fn *inside, const void *shape, int x, int y)
{
    int n = 0;
    for (int k = 0; k < 16; k++)
        n += inside(shape, (float)x + ((float)(k % 4) + 0.5f) / 4, (float)y + ((float)(k / 4) + 0.5f) / 4);
    return (float)n / 16;
}

typedef struct {
    int x0, y0, x1, y1;
} box;

static box box_around(const rh_image *img, float cx, float cy, float r)
{
    box b = {(int)(cx - r), (int)(cy - r), (int)(cx + r) + 1, (int)(cy + r) + 1};
    b.x0 = b.x0 < 0 ? 0 : b.x0;
    b.y0 = b.y0 < 0 ? 0 : b.y0;
    b.x1 = b.x1 > img->width ? img->width : b.x1;
    b.y1 = b.y1 > img->height ? img->height : b.y1;
    return b;
}

static uint8_t *pixel(rh_image *img, int x, int y)
{
    return img->data + (size_t)y * img->stride + (size_t)x * 3;
}

typedef struct {
    plane eye[2], bridge;
    rh_glasses_shape shape;
} glasses;

static bool in_lens(rh_glasses_shape shape, float u, float v)
{
    switch (shape) { /* u grows outwards */
    case RH_GLASSES_ROUND: return hypotf(u, v) < 2.4f;
    case RH_GLASSES_SQUARE: return fabsf(u) < 2.9f && v < 1.7f && v > -2.2f + 0.15f * u;
    case RH_GLASSES_DROP: return hypotf((u - 0.2f) / 3.0f, (v + 0.5f) / (v > -0.5f ? 1.9f : 2.8f - 0.3f * u)) < 1;
    default: return fabsf(u) < 3.6f && v < 1.8f && v > -2.3f;
    }
}

static bool in_glasses(const void *shape, float x, float y)
{
    const glasses *g = shape;
    float u, v;
    for (int i = 0; i < 2; i++) {
        to_plane(&g->eye[i], x, y, &u, &v);
        if (in_lens(g->shape, i == 0 ? -u : u, v))
            return true;
    }
    to_plane(&g->bridge, x, y, &u, &v);
    return fabsf(u) < 2.0f && v < 1.2f && v > (g->shape == RH_GLASSES_BAR ? -1.0f : 0.5f);
}

static void middle(const head *h, int a, int b, float out[2])
{
    out[0] = (h->points[a][0] + h->points[b][0]) / 2;
    out[1] = (h->points[a][1] + h->points[b][1]) / 2;
}

void rh_draw_glasses(rh_image *img, const rh_face *f, rh_glasses_shape shape, rh_paint p, float opacity, float shine)
{
    head h = head_of(f);
    float m[2], left[2], right[2];
    glasses g = {.shape = shape};
    middle(&h, 33, 133, left);
    middle(&h, 263, 362, right);
    m[0] = (left[0] + right[0]) / 2;
    m[1] = (left[1] + right[1]) / 2;
    g.eye[0] = plane_at(&h, left[0], left[1]);
    g.eye[1] = plane_at(&h, right[0], right[1]);
    g.bridge = plane_at(&h, m[0], m[1]);
    box b = box_around(img, m[0], m[1], 9 * h.fit.scale);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            float u, v, share = covered(in_glasses, &g, x, y);
            if (share <= 0)
                continue;
            to_plane(&g.bridge, (float)x, (float)y, &u, &v);
            float light = shine * 90 * (v / 2.0f + 0.3f * sinf(1.3f * u));
            float colour[3] = {(float)p.r + light, (float)p.g + light, (float)p.b + light};
            mix(pixel(img, x, y), colour, share * opacity);
        }
}

enum { MAX_CORNERS = 40 };
typedef struct {
    float at[MAX_CORNERS][2];
    int n;
} polygon;

static bool in_polygon(const void *shape, float x, float y)
{
    const polygon *p = shape;
    bool in = false;
    for (int i = 0, j = p->n - 1; i < p->n; j = i++) {
        const float *a = p->at[i], *b = p->at[j];
        if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
            in = !in;
    }
    return in;
}

static void add_corner(polygon *p, const head *h, int point, const float from[2], float grow)
{
    const float *q = h->points[point];
    p->at[p->n][0] = from[0] + grow * (q[0] - from[0]);
    p->at[p->n++][1] = from[1] + grow * (q[1] - from[1]);
}

static polygon mask_of(const head *h, rh_mask_shape shape, const float mouth[2])
{
    static const int jaw[] = {361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132};
    static const int high[] = {93, 117, 198, 197, 420, 346, 323}, low[] = {93, 147, 205, 2, 425, 376, 323};
    polygon p = {.n = 0};
    for (size_t i = 0; i < sizeof jaw / sizeof *jaw; i++)
        add_corner(&p, h, jaw[i], mouth, 1.04f);
    for (size_t i = 0; i < 7; i++)
        add_corner(&p, h, (shape == RH_MASK_NOSE ? high : low)[i], mouth, 1.0f);
    return p;
}

typedef struct {
    plane at;
    float a, b; /* half axes, cm */
} ellipse;

static bool in_ellipse(const void *shape, float x, float y)
{
    const ellipse *e = shape;
    float u, v;
    to_plane(&e->at, x, y, &u, &v);
    return hypotf(u / e->a, v / e->b) < 1;
}

void rh_draw_mask(rh_image *img, const rh_face *f, rh_mask_shape shape, rh_paint p)
{
    head h = head_of(f);
    float mouth[2];
    middle(&h, 61, 291, mouth);
    polygon outline = mask_of(&h, shape, mouth);
    plane at = plane_at(&h, mouth[0], mouth[1]);
    ellipse patch = {at, 4.2f, 2.6f};
    box b = box_around(img, mouth[0], mouth[1], 13 * h.fit.scale);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            float share =
                shape == RH_MASK_PATCH ? covered(in_ellipse, &patch, x, y) : covered(in_polygon, &outline, x, y);
            float u, v;
            if (share <= 0)
                continue;
            to_plane(&at, (float)x, (float)y, &u, &v);
            float fold = fabsf(v - roundf(v / 1.8f) * 1.8f) < 0.12f ? 0.88f : 1.0f;
            float light = fold * (1.04f - 0.008f * u * u + 0.015f * v);
            float colour[3] = {(float)p.r * light, (float)p.g * light, (float)p.b * light};
            mix(pixel(img, x, y), colour, share);
        }
}

static void cheek_colour(rh_image *img, const head *h, float out[3])
{
    const float *p = h->points[h->fit.r[0][2] > 0 ? 50 : 280]; /* of the side that is seen */
    int x = (int)p[0], y = (int)p[1];
    x = x < 1 ? 1 : x > img->width - 2 ? img->width - 2 : x;
    y = y < 1 ? 1 : y > img->height - 2 ? img->height - 2 : y;
    for (int c = 0; c < 3; c++) {
        float sum = 0;
        for (int k = 0; k < 9; k++)
            sum += (float)pixel(img, x + k % 3 - 1, y + k / 3 - 1)[c];
        out[c] = sum / 9;
    }
}

/* Four fingers beside each other, darker between them. */
void rh_draw_hand(rh_image *img, const rh_face *f, bool over_mouth)
{
    head h = head_of(f);
    float m[2], skin[3];
    over_mouth ? middle(&h, 61, 291, m) : middle(&h, 33, 263, m);
    cheek_colour(img, &h, skin);
    ellipse e = {plane_at(&h, m[0], m[1]), over_mouth ? 5.0f : 7.5f, over_mouth ? 3.2f : 2.6f};
    box b = box_around(img, m[0], m[1], 9 * h.fit.scale);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            float u, v, share = covered(in_ellipse, &e, x, y);
            if (share <= 0)
                continue;
            to_plane(&e.at, (float)x, (float)y, &u, &v);
            float t = v / 1.3f, between = fabsf(t - roundf(t));
            float light = 0.72f + 0.36f * fminf(1.0f, 3 * between);
            float colour[3] = {skin[0] * light, skin[1] * light, skin[2] * light};
            mix(pixel(img, x, y), colour, share);
        }
}

void rh_draw_microphone(rh_image *img, const rh_face *f)
{
    head h = head_of(f);
    float m[2];
    middle(&h, 13, 14, m);
    plane at = plane_at(&h, m[0], m[1]);
    ellipse ball = {at, 3.0f, 2.6f};
    box b = box_around(img, m[0], m[1], 16 * h.fit.scale);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            float u, v, share = covered(in_ellipse, &ball, x, y);
            to_plane(&at, (float)x, (float)y, &u, &v);
            if (v < -2 && v > -14 && fabsf(u) < 1.3f)
                share = 1;
            if (share <= 0)
                continue;
            float light = 26 + 30 * fmaxf(0, 1 - hypotf(u + 1, v - 1) / 2) + 5 * sinf(9 * u) * sinf(9 * v);
            mix(pixel(img, x, y), (float[3]){light, light, light + 3}, share);
        }
}

void rh_draw_lids(rh_image *img, const rh_face *f)
{
    head h = head_of(f);
    float skin[3];
    cheek_colour(img, &h, skin);
    for (int i = 0; i < 2; i++) {
        float m[2];
        i == 0 ? middle(&h, 33, 133, m) : middle(&h, 263, 362, m);
        ellipse e = {plane_at(&h, m[0], m[1]), 1.7f, 0.75f};
        box b = box_around(img, m[0], m[1], 3 * h.fit.scale);
        for (int y = b.y0; y < b.y1; y++)
            for (int x = b.x0; x < b.x1; x++) {
                float u, v, share = covered(in_ellipse, &e, x, y);
                to_plane(&e.at, (float)x, (float)y, &u, &v);
                float light = fabsf(v + 0.45f - 0.12f * u * u) < 0.13f ? 0.45f : 0.93f;
                mix(pixel(img, x, y), (float[3]){skin[0] * light, skin[1] * light, skin[2] * light}, share);
            }
    }
}

rh_status rh_copy_image(rh_image *out, const rh_image *in)
{
    rh_status st = rh_image_resize(out, in->width, in->height, NULL);
    for (int y = 0; st == RH_OK && y < in->height; y++)
        memcpy(out->data + (size_t)y * out->stride, in->data + (size_t)y * in->stride, (size_t)in->width * 3);
    return st;
}

rh_status rh_turn_image(rh_image *out, const rh_image *in, float deg)
{
    float a = deg / 57.29578f, c = cosf(a), s = sinf(a);
    float w = (float)in->width, h = (float)in->height;
    int width = (int)(fabsf(c) * w + fabsf(s) * h + 0.5f), height = (int)(fabsf(s) * w + fabsf(c) * h + 0.5f);
    rh_status st = rh_image_resize(out, width, height, NULL);
    if (st != RH_OK)
        return st;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float dx = (float)x + 0.5f - (float)width / 2, dy = (float)y + 0.5f - (float)height / 2;
            float u = c * dx + s * dy + w / 2 - 0.5f, v = -s * dx + c * dy + h / 2 - 0.5f;
            int iu = (int)floorf(u), iv = (int)floorf(v);
            uint8_t *px = out->data + (size_t)y * out->stride + (size_t)x * 3;
            if (u < -0.5f || v < -0.5f || u > w - 0.5f || v > h - 0.5f) {
                memset(px, 128, 3);
                continue;
            }
            for (int k = 0; k < 3; k++) {
                float sum = 0;
                for (int q = 0; q < 4; q++) {
                    int sx = iu + q % 2, sy = iv + q / 2;
                    float weight =
                        (q % 2 ? u - (float)iu : 1 - u + (float)iu) * (q / 2 ? v - (float)iv : 1 - v + (float)iv);
                    sx = sx < 0 ? 0 : sx >= in->width ? in->width - 1 : sx;
                    sy = sy < 0 ? 0 : sy >= in->height ? in->height - 1 : sy;
                    sum += weight * (float)in->data[(size_t)sy * in->stride + (size_t)sx * 3 + (size_t)k];
                }
                px[k] = (uint8_t)(sum + 0.5f);
            }
        }
    return RH_OK;
}
