/* hidden.c - is an eye seen, is the mouth seen? Measured in the picture, for the networks draw eyes and mouths
 * where glasses and masks are.
 *
 * Light and colour are compared with the skin of the same face, so that dim pictures and dark skin count like
 * others. Weights: hidden_table.c, made by tools/train_hidden. */
#include "hidden_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/stats.h"

enum { EYE = RH_EYE_SIZE, FACE = 96, BLUR_REACH = 5 };
static const float WIDE = 0.24f; /* of an open eye: lid distance / eye width */

static float luma(const float *rgb)
{
    return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]; /* Rec. 601 */
}

static float limited(float v, float low, float high)
{
    return v > low ? (v < high ? v : high) : low; /* NaN becomes low */
}

static int clamp_px(float v, int low, int high)
{
    return v > (float)low ? (v < (float)high ? (int)v : high) : low;
}

static float median(float *v, int n)
{
    rh_sort_floats(v, (size_t)n);
    return (v[n / 2] + v[(n - 1) / 2]) / 2;
}

/* ---- eyes ---- */

/* Colour (0..255) of cheeks and forehead, the median of seven spots, and its light. */
static float skin_of(const rh_image_part *part, const float points[][3], float rgb[3])
{
    static const int spots[7] = {50, 101, 280, 330, 151, 108, 337};
    float seen[3][7], light[7], px[3 * 3 * 3 + 1];
    float step = rh_roi_of_mesh(points).side / (float)FACE;
    for (int i = 0; i < 7; i++) {
        const float *p = points[spots[i]];
        rh_affine a = {.x0 = p[0] - step, .y0 = p[1] - step, .ux = step, .vy = step};
        rh_sample_crop(px, 3, 3, part, &a, 1.0f, 0.0f, 0);
        float sum[3] = {0};
        for (int k = 0; k < 27; k++)
            sum[k % 3] += px[k] / 9;
        for (int c = 0; c < 3; c++)
            seen[c][i] = sum[c];
        light[i] = luma(sum);
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = median(seen[c], 7);
    return fmaxf(1.0f, median(light, 7));
}

static bool within(const float (*corner)[2], int n, float x, float y)
{
    bool in = false;
    for (int i = 0, j = n - 1; i < n; j = i++) {
        const float *a = corner[i], *b = corner[j];
        if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
            in = !in;
    }
    return in;
}

enum { LIDS = 16 };

/* Light of the white of the eye less that of the iris. */
static float contrast_of(const float light[EYE][EYE], const float *contour, const float *iris, float radius)
{
    float lids[LIDS][2], sum[2] = {0};
    int n[2] = {0};
    for (int i = 0; i < LIDS; i++) { /* lower lid from the outer corner, upper lid back */
        const float *p = contour + 3 * (i < 9 ? i : 24 - i);
        lids[i][0] = p[0];
        lids[i][1] = p[1];
    }
    int from[2] = {EYE - 1, EYE - 1}, to[2] = {0};
    for (int i = 0; i < LIDS; i++)
        for (int k = 0; k < 2; k++) {
            int v = clamp_px(lids[i][k], 0, EYE - 1);
            from[k] = v < from[k] ? v : from[k];
            to[k] = v > to[k] ? v : to[k];
        }
    for (int y = from[1]; y <= to[1]; y++)
        for (int x = from[0]; x <= to[0]; x++) {
            float d = hypotf((float)x - iris[0], (float)y - iris[1]);
            bool inner = d < 0.85f * radius;
            if ((!inner && d < 1.15f * radius) || !within((const float(*)[2])lids, LIDS, (float)x, (float)y))
                continue;
            sum[inner] += light[y][x];
            n[inner]++;
        }
    return n[0] > 3 && n[1] > 3 ? sum[0] / (float)n[0] - sum[1] / (float)n[1] : 0;
}

/* Mean slope of the light in the middle of the crop, after a blur of 1.5 px. */
static float slope_of(const float light[EYE][EYE])
{
    enum { TOP = 22, BOTTOM = 42, LEFT = 14, RIGHT = 50 };
    static float weight[BLUR_REACH + 1] = {0.26601f, 0.21301f, 0.10936f, 0.03600f, 0.00760f, 0.00103f};
    static const int reach = BLUR_REACH;
    float across[EYE][EYE], soft[EYE][EYE];
    for (int y = TOP - 1 - reach; y < BOTTOM + 1 + reach; y++)
        for (int x = LEFT - 1; x < RIGHT + 1; x++) {
            float s = weight[0] * light[y][x];
            for (int k = 1; k <= reach; k++)
                s += weight[k] * (light[y][x - k] + light[y][x + k]);
            across[y][x] = s;
        }
    for (int y = TOP - 1; y < BOTTOM + 1; y++)
        for (int x = LEFT - 1; x < RIGHT + 1; x++) {
            float s = weight[0] * across[y][x];
            for (int k = 1; k <= reach; k++)
                s += weight[k] * (across[y - k][x] + across[y + k][x]);
            soft[y][x] = s;
        }
    float sum = 0;
    for (int y = TOP; y < BOTTOM; y++)
        for (int x = LEFT; x < RIGHT; x++)
            sum += hypotf(soft[y][x + 1] - soft[y][x - 1], soft[y + 1][x] - soft[y - 1][x]) / 2;
    return sum / ((BOTTOM - TOP) * (RIGHT - LEFT));
}

/* Mean distance between the lids of both networks, in widths of the eye. */
static float disagreement(const rh_roi *eye, bool left, const float points[][3], const float *contour, float width)
{
    static const short mesh[2][LIDS] = {
        {33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173},
        {263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398}};
    float c = cosf(eye->angle), s = sinf(eye->angle), f = (float)EYE / fmaxf(1e-3f, eye->side), sum = 0;
    for (int i = 0; i < LIDS; i++) {
        const float *p = points[mesh[!left][i]];
        float dx = p[0] - eye->cx, dy = p[1] - eye->cy;
        float x = (c * dx + s * dy) * f, y = (-s * dx + c * dy) * f;
        x = EYE / 2 + (left ? x : -x) - contour[3 * i];
        y = EYE / 2 + y - contour[3 * i + 1];
        sum += x * x + y * y;
    }
    return sqrtf(sum / LIDS) / width;
}

static float flat(const float *a, const float *b)
{
    return hypotf(a[0] - b[0], a[1] - b[1]);
}

void rh_eye_signs(const rh_face_workspace *e, const rh_image_part *part, const rh_roi *eye, bool left,
                  const float points[][3], float sign[RH_EYE_SIGNS])
{
    const float *contour = e->iris.out[0], *iris = e->iris.out[1];
    float light[EYE][EYE], skin[3], under[3] = {0};
    for (int i = 0; i < EYE * EYE; i++)
        light[i / EYE][i % EYE] = 255 * luma(e->crop + 3 * i);
    float cheek = skin_of(part, points, skin), width = fmaxf(1.0f, flat(contour, contour + 24));
    float radius = (flat(iris + 3, iris + 9) + flat(iris + 6, iris + 12)) / 4;
    for (int y = 44; y < 52; y++) /* the skin below the eye, or glass */
        for (int x = 14; x < 50; x++)
            for (int c = 0; c < 3; c++)
                under[c] += 255 * e->crop[(y * EYE + x) * 3 + c] / (8 * 36);
    float a = under[0] + under[1] + under[2] + 10, b = skin[0] + skin[1] + skin[2] + 10;
    float colour = hypotf(under[0] / a - skin[0] / b, under[1] / a - skin[1] / b);
    float lids =
        (flat(contour + 33, contour + 9) + flat(contour + 36, contour + 12) + flat(contour + 39, contour + 15)) / 3;
    float slope = limited(slope_of((const float(*)[EYE])light) / cheek, 0, 0.06f);
    sign[0] = limited(contrast_of((const float(*)[EYE])light, contour, iris, radius) / cheek, -0.1f, 0.3f);
    sign[1] = fmaxf(0, 0.025f - slope);
    sign[2] = limited(logf((luma(under) + 8) / (cheek + 8)), -1, 0.2f);
    sign[3] = limited(logf(colour + 0.004f), -5.5f, -1.5f);
    sign[4] = limited(logf(disagreement(eye, left, points, contour, width) + 0.02f), -3, -0.7f);
    sign[5] = limited(fabsf(radius / width - 0.215f), 0, 0.08f);
    sign[RH_EYE_OPENING] = limited(lids / width, 0.08f, WIDE);
}

float rh_eye_hidden(const rh_face_workspace *e, const rh_image_part *part, const rh_roi *eye, bool left,
                    const float points[][3], float *open)
{
    const rh_eye_table *t = &rh_learned_eye;
    float sign[RH_EYE_SIGNS], sum = t->constant;
    rh_eye_signs(e, part, eye, left, points, sign);
    for (int i = 0; i < RH_EYE_SIGNS; i++)
        sum += t->weight[i] * sign[i];
    *open = sum + t->weight[RH_EYE_OPENING] * (WIDE - sign[RH_EYE_OPENING]);
    return sum;
}

/* ---- mouth ---- */

/* Points of the mesh that show one thing each; -1 ends a list. */
enum { GROUPS = 10, GROUP_MAX = 9 };
static const short groups[GROUPS + 1][GROUP_MAX] = {
    {0, 37, 267, 17, 84, 314, 61, 291, -1},    /* lips */
    {13, 14, 82, 312, 81, 311, -1},            /* where they meet */
    {164, 18, 200, 57, 287, 92, 322, 43, 273}, /* around them */
    {199, 175, 152, 171, 396, -1},             /* chin */
    {205, 425, 207, 427, 187, 411, -1},        /* lower cheeks */
    {136, 365, 150, 379, 58, 288, -1},         /* jaw */
    {4, 1, 5, 45, 275, -1},                    /* tip of the nose */
    {2, 98, 327, -1},                          /* nostrils */
    {151, 9, 108, 337, 69, 299, -1},           /* forehead */
    {6, 197, 195, 168, -1},                    /* bridge of the nose */
    {50, 280, 101, 330, 117, 346, -1},         /* cheeks, what all are compared with */
};

typedef struct {
    const float *crop;           /* [FACE][FACE][3], [0,1] */
    float at[RH_MESH_POINTS][2]; /* px of the crop */
} face_crop;

enum { REACH = 3 };
static const float near_weight[REACH + 1] = {0.39905f, 0.24204f, 0.05401f, 0.00443f}; /* a blur of 1 px */

/* Colour (0..255) of a blurred pixel. */
static void soft_pixel(const face_crop *f, int x, int y, float rgb[3])
{
    memset(rgb, 0, 3 * sizeof *rgb);
    for (int v = -REACH; v <= REACH; v++)
        for (int u = -REACH; u <= REACH; u++) {
            int px = clamp_px((float)(x + u), 0, FACE - 1), py = clamp_px((float)(y + v), 0, FACE - 1);
            float w = 255 * near_weight[abs(u)] * near_weight[abs(v)];
            for (int c = 0; c < 3; c++)
                rgb[c] += w * f->crop[(py * FACE + px) * 3 + c];
        }
}

/* Light and colour of a group: medians of ln light and of the shares of red and blue. */
static void look_of(const face_crop *f, const short *group, float out[3])
{
    float seen[3][GROUP_MAX];
    int n = 0;
    for (; n < GROUP_MAX && group[n] >= 0; n++) {
        float rgb[3];
        const float *p = f->at[group[n]];
        soft_pixel(f, clamp_px(roundf(p[0]), 0, FACE - 1), clamp_px(roundf(p[1]), 0, FACE - 1), rgb);
        float sum = rgb[0] + rgb[1] + rgb[2] + 20;
        seen[0][n] = logf(luma(rgb) + 10);
        seen[1][n] = 6 * rgb[0] / sum;
        seen[2][n] = 6 * rgb[2] / sum;
    }
    for (int k = 0; k < 3; k++)
        out[k] = n > 3 ? median(seen[k], n) : (seen[k][0] + seen[k][1] + seen[k][2]) / 3;
}

/* Light (0..255) of the blurred row `y`, the pixels left..left + w - 1; `rows` and `across` keep what neighbouring
 * rows share. */
static void soft_row(const face_crop *f, float across[FACE][FACE], int *rows, int left, int w, int y, float *out)
{
    for (; *rows <= clamp_px((float)(y + REACH), 0, FACE - 1); ++*rows) {
        float light[FACE];
        for (int x = 0; x < FACE; x++)
            light[x] = 255 * luma(f->crop + (*rows * FACE + x) * 3);
        for (int x = 0; x < w; x++) {
            float sum = 0;
            for (int u = -REACH; u <= REACH; u++)
                sum += near_weight[abs(u)] * light[clamp_px((float)(left + x + u), 0, FACE - 1)];
            across[*rows][x] = sum;
        }
    }
    for (int x = 0; x < w; x++) {
        out[x] = 0;
        for (int v = -REACH; v <= REACH; v++)
            out[x] += near_weight[abs(v)] * across[clamp_px((float)(y + v), 0, FACE - 1)][x];
    }
}

/* Spread of the light in the box around four points, and its mean change downwards and across. */
static void texture_of(const face_crop *f, const short *points, float skin, float out[3])
{
    static const float FAR = 1e9f;
    float x0 = FAR, x1 = -FAR, y0 = FAR, y1 = -FAR;
    for (int i = 0; i < 4; i++) {
        const float *p = f->at[points[i]];
        x0 = fminf(x0, p[0]), x1 = fmaxf(x1, p[0]);
        y0 = fminf(y0, p[1]), y1 = fmaxf(y1, p[1]);
    }
    int left = clamp_px(x0, 0, FACE - 3), top = clamp_px(y0, 0, FACE - 3);
    int w = clamp_px(x1, 2, FACE - 1), h = clamp_px(y1, 2, FACE - 1), rows = top > REACH ? top - REACH : 0;
    w = (w > left + 2 ? w : left + 2) - left + 1;
    h = (h > top + 2 ? h : top + 2) - top + 1;
    float row[2][FACE], kept[FACE][FACE], sum = 0, squares = 0, down = 0, across = 0;
    for (int y = 0; y < h; y++) {
        soft_row(f, kept, &rows, left, w, top + y, row[y % 2]);
        for (int x = 0; x < w; x++) {
            float v = row[y % 2][x];
            sum += v;
            squares += v * v;
            if (x > 0)
                across += fabsf(v - row[y % 2][x - 1]);
            if (y > 0)
                down += fabsf(v - row[(y + 1) % 2][x]);
        }
    }
    float n = (float)(w * h), mean = sum / n;
    out[0] = sqrtf(fmaxf(0, squares / n - mean * mean)) / skin;
    out[1] = down / n / skin;
    out[2] = across / n / skin;
}

void rh_mouth_signs(rh_face_workspace *e, const rh_image_part *part, const float points[][3],
                    float sign[RH_MOUTH_SIGNS])
{
    static const short boxes[3][4] = {{61, 291, 0, 17}, {98, 327, 1, 2}, {57, 287, 164, 18}};
    rh_roi roi = rh_roi_of_mesh(points);
    rh_affine a = rh_affine_of_roi(&roi, FACE);
    face_crop f = {.crop = e->crop};
    float look[GROUPS + 1][3], c = cosf(roi.angle), s = sinf(roi.angle);
    float scale = (float)FACE / fmaxf(1e-3f, roi.side);
    rh_sample_crop(e->crop, FACE, FACE, part, &a, 1.0f / 255.0f, 0.0f, 0);
    for (int i = 0; i < RH_MESH_POINTS; i++) {
        float dx = points[i][0] - roi.cx, dy = points[i][1] - roi.cy;
        f.at[i][0] = (c * dx + s * dy) * scale + FACE / 2;
        f.at[i][1] = (-s * dx + c * dy) * scale + FACE / 2;
    }
    for (int g = 0; g <= GROUPS; g++)
        look_of(&f, groups[g], look[g]);
    int n = 0;
    for (int g = 0; g < GROUPS; g++)
        for (int k = 0; k < 3; k++)
            sign[n++] = look[g][k] - look[GROUPS][k];
    for (int k = 0; k < 3; k++, n++) {
        sign[n] = look[0][k] - look[2][k];
        sign[n + 3] = look[1][k] - look[0][k];
    }
    n += 3;
    for (int b = 0; b < 3; b++, n += 3)
        texture_of(&f, boxes[b], expf(look[GROUPS][0]), sign + n);
}

float rh_mouth_hidden(rh_face_workspace *e, const rh_image_part *part, const float points[][3])
{
    float sign[RH_MOUTH_SIGNS];
    rh_mouth_signs(e, part, points, sign);
    float sum = rh_learned_mouth.constant;
    for (int i = 0; i < RH_MOUTH_SIGNS; i++)
        sum += rh_learned_mouth.weight[i] * sign[i] + rh_learned_mouth.size[i] * fabsf(sign[i]);
    return sum;
}
